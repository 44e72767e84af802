"""Runs a query over rows: one function for each command, each from rows to rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from deploy.local.account.logs.insights.expressions import Evaluate, compile_expression
from deploy.local.account.logs.insights.nodes import (
    Command,
    Dedup,
    Display,
    Fields,
    Filter,
    Limit,
    Named,
    Parse,
    Pattern,
    Query,
    Sort,
    SortKey,
    Stats,
)
from deploy.local.account.logs.insights.patterns import PATTERN_COLUMNS, patterns_of
from deploy.local.account.logs.insights.rows import Row
from deploy.local.account.logs.insights.statistics import statistics_of
from deploy.local.account.logs.insights.values import Value, as_text, natural_key, truth

DEFAULT_COLUMNS = ("@timestamp", "@message")
MAX_RESULTS = 10_000


@dataclass(slots=True)
class Outcome:
    """What a query found. Each result holds the columns that its row has a value for, as text."""

    results: list[list[tuple[str, str]]]
    rows: list[Row]
    """The rows behind the results; one of raw events still has its event."""
    matched: int


@dataclass(slots=True)
class _Run:
    rows: list[Row]
    indexed: Callable[[str, str], bool]
    columns: list[str] = field(default_factory=lambda: list(DEFAULT_COLUMNS))
    chosen: bool = False
    displayed: list[str] | None = None
    matched: int | None = None

    def show(self, names: Iterable[str]) -> None:
        if not self.chosen:
            self.columns, self.chosen = [], True
        self.columns.extend(name for name in names if name not in self.columns)


def _never(group: str, name: str) -> bool:
    return False


def run_query(query: Query, rows: Iterable[Row], indexed: Callable[[str, str], bool] = _never) -> Outcome:
    """`rows` come newest first. `indexed(group, field)` says whether a log group has an index on a field."""
    run = _Run(list(rows), indexed)
    for command in query.commands:
        _STEPS[type(command)](command, run)
    columns = run.columns if run.displayed is None else run.displayed
    kept = run.rows[:MAX_RESULTS]
    matched = len(run.rows) if run.matched is None else run.matched
    return Outcome([_shown(row, columns) for row in kept], kept, matched)


def _shown(row: Row, columns: list[str]) -> list[tuple[str, str]]:
    return [(name, as_text(value)) for name in columns if (value := row.get(name)) is not None]


def _fields(command: Fields, run: _Run) -> None:
    _compute(command.items, run)
    run.show(item.name for item in command.items)


def _display(command: Display, run: _Run) -> None:
    _compute(command.items, run)
    run.displayed = [item.name for item in command.items]


def _compute(items: tuple[Named, ...], run: _Run) -> None:
    compiled = [(item.name, compile_expression(item.expression)) for item in items]
    for row in run.rows:
        row.values.update([(name, evaluate(row)) for name, evaluate in compiled])


def _filter(command: Filter, run: _Run) -> None:
    keep = compile_expression(command.condition)
    name = command.index_field
    if name is not None:
        run.rows = [row for row in run.rows if run.indexed(row.group, name)]
    run.rows = [row for row in run.rows if truth(keep(row))]


def _parse(command: Parse, run: _Run) -> None:
    operand, regex, names = compile_expression(command.operand), command.regex, command.names
    for row in run.rows:
        value = operand(row)
        match = None if value is None else regex.search(as_text(value))
        row.values.update(zip(names, match.groups() if match else [None] * len(names), strict=True))
    run.columns.extend(name for name in names if name not in run.columns)


def _stats(command: Stats, run: _Run) -> None:
    _remember_matched(run)
    run.rows = statistics_of(command, run.rows)
    run.columns = [item.name for item in (*command.by, *command.aggregates)]
    run.chosen, run.displayed = True, None


def _sort(command: Sort, run: _Run) -> None:
    for key in reversed(command.keys):
        evaluate = _sort_value(key)
        run.rows.sort(key=lambda row, evaluate=evaluate: natural_key(evaluate(row)), reverse=key.descending)


def _sort_value(key: SortKey) -> Evaluate:
    if "(" not in key.text:
        return compile_expression(key.expression)
    computed = compile_expression(key.expression, lambda call: lambda row: None)
    return lambda row: row.values[key.text] if key.text in row.values else computed(row)


def _limit(command: Limit, run: _Run) -> None:
    _remember_matched(run)
    run.rows = run.rows[: command.count]


def _dedup(command: Dedup, run: _Run) -> None:
    _remember_matched(run)
    seen: set[tuple[str, ...]] = set()
    kept: list[Row] = []
    for row in run.rows:
        values: list[Value] = [row.get(name) for name in command.fields]
        key = tuple(map(as_text, values))
        if None in values or key not in seen:  # an event that lacks one of the fields is never a duplicate
            seen.add(key)
            kept.append(row)
    run.rows = kept


def _pattern(command: Pattern, run: _Run) -> None:
    _remember_matched(run)
    run.rows = patterns_of(run.rows, compile_expression(command.operand))
    run.columns, run.chosen, run.displayed = list(PATTERN_COLUMNS), True, None


def _remember_matched(run: _Run) -> None:
    """recordsMatched counts the events that the filters let through, before anything cuts or groups them."""
    if run.matched is None:
        run.matched = len(run.rows)


_STEPS: dict[type[Command], Callable[..., None]] = {
    Fields: _fields,
    Display: _display,
    Filter: _filter,
    Parse: _parse,
    Stats: _stats,
    Sort: _sort,
    Limit: _limit,
    Dedup: _dedup,
    Pattern: _pattern,
}
