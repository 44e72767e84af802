"""The log table in RDS: error templates that are new, and those whose rate grew, by service."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.detection.episodes import Anomaly
from agent.detection.log_growth import Growth, learn
from agent.log_lines import LogLine
from agent.models import Alert, TimeRange
from tools.detection.base import Round
from tools.detection.logs import anomaly_of
from tools.evidence import console
from tools.evidence.logs.unified_log_table import MAX_ROWS, LogTable, error_levels

ARRIVAL = timedelta(minutes=1)
LEARNED = timedelta(hours=24)
LONGEST = timedelta(hours=6)
LEARNING_SLICES = 12
"""The first look reads the last day in so many statements, of which each gives the newest rows of its part."""


def detect(tick: Round) -> list[Alert]:
    """One anomaly for each service whose errors grew."""
    look = tick.look
    if not (look.settings.unified_log_arn and look.settings.unified_log_secret_arn):
        return []
    learning = not tick.memories.get(tick.key("episodes"))
    table = LogTable(look, look.settings)
    end = look.now - ARRIVAL
    key = tick.key("templates")
    memory = tick.memories.get(key)
    start = datetime.fromisoformat(memory["until"]) if memory else end - LEARNED
    start = max(start, end - (LONGEST if memory else LEARNED))
    if start >= end:
        return tick.told([], learning=learning, unread=lambda _: True)
    lines = _lines(table, start, end, 1 if memory else LEARNING_SLICES)
    learned, found = learn(memory, lines, start, end)
    tick.memories.put(key, learned)
    if not memory:
        tick.learned.append(f"{len(learned['templates'])} error templates of the unified log")
    link = console.rds_query_editor(look.aws.at(region=table.region))
    by_service: dict[str, list[Growth]] = {}
    for growth in found:
        by_service.setdefault(growth.source, []).append(growth)
    seen: list[Anomaly] = [anomaly_of(tick, name, name, grown, link) for name, grown in by_service.items()]
    return tick.told(seen, learning=learning)


def _lines(table: LogTable, start: datetime, end: datetime, slices: int) -> list[LogLine]:
    """The errors of a range. Where a part holds more rows than a statement gives, its rest is counted in its newest."""
    step = (end - start) / slices
    lines: list[LogLine] = []
    for number in range(slices):
        span = TimeRange(start=start + step * number, end=start + step * (number + 1))
        entries = table.entries(span, levels=error_levels())
        lines += [
            LogLine(entry.at, f"{entry.level.upper()} {entry.message}", entry.service) for entry in entries[:MAX_ROWS]
        ]
    return lines
