from __future__ import annotations

import asyncio
from datetime import timedelta

from agent.models import Evidence, EvidenceStatus
from tests.contracts.adapters import CONVERSATION_DAYS, SettableClock, Stores
from tests.contracts.examples import PLACE, message

DAY = 86_400
ELSEWHERE = PLACE.model_copy(update={"thread_ts": "1772442000.000200"})


async def test_turns_come_back_in_the_order_they_were_added(stores: Stores) -> None:
    await stores.conversations.append(PLACE, message("why?", ts="1.1"))
    await stores.conversations.append(PLACE, message("because", ts="1.2", role="assistant"))
    found = await stores.conversations.get(PLACE)
    assert found is not None
    assert [turn.text for turn in found.messages] == ["why?", "because"]


async def test_append_returns_what_get_would(stores: Stores) -> None:
    returned = await stores.conversations.append(PLACE, message())
    assert await stores.conversations.get(PLACE) == returned


async def test_threads_are_apart(stores: Stores) -> None:
    await stores.conversations.append(PLACE, message())
    assert await stores.conversations.get(ELSEWHERE) is None


async def test_a_turn_that_is_delivered_again_is_kept_once(stores: Stores) -> None:
    for _ in range(3):
        conversation = await stores.conversations.append(PLACE, message(ts="1.1"))
    assert len(conversation.messages) == 1


async def test_a_question_and_its_answer_may_share_a_timestamp(stores: Stores) -> None:
    await stores.conversations.append(PLACE, message(ts="1.1"))
    conversation = await stores.conversations.append(PLACE, message(ts="1.1", role="assistant"))
    assert len(conversation.messages) == 2


async def test_turns_without_a_timestamp_are_all_kept(stores: Stores) -> None:
    for _ in range(2):
        conversation = await stores.conversations.append(PLACE, message(ts=""))
    assert len(conversation.messages) == 2


async def test_concurrent_turns_are_all_kept(stores: Stores) -> None:
    await asyncio.gather(*(stores.conversations.append(PLACE, message(ts=f"1.{n}")) for n in range(20)))
    found = await stores.conversations.get(PLACE)
    assert found is not None
    assert {turn.ts for turn in found.messages} == {f"1.{n}" for n in range(20)}


async def test_the_tools_behind_the_answers_are_listed_once_each(stores: Stores) -> None:
    evidence = Evidence(id="ev_1", tool="cost_by_service", status=EvidenceStatus.ok, question="", query="", summary="")
    for ts in ("1.1", "1.2"):
        conversation = await stores.conversations.append(PLACE, message(ts=ts, role="assistant", evidence=(evidence,)))
    assert conversation.tools_used == ("cost_by_service",)


async def test_each_turn_renews_the_expiry(stores: Stores, clock: SettableClock) -> None:
    await stores.conversations.append(PLACE, message("first", ts="1.1"))
    clock.advance((CONVERSATION_DAYS - 1) * DAY)
    conversation = await stores.conversations.append(PLACE, message("second", ts="1.2"))
    assert conversation.expires_at == clock() + timedelta(days=CONVERSATION_DAYS)
    assert len(conversation.messages) == 2


async def test_an_expired_conversation_is_gone_even_before_it_is_purged(stores: Stores, clock: SettableClock) -> None:
    await stores.conversations.append(PLACE, message())
    clock.advance(CONVERSATION_DAYS * DAY)
    assert await stores.conversations.get(PLACE) is None


async def test_a_turn_after_the_expiry_starts_afresh(stores: Stores, clock: SettableClock) -> None:
    await stores.conversations.append(PLACE, message("old", ts="1.1"))
    clock.advance(CONVERSATION_DAYS * DAY)
    conversation = await stores.conversations.append(PLACE, message("new", ts="1.2"))
    assert [turn.text for turn in conversation.messages] == ["new"]


async def test_a_purge_deletes_what_has_expired_and_counts_it(stores: Stores, clock: SettableClock) -> None:
    await stores.conversations.append(PLACE, message())
    clock.advance((CONVERSATION_DAYS - 1) * DAY)
    await stores.conversations.append(ELSEWHERE, message())
    clock.advance(DAY)
    assert await stores.conversations.purge_expired() == 1
    assert await stores.conversations.purge_expired() == 0
    assert await stores.conversations.get(ELSEWHERE) is not None
