"""What both approval stores have in common: each rule of `agent.consent` is applied to what is stored, atomically."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from agent import consent
from agent.models import Approval, Mark, SlackPlace
from agent.ports import Clock

Rule = Callable[[Approval], Approval | None]


class Consenting(ABC):
    """A store says how a rule is applied; None where it does not count, or the approval is unknown."""

    _clock: Clock

    @abstractmethod
    async def _apply(self, approval_id: str, rule: Rule) -> Approval | None:
        """What is stored afterwards."""

    async def approve(self, approval_id: str, mark: Mark) -> Approval | None:
        return await self._apply(approval_id, lambda asked: consent.approve(asked, mark, self._clock()))

    async def reject(self, approval_id: str, mark: Mark) -> Approval | None:
        return await self._apply(approval_id, lambda asked: consent.reject(asked, mark, self._clock()))

    async def expire(self, approval_id: str) -> Approval | None:
        return await self._apply(approval_id, lambda asked: consent.expire(asked, self._clock()))

    async def supersede(self, approval_id: str) -> Approval | None:
        return await self._apply(approval_id, consent.supersede)

    async def place(self, approval_id: str, place: SlackPlace, message_ts: str) -> Approval | None:
        return await self._apply(approval_id, lambda asked: consent.put_at(asked, place, message_ts))

    async def claim(self, approval_id: str, by: str) -> bool:
        claimed = await self._apply(approval_id, lambda asked: consent.claim(asked, by, self._clock()))
        return claimed is not None
