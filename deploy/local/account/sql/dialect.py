"""From a Redshift or PostgreSQL statement to one that SQLite runs with the functions of functions.py."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from deploy.local.account.sql.errors import SqlError
from deploy.local.account.sql.functions import interval_seconds, unit_of
from deploy.local.account.sql.types import DISPLAY_NAMES, Family, family_of

logging.getLogger("sqlglot").setLevel(logging.ERROR)

Columns = Mapping[str, str]
"""Column name -> type, of one table."""
Tables = Mapping[tuple[str, str], Columns]
"""(schema, table) -> columns."""

_ALLOWED = (exp.Select, exp.SetOperation, exp.Insert, exp.Update, exp.Delete, exp.Values)
_NUMERIC: set[Family] = {"integer", "float", "decimal"}


@dataclass(frozen=True)
class Statement:
    """A statement ready for SQLite. `columns` are (name, family or None where it is unknown) of its result."""

    sql: str
    columns: tuple[tuple[str, Family | None], ...]
    writes: bool
    table: str | None
    """The first table it reads or writes, for result metadata."""


def translate(text: str, engine: str, database: str, tables: Tables) -> Statement:
    """Translate one statement. Raises SqlError, worded as the database would, for what is wrong or not supported."""
    tree = _parse(text, engine)
    if isinstance(tree, exp.Command | exp.Show):
        tree = _show(tree)
    if not isinstance(tree, _ALLOWED):
        raise SqlError(f"{tree.key.upper()} is not supported by the simulated database", "0A000")
    _name_result_columns(tree, engine)
    first = _name_tables(tree, database, tables)
    tree, families = _annotate(tree, engine, tables)
    _check_types(tree, tables, families)
    names = tuple(select.alias_or_name for select in tree.selects) if isinstance(tree, exp.Query) else ()
    columns = tuple(zip(names, families, strict=False)) if len(names) == len(families) else ()
    sql = _rewrite(tree).sql(dialect="sqlite")
    return Statement(sql, columns, isinstance(tree, exp.Insert | exp.Update | exp.Delete), first)


def _parse(text: str, engine: str) -> exp.Expr:
    try:
        trees = [tree for tree in sqlglot.parse(text, read=engine) if tree is not None]
    except SqlglotError as error:
        errors: list[dict[str, Any]] = getattr(error, "errors", [])
        near = (errors[0].get("highlight") or "end of input") if errors else "end of input"
        raise SqlError(f'syntax error at or near "{near}"', "42601") from None
    if len(trees) != 1:
        raise SqlError("exactly one statement is expected", "42601")
    return trees[0]


def _show(tree: exp.Expr) -> exp.Expr:
    """SHOW name -> a select from pg_settings."""
    words = tree.sql().split()
    if len(words) != 2 or words[0].upper() != "SHOW":
        raise SqlError(f"{words[0].upper()} is not supported by the simulated database", "0A000")
    name = words[1].strip(";").lower()
    return exp.select(exp.alias_("setting", name)).from_("pg_settings").where(exp.column("name").eq(name))


def _name_result_columns(tree: exp.Expr, engine: str) -> None:
    """Name unnamed results as PostgreSQL does: a function by its name, anything else ?column?."""
    query = tree
    while isinstance(query, exp.SetOperation):
        query = query.this
    if not isinstance(query, exp.Select):
        return
    for select in query.expressions:
        if isinstance(select, exp.Alias | exp.Column | exp.Star):
            continue
        inner = select.this if isinstance(select, exp.Cast | exp.Filter | exp.Window) else select
        name = inner.name if isinstance(inner, exp.Column) else "?column?"
        if isinstance(inner, exp.Func | exp.WithinGroup):
            name = inner.sql(dialect=engine).partition("(")[0]
        select.replace(exp.alias_(select.copy(), name.lower(), quoted=True))


def _name_tables(tree: exp.Expr, database: str, tables: Tables) -> str | None:
    """Replace each schema.table by the one identifier that it is stored under; say which are missing."""
    known = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    first = None
    for table in list(tree.find_all(exp.Table)):
        name, schema = table.name.lower(), table.db.lower()
        if isinstance(table.this, exp.Func) or (not schema and name in known):
            continue
        if table.catalog and table.catalog.lower() != database.lower():
            raise SqlError(f'database "{table.catalog}" does not exist', "3D000")
        found = next((key for key in _candidates(schema, name) if key in tables), None)
        if found is None:
            raise SqlError(f'relation "{f"{schema}.{name}" if schema else name}" does not exist', "42P01")
        alias = table.alias or name
        table.set("this", exp.to_identifier(".".join(found), quoted=True))
        table.set("db", None)
        table.set("catalog", None)
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
        first = first or name
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return first


def _candidates(schema: str, name: str) -> list[tuple[str, str]]:
    return [(schema, name)] if schema else [("pg_catalog", name), ("public", name)]


def _annotate(tree: exp.Expr, engine: str, tables: Tables) -> tuple[exp.Expr, list[Family | None]]:
    """Expand `*`, bind columns to tables and find the types of results, as far as they can be found."""
    schema: dict[str, object] = {".".join(key): dict(columns) for key, columns in tables.items()}
    query = tree.expression if isinstance(tree, exp.Insert) else tree
    if not isinstance(query, exp.Query):
        return tree, []
    try:
        bound = qualify(query.copy(), schema=schema, dialect=engine, validate_qualify_columns=False, identify=False)
        bound = annotate_types(bound, schema=schema, dialect=engine)
    except SqlglotError:
        return tree, []
    families: list[Family | None] = [_family(select) for select in bound.selects]
    if isinstance(tree, exp.Insert):
        tree.set("expression", bound)
        return tree, families
    return bound, families


def _family(node: exp.Expr) -> Family | None:
    kind = node.type
    if kind is None or kind.is_type(exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
        return None
    return family_of(kind.sql())


def _check_types(tree: exp.Expr, tables: Tables, families: list[Family | None]) -> None:
    """The type errors that the database finds before it runs anything."""
    for function in tree.find_all(exp.Sum, exp.Avg):
        if _family(function.this) == "text":
            raise SqlError(f"function {function.key}(character varying) does not exist", "42883")
    if not isinstance(tree, exp.Insert):
        return
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    columns = tables[_key(target.name)]
    names = [name.name for name in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(columns)
    for name, given in zip(names, families, strict=False):
        if name not in columns:
            raise SqlError(f'column "{name}" of relation "{_key(target.name)[1]}" does not exist', "42703")
        wanted = family_of(columns[name])
        if given == "text" and wanted in _NUMERIC and isinstance(tree.expression, exp.Select):
            shown = f"{DISPLAY_NAMES[wanted]} but expression is of type {DISPLAY_NAMES[given]}"
            raise SqlError(f'column "{name}" is of type {shown}', "42804")


def _key(stored: str) -> tuple[str, str]:
    schema, _, name = stored.partition(".")
    return schema, name


def _rewrite(tree: exp.Expr) -> exp.Expr:
    """Put functions of ours in place of what SQLite lacks, children before their parents."""
    for node in reversed(list(tree.dfs())):
        new = _rewrite_node(node)
        if new is not node:
            node.replace(new)
    return tree


def _call(name: str, *arguments: Any) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[exp.convert(argument) for argument in arguments])


def _rewrite_node(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Cast():
            is_interval = node.to.is_type(exp.DataType.Type.INTERVAL)
            return _call("wk_interval", node.this) if is_interval else _call("wk_cast", node.this, node.to.sql())
        case exp.Interval():
            return exp.Literal.number(_seconds(node))
        case exp.TimestampTrunc() | exp.DateTrunc():
            return _call("wk_trunc", node.this, node.text("unit"))
        case exp.TsOrDsAdd() | exp.DateAdd() | exp.TimestampAdd():
            return _call("wk_date_add", node.this, node.expression, node.text("unit") or "day")
        case exp.TsOrDsDiff() | exp.DateDiff() | exp.TimestampDiff():
            return _call("wk_date_diff", node.this, node.expression, node.text("unit") or "day")
        case exp.Extract():
            return _call("wk_extract", node.name, node.expression)
        case exp.EQ() if isinstance(node.expression, exp.Any):
            return _call("wk_any", node.this, node.expression.this)
        case exp.Median():
            return _call("wk_percentile", node.this, 0.5)
        case exp.GroupConcat() if not isinstance(node.parent, exp.WithinGroup):
            return _joined(node, node.this)
        case exp.WithinGroup():
            return _within_group(node)
        case _:
            return _renamed(node)


_RENAMED: dict[type[exp.Expr], str] = {
    exp.CurrentTimestamp: "wk_now",
    exp.CurrentDate: "wk_today",
    exp.CurrentUser: "wk_user",
    exp.CurrentVersion: "wk_version",
    exp.Add: "wk_add",
    exp.Sub: "wk_sub",
    exp.ArraySize: "wk_size",
    exp.ArrayAgg: "json_group_array",
}
"""Nodes that become a call with the same arguments."""


def _renamed(node: exp.Expr) -> exp.Expr:
    name = _RENAMED.get(type(node))
    if name is None:
        return node
    takes = 2 if isinstance(node, exp.Binary) else int(name in {"wk_size", "json_group_array"})
    return _call(name, *[node.this, node.expression][:takes])


def _seconds(node: exp.Interval) -> str:
    unit = node.text("unit")
    text = f"{node.name} {unit_of(unit)}" if unit else node.name
    return repr(interval_seconds(text))


def _within_group(node: exp.WithinGroup) -> exp.Expr:
    order = node.expression
    if isinstance(node.this, exp.PercentileCont | exp.PercentileDisc):
        return _call("wk_percentile", order.expressions[0].this, node.this.this)
    if isinstance(node.this, exp.GroupConcat):
        return _joined(node.this, exp.Order(this=node.this.this, expressions=order.expressions))
    return node


def _joined(node: exp.GroupConcat, values: exp.Expr) -> exp.Expr:
    """string_agg and listagg, with DISTINCT and ORDER BY (its first key), which SQLite's own cannot do."""
    distinct = isinstance(values, exp.Distinct)
    values = values.expressions[0] if isinstance(values, exp.Distinct) else values
    ordered = values.expressions[0] if isinstance(values, exp.Order) else None
    value = values.this if isinstance(values, exp.Order) else values
    if isinstance(value, exp.Distinct):
        distinct, value = True, value.expressions[0]
    key = exp.null() if ordered is None else ordered.this.copy()
    descending = ordered is not None and bool(ordered.args.get("desc"))
    return _call("wk_join", value, node.args.get("separator") or ",", key, int(distinct), int(descending))
