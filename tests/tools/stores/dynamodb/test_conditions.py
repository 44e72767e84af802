"""Who is first stays who was first when the answer to the write that made it so was lost and botocore repeats it."""

from __future__ import annotations

import asyncio

from agent.audit_check import verify
from agent.models import Mark, TimelineEvent
from tests.contracts.examples import PLACE, START, alert, approval, audit_entry, incident, message, remediation
from tests.wire import Wire
from tools.stores.dynamodb import Stores


async def test_a_claim_whose_answer_was_lost_is_still_won(stores: Stores, wire: Wire) -> None:
    wire.lose_answer("PutItem")
    assert await stores.ledger.claim("event 1")
    assert wire.operations() == ["PutItem", "PutItem"]
    assert not await stores.ledger.claim("event 1")


async def test_a_first_sighting_whose_answer_was_lost_is_still_the_first(stores: Stores, wire: Wire) -> None:
    wire.lose_answer("PutItem")
    sighting = await stores.ledger.record(alert(), "inc_1")
    assert (sighting.first, sighting.count) == (True, 1)
    assert not (await stores.ledger.record(alert(), "inc_2")).first


async def test_a_decision_whose_answer_was_lost_still_counts_and_once(stores: Stores, wire: Wire) -> None:
    asked = approval()
    await stores.approvals.save(asked)
    wire.lose_answer("PutItem")
    assert await stores.approvals.approve(asked.id, Mark(by="U1", at=START))
    assert not await stores.approvals.approve(asked.id, Mark(by="U2", at=START))


async def test_a_claim_of_an_approval_whose_answer_was_lost_is_still_won_and_once(stores: Stores, wire: Wire) -> None:
    asked = approval()
    await stores.approvals.save(asked)
    await stores.approvals.approve(asked.id, Mark(by="U1", at=START))
    wire.lose_answer("PutItem")
    assert await stores.approvals.claim(asked.id, "run_1")
    assert not await stores.approvals.claim(asked.id, "run_2")


async def test_a_step_whose_answer_was_lost_is_recorded_once(stores: Stores, wire: Wire) -> None:
    made = remediation()
    wire.lose_answer("PutItem")
    assert await stores.remediations.create(made)
    assert not await stores.remediations.create(made)
    wire.lose_answer("PutItem")
    after = await stores.remediations.change(made.id, lambda given: given.model_copy(update={"round": given.round + 1}))
    assert after is not None
    assert after.round == 2
    assert await stores.remediations.get(made.id) == after


async def test_an_incident_whose_answer_was_lost_is_saved_with_each_event_once(stores: Stores, wire: Wire) -> None:
    opened = incident(timeline=(TimelineEvent(at=START, kind="note", text="opened"),))
    wire.lose_answer("PutItem")
    await stores.incidents.save(opened)
    assert await stores.incidents.get(opened.id) == opened


async def test_a_first_turn_whose_answers_were_lost_is_kept_once(stores: Stores, wire: Wire) -> None:
    for operation in ("UpdateItem", "PutItem"):
        wire.lose_answer(operation)
    conversation = await stores.conversations.append(PLACE, message(ts="1.1"))
    assert [turn.text for turn in conversation.messages] == ["why?"]
    assert await stores.conversations.get(PLACE) == conversation


async def test_writers_of_one_incident_who_come_between_each_other_lose_no_event(stores: Stores) -> None:
    """The second writer's condition fails, since it read before the first one wrote; it reads again."""
    opened = incident(timeline=(TimelineEvent(at=START, kind="note", text="opened"),))
    await stores.incidents.save(opened)
    together = [
        opened.model_copy(
            update={"timeline": (*opened.timeline, TimelineEvent(at=START, kind="note", text=f"event {n}"))}
        )
        for n in range(12)
    ]
    await asyncio.gather(*(stores.incidents.save(each) for each in together))
    found = await stores.incidents.get(opened.id)
    assert found is not None
    assert sorted(event.text for event in found.timeline) == sorted(["opened", *(f"event {n}" for n in range(12))])


async def test_the_audit_log_only_puts_and_reads(stores: Stores, wire: Wire) -> None:
    await stores.audit.append(audit_entry())
    await stores.audit.read()
    await stores.audit.read("inc_1")
    await verify(stores.audit, START)
    assert set(wire.operations()) == {"GetItem", "Query", "TransactWriteItems"}
    [sent] = [sent for name, sent in wire.sent if name == "TransactWriteItems"]
    assert all("attribute_not_exists" in item["Put"]["ConditionExpression"] for item in sent["TransactItems"])


async def test_whatever_reads_a_table_reads_consistently(stores: Stores, wire: Wire) -> None:
    """Only indexes may lag behind; what they name is read from the table."""
    saved = incident(place=PLACE)
    await stores.incidents.save(saved)
    await stores.incidents.by_thread(PLACE)
    await stores.incidents.by_status(saved.status)
    await stores.conversations.append(PLACE, message())
    await stores.conversations.get(PLACE)
    await stores.approvals.get("apr_1")
    await stores.remediations.open()
    await stores.audit.append(audit_entry())
    await stores.audit.read()
    await stores.audit.read("inc_1")
    for operation, sent in wire.sent:
        if operation in ("GetItem", "Query") and "IndexName" not in sent:
            assert sent["ConsistentRead"] is True
        if operation == "BatchGetItem":
            assert all(asked["ConsistentRead"] is True for asked in sent["RequestItems"].values())
    assert {"GetItem", "Query", "BatchGetItem"} <= set(wire.operations())
