"""Aggregations of `stats`: each reduces the (time, value) pairs of a group's events, missing values left out."""

import math
from collections.abc import Callable, Sequence

from deploy.local.account.logs.insights.values import Value, as_number, as_text, natural_key

Pairs = Sequence[tuple[int, Value]]
"""(the event's time, the argument's value), never with a missing value."""
Aggregate = Callable[[Pairs, Value], Value]
"""The second argument is the aggregate's own second one, as the 99 of pct(@duration, 99)."""


def _numbers(pairs: Pairs) -> list[float]:
    return [number for _, value in pairs if (number := as_number(value)) is not None]


def _of_numbers(reduce: Callable[[list[float]], Value]) -> Aggregate:
    def aggregate(pairs: Pairs, _: Value) -> Value:
        numbers = _numbers(pairs)
        return reduce(numbers) if numbers else None

    return aggregate


def _extreme(of_numbers: Callable[[list[float]], float], of_texts: Callable[[list[str]], str]) -> Aggregate:
    """min and max: of the numbers where there are any, else of the texts."""

    def aggregate(pairs: Pairs, _: Value) -> Value:
        numbers = _numbers(pairs)
        if numbers:
            return of_numbers([int(n) if isinstance(n, int) else n for n in numbers])
        return of_texts([as_text(value) for _, value in pairs]) if pairs else None

    return aggregate


def _percentile(pairs: Pairs, percent: Value) -> Value:
    numbers, rank = sorted(_numbers(pairs)), as_number(percent)
    if not numbers or rank is None:
        return None
    position = (len(numbers) - 1) * min(max(rank, 0), 100) / 100
    low = math.floor(position)
    high = min(low + 1, len(numbers) - 1)
    return numbers[low] + (numbers[high] - numbers[low]) * (position - low)


def _deviation(numbers: list[float]) -> float:
    mean = sum(numbers) / len(numbers)
    return math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))


def _pick(choose: Callable[..., tuple[int, Value]], key: Callable[[tuple[int, Value]], object]) -> Aggregate:
    return lambda pairs, _: choose(pairs, key=key)[1] if pairs else None


# name: (function, fewest arguments, most arguments)
AGGREGATES: dict[str, tuple[Aggregate, int, int]] = {
    "count": (lambda pairs, _: len(pairs), 0, 1),
    "count_distinct": (lambda pairs, _: len({as_text(value) for _, value in pairs}), 1, 1),
    "sum": (_of_numbers(sum), 1, 1),
    "avg": (_of_numbers(lambda numbers: sum(numbers) / len(numbers)), 1, 1),
    "min": (_extreme(min, min), 1, 1),
    "max": (_extreme(max, max), 1, 1),
    "median": (lambda pairs, _: _percentile(pairs, 50), 1, 1),
    "pct": (_percentile, 2, 2),
    "stddev": (_of_numbers(_deviation), 1, 1),
    "earliest": (_pick(min, lambda pair: pair[0]), 1, 1),
    "latest": (_pick(max, lambda pair: pair[0]), 1, 1),
    "sortsFirst": (_pick(min, lambda pair: natural_key(pair[1])), 1, 1),
    "sortsLast": (_pick(max, lambda pair: natural_key(pair[1])), 1, 1),
}
