"""Answers given again: equal questions within minutes, about an account of which nothing new is known.

Only a whole answer is kept: one with claims, without gaps, from the model that should have answered. An alert makes
the cache forget `answer|`, and with it the generation that every key holds: what was being answered meanwhile is not
found under the next one.
"""

from __future__ import annotations

import unicodedata
from typing import cast

from agent import time_phrases
from agent.models import Answer, Evidence, UtcTime, new_id
from agent.ports import Deps

PREFIX = "answer|"
GENERATION_SECONDS = 86_400.0
BUCKET_SECONDS = 300
"""Ranges that begin within these count as one: "the last hour" moves on while people type."""
Kept = tuple[UtcTime, Answer, list[Evidence]]


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

    def get(self, key: str) -> tuple[Answer, list[Evidence]] | None:
        """The answer, which says when it was given first."""
        nothing: Kept | None = None
        kept = self._deps.cache.fetch(key, 0, lambda: nothing, keep=lambda _: False) if key else None
        if kept is None:
            return None
        at, answer, evidence = cast("Kept", kept)
        return answer.model_copy(update={"reused_from": at}), list(evidence)

    def keep(self, key: str, answer: Answer, evidence: list[Evidence]) -> None:
        """Keep a whole answer; a lesser one is better asked for again."""
        whole = answer.kind == "question" and answer.claims and not answer.gaps and not answer.provenance.degraded
        if key and whole and self._seconds:
            kept: Kept = (self._deps.clock(), answer, evidence)
            self._deps.cache.fetch(key, self._seconds, lambda: kept)


def _same(question: str) -> str:
    """Upper case, spaces and the last punctuation make no other question."""
    flat = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    return flat.rstrip(" ?!.")
