"""Answers given again: equal questions within minutes, about an account of which nothing new is known.

Only a whole answer is kept: one with claims, without gaps, from the model that should have answered. An alert, and a
change that Watchkeeper makes, let the cache forget `answer|`, and with it the generation that every key holds: what was
being answered meanwhile is not found under the next one. Those of other workers are looked up where all keep them,
before an answer is given again.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import cast

from agent import time_phrases
from agent.audit_events import AuditEvent
from agent.errors import StoreUnavailable
from agent.models import Answer, Evidence, UtcTime, new_id
from agent.ports import Deps

PREFIX = "answer|"
GENERATION_SECONDS = 86_400.0
BUCKET_SECONDS = 300
"""Ranges that begin within these count as one: "the last hour" moves on while people type."""
CHANGES = (AuditEvent.executed, AuditEvent.failed, AuditEvent.uncertain, AuditEvent.rolled_back)
LINES_READ = 50
"""Of the audit trail, newest first."""
Kept = tuple[UtcTime, UtcTime, Answer, list[Evidence]]
"""When it was asked for, when it was given, and what."""


class AnswerCache:
    """Over the evidence cache of this process, for `evidence_cache_seconds`."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._seconds = deps.settings.evidence_cache_seconds

    def key(self, question: str, zone: str) -> str:
        """What makes two questions equal: their words, the asker's zone, and when the range they speak of begins."""
        if not self._seconds:
            return ""
        phrase = time_phrases.resolve(question, self._deps.clock(), zone)
        span = phrase.range if phrase else None
        begins = int(span.start.timestamp()) // BUCKET_SECONDS if span else 0
        generation = self._deps.cache.fetch(f"{PREFIX}generation", GENERATION_SECONDS, lambda: new_id("run"))
        return f"{PREFIX}{generation}|{zone}|{begins}|{_same(question)}"

    async def get(self, key: str) -> tuple[Answer, list[Evidence]] | None:
        """The answer, which says when it was given first."""
        nothing: Kept | None = None
        kept = self._deps.cache.fetch(key, 0, lambda: nothing, keep=lambda _: False) if key else None
        if kept is None:
            return None
        asked, given, answer, evidence = cast("Kept", kept)
        if await self._is_old(asked):
            self._deps.cache.forget(key)
            return None
        return answer.model_copy(update={"reused_from": given}), list(evidence)

    def keep(self, key: str, asked: datetime, answer: Answer, evidence: list[Evidence]) -> None:
        """Keep a whole answer; a lesser one is better asked for again."""
        whole = answer.kind == "question" and answer.claims and not answer.gaps and not answer.provenance.degraded
        if key and whole and self._seconds:
            kept: Kept = (asked, self._deps.clock(), answer, evidence)
            self._deps.cache.fetch(key, self._seconds, lambda: kept)

    async def _is_old(self, asked: datetime) -> bool:
        """Whether an alert came or something was changed since, in whichever process. Without its stores, it may be."""
        try:
            if await self._deps.incidents.recent(asked, limit=1):
                return True
            lines = await self._deps.audit.read(limit=LINES_READ)
        except StoreUnavailable:
            return True
        return any(line.at >= asked and line.event in CHANGES for line in lines)


def _same(question: str) -> str:
    """Upper case, spaces and the last punctuation make no other question."""
    flat = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    return flat.rstrip(" ?!.")
