"""DynamoDB deletes expired items up to two days late, and emulators never do: what has expired must not be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.contracts.adapters import CONVERSATION_DAYS, SettableClock
from tests.contracts.examples import PLACE, START, approval, audit_entry, message
from tools.stores.dynamodb import Stores
from tools.stores.dynamodb.tables import DELETE_AFTER

DAY = 86_400


def items(client: Any, table: str) -> list[dict[str, Any]]:
    return client.scan(TableName=table)["Items"]


async def test_an_audit_entry_is_read_for_ninety_days(stores: Stores, clock: SettableClock) -> None:
    stored = await stores.audit.append(audit_entry())
    clock.advance(90 * DAY - 1)
    assert await stores.audit.read() == [stored]
    assert await stores.audit.read("inc_1") == [stored]


async def test_an_expired_audit_entry_is_not_read_though_it_is_there(
    stores: Stores, clock: SettableClock, client: Any, table_prefix: str
) -> None:
    await stores.audit.append(audit_entry(event="old"))
    clock.advance(90 * DAY)
    await stores.audit.append(audit_entry(event="new"))
    assert [entry.event for entry in await stores.audit.read()] == ["new"]
    assert [entry.event for entry in await stores.audit.read("inc_1", limit=1)] == ["new"]
    assert len(items(client, f"{table_prefix}history")) == 2


async def test_an_approval_outlives_its_window_by_ninety_days(stores: Stores, clock: SettableClock) -> None:
    asked = approval(expires_at=START + timedelta(days=2))
    await stores.approvals.save(asked)
    clock.advance(92 * DAY - 1)
    assert await stores.approvals.get(asked.id) == asked
    clock.advance(1)
    assert await stores.approvals.get(asked.id) is None


async def test_old_turns_that_are_still_there_stay_out_of_a_new_conversation(
    stores: Stores, clock: SettableClock, client: Any, table_prefix: str
) -> None:
    await stores.conversations.append(PLACE, message("old", ts="1.1"))
    clock.advance(CONVERSATION_DAYS * DAY)
    conversation = await stores.conversations.append(PLACE, message("new", ts="1.1"))
    assert [turn.text for turn in conversation.messages] == ["new"]
    bodies = [item["body"]["S"] for item in items(client, f"{table_prefix}conversations") if "body" in item]
    assert len(bodies) == 2


async def test_no_turn_goes_before_its_conversation(
    stores: Stores, clock: SettableClock, client: Any, table_prefix: str
) -> None:
    """TTL deletes item by item, so a turn of the first day must be kept for as long as the thread goes on."""
    for day in range(0, 30, 3):
        conversation = await stores.conversations.append(PLACE, message(ts=f"{day}.1"))
        kept = [int(item[DELETE_AFTER]["N"]) for item in items(client, f"{table_prefix}conversations")]
        assert min(kept) >= conversation.expires_at.timestamp()
        clock.advance(3 * DAY)
    assert len(conversation.messages) == 10


async def test_every_item_of_a_table_that_forgets_says_when(
    stores: Stores, clock: SettableClock, client: Any, table_prefix: str
) -> None:
    await stores.ledger.claim("event 1", ttl_seconds=60)
    await stores.conversations.append(PLACE, message())
    await stores.approvals.save(approval())
    await stores.audit.append(audit_entry())
    assert stores.sent_jobs.begin("k1")
    for table in ("alerts", "conversations", "approvals", "history"):
        for item in items(client, table_prefix + table):
            assert int(item[DELETE_AFTER]["N"]) > clock().timestamp(), "whole seconds, in the future"
