"""Reading CloudWatch Logs: which groups belong to a resource, and their lines within bounds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import BudgetExceeded
from agent.log_lines import LogLine
from agent.models import TimeRange
from tools.evidence import console
from tools.evidence.base import Found, Look
from tools.evidence.logs.by_query import MAX_LINES, filter_command, lines_by_query, needs_a_query
from tools.evidence.logs.sources import Search, search
from tools.evidence.names import bare_name
from tools.evidence.partial import explain
from tools.evidence.threads import side_by_side

MAX_GROUPS_READ = 6
SLICES = 6
"""A range is read in so many slices side by side: where one is cut off, the others still show the rest."""
PAGES_PER_SLICE = 3
EVENTS_PER_PAGE = 2500
WORKERS = 8
TELLING_SHARE = 0.1
"""Of the time that is left: kept for making something of what was read by then."""

ERROR_PATTERN = (
    "%[Ee]rror|ERROR|[Ee]xception|FATAL|[Ff]atal|CRITICAL|SEVERE|PANIC|[Pp]anic|[Tt]raceback|[Ff]ailed|[Ff]ailure|FAIL"
    "|[Tt]imed.out|[Tt]imeout|[Oo]ut.?[Oo]f.?[Mm]emory|OOM|[Kk]illed|[Dd]enied|[Rr]efused|[Rr]ejected|[Tt]hrottl"
    "|[Cc]ould.not|[Cc]annot|[Uu]nable.to|[Dd]eadlock|[Tt]oo.many|remaining.connection.slots|status.{1,4}5[0-9][0-9]%"
)
"""A filter pattern for lines that may tell of trouble; `agent.log_patterns.severity` judges them."""


@dataclass
class Reading:
    """Lines of one or more groups. `minutes` of the range were really read; `cut` when some were not."""

    lines: list[LogLine] = field(default_factory=list[LogLine])
    minutes: float = 0.0
    cut: bool = False
    unread: dict[str, Exception] = field(default_factory=dict[str, Exception])
    """What could not be read, by group."""
    partly: set[str] = field(default_factory=set[str])
    """Groups of which at least one slice was read."""
    note: str = ""

    def failed(self) -> None:
        """Raise what prevented the reading when it prevented all of it."""
        if self.unread and not self.lines:
            raise next(iter(self.unread.values()))

    @property
    def caveat(self) -> str:
        """What a reader must know: what was denied, what was too much to read in full."""
        parts = [
            f"{group} could not be read{' in full' if group in self.partly else ''} ({explain(error)})"
            for group, error in self.unread.items()
        ]
        if self.cut:
            parts.append("there were more lines than were read, so counts are lower bounds")
        return (f" Note: {'; '.join(parts)}." if parts else "") + self.note


def find_groups(look: Look, resource: str = "", service: str = "", log_group: str = "") -> list[str]:
    """The log groups of a resource, the likeliest first; all groups (of a service) when no resource is named."""
    return list(search(look, resource, service, log_group).groups)


def no_groups(look: Look, wanted: str, found: Search | None = None) -> Found:
    """Nothing to read, and where it was looked for."""
    considered = f" (looked for: {', '.join(found.considered)})" if found and found.considered else ""
    text = f"No log group belongs to {bare_name(wanted)}{considered}." if wanted else "This region has no log groups."
    note = found.note if found else ""
    return Found(f"{text}{note}", console_url=console.log_groups(look.aws, bare_name(wanted)), no_data=True)


def names_of(groups: Sequence[str]) -> str:
    shown = ", ".join(groups[:3])
    return shown if len(groups) <= 3 else f"{shown} and {len(groups) - 3} more"


def read(look: Look, groups: Sequence[str], span: TimeRange, pattern: str = "", slices: int = SLICES) -> Reading:
    """Lines that match a filter pattern (all lines without one), read side by side within bounds."""
    step = (span.end - span.start) / slices
    parts = [TimeRange(start=span.start + step * i, end=span.start + step * (i + 1)) for i in range(slices)]
    chosen = list(groups)[:MAX_GROUPS_READ]
    look.note("logs", "filter_log_events", _parameters(chosen[0] if chosen else "", span, pattern))
    total = Reading()
    for group, one in _side_by_side(look, chosen, parts, pattern):
        total.lines += one.lines
        total.minutes += one.minutes / len(chosen)
        total.cut |= one.cut
        total.unread.update(one.unread)
        total.partly |= set() if one.unread else {group}
    for group in [group for group, error in total.unread.items() if needs_a_query(error)]:
        _read_by_query(look, group, span, pattern, total, share=1 / len(chosen))
    total.lines.sort(key=lambda line: line.at)
    return total


def _side_by_side(
    look: Look, groups: Sequence[str], parts: Sequence[TimeRange], pattern: str
) -> Iterator[tuple[str, Reading]]:
    """Each slice with its group. One that hangs is left behind shortly before the deadline, and named."""
    reads: dict[str, Callable[[], Reading]] = {
        f"{group}\t{number}": partial(_read_slice, look, group, part, pattern)
        for group in groups
        for number, part in enumerate(parts)
    }
    until = time.monotonic() + look.seconds_left * (1 - TELLING_SHARE)
    for name, future in side_by_side(reads, WORKERS).items():
        group = name.rpartition("\t")[0]
        yield group, _result(look, group, future, until - time.monotonic())


def _result(look: Look, group: str, future: Future[Reading], seconds: float) -> Reading:
    try:
        return future.result(timeout=None if math.isinf(seconds) else max(seconds, 0))
    except TimeoutError as error:
        look.failed_calls += 1
        return Reading(unread={group: error})


def _read_by_query(look: Look, group: str, span: TimeRange, pattern: str, total: Reading, share: float) -> None:
    """Add the lines of a group that answers only queries; what refused it stays when no query can be made of it."""
    try:
        lines, covered, note = lines_by_query(look, [group], span, filter_command(pattern))
    except ValueError:
        return
    except (ClientError, BotoCoreError, BudgetExceeded, TimeoutError) as error:
        total.unread[group] = error
        return
    del total.unread[group]
    total.lines += lines
    total.minutes += covered.seconds / 60 * share
    total.cut |= len(lines) >= MAX_LINES
    total.note += note


def around(look: Look, group: str, stream: str, at: datetime, seconds: int = 5, limit: int = 60) -> list[LogLine]:
    """Lines of one stream right after a moment: the rest of a stack trace, say."""
    answer = look.call(
        "logs",
        "get_log_events",
        logGroupName=group,
        logStreamName=stream,
        startTime=millis(at),
        endTime=millis(at + timedelta(seconds=seconds)),
        startFromHead=True,
        limit=limit,
    )
    return [LogLine(from_millis(e["timestamp"]), e["message"].rstrip(), stream) for e in answer.get("events", [])]


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def from_millis(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)


def _parameters(group: str, span: TimeRange, pattern: str) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "logGroupName": group,
        "startTime": millis(span.start),
        "endTime": millis(span.end) - 1,
        "limit": EVENTS_PER_PAGE,
    }
    return parameters | ({"filterPattern": pattern} if pattern else {})


def _read_slice(look: Look, group: str, span: TimeRange, pattern: str) -> Reading:
    parameters = _parameters(group, span, pattern)
    reading = Reading(minutes=span.seconds / 60)
    for _ in range(PAGES_PER_SLICE):
        try:
            page = look.poll("logs", "filter_log_events", **parameters)
        except (ClientError, BotoCoreError, BudgetExceeded, TimeoutError) as error:
            return Reading(reading.lines, unread={group: error})
        found = [
            LogLine(
                from_millis(event["timestamp"]), event["message"].rstrip(), f"{group}\t{event.get('logStreamName', '')}"
            )
            for event in page["events"]
        ]
        look.scanned(sum(len(line.text) for line in found))
        reading.lines += found
        if not page.get("nextToken"):
            return reading
        parameters["nextToken"] = page["nextToken"]
    reading.cut = True
    if reading.lines:
        reading.minutes = max((reading.lines[-1].at - span.start).total_seconds() / 60, 0.1)
    return reading
