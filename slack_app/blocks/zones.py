"""An answer as its reader's clock shows it. What is stored, and what models read, stays in UTC.

answer, evidence = in_zone(answer, evidence, "America/Toronto", now)  # once, before anything is drawn
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.models import Answer, Chart, Claim, Evidence, Table
from agent.times import local_labels, local_times, zone_name
from slack_app.blocks.figures import TITLE_LIMIT
from slack_app.blocks.text import cut

Words = Callable[[str], str]


def in_zone(answer: Answer, evidence: Sequence[Evidence], zone: str, now: datetime) -> tuple[Answer, list[Evidence]]:
    """Every time that says UTC, and the time axes of charts. Queries and commands are left as they were sent.

    A time without a date is of the day on which its evidence was gathered, which is `now`'s where nothing was.
    """
    written = max((piece.gathered_at for piece in evidence if piece.gathered_at), default=now)

    def words(text: str) -> str:
        return local_times(text, zone, written)

    return _answer(answer, words, zone, now), [_piece(piece, words, zone, written) for piece in evidence]


def _answer(answer: Answer, words: Words, zone: str, now: datetime) -> Answer:
    """The choices of a question back stay: they are sent as they are read."""
    asked = answer.clarification
    return answer.model_copy(
        update={
            "headline": words(answer.headline),
            "claims": _claims(answer.claims, words),
            "disagreements": _claims(answer.disagreements, words),
            "assumptions": tuple(_assumed(text, zone, now, words) for text in answer.assumptions),
            "next_steps": tuple(map(words, answer.next_steps)),
            "gaps": tuple(gap.model_copy(update={"reason": words(gap.reason)}) for gap in answer.gaps),
            "clarification": asked and asked.model_copy(update={"question": words(asked.question)}),
        }
    )


def _assumed(text: str, zone: str, now: datetime, words: Words) -> str:
    """A range that is in the reader's zone already says so shortly; that it was another time in UTC is no news."""
    said = re.compile(rf" in {re.escape(zone)} \([^()]* UTC\)")
    if not said.search(text):
        return words(text)
    short = f" ({zone_name(now.astimezone(ZoneInfo(zone)))})"
    return said.sub(lambda _: short, text)


def _claims(claims: Sequence[Claim], words: Words) -> tuple[Claim, ...]:
    return tuple(claim.model_copy(update={"text": words(claim.text)}) for claim in claims)


def _piece(piece: Evidence, words: Words, zone: str, written: datetime) -> Evidence:
    day = piece.time_range.start if piece.time_range else written
    findings = tuple(f.model_copy(update={"statement": words(f.statement)}) for f in piece.findings)
    return piece.model_copy(
        update={
            "question": words(piece.question),
            "summary": words(piece.summary),
            "findings": findings,
            "tables": tuple(_table(table, words) for table in piece.tables),
            "charts": tuple(_chart(chart, zone, day) for chart in piece.charts),
        }
    )


def _table(table: Table, words: Words) -> Table:
    rows = tuple(tuple(map(words, row)) for row in table.rows)
    return table.model_copy(update={"title": words(table.title), "rows": rows})


def _chart(chart: Chart, zone: str, day: datetime) -> Chart:
    """The title says which zone the axis is in."""
    labels, name = local_labels(chart.labels, zone, day)
    if not name:
        return chart
    title = f"{cut(chart.title, TITLE_LIMIT - len(name) - 3)} ({name})"
    return chart.model_copy(update={"title": title, "labels": labels})
