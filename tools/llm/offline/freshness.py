"""What the thread knew before: which evidence is of some time ago, and saying so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from agent.drafts import AnswerDraft, DraftClaim
from agent.models import Evidence
from agent.times import clock_time

STALE = timedelta(minutes=5)
LASTING = ("deployment", "deployment_failed", "change_before_onset", "no_change", "resource_state", "type_change")
"""What happened stays so; counts and levels go on."""
_LASTING_PREFIX = "cost_"


def is_stale(piece: Evidence, now: datetime) -> bool:
    """Whether a piece told of its present, and that is past: what is about last night is not."""
    read, span = piece.gathered_at, piece.time_range
    return read is not None and now - read > STALE and (span is None or read - span.end <= STALE)


def newest(evidence: Sequence[Evidence], now: datetime) -> tuple[Evidence, ...]:
    """Without what was asked of the same tool about the same things again since."""
    fresh = [(piece.tool, _about(piece)) for piece in evidence if not is_stale(piece, now)]
    return tuple(
        piece
        for piece in evidence
        if not is_stale(piece, now) or not any(piece.tool == tool and _about(piece) & about for tool, about in fresh)
    )


def as_of(draft: AnswerDraft, evidence: Sequence[Evidence], now: datetime) -> AnswerDraft:
    """The draft, with the time of reading at each claim about what has gone on since."""
    stale = {piece.id: piece for piece in evidence if is_stale(piece, now)}
    lasting = {
        finding.statement
        for piece in evidence
        for finding in piece.findings
        if finding.kind in LASTING or finding.kind.startswith(_LASTING_PREFIX)
    }

    def dated(text: str, cited: Sequence[str]) -> str:
        read = [stale[i].gathered_at for i in cited if i in stale]
        times = [at for at in read if at]
        if text in lasting or not times or len(times) < len(cited):
            return text
        return f"{text.removesuffix('.')} (as of {clock_time(max(times), now)})."

    claims = [DraftClaim(text=dated(c.text, c.evidence), evidence=c.evidence) for c in draft.claims]
    first = next((c for c in draft.claims if c.text == draft.headline), None)
    headline = dated(draft.headline, first.evidence) if first else draft.headline
    return draft.model_copy(update={"claims": claims, "headline": headline})


def _about(piece: Evidence) -> set[str]:
    return {finding.resource for finding in piece.findings if finding.resource} | {piece.question}
