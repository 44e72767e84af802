"""Which columns changed their type, from the DDL statements that a warehouse remembers.

type_changes([Statement(at, "etl", "create table raw.orders (amount numeric(12,2))"),
              Statement(later, "etl", "create table raw.orders (amount varchar(32))")])
# -> [TypeChange("raw.orders", "amount", "numeric(12,2)", "varchar(32)", later, "etl", ...)]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_NAME = r'(?:"[^"]+"|[\w$]+)(?:\s*\.\s*(?:"[^"]+"|[\w$]+)){0,2}'
_CREATE = re.compile(
    rf"(?is)\bcreate\s+(?:(?:local\s+)?temp(?:orary)?\s+|external\s+)?table\s+(?:if\s+not\s+exists\s+)?({_NAME})\s*\("
)
_DROP = re.compile(rf"(?is)\bdrop\s+table\s+(?:if\s+exists\s+)?({_NAME})")
_ALTER = re.compile(rf"(?is)\balter\s+table\s+(?:only\s+)?({_NAME})\s+(.*)")
_TYPE = r"(?:double\s+precision|character\s+varying|[a-z]\w*)(?:\s*\([\d,\s]+\))?"
_COLUMN = re.compile(rf'(?is)^\s*("[^"]+"|[a-z_]\w*)\s+({_TYPE})')
_NOT_COLUMNS = frozenset({"primary", "foreign", "unique", "constraint", "check", "like", "distkey", "sortkey"})

_SAME_TYPE = {
    "int": "integer",
    "int4": "integer",
    "int2": "smallint",
    "int8": "bigint",
    "decimal": "numeric",
    "bool": "boolean",
    "float": "double precision",
    "float8": "double precision",
    "float4": "real",
    "character varying": "varchar",
    "nvarchar": "varchar",
    "character": "char",
    "bpchar": "char",
    "timestamptz": "timestamp with time zone",
}
_FAMILIES = {
    "number": ("int", "serial", "numeric", "decimal", "real", "float", "double", "bigint", "smallint"),
    "text": ("char", "varchar", "character", "text", "string", "bpchar"),
    "time": ("timestamp", "date", "time", "interval"),
    "boolean": ("bool",),
    "document": ("super", "json", "jsonb", "hllsketch", "geometry", "varbyte"),
}


@dataclass(frozen=True)
class Statement:
    """One executed statement: when, by whom, its text."""

    at: datetime
    user: str
    text: str


@dataclass(frozen=True)
class TypeChange:
    """`before` is empty when the history does not reach back to it."""

    table: str
    column: str
    before: str
    after: str
    at: datetime
    user: str
    statement: str


@dataclass
class _Catalog:
    """What is known of each table's columns; a dropped table's columns are remembered for comparison."""

    columns: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    dropped: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])


def type_changes(history: Iterable[Statement]) -> list[TypeChange]:
    """Replays DDL in time order and reports every column whose type became another, in order."""
    catalog = _Catalog()
    changes: list[TypeChange] = []
    for statement in sorted(history, key=lambda s: s.at):
        for part in _COMMENT.sub(" ", statement.text).split(";"):
            for table, column, before, after in _apply(catalog, part):
                text = " ".join(part.split())[:300]
                changes.append(TypeChange(table, column, before, after, statement.at, statement.user, text))
    return changes


def type_family(name: str) -> str:
    """`number`, `text`, `time`, `boolean`, `document`, or the type's own name: what compares without a cast."""
    plain = name.lower().split("(")[0].strip()
    for family, prefixes in _FAMILIES.items():
        if plain.startswith(prefixes):
            return family
    return plain


def plain_name(name: str) -> str:
    """`analytics.orders` of `"dev"."analytics"."orders"`: lower case, without quotes and without the database."""
    parts = [part.strip().strip('"').lower() for part in name.split(".")]
    return ".".join(parts[-2:])


_Event = tuple[str, str, str, str]


def _apply(catalog: _Catalog, text: str) -> Iterator[_Event]:
    if match := _CREATE.search(text):
        yield from _created(catalog, plain_name(match[1]), text[match.end() :])
    elif match := _DROP.search(text):
        table = plain_name(match[1])
        catalog.dropped |= {(table, name): kind for name, kind in catalog.columns.pop(table, {}).items()}
    elif match := _ALTER.search(text):
        yield from _altered(catalog, plain_name(match[1]), match[2].strip())


def _created(catalog: _Catalog, table: str, body: str) -> Iterator[_Event]:
    columns = dict(_column_list(body))
    before = catalog.columns.get(table) or {
        name: kind for (owner, name), kind in catalog.dropped.items() if owner == table
    }
    if columns:
        catalog.columns[table] = columns
    for name, kind in columns.items():
        if name in before and _differs(before[name], kind):
            yield table, name, before[name], kind


def _altered(catalog: _Catalog, table: str, change: str) -> Iterator[_Event]:
    known = catalog.columns.setdefault(table, {})
    if match := re.match(r'(?is)alter\s+column\s+("?[\w$]+"?)\s+(?:set\s+data\s+)?type\s+([^,;]+)', change):
        column, kind = _plain(match[1]), _type(match[2])
        before, known[column] = known.get(column, ""), kind
        if _differs(before, kind):
            yield table, column, before, kind
    elif match := re.match(r"(?is)add\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?(.*)", change):
        for column, kind in _column_list(match[1] + ")"):
            known[column] = kind
            before = catalog.dropped.get((table, column), "")
            if before and _differs(before, kind):
                yield table, column, before, kind
    elif match := re.match(r'(?is)drop\s+(?:column\s+)?(?:if\s+exists\s+)?("?[\w$]+"?)', change):
        column = _plain(match[1])
        catalog.dropped[table, column] = known.pop(column, "")
    elif match := re.match(r'(?is)rename\s+(?:column\s+)?("?[\w$]+"?)\s+to\s+("?[\w$]+"?)', change):
        yield from _renamed(catalog, table, _plain(match[1]), _plain(match[2]))
    elif match := re.match(r'(?is)rename\s+to\s+("?[\w$]+"?)', change):
        yield from _table_renamed(catalog, table, _plain(match[1]))


def _renamed(catalog: _Catalog, table: str, old: str, new: str) -> Iterator[_Event]:
    kind = catalog.columns[table].pop(old, "")
    before = catalog.dropped.get((table, new))
    if kind:
        catalog.dropped[table, old] = kind
        catalog.columns[table][new] = kind
        if before is not None and _differs(before, kind):
            yield table, new, before, kind


def _table_renamed(catalog: _Catalog, table: str, new: str) -> Iterator[_Event]:
    target = f"{table.rpartition('.')[0]}.{new}".lstrip(".")
    columns = catalog.columns.pop(table, {})
    before = catalog.columns.get(target) or {n: k for (owner, n), k in catalog.dropped.items() if owner == target}
    catalog.columns[target] = columns
    catalog.dropped |= {(table, name): kind for name, kind in columns.items()}
    for name, kind in columns.items():
        if name in before and _differs(before[name], kind):
            yield target, name, before[name], kind


def _column_list(body: str) -> Iterator[tuple[str, str]]:
    for part in _split_top_level(body):
        match = _COLUMN.match(part)
        if match and _plain(match[1]) not in _NOT_COLUMNS:
            yield _plain(match[1]), _type(match[2])


def _split_top_level(body: str) -> Iterator[str]:
    """The comma-separated parts up to the closing parenthesis that ends the list."""
    depth, start = 0, 0
    for place, char in enumerate(body):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                yield body[start:place]
                return
        elif char == "," and depth == 0:
            yield body[start:place]
            start = place + 1
    yield body[start:]


def _differs(before: str, after: str) -> bool:
    return bool(after) and before.replace(" ", "") != after.replace(" ", "")


def _plain(name: str) -> str:
    return name.strip().strip('"').lower()


def _type(text: str) -> str:
    match = _COLUMN.match(f"x {text.strip()}")
    kind = (match[2] if match else text).lower()
    kind = re.sub(r"\s*\(\s*", "(", re.sub(r"\s*,\s*", ",", kind))
    kind = re.sub(r"\s+", " ", kind).strip()
    name, bracket, size = kind.partition("(")
    return _SAME_TYPE.get(name, name) + bracket + size
