"""The lines of a log group, made from its templates for any time range, the same ones every time.

Time is cut into hours. Everything within an hour is a function of (seed, hour), so two overlapping requests see the
same events, and an event does not change when the scenario is loaded again. All times are epoch milliseconds.
"""

import math
import random
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from deploy.local.account.schema.logs import LINE_NAMES, LogGroup, LogLine
from deploy.local.account.templates import compile_template, kept_names

HOUR = 3_600_000
DAY = 24 * HOUR
HISTORY = timedelta(days=30)
_CACHED_EVENTS = 400_000
_STEP_BETWEEN_LINES_MS = 3


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One log event; `event_id` is unique in its group."""

    timestamp: int
    stream: str
    message: str
    event_id: str

    @property
    def ingestion_time(self) -> int:
        """Logs reach CloudWatch a little after they are written."""
        return self.timestamp + 400 + self.timestamp % 900


class GroupLog:
    """All that one scenario writes to one log group.

    GroupLog(group, loaded=now, seed="lambda-errors", names={"region": "us-east-1", "account_id": "123456789012"})
    """

    def __init__(self, group: LogGroup, loaded: datetime, seed: str, names: Mapping[str, str]) -> None:
        self._streams = _Streams(group, f"{seed}/{group.group}")
        loaded_ms = _epoch_ms(loaded)
        self.earliest = loaded_ms - _length_ms(HISTORY)
        self._sources = [
            _Source(line, loaded_ms, self.earliest, f"{seed}/{group.group}/{index}", self._streams, names)
            for index, line in enumerate(group.lines)
        ]
        self._blocks: OrderedDict[int, list[LogEvent]] = OrderedDict()
        self._cached = 0
        self._lock = threading.Lock()
        self._spans: dict[int, dict[str, tuple[int, int]]] = {}

    def events(self, start: int, end: int) -> list[LogEvent]:
        """Events with start <= timestamp < end, oldest first."""
        start = max(start, self.earliest)
        found: list[LogEvent] = []
        for hour in range(start // HOUR, math.ceil(end / HOUR)):
            block = self._block(hour)
            inside = hour * HOUR >= start and (hour + 1) * HOUR <= end
            found.extend(block if inside else _between(block, start, end))
        return found

    def stream_spans(self, end: int) -> dict[str, tuple[int, int]]:
        """The times of the first and the last event before `end` in each stream that has any."""
        spans: dict[str, tuple[int, int]] = {}
        for day in range(self.earliest // DAY, math.ceil(end / DAY)):
            for stream, (first, last) in self._day_spans(day, end).items():
                spans[stream] = (spans.get(stream, (first, last))[0], last)
        return spans

    def _day_spans(self, day: int, end: int) -> dict[str, tuple[int, int]]:
        whole = (day + 1) * DAY <= end
        if whole and day in self._spans:
            return self._spans[day]
        spans: dict[str, tuple[int, int]] = {}
        for source in self._sources:
            for stream, (first, last) in source.day_spans(day, self.earliest, end).items():
                known = spans.get(stream, (first, last))
                spans[stream] = (min(known[0], first), max(known[1], last))
        if whole:
            self._spans[day] = spans
        return spans

    def _block(self, hour: int) -> list[LogEvent]:
        block = self._blocks.get(hour)
        if block is None:
            block = [event for source in self._sources for event in source.events(hour)]
            block.sort(key=attrgetter("timestamp", "event_id"))
            self._keep(hour, block)
        return block

    def _keep(self, hour: int, block: list[LogEvent]) -> None:
        with self._lock:
            if hour not in self._blocks:
                self._blocks[hour] = block
                self._cached += len(block)
            while self._cached > _CACHED_EVENTS and len(self._blocks) > 1:
                self._cached -= len(self._blocks.popitem(last=False)[1])


class _Streams:
    """The group's stream names, which may be different ones every day."""

    def __init__(self, group: LogGroup, seed: str) -> None:
        default = "{time:%Y/%m/%d}/[$LATEST]{hex:32}" if group.group.startswith("/aws/lambda/") else "main"
        self._templates = [compile_template(text) for text in group.streams or (default,)]
        self._seed = seed
        self._names: dict[int, list[str]] = {}

    def at(self, at: int) -> list[str]:
        day = at // DAY
        if day not in self._names:
            rng = random.Random(f"{self._seed}/streams/{day}")
            self._names[day] = [template.render(rng, at) for template in self._templates]
        return self._names[day]


class _Source:
    """The events of one kind of line."""

    def __init__(
        self, line: LogLine, loaded: int, earliest: int, seed: str, streams: _Streams, names: Mapping[str, str]
    ) -> None:
        self._line, self._seed, self._all_streams = line, seed, streams
        self._start = earliest if line.start is None else loaded + _length_ms(line.start)
        self._end = None if line.end is None else loaded + _length_ms(line.end)
        self._listed = _listed_times(line, loaded, seed)
        self._names = {**names, "level": line.level}
        self._number = f"{random.Random(seed).getrandbits(32):010d}"
        self._templates = []
        known = LINE_NAMES
        for text in (line.template, *line.then):
            self._templates.append(compile_template(text, known))
            known += kept_names(text)

    def events(self, hour: int) -> list[LogEvent]:
        rng = random.Random(f"{self._seed}/text/{hour}")
        found: list[LogEvent] = []
        for index, (at, stream) in enumerate(self.occurrences(hour)):
            kept = {**self._names, "stream": stream}
            for step, template in enumerate(self._templates):
                when = min(at + step * _STEP_BETWEEN_LINES_MS, (hour + 1) * HOUR - 1)
                event_id = f"{when:014d}{self._number}{index:06d}{step:02d}"
                found.append(LogEvent(when, stream, template.render_into(rng, when, kept), event_id))
        return found

    def day_spans(self, day: int, start: int, end: int) -> dict[str, tuple[int, int]]:
        """First and last time in each stream written to that day; reads only as many hours as it needs to."""
        streams = {self._line.stream} if self._line.stream else set(self._all_streams.at(day * DAY))
        hours = range(day * 24, day * 24 + 24)
        first = self._seen(hours, streams, start, end, last=False)
        last = self._seen(reversed(hours), streams, start, end, last=True) if first else {}
        return {stream: (at, last[stream]) for stream, at in first.items()}

    def _seen(self, hours: Iterable[int], streams: set[str], start: int, end: int, *, last: bool) -> dict[str, int]:
        found: dict[str, int] = {}
        for hour in hours:
            occurrences = self.occurrences(hour)
            for at, stream in reversed(occurrences) if last else occurrences:
                if start <= at < end:
                    found.setdefault(stream, at)
            if len(found) == len(streams):
                break
        return found

    def occurrences(self, hour: int) -> list[tuple[int, str]]:
        """(time, stream) of every occurrence that starts within the hour."""
        rng = random.Random(f"{self._seed}/times/{hour}")
        found: list[tuple[int, str]] = []
        for at in self._times(rng, hour * HOUR):
            draw = rng.random()  # drawn for times that are left out too, so that the others keep their stream
            if self._is_on(at):
                names = self._all_streams.at(at)
                found.append((at, self._line.stream or names[int(draw * len(names))]))
        return found

    def _times(self, rng: random.Random, begin: int) -> list[int]:
        if self._listed is not None:
            return self._listed[bisect_left(self._listed, begin) : bisect_left(self._listed, begin + HOUR)]
        if self._line.every is not None:
            every = _length_ms(self._line.every)
            first = begin + (self._start - begin) % every
            return list(range(first, begin + HOUR, every))
        expected = 60 * (self._line.per_minute or 0.0) * _season(begin + HOUR // 2, self._line.daily)
        return sorted(begin + int(rng.random() * HOUR) for _ in range(int(expected + rng.random())))

    def _is_on(self, at: int) -> bool:
        if at < self._start or (self._end is not None and at >= self._end):
            return False
        pulse = self._line.pulse
        return pulse is None or (at - self._start) % _length_ms(pulse.period) < _length_ms(pulse.width)


def _listed_times(line: LogLine, loaded: int, seed: str) -> list[int] | None:
    """The moments of a line with `at` or `count`: these do not depend on the hour asked for."""
    if line.at is not None:
        return [loaded + _length_ms(line.at)]
    if line.count is None or line.start is None:
        return None
    start = loaded + _length_ms(line.start)
    span = (loaded if line.end is None else loaded + _length_ms(line.end)) - start
    rng = random.Random(f"{seed}/listed")
    return [start + int(span * (index + rng.random()) / line.count) for index in range(line.count)]


def _season(at: int, amplitude: float) -> float:
    """Highest at 14:00 UTC, lowest at 02:00."""
    return 1 + amplitude * math.cos(2 * math.pi * (at % DAY / DAY - 14 / 24))


def _between(events: list[LogEvent], start: int, end: int) -> list[LogEvent]:
    key = attrgetter("timestamp")
    return events[bisect_left(events, start, key=key) : bisect_left(events, end, key=key)]


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _length_ms(length: timedelta) -> int:
    return round(length.total_seconds() * 1000)
