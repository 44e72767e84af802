"""The functions of metric math, over time series that share one timeline. NaN stands for a missing datapoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from deploy.local.account.cloudwatch.series import Floats
from deploy.local.account.request import AwsError


@dataclass(frozen=True, eq=False)
class Line:
    """A time series with its label."""

    values: Floats
    label: str


@dataclass(frozen=True)
class Word:
    """A string, or a bare word such as REPEAT."""

    value: str


Value = float | Line | list[Line] | Word


@dataclass(frozen=True, eq=False)
class Timeline:
    """The moments of the datapoints (seconds since the epoch), `period` seconds apart."""

    seconds: Floats
    period: int


Function = Callable[[Timeline, Sequence[Value]], Value]


def arithmetic(operator: str, left: Value, right: Value) -> Value:
    """A binary operator on numbers, series and arrays of series: each with each, or one with all."""
    if isinstance(left, list) or isinstance(right, list):
        return _each_with_each(operator, left, right)
    a, b = _operand(operator, left), _operand(operator, right)
    result = _OPERATORS[operator](a, b)
    label = next((value.label for value in (left, right) if isinstance(value, Line)), "")
    return Line(result, label) if np.ndim(result) else float(result)


def call(name: str, timeline: Timeline, arguments: Sequence[Value]) -> Value:
    """Apply a function by its name, or refuse with a ValidationError."""
    function = FUNCTIONS.get(name)
    if function is None:
        raise AwsError("ValidationError", f"The function {name} is not supported by the simulated account.")
    try:
        return function(timeline, arguments)
    except IndexError:
        raise AwsError("ValidationError", f"{name} needs more arguments than it was given.") from None


def _each_with_each(operator: str, left: Value, right: Value) -> Value:
    count = max(len(side) for side in (left, right) if isinstance(side, list))
    lefts = left if isinstance(left, list) else [left] * count
    rights = right if isinstance(right, list) else [right] * count
    if len(lefts) != len(rights):
        raise AwsError("ValidationError", f"The operator {operator} needs arrays of the same length.")
    return [_line(arithmetic(operator, a, b)) for a, b in zip(lefts, rights, strict=True)]


def _operand(operator: str, value: Value) -> Floats | float:
    if isinstance(value, Line):
        return value.values
    if isinstance(value, float):
        return value
    raise AwsError("ValidationError", f"The operator {operator} needs numbers or time series.")


def _compare(test: Callable[[Floats, Floats], object]) -> Callable[..., Floats]:
    def compared(a: Floats, b: Floats) -> Floats:
        missing = np.isnan(a) | np.isnan(b)
        return np.where(missing, np.nan, np.asarray(test(a, b), dtype=np.float64))

    return compared


def _divide(a: Floats, b: Floats) -> Floats:
    """Division by zero leaves no datapoint."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result = np.divide(a, b)
    return np.where(np.isfinite(result), result, np.nan)


_OPERATORS: dict[str, Callable[..., Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": _divide,
    "^": np.power,
    "<": _compare(np.less),
    "<=": _compare(np.less_equal),
    ">": _compare(np.greater),
    ">=": _compare(np.greater_equal),
    "==": _compare(np.equal),
    "!=": _compare(np.not_equal),
    "AND": _compare(np.logical_and),
    "&&": _compare(np.logical_and),
    "OR": _compare(np.logical_or),
    "||": _compare(np.logical_or),
}


def _line(value: Value) -> Line:
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    if not isinstance(value, Line):
        raise AwsError("ValidationError", "A time series is needed here.")
    return value


def _number(value: Value) -> float:
    if not isinstance(value, float):
        raise AwsError("ValidationError", "A number is needed here.")
    return value


def _lines(value: Value) -> list[Line]:
    return value if isinstance(value, list) else [_line(value)]


def _on_each(function: Callable[[Floats], Floats]) -> Function:
    """A function of the datapoints alone: for a number, a series, or each series of an array."""

    def applied(_: Timeline, arguments: Sequence[Value]) -> Value:
        value = arguments[0]
        if isinstance(value, float):
            return float(function(np.array([value]))[0])
        lines = [Line(function(line.values), line.label) for line in _lines(value)]
        return lines if isinstance(value, list) else lines[0]

    return applied


def _reduce(name: str, function: Callable[..., Floats]) -> Function:
    """Over an array: one series, point by point. Over one series: one number for all of time."""

    def applied(_: Timeline, arguments: Sequence[Value]) -> Value:
        value = arguments[0]
        if isinstance(value, list):
            stacked = np.vstack([line.values for line in value]) if value else np.empty((0, 0))
            return Line(_where_any(function, stacked), name)
        values = _line(value).values
        kept = values[~np.isnan(values)]
        return float(function(kept, axis=0)) if kept.size else float("nan")

    return applied


def _where_any(function: Callable[..., Floats], stacked: Floats) -> Floats:
    result = np.full(stacked.shape[1], np.nan)
    filled = ~np.isnan(stacked).all(axis=0)
    if filled.any():
        result[filled] = function(stacked[:, filled], axis=0)
    return result


def _datapoint_count(values: Floats, axis: int) -> Floats:
    return np.asarray(np.sum(~np.isnan(values), axis=axis), dtype=np.float64)


def _difference(values: Floats) -> Floats:
    return np.diff(values, prepend=np.nan)


def _rate(timeline: Timeline, arguments: Sequence[Value]) -> Value:
    """Change per second since the datapoint before."""

    def rate(line: Line) -> Line:
        known = np.flatnonzero(~np.isnan(line.values))
        result = np.full(len(line.values), np.nan)
        result[known[1:]] = np.diff(line.values[known]) / np.diff(timeline.seconds[known])
        return Line(result, line.label)

    value = arguments[0]
    return [rate(line) for line in value] if isinstance(value, list) else rate(_line(value))


def _fill(timeline: Timeline, arguments: Sequence[Value]) -> Value:
    """FILL(m, 0), FILL(m, REPEAT), FILL(m, LINEAR), FILL(m, other)."""
    value, filling = arguments[0], arguments[1]

    def fill(line: Line) -> Line:
        missing = np.isnan(line.values)
        if isinstance(filling, Word):
            return Line(_fill_by_word(filling.value, line.values, missing), line.label)
        other = filling.values if isinstance(filling, Line) else _number(filling)
        return Line(np.where(missing, other, line.values), line.label)

    return [fill(line) for line in value] if isinstance(value, list) else fill(_line(value))


def _fill_by_word(word: str, values: Floats, missing: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Floats:
    known = np.flatnonzero(~missing)
    positions = np.arange(len(values))
    if not known.size:
        return values
    if word == "LINEAR":
        inside = (positions >= known[0]) & (positions <= known[-1])
        return np.where(inside, np.interp(positions, known, values[known]), values)
    if word == "REPEAT":
        before = np.searchsorted(known, positions, side="right") - 1
        return np.where(before >= 0, values[known[np.maximum(before, 0)]], values)
    raise AwsError("ValidationError", f"FILL takes a number, a series, LINEAR or REPEAT, not {word}.")


def _if(timeline: Timeline, arguments: Sequence[Value]) -> Value:
    """IF(condition, then, else), point by point; without else nothing is left where the condition is false."""
    condition, then = arguments[0], arguments[1]
    otherwise = arguments[2] if len(arguments) > 2 else float("nan")
    if isinstance(condition, float):
        return then if condition else otherwise
    holds = _line(condition).values
    yes, no = (_operand("IF", branch) for branch in (then, otherwise))
    chosen = np.where(holds == 0, no, yes)
    return Line(np.where(np.isnan(holds), np.nan, chosen), "IF")


def _period(timeline: Timeline, _: Sequence[Value]) -> Value:
    return float(timeline.period)


def _time_part(part: Callable[[datetime], int]) -> Function:
    def applied(timeline: Timeline, _: Sequence[Value]) -> Value:
        parts = [part(datetime.fromtimestamp(second, UTC)) for second in timeline.seconds]
        return Line(np.array(parts, dtype=np.float64), "time")

    return applied


def _time_series(timeline: Timeline, arguments: Sequence[Value]) -> Value:
    number = _number(arguments[0])
    return Line(np.full(len(timeline.seconds), number), f"{number:g}")


def _first(_: Timeline, arguments: Sequence[Value]) -> Value:
    return _lines(arguments[0])[0]


def _last(_: Timeline, arguments: Sequence[Value]) -> Value:
    return _lines(arguments[0])[-1]


def _remove_empty(_: Timeline, arguments: Sequence[Value]) -> Value:
    return [line for line in _lines(arguments[0]) if not np.isnan(line.values).all()]


def _metric_count(_: Timeline, arguments: Sequence[Value]) -> Value:
    return float(len(_lines(arguments[0])))


def _slice(_: Timeline, arguments: Sequence[Value]) -> Value:
    start, *rest = (int(_number(value)) for value in arguments[1:])
    return _lines(arguments[0])[start : rest[0] if rest else None]


_SORT_KEYS: dict[str, Callable[..., float]] = {
    "AVG": np.nanmean,
    "MIN": np.nanmin,
    "MAX": np.nanmax,
    "SUM": np.nansum,
}


def _sort(_: Timeline, arguments: Sequence[Value]) -> Value:
    """SORT(METRICS(), MAX, DESC, 3)."""
    words = [value.value for value in arguments[1:] if isinstance(value, Word)]
    numbers = [int(value) for value in arguments[1:] if isinstance(value, float)]
    key = _SORT_KEYS.get(words[0])
    if key is None or (len(words) > 1 and words[1] not in ("ASC", "DESC")):
        raise AwsError("ValidationError", "SORT takes AVG, MIN, MAX or SUM, then ASC or DESC, then a count.")
    lines = [line for line in _lines(arguments[0]) if not np.isnan(line.values).all()]
    ordered = sorted(lines, key=lambda line: key(line.values), reverse=words[1:] == ["DESC"])
    return ordered[: numbers[0]] if numbers else ordered


def _running_sum(values: Floats) -> Floats:
    return np.nancumsum(values)


FUNCTIONS: dict[str, Function] = {
    "ABS": _on_each(np.abs),
    "AVG": _reduce("AVG", np.nanmean),
    "CEIL": _on_each(np.ceil),
    "DATAPOINT_COUNT": _reduce("DATAPOINT_COUNT", _datapoint_count),
    "DATE": _time_part(lambda moment: moment.day),
    "DAY": _time_part(lambda moment: moment.isoweekday()),
    "DIFF": _on_each(_difference),
    "EPOCH": _time_part(lambda moment: int(moment.timestamp())),
    "FILL": _fill,
    "FIRST": _first,
    "FLOOR": _on_each(np.floor),
    "HOUR": _time_part(lambda moment: moment.hour),
    "IF": _if,
    "LAST": _last,
    "LOG": _on_each(np.log),
    "LOG10": _on_each(np.log10),
    "MAX": _reduce("MAX", np.nanmax),
    "METRIC_COUNT": _metric_count,
    "MIN": _reduce("MIN", np.nanmin),
    "MINUTE": _time_part(lambda moment: moment.minute),
    "MONTH": _time_part(lambda moment: moment.month),
    "PERIOD": _period,
    "RATE": _rate,
    "REMOVE_EMPTY": _remove_empty,
    "RUNNING_SUM": _on_each(_running_sum),
    "SLICE": _slice,
    "SORT": _sort,
    "STDDEV": _reduce("STDDEV", np.nanstd),
    "SUM": _reduce("SUM", np.nansum),
    "TIME_SERIES": _time_series,
    "YEAR": _time_part(lambda moment: moment.year),
}
