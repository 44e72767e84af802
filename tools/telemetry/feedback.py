"""A feedback store that counts what is given."""

from __future__ import annotations

from agent.models import Feedback
from agent.ports import FeedbackStore
from agent.telemetry import Metrics


class CountedFeedback:
    """Another store, with a count of good and bad beside it."""

    def __init__(self, inner: FeedbackStore, metrics: Metrics) -> None:
        self._inner, self._metrics = inner, metrics

    async def save(self, feedback: Feedback) -> None:
        await self._inner.save(feedback)
        self._metrics.feedback_given(feedback.good)

    async def recent(self, limit: int = 100) -> list[Feedback]:
        return await self._inner.recent(limit)
