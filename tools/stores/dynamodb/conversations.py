"""Conversations: one item a thread and one a turn, so that no thread is too long for an item.

The thread's item (`item` = `thread`) counts the turns and says when the conversation expires and which generation it
is. A conversation that begins after an expiry is a new generation, so old turns that TTL has not deleted yet stay out.
A turn's own `delete_after` is always later than the conversation's expiry: with each new turn, those that would go
too early are kept for longer. A turn that is too large for an item even when packed lies in the archive, and its item
says where (`pointer`).
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from agent.errors import StoreUnavailable
from agent.models import ChatMessage, Conversation, SlackPlace
from agent.ports import Archive, Clock
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.table import MAX_ITEM_BYTES, Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import CONVERSATIONS
from tools.stores.packing import packed
from tools.stores.places import place_key, place_of, turn_archive_key

log = logging.getLogger(__name__)
_THREAD = "thread"
_GRACE = timedelta(days=1)
"""How much longer than its conversation a turn is kept, so that an old turn is renewed once a day and not each time."""
_MAX_BODY_BYTES = MAX_ITEM_BYTES - 4096
"""What the other attributes leave of an item."""
_ATTEMPTS = 5


class DynamoConversationStore:
    """A thread that has expired is as good as gone, whether or not it was deleted yet."""

    def __init__(self, connection: Connection, clock: Clock, lifetime: timedelta, archive: Archive) -> None:
        self._table = Table(connection, CONVERSATIONS)
        self._clock = clock
        self._lifetime = lifetime
        self._archive = archive

    async def get(self, place: SlackPlace) -> Conversation | None:
        thread = await self._live_thread(place)
        return await self._conversation(thread, await self._turns(thread)) if thread else None

    async def append(self, place: SlackPlace, message: ChatMessage) -> Conversation:
        return await self.extend(place, [message])

    async def extend(self, place: SlackPlace, messages: Sequence[ChatMessage]) -> Conversation:
        expires_at = self._clock() + self._lifetime
        thread = await self._renew(_key(place), expires_at, len(messages))
        first = thread["turns"] - len(messages) + 1
        for position, message in enumerate(messages, first):
            turn = await self._turn(place, thread, message, position, expires_at)
            await self._table.put(turn, "attribute_not_exists(#item)")  # not met: the turn was delivered before
        turns = await self._turns(thread)
        await self._keep(turns, expires_at)
        return await self._conversation(thread, turns)

    async def alive(self, place: SlackPlace) -> bool:
        return await self._live_thread(place) is not None

    async def expired(self, limit: int, place: SlackPlace | None = None) -> list[Conversation]:
        """Those that wait to be removed; only the one of `place`, when it is given. Without, it reads the whole table.

        DynamoDB may have deleted some of their turns already.
        """
        threads = await self._expired_threads(place)
        return [
            await self._conversation(thread, await self._turns(thread, expired_too=True)) for thread in threads[:limit]
        ]

    async def remove_expired(self, place: SlackPlace) -> bool:
        """False when it has not expired, or not any more."""
        return any([await self._purge(thread) for thread in await self._expired_threads(place)])

    async def purge_expired(self) -> int:
        """DynamoDB's TTL does this by itself within two days; this reads the whole table to do it now."""
        return sum([await self._purge(thread) for thread in await self._expired_threads(None)])

    async def _live_thread(self, place: SlackPlace) -> Item | None:
        thread = await self._table.get(place=_key(place), item=_THREAD)
        return thread if thread and thread["expires_at"] > self._now() else None

    async def _expired_threads(self, place: SlackPlace | None) -> list[Item]:
        wanted = {"thread": _THREAD, "now": self._now()}
        if place is None:
            found = self._table.scan("#item = :thread AND #expires_at <= :now", **wanted)
            return [thread async for thread in found]
        found = self._table.query(
            "#place = :place AND #item = :thread", expired_too=True, place=_key(place), thread=_THREAD
        )
        return [thread async for thread in found if thread["expires_at"] <= wanted["now"]]

    async def _renew(self, place: str, expires_at: datetime, count: int) -> Item:
        """The thread's item after counting so many more turns, in the running conversation or in a new one."""
        key = {"place": place, "item": _THREAD}
        times = {"expiry": expires_at.timestamp(), "kept": math.ceil(expires_at.timestamp())}
        now = self._now()
        change = "SET #expires_at = :expiry, #delete_after = :kept"
        for _ in range(_ATTEMPTS):
            going_on = await self._table.update(
                key, f"{change} ADD #turns :count", "#expires_at > :now", count=count, now=now, **times
            )
            if going_on:
                return going_on
            afresh = await self._table.update(
                key,
                f"{change}, #turns = :count, #generation = :generation",
                "attribute_not_exists(#item) OR #expires_at <= :now",
                count=count,
                generation=uuid4().hex,
                now=now,
                **times,
            )
            if afresh:
                return afresh
        raise StoreUnavailable("The conversation could not be saved: too many others write it; try again.")

    async def _turn(
        self, place: SlackPlace, thread: Item, message: ChatMessage, position: int, expires_at: datetime
    ) -> Item:
        key = _turn_key(thread["generation"], message)
        turn: Item = {
            "place": thread["place"],
            "item": key,
            "position": position,
            "delete_after": math.ceil((expires_at + _GRACE).timestamp()),
        }
        body = redacted_json(message)
        if len(packed(body).encode()) <= _MAX_BODY_BYTES:
            return turn | {"body": body}
        pointer = turn_archive_key(place, sha256(key.encode()).hexdigest()[:32])
        await self._archive.put(pointer, gzip.compress(body.encode(), mtime=0))
        return turn | {"pointer": pointer}

    async def _turns(self, thread: Item, expired_too: bool = False) -> list[Item]:
        mine = f"turn#{thread['generation']}#"
        condition = "#place = :place AND begins_with(#item, :mine)"
        found = self._table.query(condition, expired_too=expired_too, place=thread["place"], mine=mine)
        return sorted([turn async for turn in found], key=lambda turn: turn["position"])

    async def _conversation(self, thread: Item, turns: list[Item]) -> Conversation:
        bodies = await asyncio.gather(*(self._body(turn) for turn in turns))
        messages = tuple(ChatMessage.model_validate_json(body) for body in bodies if body)
        tools_used = dict.fromkeys(evidence.tool for message in messages for evidence in message.evidence)
        place = place_of(thread["place"].removeprefix("place#"))
        expires_at = datetime.fromtimestamp(thread["expires_at"], UTC)
        return Conversation(place=place, messages=messages, tools_used=tuple(tools_used), expires_at=expires_at)

    async def _body(self, turn: Item) -> str:
        """Empty for a turn that the archive has let go: the rest of the thread is worth having without it."""
        if "body" in turn:
            return turn["body"]
        kept = await self._archive.get(turn["pointer"])
        if kept is None:
            log.warning("A turn of %s is no longer in the archive: %s", turn["place"], turn["pointer"])
        return gzip.decompress(kept).decode() if kept else ""

    async def _keep(self, turns: list[Item], expires_at: datetime) -> None:
        kept = math.ceil((expires_at + _GRACE).timestamp())
        early = [turn for turn in turns if turn["delete_after"] < expires_at.timestamp()]
        await asyncio.gather(
            *(
                self._table.update(
                    {"place": turn["place"], "item": turn["item"]},
                    "SET #delete_after = :kept",
                    "attribute_exists(#position)",
                    kept=kept,
                )
                for turn in early
            )
        )

    async def _purge(self, thread: Item) -> bool:
        """False when somebody wrote to the thread meanwhile. Turns that are left behind go by their own TTL."""
        turns = await self._turns(thread, expired_too=True)
        key = {"place": thread["place"], "item": _THREAD}
        if not await self._table.delete(key, "#expires_at <= :now", now=self._now()):
            return False
        for turn in turns:
            await self._table.delete({"place": turn["place"], "item": turn["item"]})
        return True

    def _now(self) -> float:
        return self._clock().timestamp()


def _key(place: SlackPlace) -> str:
    return key_text("place", place_key(place))


def _turn_key(generation: str, message: ChatMessage) -> str:
    """The same for a turn that is delivered again; its own for a turn without a timestamp."""
    return f"turn#{generation}#" + (f"{message.role}#{message.ts}" if message.ts else uuid4().hex)
