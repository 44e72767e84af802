"""All metrics of the account: the scenarios' series and what was put by PutMetricData."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from deploy.local.account.cloudwatch.series import Floats, Series
from deploy.local.account.cloudwatch.statistics import Samples, SeriesSamples
from deploy.local.account.state import Account, Loaded


@dataclass(frozen=True)
class MetricKey:
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    """Sorted pairs of name and value."""

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricKey:
        return cls(namespace, name, tuple(sorted(dimensions.items())))


@dataclass(frozen=True)
class Put:
    """One datum of PutMetricData: a single value, or a set of values summed up."""

    total: float
    count: float
    low: float
    high: float
    unit: str = "None"


@dataclass
class _Memory:
    """Put data by region and metric, and the series of scenarios; guarded by a lock."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    put: dict[tuple[str, MetricKey], dict[int, list[Put]]] = field(default_factory=lambda: defaultdict(dict))
    series: dict[Loaded, dict[MetricKey, Series]] = field(default_factory=dict)


class MetricStore:
    """The metrics of one region."""

    def __init__(self, account: Account, region: str) -> None:
        self._region = region
        self._memory = account.memory(_Memory)
        self._series: dict[MetricKey, Series] = {}
        with self._memory.lock:
            current = account.loaded()
            for stale in set(self._memory.series) - set(current):
                del self._memory.series[stale]
            for loaded in current:
                if loaded.scenario.region == region:
                    self._series.update(self._series_of(loaded))

    def metric_keys(self) -> list[MetricKey]:
        with self._memory.lock:
            put = [key for region, key in self._memory.put if region == self._region]
        return [*self._series, *(key for key in put if key not in self._series)]

    def series(self, key: MetricKey) -> Series | None:
        """The series that a scenario describes, if one does."""
        return self._series.get(key)

    def unit(self, key: MetricKey) -> str:
        found = self._series.get(key)
        if found is not None:
            return found.unit
        data = self._memory.put.get((self._region, key), {})
        return next((each.unit for minute in data.values() for each in minute), "None")

    def samples(self, key: MetricKey, start: int, end: int) -> Samples:
        """The samples of the minutes start <= m < end; all of them NaN for a metric that does not exist."""
        parts: list[Samples] = []
        found = self._series.get(key)
        if found is not None:
            parts.append(SeriesSamples(found, start, end))
        with self._memory.lock:
            data = self._memory.put.get((self._region, key))
            if data:
                parts.append(_PutSamples(data, start, end))
        return parts[0] if len(parts) == 1 else _Together(parts, end - start)

    def put(self, key: MetricKey, minute: int, datum: Put) -> None:
        with self._memory.lock:
            self._memory.put[self._region, key].setdefault(minute, []).append(datum)

    def _series_of(self, loaded: Loaded) -> dict[MetricKey, Series]:
        found = self._memory.series.get(loaded)
        if found is None:
            found = self._memory.series[loaded] = {
                MetricKey.of(metric.namespace, metric.name, metric.dimensions): Series(metric, loaded.now)
                for metric in loaded.scenario.metrics
            }
        return found


class _PutSamples:
    """Samples that were put, minute by minute."""

    def __init__(self, data: Mapping[int, list[Put]], start: int, end: int) -> None:
        self._minutes = [data.get(minute, []) for minute in range(start, end)]

    def total(self) -> Floats:
        return np.array([sum(each.total for each in minute) if minute else np.nan for minute in self._minutes])

    def count(self) -> Floats:
        return np.array([sum(each.count for each in minute) if minute else np.nan for minute in self._minutes])

    def lowest(self) -> Floats:
        return np.array([min((each.low for each in minute), default=np.nan) for minute in self._minutes])

    def highest(self) -> Floats:
        return np.array([max((each.high for each in minute), default=np.nan) for minute in self._minutes])

    def spread(self) -> Floats:
        width = max([1, *(len(minute) for minute in self._minutes)])
        rows = np.full((len(self._minutes), width), np.nan)
        for row, minute in enumerate(self._minutes):
            rows[row, : len(minute)] = [each.total / each.count for each in minute]
        return rows


class _Together:
    """Samples of one metric from several sources; from none, nothing but NaN."""

    def __init__(self, parts: list[Samples], minutes: int) -> None:
        self._parts = parts
        self._nothing = np.full(minutes, np.nan)

    def total(self) -> Floats:
        return self._sum([part.total() for part in self._parts])

    def count(self) -> Floats:
        return self._sum([part.count() for part in self._parts])

    def lowest(self) -> Floats:
        return np.fmin.reduce([self._nothing, *(part.lowest() for part in self._parts)])

    def highest(self) -> Floats:
        return np.fmax.reduce([self._nothing, *(part.highest() for part in self._parts)])

    def spread(self) -> Floats:
        return np.hstack([self._nothing[:, None], *(part.spread() for part in self._parts)])

    def _sum(self, rows: list[Floats]) -> Floats:
        stacked = np.vstack([self._nothing, *rows])
        return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))
