"""Marks an answer with a scenario's key: the cause, the evidence it must cite, and what it must not claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.models import Claim, Evidence
from deploy.local.account.schema.story import AnswerKey, Citation


@dataclass(frozen=True)
class Mark:
    """How an answer fares. `right` needs the cause in the key's words and nothing that the key forbids."""

    missing_wordings: tuple[tuple[str, ...], ...]
    missing_citations: tuple[Citation, ...]
    forbidden: tuple[str, ...]
    verdict_fits: bool

    @property
    def right(self) -> bool:
        return not self.missing_wordings and not self.forbidden and self.verdict_fits


def mark(key: AnswerKey, text: str, nothing_wrong: bool, claims: Sequence[Claim], evidence: Sequence[Evidence]) -> Mark:
    """`text` is what a person reads: summary or headline, cause and claims."""
    cited = {i for claim in claims for i in claim.evidence}
    pieces = [piece for piece in evidence if piece.id in cited]
    return Mark(
        missing_wordings=tuple(group for group in key.wordings if not any(_says(text, wording) for wording in group)),
        missing_citations=tuple(citation for citation in key.must_cite if not any(_is(citation, p) for p in pieces)),
        forbidden=tuple(claim for claim in key.must_not_claim if _says(text, claim)),
        verdict_fits=nothing_wrong == key.nothing_wrong,
    )


def _says(text: str, wording: str) -> bool:
    return re.search(wording, text, re.I) is not None


def _is(citation: Citation, piece: Evidence) -> bool:
    tool_fits = citation.tool is None or citation.tool == piece.tool
    kind_fits = citation.finding_kind is None or any(f.kind == citation.finding_kind for f in piece.findings)
    return tool_fits and kind_fits
