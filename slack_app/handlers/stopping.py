"""Ending a run because somebody wants it to end, and saying what it had found by then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn

from agent.errors import StoreUnavailable
from agent.models import Answer, Claim, Evidence, Provenance, SlackPlace
from agent.ports import StopRequests
from slack_app.application import Follow

log = logging.getLogger(__name__)
POLL_SECONDS = 1.0
MAX_FACTS = 5


class Stopped(Exception):
    """`by` is the Slack id of who wanted it."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


async def until_stopped(stops: StopRequests, *places: tuple[SlackPlace, datetime]) -> NoReturn:
    """Raises Stopped when a stop is asked for in one of the places at or after its time, in whichever process."""
    while True:
        with suppress(StoreUnavailable):  # the run goes on when nobody can ask for its end
            for place, began in places:
                if by := await stops.since(place, began):
                    raise Stopped(by)
        await asyncio.sleep(POLL_SECONDS)


class Found:
    """The evidence that a run has reported so far."""

    def __init__(self, follow: Follow) -> None:
        self.evidence: list[Evidence] = []
        self._follow = follow

    async def follow(self, part: dict[str, Any]) -> None:
        if part.get("kind") == "evidence":
            self.evidence.append(Evidence.model_validate(part["evidence"]))
        await self._follow(part)


def stopped_answer(name: str, evidence: Sequence[Evidence], run_id: str) -> Answer:
    """Who stopped it, and the strongest facts by then, each with its source. No model had its say."""
    facts = sorted(
        ((finding.strength, finding.statement, piece.id) for piece in evidence for finding in piece.findings),
        key=lambda fact: -fact[0],
    )
    claims = [Claim(text=statement, evidence=(i,)) for _, statement, i in facts[:MAX_FACTS]]
    told = "This is what had been found:" if claims else "Nothing had been found yet."
    return Answer(headline=f"Stopped by {name}. {told}", claims=tuple(claims), provenance=Provenance(run_id=run_id))
