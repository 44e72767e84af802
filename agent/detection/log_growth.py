"""Which error templates of a log are new, and which come far more often than they used to.

The memory holds, for each template, one sample and how often it came in each hour of the last week. New lines are
grouped together with the samples, so that a line is of a known template when it is grouped with its sample: the
templates themselves may be cut otherwise in another batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.log_lines import LogLine, parse_line, records
from agent.log_miner import mine
from agent.log_patterns import NO_CHANCE, WORTH_SHOWING, severity, surprise

KEPT = timedelta(days=7)
LEARNED = timedelta(hours=24)
"""The time that a first look learns from."""
MAX_TEMPLATES = 150
MAX_HOURS = 72
MAX_SAMPLE_CHARS = 400
GROWTH = 3.0
"""So many times the usual rate, and the rate of the busiest hour by half, is growth."""
BUSIEST = 1.5
LEAST = 5
"""A template that grows came so often at least."""
LEAST_NEW = 3
"""A new one so often within its first half hour; a fatal one once."""
NEW_FOR = timedelta(minutes=30)
FATAL = 0.97

Memory = dict[str, Any]
"""`since`, `until` (ISO times between which lines were read) and `templates`: a list of `_Known` as JSON."""


@dataclass(frozen=True)
class Growth:
    """A template that is new or grew: how often it came in the `minutes` of this look, and what was usual for these."""

    source: str
    sample: str
    severity: float
    count: int
    minutes: float
    usual: float
    is_new: bool
    first: datetime

    @property
    def key(self) -> str:
        return f"{'new' if self.is_new else 'grew'}:{self.sample[:80]}"


@dataclass
class _Known:
    source: str
    sample: str
    first: datetime
    hours: dict[int, int]
    """By hours since 1970."""
    news: bool

    def as_json(self) -> dict[str, Any]:
        newest = sorted(self.hours.items())[-MAX_HOURS:]
        hours = {str(hour): count for hour, count in newest}
        return {
            "source": self.source,
            "sample": self.sample,
            "first": self.first.isoformat(),
            "hours": hours,
            "news": self.news,
        }

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> _Known:
        hours = {int(hour): int(count) for hour, count in kept["hours"].items()}
        return cls(kept["source"], kept["sample"], datetime.fromisoformat(kept["first"]), hours, kept["news"])


def learn(memory: Memory, lines: Sequence[LogLine], start: datetime, end: datetime) -> tuple[Memory, list[Growth]]:
    """The memory with the lines of `start` to `end`, and what grew; nothing did in a first look, which only learns.

    A line's `source` says to which log it belongs. Only lines that tell of trouble count.
    """
    first_look = not memory
    known = [_Known.of_json(each) for each in memory.get("templates", [])]
    since = datetime.fromisoformat(memory["since"]) if memory else start
    minutes = max((end - start).total_seconds() / 60, 1.0)
    found: list[Growth] = []
    for each, arrived in _grouped(known, lines):
        fresh = each not in known
        if fresh:
            each.news = not first_look
            known.append(each)
        if not first_look and (growth := _growth(each, arrived, since, start, minutes)):
            found.append(growth)
        for line in arrived:
            hour = _hour(line.at)
            each.hours[hour] = each.hours.get(hour, 0) + 1
    oldest = end - KEPT
    return {
        "since": max(since, oldest).isoformat(),
        "until": end.isoformat(),
        "templates": [each.as_json() for each in _bounded(known, oldest)],
    }, sorted(found, key=lambda growth: (-growth.severity, -growth.count))


def _grouped(known: list[_Known], lines: Sequence[LogLine]) -> list[tuple[_Known, list[LogLine]]]:
    """The lines that tell of trouble, by what they are: a known template, or a new one."""
    told = [line for line in records(sorted(lines, key=lambda line: line.at)) if _weight(line.text) >= WORTH_SHOWING]
    sources = dict.fromkeys(line.source for line in told)
    grouped: list[tuple[_Known, list[LogLine]]] = []
    for source in sources:
        own = [each for each in known if each.source == source]
        new = [line for line in told if line.source == source]
        templates = mine([*(each.sample for each in own), *(_first_line(line.text) for line in new)]).templates
        home = dict(zip(reversed(templates[: len(own)]), reversed(own), strict=True))
        by_template: dict[str, list[LogLine]] = defaultdict(list)
        for template, line in zip(templates[len(own) :], new, strict=True):
            by_template[template].append(line)
        for template, members in by_template.items():
            made = _Known(source, _first_line(members[0].text)[:MAX_SAMPLE_CHARS], members[0].at, {}, False)
            grouped.append((home.get(template, made), members))
    return grouped


def _growth(
    each: _Known, arrived: Sequence[LogLine], since: datetime, start: datetime, minutes: float
) -> Growth | None:
    late, weight = len(arrived), max(_weight(line.text) for line in arrived)
    if each.news and arrived[-1].at - each.first <= NEW_FOR:
        total = late + sum(each.hours.values())
        if total >= LEAST_NEW or weight >= FATAL:
            return Growth(each.source, each.sample, weight, total, minutes, 0, True, each.first)
        return None
    before = [(hour, count) for hour, count in each.hours.items() if hour < _hour(start)]
    past = max((start - since).total_seconds() / 60, 60.0)
    early = sum(each.hours.values())
    usual = early / past * minutes
    busiest = max((count for _, count in before), default=0) / 60 * minutes
    grew = late >= max(LEAST, GROWTH * usual, BUSIEST * busiest)
    if not grew or surprise(early, past, late, minutes) <= NO_CHANCE:
        return None
    return Growth(each.source, each.sample, weight, late, minutes, usual, False, arrived[0].at)


def _bounded(known: list[_Known], oldest: datetime) -> list[_Known]:
    """Without what nobody saw for a week, and at most MAX_TEMPLATES: those seen last."""
    for each in known:
        each.hours = {hour: count for hour, count in each.hours.items() if hour >= _hour(oldest)}
    seen = sorted((each for each in known if each.hours), key=lambda each: -max(each.hours))
    return seen[:MAX_TEMPLATES]


def _weight(text: str) -> float:
    return severity(parse_line(text))


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]


def _hour(at: datetime) -> int:
    return int(at.timestamp() // 3600)
