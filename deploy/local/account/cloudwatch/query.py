"""Answer metric queries: single metrics, and expressions over them, on one timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deploy.local.account.cloudwatch.band import TRAINING_MINUTES, expected_band
from deploy.local.account.cloudwatch.expression import (
    Array,
    Binary,
    Call,
    Name,
    Negative,
    Node,
    Number,
    Text,
    names_in,
    parse_expression,
)
from deploy.local.account.cloudwatch.functions import Line, Timeline, Value, Word, arithmetic, call
from deploy.local.account.cloudwatch.search import search
from deploy.local.account.cloudwatch.series import Floats
from deploy.local.account.cloudwatch.statistics import aggregate
from deploy.local.account.cloudwatch.store import MetricKey, MetricStore
from deploy.local.account.request import AwsError

_WORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MIN", "MAX", "SUM"})


@dataclass(frozen=True)
class MetricQuery:
    """A statistic of one metric; `period` in seconds."""

    id: str
    key: MetricKey
    statistic: str
    period: int
    label: str
    returned: bool = True


@dataclass(frozen=True)
class ExpressionQuery:
    """A metric math expression; `period` is the longest of what it refers to when zero."""

    id: str
    expression: str
    period: int
    label: str
    returned: bool = True


Query = MetricQuery | ExpressionQuery


class Evaluation:
    """Queries over the minutes start <= m < end. Nothing is known from minute `known_until` on."""

    def __init__(
        self, store: MetricStore, queries: Sequence[Query], start: int, end: int, known_until: int, earliest: int = 0
    ) -> None:
        self._store = store
        self._queries: Mapping[str, Query] = {query.id: query for query in queries}
        self._trees = {
            query.id: parse_expression(query.expression) for query in queries if isinstance(query, ExpressionQuery)
        }
        self._start, self._end = start, end
        self._known_until, self._earliest = known_until, earliest
        self._under_way: list[str] = []

    def lines(self, query: Query) -> tuple[Timeline, list[Line]]:
        """The series that a query returns. Raises a ValidationError when it is a number, or cannot be computed."""
        period = self._period(query)
        with np.errstate(all="ignore"):
            value = self._query(query, period)
        if isinstance(value, Line):
            value = [Line(value.values, query.label or value.label)]
        if not isinstance(value, list):
            raise AwsError("ValidationError", f"The expression of {query.id} returns a number, not a time series.")
        return self._timeline(period), value

    def _period(self, query: Query) -> int:
        """Seconds between the datapoints of a query."""
        if query.period:
            return query.period
        names = names_in(self._trees[query.id]) & set(self._queries) - {query.id}
        periods = [self._period(self._queries[name]) for name in names]
        if _calls(self._trees[query.id], "METRICS"):
            periods += [each.period for each in self._queries.values() if isinstance(each, MetricQuery)]
        return max(periods, default=300)

    def _timeline(self, period: int) -> Timeline:
        start, end = self._aligned(period)
        return Timeline(np.arange(start, end, _width(period), dtype=np.float64) * 60, period)

    def _aligned(self, period: int) -> tuple[int, int]:
        width = _width(period)
        return self._start // width * width, -(-self._end // width) * width

    def _query(self, query: Query, period: int) -> Value:
        if isinstance(query, MetricQuery):
            start, end = self._aligned(period)
            return Line(self._statistic(query.key, query.statistic, period, start, end), query.label)
        if query.id in self._under_way:
            raise AwsError("ValidationError", f"The expression of {query.id} refers to itself.")
        self._under_way.append(query.id)
        try:
            return self._evaluate(self._trees[query.id], period)
        finally:
            self._under_way.pop()

    def _statistic(self, key: MetricKey, statistic: str, period: int, start: int, end: int) -> Floats:
        """A value for each period of a range; what lies before retention or in the future is unknown."""
        width = _width(period)
        known_start = min(max(start, -(-self._earliest // width) * width), end)
        known_end = max(known_start, min(end, self._known_until))
        full_end = known_start + -(-(known_end - known_start) // width) * width
        values = np.full((end - start) // width, np.nan)
        if known_end > known_start:
            samples = _Padded(self._store, key, known_start, known_end, full_end)
            offset = (known_start - start) // width
            values[offset : offset + (full_end - known_start) // width] = samples.aggregate(statistic, width)
        return values

    def _evaluate(self, node: Node, period: int) -> Value:
        match node:
            case Number(value):
                return value
            case Text(value):
                return Word(value)
            case Name(value):
                return self._name(value, period)
            case Negative(operand):
                return arithmetic("-", 0.0, self._evaluate(operand, period))
            case Binary(operator, left, right):
                return arithmetic(operator, self._evaluate(left, period), self._evaluate(right, period))
            case Array(items):
                return self._array(items, period)
            case Call(function, arguments):
                return self._call(function, arguments, period)

    def _name(self, name: str, period: int) -> Value:
        if name in self._queries:
            return self._query(self._queries[name], period)
        if name in _WORDS:
            return Word(name)
        raise AwsError("ValidationError", f"The expression refers to {name}, and no query has this id.")

    def _array(self, items: Sequence[Node], period: int) -> Value:
        lines: list[Line] = []
        for item in items:
            value = self._evaluate(item, period)
            if not isinstance(value, (Line, list)):
                raise AwsError("ValidationError", "An array can hold only time series.")
            lines += value if isinstance(value, list) else [value]
        return lines

    def _call(self, function: str, arguments: Sequence[Node], period: int) -> Value:
        match function:
            case "METRICS":
                return self._metrics(arguments, period)
            case "ANOMALY_DETECTION_BAND":
                return self._band(arguments, period)
            case "SEARCH":
                return self._search(arguments, period)
            case _:
                values = [self._evaluate(argument, period) for argument in arguments]
                return call(function, self._timeline(period), values)

    def _metrics(self, arguments: Sequence[Node], period: int) -> Value:
        """METRICS() is every metric of the request, METRICS("errors") those whose id holds the word."""
        word = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
        metrics = [each for each in self._queries.values() if isinstance(each, MetricQuery) and word in each.id]
        lines = [self._query(each, period) for each in metrics]
        return [line for line in lines if isinstance(line, Line)]

    def _band(self, arguments: Sequence[Node], period: int) -> Value:
        """The upper and the lower bound of a metric or an expression."""
        if not arguments or not isinstance(arguments[0], Name) or arguments[0].value not in self._queries:
            raise AwsError("ValidationError", "ANOMALY_DETECTION_BAND takes the id of a metric and a number.")
        deviations = self._evaluate(arguments[1], period) if len(arguments) > 1 else 2.0
        if not isinstance(deviations, float):
            raise AwsError("ValidationError", "ANOMALY_DETECTION_BAND takes the id of a metric and a number.")
        start, _ = self._aligned(period)
        queries = list(self._queries.values())
        before = Evaluation(self._store, queries, start - TRAINING_MINUTES, start, self._known_until, self._earliest)
        query = self._queries[arguments[0].value]
        training = before._query(query, period)
        if not isinstance(training, Line):
            raise AwsError("ValidationError", "ANOMALY_DETECTION_BAND needs a single time series.")
        lower, upper = expected_band(
            training.values, before._timeline(period).seconds, self._timeline(period).seconds, deviations
        )
        label = query.label or training.label
        return [Line(upper, f"{label} (expected, upper)"), Line(lower, f"{label} (expected, lower)")]

    def _search(self, arguments: Sequence[Node], period: int) -> Value:
        match tuple(arguments):
            case (Text(wanted), Text(statistic)) | (Text(wanted), Text(statistic), Number(_)):
                start, end = self._aligned(period)
                return [
                    Line(self._statistic(key, statistic, period, start, end), _search_label(key))
                    for key in search(self._store.metric_keys(), wanted)
                ]
            case _:
                raise AwsError("ValidationError", "SEARCH takes a search, a statistic and a period.")


class _Padded:
    """The samples of a range whose last period may reach beyond what is known."""

    def __init__(self, store: MetricStore, key: MetricKey, start: int, known_end: int, end: int) -> None:
        self._samples = store.samples(key, start, known_end)
        self._missing = end - known_end

    def aggregate(self, statistic: str, width: int) -> Floats:
        return aggregate(self, statistic, width)

    def total(self) -> Floats:
        return self._pad(self._samples.total())

    def count(self) -> Floats:
        return self._pad(self._samples.count())

    def lowest(self) -> Floats:
        return self._pad(self._samples.lowest())

    def highest(self) -> Floats:
        return self._pad(self._samples.highest())

    def spread(self) -> Floats:
        spread = self._samples.spread()
        return np.pad(spread, ((0, self._missing), (0, 0)), constant_values=np.nan) if self._missing else spread

    def _pad(self, values: Floats) -> Floats:
        return np.pad(values, (0, self._missing), constant_values=np.nan) if self._missing else values


def _width(period: int) -> int:
    """Minutes of a period; nothing here is recorded more often than once a minute."""
    return max(1, period // 60)


def _calls(node: Node, function: str) -> bool:
    match node:
        case Call(name, parts):
            return name == function or any(_calls(part, function) for part in parts)
        case Array(parts):
            return any(_calls(part, function) for part in parts)
        case Negative(operand):
            return _calls(operand, function)
        case Binary(_, left, right):
            return _calls(left, function) or _calls(right, function)
        case _:
            return False


def _search_label(key: MetricKey) -> str:
    return " ".join([*(value for _, value in key.dimensions), key.name])
