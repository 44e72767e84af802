"""Conversations that outlive their store: the archive has a copy of each, and a thread taken up again remembers it.

The copy is written anew with each answer (one put, the same key for the same thread) because DynamoDB's TTL deletes
without asking, and once more before this process removes a conversation that has expired. What is archived was redacted
when the store took it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from pydantic import ValidationError

from agent.errors import StoreUnavailable
from agent.models import ChatMessage, Conversation, SlackPlace
from agent.ports import Archive, Clock, ConversationStore
from tools.stores.places import archive_key, began

log = logging.getLogger(__name__)
_SWEPT = 2
"""Expired conversations that each new turn clears away: more than it adds, so that they do not pile up."""
_PURGED = 50


class LiveConversations(ConversationStore, Protocol):
    """What a store of conversations can do besides, for an archive behind it."""

    async def extend(self, place: SlackPlace, messages: Sequence[ChatMessage]) -> Conversation: ...
    async def alive(self, place: SlackPlace) -> bool: ...
    async def expired(self, limit: int, place: SlackPlace | None = None) -> list[Conversation]: ...
    async def remove_expired(self, place: SlackPlace) -> bool: ...


class ArchivedConversations:
    """`sweeps`: clear away what has expired bit by bit, where the store itself does not."""

    def __init__(
        self, live: LiveConversations, archive: Archive, clock: Clock, lifetime: timedelta, sweeps: bool
    ) -> None:
        self._live = live
        self._archive = archive
        self._clock = clock
        self._lifetime = lifetime
        self._sweeps = sweeps

    async def get(self, place: SlackPlace) -> Conversation | None:
        return await self._live.get(place) or await self._remembered(place)

    async def append(self, place: SlackPlace, message: ChatMessage) -> Conversation:
        """StoreUnavailable when an old thread cannot be looked for: to forget it would be worse than to wait."""
        earlier: list[ChatMessage] = []
        if not await self._live.alive(place) and (remembered := await self._remembered(place)):
            earlier = _named(remembered.messages)
        conversation = await self._live.extend(place, [*earlier, message])
        if message.role == "assistant":
            await self._copy(conversation)
        if self._sweeps:
            await self._sweep()
        return conversation

    async def purge_expired(self) -> int:
        """Archive, then delete, what has expired; returns how many."""
        count = 0
        while batch := await self._live.expired(_PURGED):
            count += sum([await self._retire(conversation) for conversation in batch])
        return count

    async def _remembered(self, place: SlackPlace) -> Conversation | None:
        """What was said before the thread expired; nothing was if it is too young for that."""
        first = began(place)
        if first and first > self._clock() - self._lifetime:
            return None
        for conversation in await self._live.expired(1, place):
            await self._retire(conversation)
        return await self._archived(place)

    async def _archived(self, place: SlackPlace) -> Conversation | None:
        """Nothing of another thread, whatever lies there."""
        body = await self._archive.get(archive_key(place))
        try:
            kept = Conversation.model_validate_json(body) if body else None
        except ValidationError as error:
            log.warning("%s in the archive cannot be read (%d mistakes).", archive_key(place), error.error_count())
            return None
        return kept if kept and kept.place == place else None

    async def _retire(self, conversation: Conversation) -> bool:
        """False when somebody took it up again meanwhile, and the archive has that newer state."""
        known = await self._archived(conversation.place)
        await self._put(_together(known, conversation) if known else conversation)
        if await self._live.remove_expired(conversation.place):
            return True
        if going_on := await self._live.get(conversation.place):
            await self._put(going_on)
        return False

    async def _sweep(self) -> None:
        try:
            for conversation in await self._live.expired(_SWEPT):
                await self._retire(conversation)
        except StoreUnavailable as error:
            log.warning("Expired conversations stay for now: %s", error)

    async def _copy(self, conversation: Conversation) -> None:
        try:
            await self._put(conversation)
        except StoreUnavailable as error:
            log.warning("The conversation will be archived with its next answer: %s", error)

    async def _put(self, conversation: Conversation) -> None:
        await self._archive.put(archive_key(conversation.place), conversation.model_dump_json().encode())


def _named(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Each with a timestamp of its own, so that two who take up a thread at once do not say everything twice."""
    return [
        message if message.ts else message.model_copy(update={"ts": f"turn:{position}"})
        for position, message in enumerate(messages)
    ]


def _together(known: Conversation, found: Conversation) -> Conversation:
    """What the archive has, and the turns it lacks: a store may have lost some of its own before it is asked."""
    added = tuple(message for message in found.messages if message not in known.messages)
    tools_used = dict.fromkeys((*known.tools_used, *found.tools_used))
    return found.model_copy(update={"messages": known.messages + added, "tools_used": tuple(tools_used)})
