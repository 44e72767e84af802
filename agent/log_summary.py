"""Thousands of log lines in a page: what was written, how often, from when to when, with an example of each.

summary = summarise(lines, baseline=yesterday)     # raw lines, or LogLines
print(summary.render())
template_ids(["started job 1", "started job 2"])   # twice the same id
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2s

from agent.log_lines import LogLine, headline, records
from agent.log_miner import Mined, mine
from agent.log_patterns import NO_CHANCE, NOTABLE_FACTOR, WORTH_SHOWING, severity, surprise
from agent.log_times import stamp

MAX_SAMPLE_CHARS = 500
ERROR = 0.9
"""The severity of errors; what is worth showing below that is a warning."""
FIRST_OF_ALL = datetime.min.replace(tzinfo=UTC)
"""Stands for the time of a raw line; raw lines keep their order."""


def template_ids(lines: Sequence[str]) -> list[str]:
    """One template id for each raw line, the same for lines of the same statement. Headers are found and left aside."""
    templates = mine(lines).templates
    ids = {text: blake2s(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest() for text in set(templates)}
    return list(map(ids.__getitem__, templates))


@dataclass(frozen=True, slots=True)
class LogGroup:
    """What one statement wrote. `severity` is 0 (fine) to 1 (fatal), `before` the count in the baseline, if given.

    `first` and `last` are the times of its first and last record, None where lines bear none. `samples` are messages
    without their headers; a second one shows other words than the first, not only other numbers.
    """

    template: str
    level: str
    severity: float
    count: int
    first: datetime | None
    last: datetime | None
    samples: tuple[str, ...]
    before: int | None = None
    growing: bool = False

    @property
    def is_new(self) -> bool:
        return self.before == 0

    @property
    def heading(self) -> str:
        """Under what the group stands in the summary."""
        if self.is_new:
            return "NEW"
        if self.growing:
            return "GROWING"
        return "ERRORS" if self.severity >= ERROR else "WARNINGS" if self.severity >= WORTH_SHOWING else "OTHER"


@dataclass(frozen=True, slots=True)
class LogSummary:
    """All groups: the new ones, the growing ones, then the others, each from the most severe and frequent on."""

    groups: tuple[LogGroup, ...]
    records: int
    baseline: int | None = None

    def render(self, most: int | None = None) -> str:
        """A text for people and models; `most` bounds the number of groups, and what is left out is said."""
        shown = self.groups[:most]
        times = [at for group in self.groups for at in (group.first, group.last) if at]
        days = len({at.date() for at in times}) > 1
        lines = [self._title(times)]
        heading = ""
        for group in shown:
            if group.heading != heading:
                heading = group.heading
                lines.append(f"{heading}:")
            lines += _rendered(group, days)
        if left := self.groups[len(shown) :]:
            lines.append(f"and {len(left)} more templates in {sum(group.count for group in left)} records")
        return "\n".join(lines)

    def _title(self, times: Sequence[datetime]) -> str:
        title = f"{self.records} records, {len(self.groups)} templates"
        if self.baseline is not None:
            title += f", against {self.baseline} records before"
        return f"{title}, {_clock(min(times), True)} to {_clock(max(times), True)}" if times else title


def _rendered(group: LogGroup, days: bool) -> list[str]:
    times = list(dict.fromkeys(_clock(at, days) for at in (group.first, group.last) if at))
    growth = f" ({group.before} before)" if group.growing else ""
    level = f" {group.level}" if group.level and group.before is not None else ""
    head = " ".join([f"{group.count}x{growth}{level}", *(["-".join(times)] if times else [])])
    return [f"{head} {_clipped(group.samples[0])}", *(f"  {_clipped(sample)}" for sample in group.samples[1:])]


def _clock(at: datetime, days: bool) -> str:
    return f"{at:%m-%d %H:%M}" if days else f"{at:%H:%M:%S}"


def _clipped(text: str) -> str:
    half = MAX_SAMPLE_CHARS // 2
    return text if len(text) <= MAX_SAMPLE_CHARS else f"{text[:half]} … {text[-half:]}"


def summarise(
    lines: Iterable[str | LogLine], *, max_samples: int = 2, baseline: Iterable[str | LogLine] | None = None
) -> LogSummary:
    """The records of the lines grouped by the statement that wrote them, stack traces joined to their first line.

    `baseline` holds lines of another, equally long time: groups that it lacks, or has far fewer of, come first.
    """
    now = _records(lines)
    before = _records(baseline or ())
    mined = mine([headline(record.text) for record in (*now, *before)])
    counts_before = Counter(mined.templates[len(now) :])
    members: dict[str, list[int]] = defaultdict(list)
    for index, template in enumerate(mined.templates[: len(now)]):
        members[template].append(index)
    groups = [
        _group(template, where, now, mined, max_samples, None if baseline is None else counts_before[template])
        for template, where in members.items()
    ]
    return LogSummary(tuple(sorted(groups, key=_order)), len(now), None if baseline is None else len(before))


def _order(group: LogGroup) -> tuple[bool, bool, float, str, int, str]:
    return (not group.is_new, not group.growing, -round(group.severity, 1), group.level, -group.count, group.template)


def _records(lines: Iterable[str | LogLine]) -> list[LogLine]:
    held = (line if isinstance(line, LogLine) else LogLine(FIRST_OF_ALL, line) for line in lines)
    return list(records(sorted(held, key=lambda line: line.at)))


def _group(
    template: str, where: Sequence[int], now: Sequence[LogLine], mined: Mined, max_samples: int, before: int | None
) -> LogGroup:
    shapes = dict(zip((mined.shapes[index] for index in reversed(where)), reversed(where), strict=True))
    worst = max(map(mined.parsed, shapes.values()), key=severity)
    growing = bool(before) and _has_grown(before or 0, len(where))
    times = [_time(now[where[0]]), _time(now[where[-1]])]
    return LogGroup(
        template=template,
        level=worst.level,
        severity=severity(worst),
        count=len(where),
        first=times[0],
        last=times[1],
        samples=tuple(mined.parsed(index).message for index in _different(shapes, mined, max_samples)),
        before=before,
        growing=growing,
    )


def _different(shapes: dict[str, int], mined: Mined, most: int) -> list[int]:
    """Lines of one template that differ in words, the first line first."""
    by_row = {mined.rows[shape]: index for shape, index in shapes.items()}
    return sorted(by_row.values())[: max(most, 1)]


def _has_grown(before: int, now: int) -> bool:
    return now >= NOTABLE_FACTOR * before and surprise(before, 60, now, 60) > NO_CHANCE


def _time(record: LogLine) -> datetime | None:
    """The store's time, else the one that the line begins with, taken for UTC."""
    if record.at is not FIRST_OF_ALL:
        return record.at
    found = stamp(record.text)
    return found.replace(tzinfo=UTC) if found else None
