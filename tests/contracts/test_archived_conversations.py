"""A thread that expired is found again in the archive, over every store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.errors import StoreUnavailable
from agent.models import ChatMessage, Conversation, Evidence, EvidenceStatus, SlackPlace
from agent.ports import Archive
from tests.contracts.adapters import CONVERSATION_DAYS, ClosableArchive, SettableClock, Stores
from tests.contracts.examples import PLACE, message, noise
from tests.contracts.parameters import stores_slow_over_emulators
from tools.stores.archived import ArchivedConversations
from tools.stores.places import archive_key

DAY = 86_400
EXPIRED = CONVERSATION_DAYS * DAY + 1


def answer(text: str = "because", **changes: Any) -> ChatMessage:
    return message(text, role="assistant", **changes)


async def ask_and_answer(store: ArchivedConversations, place: SlackPlace = PLACE, number: int = 1) -> None:
    await store.append(place, message(f"why {number}?", ts=f"{number}.1"))
    await store.append(place, answer(f"because {number}", ts=f"answer:{number}.1"))


def texts(messages: tuple[ChatMessage, ...]) -> list[str]:
    return [turn.text for turn in messages]


async def test_an_old_thread_that_is_continued_still_remembers(
    remembering: ArchivedConversations, clock: SettableClock
) -> None:
    await ask_and_answer(remembering)
    clock.advance((CONVERSATION_DAYS + 1) * DAY)
    conversation = await remembering.append(PLACE, message("and now?", ts="2.1"))
    assert texts(conversation.messages) == ["why 1?", "because 1", "and now?"]
    assert conversation == await remembering.get(PLACE)
    await remembering.append(PLACE, answer("still because", ts="answer:2.1"))
    clock.advance(400 * DAY)
    found = await remembering.get(PLACE)
    assert found is not None
    assert texts(found.messages) == ["why 1?", "because 1", "and now?", "still because"]


async def test_an_expired_thread_can_be_read_without_taking_it_up(
    remembering: ArchivedConversations, clock: SettableClock
) -> None:
    await ask_and_answer(remembering)
    before = await remembering.get(PLACE)
    clock.advance((CONVERSATION_DAYS + 3) * DAY)
    assert await remembering.get(PLACE) == before


async def test_a_thread_in_which_nobody_ever_spoke_is_none(
    remembering: ArchivedConversations, clock: SettableClock
) -> None:
    clock.advance(30 * DAY)
    assert await remembering.get(PLACE) is None
    conversation = await remembering.append(PLACE, message("why?", ts="1.1"))
    assert texts(conversation.messages) == ["why?"]


async def test_a_purge_archives_what_it_deletes(
    remembering: ArchivedConversations, stores: Stores, clock: SettableClock
) -> None:
    places = [PLACE.model_copy(update={"thread_ts": f"1772442000.00010{n}"}) for n in range(3)]
    for place in places:
        await stores.conversations.append(place, message(f"never answered in {place.thread_ts}", ts="1.1"))
    clock.advance(EXPIRED)
    assert await remembering.purge_expired() == 3
    assert await remembering.purge_expired() == 0
    assert await stores.conversations.expired(10) == []
    for place in places:
        found = await remembering.get(place)
        assert found is not None
        assert texts(found.messages) == [f"never answered in {place.thread_ts}"]


async def test_evidence_and_answers_come_back_whole(remembering: ArchivedConversations, clock: SettableClock) -> None:
    whole = answer(ts="answer:1.1", evidence=(evidence(1),), answer={"headline": "It was the deploy."})
    await remembering.append(PLACE, whole)
    clock.advance(EXPIRED)
    found = await remembering.get(PLACE)
    assert found is not None
    assert found.messages == (whole,)
    assert found.tools_used == ("log_errors",)


async def test_a_secret_is_not_archived(
    remembering: ArchivedConversations, archive_behind: Archive, clock: SettableClock
) -> None:
    secret = "xoxb-" + "123456789012-123456789012-" + "a1B2c3D4" * 3
    await remembering.append(PLACE, answer(f"the token is {secret}", ts="answer:1.1"))
    body = await archive_behind.get(archive_key(PLACE))
    assert body is not None
    assert secret not in body.decode()
    assert "the token is" in body.decode()


async def test_turns_without_a_timestamp_are_remembered_once(
    remembering: ArchivedConversations, clock: SettableClock
) -> None:
    await remembering.append(PLACE, message("why?", ts=""))
    await remembering.append(PLACE, answer(ts=""))
    for again in range(3):
        clock.advance(EXPIRED)
        conversation = await remembering.append(PLACE, answer(f"{again}", ts=f"answer:{again}.1"))
    assert texts(conversation.messages) == ["why?", "because", "0", "1", "2"]


async def test_a_turn_too_large_for_an_item_comes_back_whole(
    remembering: ArchivedConversations, stores: Stores, clock: SettableClock
) -> None:
    """It lies in the archive, with a pointer to it in the store."""
    large = answer("the whole log", ts="answer:1.1", evidence=(evidence(1, noise(900_000)),))
    await remembering.append(PLACE, message("why?", ts="1.1"))
    conversation = await remembering.append(PLACE, large)
    assert conversation.messages[1] == large
    assert await stores.conversations.get(PLACE) == conversation
    clock.advance(EXPIRED)
    found = await remembering.get(PLACE)
    assert found is not None
    assert found.messages[1] == large


@stores_slow_over_emulators
async def test_a_thread_of_two_hundred_turns_with_evidence_is_kept_whole(
    remembering: ArchivedConversations, clock: SettableClock
) -> None:
    turns = [turn for n in range(100) for turn in (question(n), answered(n))]
    for turn in turns:
        conversation = await remembering.append(PLACE, turn)
        clock.advance(3600)
    assert conversation.messages == tuple(turns)
    clock.advance(EXPIRED)
    last = message("one more", ts="201.1")
    conversation = await remembering.append(PLACE, last)
    assert conversation.messages == (*turns, last)


def question(n: int) -> ChatMessage:
    return message(f"why {n}?", ts=f"{n}.1", author="U1", author_name="Ada")


def answered(n: int) -> ChatMessage:
    return answer(f"because {n}", ts=f"answer:{n}.1", evidence=(evidence(n, "an error, again and again\n" * 200),))


def evidence(n: int, summary: str = "few errors") -> Evidence:
    return Evidence(
        id=f"ev_{n}", tool="log_errors", status=EvidenceStatus.ok, question="?", query="filter", summary=summary
    )


@pytest.mark.parametrize("body", [b"", b"{", json.dumps({"place": {}}).encode()])
async def test_a_broken_file_in_the_archive_is_as_good_as_none(
    remembering: ArchivedConversations, archive_behind: Archive, clock: SettableClock, body: bytes
) -> None:
    clock.advance(EXPIRED)
    await archive_behind.put(archive_key(PLACE), body)
    assert await remembering.get(PLACE) is None


async def test_when_the_archive_is_down_an_answer_is_kept_and_an_old_thread_waits(
    stores: Stores, archive_behind: ClosableArchive, remembering: ArchivedConversations, clock: SettableClock
) -> None:
    await ask_and_answer(remembering)
    archive_behind.close()
    conversation = await remembering.append(PLACE, answer("another", ts="answer:2.1"))
    assert len(conversation.messages) == 3
    clock.advance(EXPIRED)
    with pytest.raises(StoreUnavailable, match="it was closed"):
        await remembering.append(PLACE, message("and now?", ts="3.1"))


async def test_what_the_store_lost_is_kept_by_the_archive(
    remembering: ArchivedConversations, stores: Stores, archive_behind: Archive, clock: SettableClock
) -> None:
    """DynamoDB may delete some turns of an expired thread before somebody purges the rest."""
    await stores.conversations.append(PLACE, message("the rest", ts="2.1"))
    whole = Conversation(
        place=PLACE, messages=(message("why?", ts="1.1"), message("the rest", ts="2.1")), expires_at=clock()
    )
    await archive_behind.put(archive_key(PLACE), whole.model_dump_json().encode())
    clock.advance(EXPIRED)
    await remembering.purge_expired()
    found = await remembering.get(PLACE)
    assert found is not None
    assert texts(found.messages) == ["why?", "the rest"]


ALIKE = (
    ("T1", "C/1"),
    ("T1/C", "1"),
    ("T1", "C_1"),
    ("T1", "C 1"),
    ("T1", "C%2F1"),
    ("T1", "Cé"),
    ("T1", "Cü"),
    ("T1", "チャンネル"),
    ("T1", ".."),
    ("T1", "C" * 300),
    ("T1", "C" * 301),
    ("T2", "C1"),
)
"""Teams and channels whose ids are none of Slack's: each is easily taken for another one."""


async def test_threads_with_odd_ids_are_found_again_and_never_taken_for_one_another(
    remembering: ArchivedConversations, clock: SettableClock
) -> None:
    places = [PLACE.model_copy(update={"team": team, "channel": channel}) for team, channel in ALIKE]
    for number, place in enumerate([PLACE, *places]):
        await ask_and_answer(remembering, place, number)
    for _ in range(2):
        for number, place in enumerate([PLACE, *places]):
            found = await remembering.get(place)
            assert found is not None
            assert found.place == place
            assert texts(found.messages) == [f"why {number}?", f"because {number}"]
        clock.advance(EXPIRED)


async def test_what_lies_where_a_thread_is_looked_for_and_is_another_ones_is_not_told(
    remembering: ArchivedConversations, archive_behind: Archive, clock: SettableClock
) -> None:
    elsewhere = PLACE.model_copy(update={"channel": "C2"})
    other = Conversation(place=elsewhere, messages=(message("a secret of C2", ts="1.1"),), expires_at=clock())
    await archive_behind.put(archive_key(PLACE), other.model_dump_json().encode())
    clock.advance(EXPIRED)
    assert await remembering.get(PLACE) is None


def test_the_archives_key_of_a_thread_is_as_documented() -> None:
    assert archive_key(PLACE) == "conversations/year=2026/month=03/day=02/T1-C1-1772442000.000100.json"
