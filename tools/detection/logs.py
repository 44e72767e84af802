"""Log groups that a team lists: error templates that are new, and those whose rate grew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from agent.detection.alerts import own_alert
from agent.detection.episodes import Anomaly
from agent.detection.log_growth import FATAL, LEARNED, Growth, learn
from agent.log_lines import LogLine, parse_line
from agent.models import Alert, Severity, TimeRange, digest
from tools.detection.base import BUDGET_USED_UP, Round
from tools.evidence import console
from tools.evidence.logs.reader import ERROR_PATTERN, read
from tools.evidence.partial import gather

MAX_GROUPS = 40
ARRIVAL = timedelta(minutes=1)
"""After so long CloudWatch Logs has what a program wrote."""
LONGEST = timedelta(hours=6)
"""After a longer pause the time before is not read."""
SLICES = 2
LEARNING_SLICES = 6
MOST_TOLD = 4
OF_A_RUN = "WATCHKEEPER_RUN_"
"""In the words of a budget that is used up; a tick has a budget of its own."""
ERROR, MANY = 0.9, 20
"""The severity of errors, and how many of them in one look are more than an oddity."""
MAX_TITLE_CHARS = 140


def detect(tick: Round) -> list[Alert]:
    """One anomaly for each group. A group that is seen for the first time only teaches, by its last day."""
    if not tick.watch.logs:
        return []
    look, learning = tick.look, not tick.memories.get(tick.key("episodes"))
    groups = _groups(tick)
    end = look.now - ARRIVAL
    looked = gather({group: partial(_looked, tick, group, end) for group in groups})
    tick.gaps += [BUDGET_USED_UP if OF_A_RUN in failure else failure for failure in looked.failures]
    seen = [anomaly for found in looked.results.values() for anomaly in found]
    unread = set(groups) - set(looked.results)
    return tick.told(seen, learning=learning, unread=lambda subject: subject in unread)


def _groups(tick: Round) -> list[str]:
    groups = [entry.group for entry in tick.watch.logs if entry.group]
    for entry in tick.watch.logs:
        if entry.prefix:
            listed = tick.look.pages(
                "logs", "describe_log_groups", "logGroups", MAX_GROUPS, logGroupNamePrefix=entry.prefix
            )
            groups += [str(each["logGroupName"]) for each in listed]
    groups = list(dict.fromkeys(groups))
    if len(groups) > MAX_GROUPS:
        tick.gaps.append(f"{len(groups) - MAX_GROUPS} log groups beyond the first {MAX_GROUPS}")
    return groups[:MAX_GROUPS]


def _looked(tick: Round, group: str, end: datetime) -> list[Anomaly]:
    key = tick.key(digest(group))
    memory = tick.memories.get(key)
    start = datetime.fromisoformat(memory["until"]) if memory else end - LEARNED
    start = max(start, end - (LONGEST if memory else LEARNED))
    if start >= end:
        return []
    reading = read(
        tick.look, [group], TimeRange(start=start, end=end), ERROR_PATTERN, SLICES if memory else LEARNING_SLICES
    )
    reading.failed()
    lines = [LogLine(line.at, line.text, group) for line in reading.lines]
    learned, found = learn(memory, lines, start, end)
    tick.memories.put(key, learned)
    if not memory:
        tick.learned.append(f"{len(learned['templates'])} error templates of {group}")
    link = console.log_events(tick.look.aws, group, "", TimeRange(start=start, end=end))
    return [anomaly_of(tick, group, group, found, link)] if found else []


def anomaly_of(tick: Round, subject: str, name: str, found: Sequence[Growth], link: str) -> Anomaly:
    """What grew in one log, the worst first, as one anomaly: a broken program prints many things."""
    worst = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    what = "New error" if worst.is_new else "More errors"
    title = f"{what} in {name}: {_said(worst)}"[:MAX_TITLE_CHARS] + more
    alert = own_alert(
        "unified_log" if tick.detector == "unified_log" else "logs",
        f"{tick.look.aws.label}:{tick.look.aws.region}:{subject}",
        title,
        "\n".join(_sentence(growth) for growth in found[:MOST_TOLD]),
        min(growth.first for growth in found),
        tick.resource("logs", name, "log group"),
        severity=_severity(found),
        value=f"{worst.count} in {worst.minutes:.0f} min",
        threshold="never seen before" if worst.is_new else f"usually {worst.usual:.1f}",
        link=link,
    )
    return Anomaly(subject, alert)


def _severity(found: Sequence[Growth]) -> Severity:
    """An error when something fatal was written, or errors in numbers; what comes a few times may be read later."""
    worst = found[0]
    often = sum(growth.count for growth in found if growth.severity >= ERROR) >= MANY
    return Severity.error if worst.severity >= FATAL or often else Severity.warning


def _sentence(growth: Growth) -> str:
    if growth.is_new:
        return f"New, {growth.count} times since {growth.first:%H:%M} UTC: {_said(growth)}"
    often = f"{growth.count} times in {growth.minutes:.0f} min, usually {growth.usual:.1f}"
    return f"More often, {often}: {_said(growth)}"


def _said(growth: Growth) -> str:
    """The sample's message without its header, or out of its JSON."""
    parsed = parse_line(growth.sample)
    return " ".join(parsed.message.split()) or growth.sample
