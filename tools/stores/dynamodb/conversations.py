"""Conversations: one item a thread and one a turn, so that no thread is too long for an item.

The thread's item (`item` = `thread`) counts the turns and says when the conversation expires and which generation it
is. A conversation that begins after an expiry is a new generation, so old turns that TTL has not deleted yet stay out.
A turn's own `delete_after` is always later than the conversation's expiry: with each new turn, those that would go
too early are kept for longer.
"""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from agent.errors import StoreUnavailable
from agent.models import ChatMessage, Conversation, SlackPlace
from agent.ports import Clock
from agent.redaction.plain import redacted_json
from tools.stores.dynamodb.table import Connection, Item, Table, key_text
from tools.stores.dynamodb.tables import CONVERSATIONS
from tools.stores.places import place_key

_THREAD = "thread"
_GRACE = timedelta(days=1)
"""How much longer than its conversation a turn is kept, so that an old turn is renewed once a day and not each time."""
_ATTEMPTS = 5


class DynamoConversationStore:
    """A thread that has expired is as good as gone, whether or not it was deleted yet."""

    def __init__(self, connection: Connection, clock: Clock, lifetime: timedelta) -> None:
        self._table = Table(connection, CONVERSATIONS)
        self._clock = clock
        self._lifetime = lifetime

    async def get(self, place: SlackPlace) -> Conversation | None:
        thread = await self._table.get(place=key_text("place", place_key(place)), item=_THREAD)
        if thread is None or thread["expires_at"] <= self._clock().timestamp():
            return None
        return _conversation(place, thread, await self._turns(thread))

    async def append(self, place: SlackPlace, message: ChatMessage) -> Conversation:
        expires_at = self._clock() + self._lifetime
        thread = await self._renew(key_text("place", place_key(place)), expires_at)
        turn: Item = {
            "place": thread["place"],
            "item": _turn_key(thread["generation"], message),
            "position": thread["turns"],
            "delete_after": math.ceil((expires_at + _GRACE).timestamp()),
            "body": redacted_json(message),
        }
        await self._table.put(turn, "attribute_not_exists(#item)")  # not met: the turn was delivered before
        turns = await self._turns(thread)
        await self._keep(turns, expires_at)
        return _conversation(place, thread, turns)

    async def purge_expired(self) -> int:
        """DynamoDB's TTL does this by itself within two days; this reads the whole table to do it now."""
        now = self._clock().timestamp()
        expired = [
            item async for item in self._table.scan("#item = :thread AND #expires_at <= :now", thread=_THREAD, now=now)
        ]
        return sum([await self._purge(thread, now) for thread in expired])

    async def _renew(self, place: str, expires_at: datetime) -> Item:
        """The thread's item after counting one more turn, in the running conversation or in a new one."""
        key = {"place": place, "item": _THREAD}
        times = {"expiry": expires_at.timestamp(), "kept": math.ceil(expires_at.timestamp())}
        now = self._clock().timestamp()
        change = "SET #expires_at = :expiry, #delete_after = :kept"
        for _ in range(_ATTEMPTS):
            going_on = await self._table.update(
                key, f"{change} ADD #turns :one", "#expires_at > :now", one=1, now=now, **times
            )
            if going_on:
                return going_on
            afresh = await self._table.update(
                key,
                f"{change}, #turns = :one, #generation = :generation",
                "attribute_not_exists(#item) OR #expires_at <= :now",
                one=1,
                generation=uuid4().hex,
                now=now,
                **times,
            )
            if afresh:
                return afresh
        raise StoreUnavailable("The conversation could not be saved: too many others write it; try again.")

    async def _turns(self, thread: Item) -> list[Item]:
        mine = f"turn#{thread['generation']}#"
        condition = "#place = :place AND begins_with(#item, :mine)"
        turns = [turn async for turn in self._table.query(condition, place=thread["place"], mine=mine)]
        return sorted(turns, key=lambda turn: turn["position"])

    async def _keep(self, turns: list[Item], expires_at: datetime) -> None:
        kept = math.ceil((expires_at + _GRACE).timestamp())
        early = [turn for turn in turns if turn["delete_after"] < expires_at.timestamp()]
        await asyncio.gather(
            *(
                self._table.update(
                    {"place": turn["place"], "item": turn["item"]},
                    "SET #delete_after = :kept",
                    "attribute_exists(#body)",
                    kept=kept,
                )
                for turn in early
            )
        )

    async def _purge(self, thread: Item, now: float) -> bool:
        """False when somebody wrote to the thread meanwhile. Turns that are left behind go by their own TTL."""
        turns = await self._turns(thread)
        key = {"place": thread["place"], "item": _THREAD}
        if not await self._table.delete(key, "#expires_at <= :now", now=now):
            return False
        for turn in turns:
            await self._table.delete({"place": turn["place"], "item": turn["item"]})
        return True


def _turn_key(generation: str, message: ChatMessage) -> str:
    """The same for a turn that is delivered again; its own for a turn without a timestamp."""
    return f"turn#{generation}#" + (f"{message.role}#{message.ts}" if message.ts else uuid4().hex)


def _conversation(place: SlackPlace, thread: Item, turns: list[Item]) -> Conversation:
    messages = tuple(ChatMessage.model_validate_json(turn["body"]) for turn in turns)
    tools_used = dict.fromkeys(evidence.tool for message in messages for evidence in message.evidence)
    expires_at = datetime.fromtimestamp(thread["expires_at"], UTC)
    return Conversation(place=place, messages=messages, tools_used=tuple(tools_used), expires_at=expires_at)
