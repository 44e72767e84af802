"""The `stats` command: groups rows, and computes aggregates and arithmetic over aggregates for each group."""

from collections.abc import Callable, Sequence

from deploy.local.account.logs.insights.aggregates import AGGREGATES
from deploy.local.account.logs.insights.expressions import Evaluate, compile_expression
from deploy.local.account.logs.insights.nodes import Call, Named, Stats
from deploy.local.account.logs.insights.rows import Row
from deploy.local.account.logs.insights.values import Value, as_text

Compute = Callable[[Sequence[Row]], Value]


def statistics_of(command: Stats, rows: list[Row]) -> list[Row]:
    """One row a group, in the order in which the groups first appear; none at all when there are no rows."""
    keys = [(item.name, compile_expression(item.expression)) for item in command.by]
    groups: dict[tuple[str, ...], tuple[dict[str, Value], list[Row]]] = {}
    for row in rows:
        values = {name: evaluate(row) for name, evaluate in keys}
        key = tuple(as_text(value) for value in values.values())
        groups.setdefault(key, (values, []))[1].append(row)
    compute = [(item.name, _compile_aggregate(item)) for item in command.aggregates]
    return [
        Row(None, "", {**values, **{name: aggregate(members) for name, aggregate in compute}})
        for values, members in groups.values()
    ]


def _compile_aggregate(item: Named) -> Compute:
    """Aggregates become columns of a scratch row, over which the rest of the expression is evaluated."""
    aggregates: list[tuple[str, Compute]] = []

    def leaf(call: Call) -> Evaluate | None:
        if call.name not in AGGREGATES:
            return None
        name = f"{call.name}#{len(aggregates)}"
        aggregates.append((name, _aggregate(call)))
        return lambda row: row.get(name)

    outer = compile_expression(item.expression, leaf)
    return lambda rows: outer(Row(None, "", {name: compute(rows) for name, compute in aggregates}))


def _aggregate(call: Call) -> Compute:
    reduce = AGGREGATES[call.name][0]
    if not call.arguments:
        return lambda rows: len(rows)
    value = compile_expression(call.arguments[0])
    extra = compile_expression(call.arguments[1]) if len(call.arguments) > 1 else None

    def compute(rows: Sequence[Row]) -> Value:
        pairs = [(row.time, found) for row in rows if (found := value(row)) is not None]
        return reduce(pairs, extra(rows[0]) if extra and rows else None)

    return compute
