"""One walk along a chain of models: who is asked next, why others did not answer, and what a reply says of that."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk

from agent.errors import ModelUnavailable, WatchkeeperError
from agent.redaction import redact
from tools.llm.errors import Failure, classify
from tools.llm.links import Link

log = logging.getLogger(__name__)

JITTER = 0.5
"""A wait is up to this part shorter or longer, so that many who were throttled together do not come back together."""


def jittered(seconds: float) -> float:
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)


class Attempts:
    """`for link in attempts:` asks a link, then says `succeeded` and stops, or says `failed` and goes on."""

    def __init__(self, links: Sequence[Link], waits: Sequence[float], given_up: Sequence[str]) -> None:
        self._links = links
        self._waits = waits
        self.reasons = list(given_up)
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
        return _marked(reply, link.spec, link.model_name, self._degraded(link.spec))

    def offline(self, reply: Any) -> Any:
        return _marked(reply, "offline", "", self._degraded("The offline analyst"))

    def failed(self, error: Exception, again: bool = True) -> float:
        """Seconds to wait before the next attempt, with this link or another. Errors of our own rooms are raised."""
        if isinstance(error, WatchkeeperError) and not isinstance(error, ModelUnavailable):
            raise error
        link, failure = self._current, classify(error)
        if again and failure is Failure.throttled and (wait := next(self._waiting, None)) is not None:
            return jittered(wait)
        if failure is Failure.unexpected:
            log.warning("%s failed unexpectedly: %s: %s", link.spec, type(error).__name__, redact(str(error))[:500])
        if failure is Failure.rejected:
            link.breaker.succeeded()  # the provider works; it is this one request that it will not have
        else:
            link.breaker.failed(failure)
        self.reasons.append(str(failure))
        return 0

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
