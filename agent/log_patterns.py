"""Thousands of log lines as a few patterns, the worst first, each with its count, its times and one sample.

found = patterns(lines)
found[0].template   # 'Payment <*> refused: card expired'
changes = compare(found, onset, minutes_before=120, minutes_after=60)
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.log_lines import LEVEL_WEIGHT, LogLine, Parsed, parse_line, records
from agent.log_templates import identifiers, mask, templates

MAX_SAMPLE_CHARS = 600
MANY_TIMES = 5
MOST_COMPARED = 200
WORTH_SHOWING = 0.3
"""The severity from which a pattern is a sign of trouble."""
NO_CHANCE = 8.0
"""The log-likelihood ratio from which a change of rate is no chance."""
NOTABLE_FACTOR = 1.5
"""A pattern that is less than so many times as frequent is not news, however sure the change is."""

_BAD_WORDS = re.compile(
    r"(?i)\b(?:(?P<dead>out ?of ?memory|oom[- ]?kill\w*|panic|segfault|core dumped|fatal|signal: killed|task timed out)"
    r"|(?P<failed>exception|traceback|errors?|failed|failure|timed out|timeout|refused|denied|reset by peer|throttl\w+"
    r"|rejected|deadlock|unavailable|unreachable|cannot|could not|unable to|not found|no such|exhausted|rate exceeded"
    r"|too many (?:clients|connections|requests)|remaining connection slots)"
    r"|(?P<poor>retry(?:ing)?|slow|degraded|deprecated|warn(?:ing)?))\b"
)
_PLATFORM = re.compile(r"(?:START|END|REPORT) RequestId: |INIT_START ")
"""Lambda's own lines; what they report as an error, the function has logged too."""
_ALL_WELL = re.compile(
    r"(?i)\b(?:0|no|without|zero) (?:errors?|failures?|failed)\b|\b(?:errors?|failed|failures?)[=: ]+0\b"
)


@dataclass(frozen=True)
class LogPattern:
    """What one statement in a program printed. `severity` is 0 (fine) to 1 (fatal); `times` are in order.

    `sample` is one record in full, and `source` is where that came from. `always` is an id that every one of several
    lines carries: they are all about the same message, order or file.
    """

    template: str
    severity: float
    level: str
    exception: str
    sample: str
    times: tuple[datetime, ...]
    source: str
    always: str = ""

    @property
    def count(self) -> int:
        return len(self.times)

    @property
    def first(self) -> datetime:
        return self.times[0]

    @property
    def last(self) -> datetime:
        return self.times[-1]

    def since(self, start: datetime) -> LogPattern | None:
        """The same pattern without what came before; None when nothing is left."""
        times = tuple(at for at in self.times if at >= start)
        return replace(self, times=times) if times else None


@dataclass(frozen=True)
class Burst:
    """Where a pattern's rate changed most: events a minute `before` and `after` the moment `at`, and how sure that is.

    `gain` is the log-likelihood ratio of two rates against one; see NO_CHANCE.
    """

    at: datetime
    before: float
    after: float
    gain: float


def patterns(lines: Iterable[LogLine]) -> list[LogPattern]:
    """Patterns of the lines, the most severe and most frequent first. 20,000 lines take about a second."""
    parsed = [(line, parse_line(line.text)) for line in records(sorted(lines, key=lambda line: line.at))]
    masked = [mask(part.message) for _, part in parsed]
    template_of = templates(masked)
    groups: dict[tuple[str, str], list[tuple[LogLine, Parsed]]] = defaultdict(list)
    for pair, text in zip(parsed, masked, strict=True):
        groups[template_of[text], pair[1].exception].append(pair)
    found = [_pattern(template, exception, members) for (template, exception), members in groups.items()]
    return sorted(found, key=lambda p: (-round(p.severity, 1), -p.count, p.template))


def severity(part: Parsed) -> float:
    """How bad a line is: by its level first, else by its words."""
    text = part.message
    if _PLATFORM.match(text):
        return 0.0
    if part.level in LEVEL_WEIGHT:
        return LEVEL_WEIGHT[part.level]
    if _ALL_WELL.search(text):
        return 0.0
    if part.exception:
        return 0.9
    match = _BAD_WORDS.search(text)
    if match is None:
        return 0.0
    weight = {"dead": 0.95, "failed": 0.6, "poor": 0.3}[match.lastgroup or "poor"]
    # A program that calls its own line INFO or DEBUG knows better than a list of words.
    return weight if part.level == "" or weight > 0.9 else weight / 2


def burst(times: Sequence[datetime], start: datetime, end: datetime) -> Burst | None:
    """The moment in [start, end) after which events come at another, higher rate; None when there is none."""
    total = max((end - start).total_seconds() / 60, 1.0)
    best: Burst | None = None
    for index, at in enumerate(times):
        quiet = (at - start).total_seconds() / 60
        loud = max(total - quiet, 0.5)
        gain = _likelihood(index, quiet) + _likelihood(len(times) - index, loud) - _likelihood(len(times), total)
        before = index / quiet if quiet > 0 else 0.0
        after = (len(times) - index) / loud
        if quiet > 0 and after > before and (best is None or gain > best.gain):
            best = Burst(at, before, after, gain)
    return best


def _likelihood(count: int, minutes: float) -> float:
    """The Poisson log-likelihood of so many events at their own mean rate, up to a constant."""
    return count * math.log(count / minutes) if count and minutes > 0 else 0.0


@dataclass(frozen=True)
class Change:
    """A pattern's rate, per minute, in the time in question and in the time that it is compared with."""

    pattern: LogPattern
    before: float
    after: float

    @property
    def is_new(self) -> bool:
        return self.before == 0

    @property
    def factor(self) -> float:
        return self.after / self.before if self.before else math.inf


def compare(
    found: Sequence[LogPattern], onset: datetime, minutes_before: float, minutes_after: float, least: int = 3
) -> list[Change]:
    """Patterns that are new or far more frequent since the onset, the worst first.

    The minutes are those that the lines really cover on each side. A change counts when chance does not explain it.
    """
    changes: list[Change] = []
    for pattern in found:
        late = pattern.since(onset)
        if late is None or late.count < least or _PLATFORM.match(pattern.template):
            continue
        early = pattern.count - late.count
        change = Change(late, early / max(minutes_before, 1), late.count / max(minutes_after, 1))
        certainty = surprise(early, minutes_before, late.count, minutes_after)
        if change.factor >= NOTABLE_FACTOR and certainty > NO_CHANCE:
            changes.append(change)
    return sorted(changes, key=lambda c: (-round(c.pattern.severity, 1), not c.is_new, -c.pattern.count))


def vanished(found: Sequence[LogPattern], onset: datetime, minutes_before: float, minutes_after: float) -> list[Change]:
    """Patterns that used to come steadily and stopped at the onset, the most frequent first."""
    changes: list[Change] = []
    for pattern in found:
        expected = pattern.count / max(minutes_before, 1) * minutes_after
        if pattern.last < onset and expected >= 10 and not _PLATFORM.match(pattern.template):
            changes.append(Change(pattern, pattern.count / max(minutes_before, 1), 0.0))
    return sorted(changes, key=lambda c: -c.before)


def surprise(early: int, minutes_before: float, late: int, minutes_after: float) -> float:
    """How sure it is that the rate changed between two ranges: a log-likelihood ratio, see NO_CHANCE."""
    minutes_before, minutes_after = max(minutes_before, 1), max(minutes_after, 1)
    both = _likelihood(early + late, minutes_before + minutes_after)
    apart = _likelihood(early, minutes_before) + _likelihood(late, minutes_after)
    # A pattern never seen before the onset is news even when it came only a few times.
    return NO_CHANCE + 1 if early == 0 and minutes_before >= 20 else apart - both


def _pattern(template: str, exception: str, members: Sequence[tuple[LogLine, Parsed]]) -> LogPattern:
    worst = max((part for _, part in members), key=severity)
    sample = max((line for line, _ in members[-5:]), key=lambda line: min(len(line.text), MAX_SAMPLE_CHARS))
    return LogPattern(
        template=template,
        severity=severity(worst),
        level=worst.level,
        exception=exception,
        sample=_clipped(sample.text),
        times=tuple(line.at for line, _ in members),
        source=sample.source,
        always=_always([part.message for _, part in members]),
    )


def _always(messages: Sequence[str]) -> str:
    if len(messages) < MANY_TIMES:
        return ""
    return min(set.intersection(*(identifiers(message) for message in messages[-MOST_COMPARED:])), default="")


def _clipped(text: str) -> str:
    """The head and the tail of a long text: a stack trace says what it is at its ends."""
    if len(text) <= MAX_SAMPLE_CHARS:
        return text
    half = MAX_SAMPLE_CHARS // 2
    return f"{text[:half]} … {text[-half:]}"
