"""One walk along a chain of models: who is asked next, why others did not answer, and what a reply says of that."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from agent.errors import ModelUnavailable, WatchkeeperError
from agent.redaction import redact
from tools.llm.errors import OF_THIS_REQUEST, Failure, classify
from tools.llm.links import Link
from tools.llm.replies import fault_of, usage_in
from tools.llm.stated_waits import stated_wait

log = logging.getLogger(__name__)

JITTER = 0.5
"""A wait is up to this part shorter or longer, so that many who were throttled together do not come back together."""
PATIENCE_SECONDS = 10.0
"""Who asks for a longer wait than this is left alone for as long, and the next is asked at once."""
PATIENCE_SHARE = 0.25
"""Of what one attempt may take, the longest wait: who has little time had better ask somebody else."""
LONGEST_REST_SECONDS = 900.0


def jittered(seconds: float, stated: float = 0) -> float:
    """Seconds to wait: never less than what the provider itself stated."""
    if stated:
        return stated * random.uniform(1, 1 + JITTER)
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)


class Attempts:
    """`for link in attempts:` asks a link, then says `succeeded` and stops, or says `failed` and goes on."""

    def __init__(
        self, links: Sequence[Link], waits: Sequence[float], given_up: Sequence[str], attempt_seconds: float
    ) -> None:
        self._links = links
        self._waits = waits
        self._patience = min(PATIENCE_SECONDS, attempt_seconds * PATIENCE_SHARE)
        self.reasons = list(given_up)
        self._discarded: list[dict[str, Any]] = []
        self._waiting: Iterator[float] = iter(waits)

    def __iter__(self) -> Iterator[Link]:
        """A link is given again until it has a reason; one whose breaker is open has that of its last failure."""
        while len(self.reasons) < len(self._links):
            link = self._links[len(self.reasons)]
            if link.breaker.allows():
                tried = len(self.reasons)
                self._waiting = iter(self._waits)
                while len(self.reasons) == tried:
                    yield link
            else:
                self.reasons.append(link.breaker.reason)

    @property
    def _current(self) -> Link:
        return self._links[len(self.reasons)]

    def closed(self) -> None:
        self._current.breaker.succeeded()

    def succeeded(self, reply: Any) -> Any:
        """The reply, marked with who gave it and, unless that was the first link, why."""
        link = self._current
        if isinstance(reply, AIMessageChunk):  # a stream is only whole at its end, and there it says its model
            return _marked(reply, link.spec, "", self._degraded(link.spec))
        link.breaker.succeeded()
        return self._with_discarded(_marked(reply, link.spec, link.model_name, self._degraded(link.spec)))

    def offline(self, reply: Any) -> Any:
        return self._with_discarded(_marked(reply, "offline", "", self._degraded("The offline analyst")))

    def unusable(self, reply: AIMessage) -> bool:
        """Whether a reply came that says nothing; then the next is asked. What it took is kept for the meter."""
        fault = fault_of(reply)
        if fault is None:
            return False
        link = self._current
        self._discard(reply.usage_metadata)
        link.breaker.succeeded()
        self.reasons.append(str(fault))
        return True

    def failed(self, error: Exception, again: bool = True) -> float:
        """Seconds to wait before the next attempt, with this link or another. Errors of our own rooms are raised."""
        if isinstance(error, WatchkeeperError) and not isinstance(error, ModelUnavailable):
            raise error
        link, failure = self._current, classify(error)
        stated = min(stated_wait(error), LONGEST_REST_SECONDS) if failure is Failure.throttled else 0.0
        may_wait = again and failure is Failure.throttled and stated <= self._patience
        if may_wait and (wait := next(self._waiting, None)) is not None:
            return jittered(wait, stated)
        if failure is Failure.unexpected:
            log.warning("%s failed unexpectedly: %s: %s", link.spec, type(error).__name__, redact(str(error))[:500])
        if failure in OF_THIS_REQUEST:
            self._discard(usage_in(error))
            link.breaker.succeeded()
        else:
            link.breaker.failed(failure, stated if stated > self._patience else 0)
        self.reasons.append(str(failure))
        return 0

    def _discard(self, usage: UsageMetadata | None) -> None:
        """Whoever counts what replies took counts this one, too, though nobody reads it."""
        if usage:
            self._discarded.append({"spec": self._current.spec, "usage": dict(usage)})

    def _with_discarded(self, reply: Any) -> Any:
        if self._discarded:
            reply.response_metadata["discarded"] = self._discarded
        return reply

    def _degraded(self, who: str) -> str:
        """`The language model cannot be reached; check … . gemini:x answered instead.`; empty for the first link."""
        if not self.reasons:
            return ""
        if len(self.reasons) == 1:
            said = self.reasons[0]
        else:
            said = " ".join(f"{link.spec}: {why}" for link, why in zip(self._links, self.reasons, strict=False))
            said = f"Several models failed. {said}"
        return f"{said} {who} answered instead."


def _marked(reply: Any, spec: str, model_name: str, degraded: str) -> Any:
    meta = reply.response_metadata
    meta["spec"] = spec
    if model_name and not meta.get("model_name"):
        meta["model_name"] = model_name
    if degraded:
        meta["degraded"] = degraded
    return reply
