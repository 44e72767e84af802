"""Which chart and which table of the cited evidence an answer shows.

A chart where something rose, fell or is counted over time; a table where there is a list. Only of what a claim cites,
the first cited first: one chart for a question to one specialist, two where several answered, and one table.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.models import Answer, Chart, Evidence, EvidenceStatus, Table
from slack_app.blocks.figures import chart_block, table_blocks
from slack_app.blocks.parts import Block

MAX_CHARTS = 2
FEWEST_ROWS = 2
OVER_TIME = frozenset(
    {
        "metric_rise",
        "metric_drop",
        "metric_at_limit",
        "cost_rise",
        "cost_drop",
        "cost_steady",
        "usage_driver",
        "budget_exceeded",
    }
    | {"alarm_flapping", "alarm_fired", "threshold_grazed", "log_error_pattern", "log_new_pattern", "log_pattern_gone"}
    | {"task_long", "task_flaky", "dag_failed", "dag_late", "throttled", "queue_backlog", "database_load"}
)
"""Kinds of findings that a picture over time makes plain."""


def exhibit_blocks(answer: Answer, evidence: Sequence[Evidence]) -> list[Block]:
    """The charts and the table, as blocks."""
    charts = [block for chart in shown_charts(answer, evidence) if (block := chart_block(chart))]
    table = shown_table(answer, evidence)
    return [*charts, *(table_blocks(table) if table else [])]


def shown_charts(answer: Answer, evidence: Sequence[Evidence]) -> list[Chart]:
    most = min(len(answer.specialists), MAX_CHARTS) or 1
    by_id = {piece.id: piece for piece in _cited(answer, evidence)}
    chosen: dict[str, Chart] = {}
    for claim in answer.claims:
        for i in claim.evidence:
            if i in by_id and i not in chosen and (chart := _drawing(claim.text, by_id[i])):
                chosen[i] = chart
    return list(chosen.values())[:most]


def shown_table(answer: Answer, evidence: Sequence[Evidence]) -> Table | None:
    """The first list that no chart shows already."""
    drawn = shown_charts(answer, evidence)
    pieces = [piece for piece in _cited(answer, evidence) if not any(chart in drawn for chart in piece.charts)]
    for piece in sorted(pieces, key=lambda piece: bool(piece.charts)):  # what is only a list says it by its list
        for table in piece.tables:
            if table.columns and len(table.rows) >= FEWEST_ROWS:
                return table
    return None


def _cited(answer: Answer, evidence: Sequence[Evidence]) -> list[Evidence]:
    by_id = {piece.id: piece for piece in evidence if piece.status == EvidenceStatus.ok}
    ids = dict.fromkeys(i for claim in answer.claims for i in claim.evidence)
    return [by_id[i] for i in ids if i in by_id]


def _drawing(text: str, piece: Evidence) -> Chart | None:
    """The chart of what a claim speaks of, if any: of several, the one whose title has most words of it."""
    drawable = [chart for chart in piece.charts if chart_block(chart)]
    if not drawable or not _worth_drawing(text, piece):
        return None
    best = max(drawable, key=lambda chart: _common(chart.title, text))
    return best if len(drawable) == 1 or _common(best.title, text) > 1 else None


def _common(title: str, text: str) -> int:
    return len(set(title.casefold().split()) & set(text.casefold().replace(".", " ").replace(",", " ").split()))


def _worth_drawing(text: str, piece: Evidence) -> bool:
    """Whether a claim speaks of what happened over time: by the finding that has most words of it."""
    told = max(piece.findings, key=lambda finding: _common(finding.statement, text), default=None)
    return told is not None and told.kind in OVER_TIME
