"""Average, Sum, Minimum, Maximum, SampleCount and percentiles of a series over any period."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

import numpy as np

from deploy.local.account.cloudwatch.series import Floats, Series
from deploy.local.account.request import AwsError

_PERCENTILE = re.compile(r"^p(\d{1,2}(?:\.\d{1,10})?|100)$")
_PLAIN = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")

_DURATION_SIGMA = 0.45
"""Spread of a duration within a minute: log-normal, its p97 about twice the mean."""
_GAUGE_SIGMA = 0.04
_HALF = np.array([0.063, 0.189, 0.319, 0.454, 0.598, 0.755, 0.935, 1.15, 1.44, 1.96])
_NORMAL = np.concatenate([-_HALF[::-1], _HALF])
"""The middles of twenty equal parts of the standard normal distribution."""


class Samples(Protocol):
    """What a statistic is computed from: a row for each minute of a range; NaN where there was no sample."""

    def total(self) -> Floats: ...
    def count(self) -> Floats: ...
    def lowest(self) -> Floats: ...
    def highest(self) -> Floats: ...
    def spread(self) -> Floats:
        """minutes x k: values that stand for the samples of each minute."""
        ...


class SeriesSamples:
    """The samples of a scenario's series, modelled from the minute's value and the metric's kind."""

    def __init__(self, series: Series, start: int, end: int) -> None:
        self._metric = series.metric
        self._values = series.values(start, end)

    def total(self) -> Floats:
        return self._values if self._metric.statistic_kind == "count" else self._values * self._samples

    def count(self) -> Floats:
        return np.where(np.isnan(self._values), np.nan, self._samples)

    def lowest(self) -> Floats:
        return self.spread()[:, 0]

    def highest(self) -> Floats:
        return self.spread()[:, -1]

    def spread(self) -> Floats:
        kind, column = self._metric.statistic_kind, self._values[:, None]
        if self._samples <= 1:
            return column
        if kind == "count":
            return column / self._samples
        if kind == "duration":
            spread = column * np.exp(_DURATION_SIGMA * _NORMAL - _DURATION_SIGMA**2 / 2)
        else:
            spread = column * (1 + _GAUGE_SIGMA * _NORMAL)
        return np.clip(spread, self._metric.minimum, self._highest_possible)

    @property
    def _samples(self) -> float:
        return self._metric.samples_per_minute

    @property
    def _highest_possible(self) -> float | None:
        if self._metric.maximum is None and self._metric.statistic_kind == "percent":
            return 100.0
        return self._metric.maximum


def check_statistic(statistic: str) -> str:
    """The statistic itself, or a ValidationError for one that CloudWatch (or this account) does not know."""
    if statistic in _PLAIN or _PERCENTILE.match(statistic):
        return statistic
    raise AwsError("ValidationError", f"The statistic {statistic} is not supported by the simulated account.")


def aggregate(samples: Samples, statistic: str, width: int) -> Floats:
    """One value for every `width` minutes; NaN for a period without samples. The range must be whole periods."""
    percentile = _PERCENTILE.match(statistic)
    if percentile:
        spread = samples.spread()
        return _ignoring_empty(np.nanpercentile, spread.reshape(-1, width * spread.shape[1]), float(percentile[1]))
    if statistic == "Minimum":
        return _ignoring_empty(np.nanmin, samples.lowest().reshape(-1, width))
    if statistic == "Maximum":
        return _ignoring_empty(np.nanmax, samples.highest().reshape(-1, width))
    count = _sum(samples.count(), width)
    if statistic == "SampleCount":
        return count
    total = _sum(samples.total(), width)
    return total if statistic == "Sum" else total / count


def _sum(values: Floats, width: int) -> Floats:
    periods = values.reshape(-1, width)
    return np.where(np.isnan(periods).all(axis=1), np.nan, np.nansum(periods, axis=1))


def _ignoring_empty(function: Callable[..., Floats], periods: Floats, *arguments: float) -> Floats:
    """Apply a NaN-ignoring numpy function to the periods that have samples."""
    result = np.full(len(periods), np.nan)
    filled = ~np.isnan(periods).all(axis=1)
    if filled.any():
        result[filled] = function(periods[filled], *arguments, axis=1)
    return result
