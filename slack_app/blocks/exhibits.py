"""Which chart and which table of the cited evidence an answer shows.

A chart where something rose, fell or is counted over time; a table where there is a list. One of each at most, only of
what the first claims cite, and only about what the headline names. A follow-up that is answered from what the thread
knows shows none: they stand above.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.models import Answer, Chart, Evidence, EvidenceStatus, Finding, Table
from slack_app.blocks.figures import chart_block, table_blocks
from slack_app.blocks.parts import Block

FIRST_CLAIMS = 5
FEWEST_ROWS = 2
COST = "cost"
MAX_COLUMNS = 4
"""That a thread has room for."""
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
    """The chart and the table, as blocks."""
    chart, table = shown_chart(answer, evidence), shown_table(answer, evidence)
    drawn = chart_block(chart) if chart else None
    return [*([drawn] if drawn else []), *(table_blocks(_narrow(table)) if table else [])]


def shown_chart(answer: Answer, evidence: Sequence[Evidence]) -> Chart | None:
    """The first that one of the first claims speaks of; who asks about money sees money first."""
    pieces = _cited(answer, evidence)
    by_id, about = {piece.id: piece for piece in pieces}, _named(answer.headline, pieces)
    cited = [(claim.text, by_id[i]) for claim in answer.claims[:FIRST_CLAIMS] for i in claim.evidence if i in by_id]
    drawn = [chart for text, piece in cited if (chart := _drawing(text, piece, about))]
    money = [chart for chart in drawn if chart.unit == "usd"] if COST in answer.specialists else []
    return next(iter([*money, *drawn]), None)


def shown_table(answer: Answer, evidence: Sequence[Evidence]) -> Table | None:
    """The first list that no chart shows already, with all of its columns."""
    drawn, cited = shown_chart(answer, evidence), _cited(answer, evidence)
    about = _named(answer.headline, cited)
    pieces = [piece for piece in cited if drawn not in piece.charts and _is_about(piece.findings, about)]
    for piece in sorted(pieces, key=lambda piece: bool(piece.charts)):  # what is only a list says it by its list
        for table in piece.tables:
            legend = bool(piece.charts)
            if table.columns and len(table.rows) >= FEWEST_ROWS and not (legend and _strays(table, about)):
                return table
    return None


def _strays(table: Table, about: set[str]) -> bool:
    """Whether most rows are of other resources than those that the first line names."""
    own = sum(any(_is_in(name, " ".join(row)) for name in about) for row in table.rows)
    return bool(about) and 2 * own < len(table.rows)


def _cited(answer: Answer, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The pieces of the first claims."""
    if answer.kind == "follow_up" and not answer.specialists:
        return []
    by_id = {piece.id: piece for piece in evidence if piece.status == EvidenceStatus.ok}
    ids = dict.fromkeys(i for claim in answer.claims[:FIRST_CLAIMS] for i in claim.evidence)
    return [by_id[i] for i in ids if i in by_id]


def _named(headline: str, pieces: Sequence[Evidence]) -> set[str]:
    """The resources of findings that the first line names."""
    return {finding.resource for piece in pieces for finding in piece.findings if _is_in(finding.resource, headline)}


def _is_in(resource: str, headline: str) -> bool:
    name = re.split(r"[:/]", resource.casefold())[-1]
    return bool(name) and name in headline.casefold()


def _is_about(findings: Sequence[Finding], named: set[str]) -> bool:
    """Where the first line names a resource, nothing is shown of others; a finding of a whole service has none."""
    return not named or not findings or any(not f.resource or f.resource in named for f in findings)


def _narrow(table: Table) -> Table:
    """The first columns."""
    rows = tuple(row[:MAX_COLUMNS] for row in table.rows)
    return table.model_copy(update={"columns": table.columns[:MAX_COLUMNS], "rows": rows})


def _drawing(text: str, piece: Evidence, about: set[str]) -> Chart | None:
    """The chart of what a claim speaks of, if any: of several, the one whose title has most words of it."""
    drawable = [chart for chart in piece.charts if chart_block(chart)]
    if not drawable or not _worth_drawing(text, piece, about):
        return None
    best = max(drawable, key=lambda chart: _common(chart.title, text))
    return best if len(drawable) == 1 or _common(best.title, text) > 1 else None


def _common(title: str, text: str) -> int:
    return len(set(title.casefold().split()) & set(text.casefold().replace(".", " ").replace(",", " ").split()))


def _worth_drawing(text: str, piece: Evidence, about: set[str]) -> bool:
    """Whether a claim speaks of what happened over time: by the finding that has most words of it."""
    told = max(piece.findings, key=lambda finding: _common(finding.statement, text), default=None)
    return told is not None and told.kind in OVER_TIME and _is_about([told], about) and _shows(piece, told)


def _shows(piece: Evidence, told: Finding) -> bool:
    """Whether the beginning is in the picture: what rose days ago is a level line today."""
    return not told.at or not piece.time_range or piece.time_range.start <= told.at
