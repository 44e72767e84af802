from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from agent.models import Approval, Mark
from agent.models.base import digest
from tests.contracts.adapters import STORES, SettableClock, Stores, wall_clock
from tests.contracts.contender import race
from tests.contracts.examples import PLACE, START, approval
from tests.contracts.parameters import stores_slow_over_emulators

MINUTE = 60
ELSEWHERE = PLACE.model_copy(update={"channel": "C2"})


def mark(by: str = "U1", note: str = "") -> Mark:
    return Mark(by=by, at=START, note=note)


async def saved(stores: Stores, **changes: object) -> Approval:
    asked = approval(**changes)
    await stores.approvals.save(asked)
    return asked


async def approved(stores: Stores, **changes: object) -> Approval:
    asked = await saved(stores, **changes)
    after = await stores.approvals.approve(asked.id, mark())
    assert after is not None
    return after


async def test_a_saved_approval_comes_back_equal(stores: Stores) -> None:
    hashes = {"payload_hash": digest("payload", length=64), "state": digest("state", length=64)}
    asked = await saved(stores, place=PLACE, two_pairs=True, needed=2, **hashes)
    assert await stores.approvals.get(asked.id) == asked


async def test_an_unknown_approval_is_none_whatever_is_done_to_it(stores: Stores) -> None:
    store, unknown = stores.approvals, "apr_unknown"
    assert await store.get(unknown) is None
    assert await store.approve(unknown, mark()) is None
    assert await store.reject(unknown, mark()) is None
    assert await store.expire(unknown) is None
    assert await store.supersede(unknown) is None
    assert await store.place(unknown, PLACE, "1.2") is None
    assert not await store.claim(unknown, "run_1")


async def test_saving_again_neither_swaps_the_payload_nor_reopens_a_decision(stores: Stores) -> None:
    asked = await saved(stores)
    await stores.approvals.save(asked.model_copy(update={"payload_hash": "another"}))
    await stores.approvals.reject(asked.id, mark())
    await stores.approvals.save(asked)
    found = await stores.approvals.get(asked.id)
    assert found is not None
    assert (found.payload_hash, found.decision) == ("abc", "rejected")


async def test_one_consent_is_enough_where_one_is_needed(stores: Stores) -> None:
    asked = await saved(stores)
    after = await stores.approvals.approve(asked.id, mark())
    assert after == asked.model_copy(update={"approved_by": (mark(),), "decision": "approved", "decided_by": "U1"})
    assert await stores.approvals.get(asked.id) == after


async def test_where_two_are_needed_two_different_people_have_to_consent(stores: Stores) -> None:
    asked = await saved(stores, needed=2)
    first = await stores.approvals.approve(asked.id, mark("U1"))
    assert first is not None
    assert (first.decision, first.decided_by) == ("pending", "")
    assert await stores.approvals.approve(asked.id, mark("U1", "again")) is None
    second = await stores.approvals.approve(asked.id, mark("U2"))
    assert second is not None
    assert (second.decision, second.decided_by) == ("approved", "U2")
    assert [each.by for each in second.approved_by] == ["U1", "U2"]
    assert await stores.approvals.approve(asked.id, mark("U3")) is None


async def test_of_many_concurrent_consents_as_many_count_as_are_needed(stores: Stores) -> None:
    asked = await saved(stores, needed=3)
    given = await asyncio.gather(*(stores.approvals.approve(asked.id, mark(f"U{n}")) for n in range(30)))
    assert len([each for each in given if each]) == 3
    found = await stores.approvals.get(asked.id)
    assert found is not None
    assert (found.decision, len({each.by for each in found.approved_by})) == ("approved", 3)


async def test_a_rejection_is_kept_with_its_reason_and_ends_it(stores: Stores) -> None:
    asked = await saved(stores, needed=2)
    await stores.approvals.approve(asked.id, mark("U1"))
    after = await stores.approvals.reject(asked.id, mark("U2", "too risky"))
    assert after is not None
    assert (after.decision, after.decided_by, after.reason) == ("rejected", "U2", "too risky")
    assert await stores.approvals.approve(asked.id, mark("U3")) is None
    assert not await stores.approvals.claim(asked.id, "run_1")


async def test_after_its_time_nothing_counts_but_the_expiry(stores: Stores, clock: SettableClock) -> None:
    asked = await saved(stores, expires_at=START + timedelta(minutes=5))
    assert await stores.approvals.expire(asked.id) is None
    clock.advance(5 * MINUTE)
    assert await stores.approvals.approve(asked.id, mark()) is None
    assert await stores.approvals.reject(asked.id, mark()) is None
    after = await stores.approvals.expire(asked.id)
    assert after is not None
    assert after.decision == "expired"
    assert await stores.approvals.expire(asked.id) is None


async def test_an_approved_one_that_was_not_used_in_time_expires_too(stores: Stores, clock: SettableClock) -> None:
    asked = await approved(stores)
    clock.advance(30 * MINUTE)
    assert not await stores.approvals.claim(asked.id, "run_1")
    assert await stores.approvals.expire(asked.id) is not None


async def test_one_that_was_superseded_is_worth_nothing(stores: Stores) -> None:
    waiting, given = await saved(stores), await approved(stores)
    for each in (waiting, given):
        after = await stores.approvals.supersede(each.id)
        assert after is not None
        assert after.decision == "superseded"
        assert await stores.approvals.approve(each.id, mark("U2")) is None
        assert not await stores.approvals.claim(each.id, "run_1")


async def test_the_place_of_its_card_is_set_once(stores: Stores) -> None:
    asked = await saved(stores)
    after = await stores.approvals.place(asked.id, PLACE, "1.2")
    assert after == asked.model_copy(update={"place": PLACE, "message_ts": "1.2"})
    assert await stores.approvals.place(asked.id, PLACE, "1.2") == after
    assert await stores.approvals.place(asked.id, PLACE, "1.3") is None
    assert await stores.approvals.place(asked.id, ELSEWHERE, "1.2") is None
    assert await stores.approvals.get(asked.id) == after


async def test_a_card_is_posted_where_it_was_asked_for_and_nowhere_else(stores: Stores) -> None:
    asked = await saved(stores, place=PLACE)
    assert await stores.approvals.place(asked.id, ELSEWHERE, "1.2") is None
    assert await stores.approvals.place(asked.id, PLACE, "1.2") is not None


async def test_only_an_approved_one_can_be_used(stores: Stores) -> None:
    asked = await saved(stores, needed=2)
    assert not await stores.approvals.claim(asked.id, "run_1")
    await stores.approvals.approve(asked.id, mark("U1"))
    assert not await stores.approvals.claim(asked.id, "run_1")
    await stores.approvals.approve(asked.id, mark("U2"))
    assert not await stores.approvals.claim(asked.id, "")
    assert await stores.approvals.claim(asked.id, "run_1")


async def test_of_a_hundred_concurrent_claims_one_gets_it(stores: Stores) -> None:
    asked = await approved(stores)
    claimed = await asyncio.gather(*(stores.approvals.claim(asked.id, f"run_{n}") for n in range(100)))
    assert sum(claimed) == 1
    found = await stores.approvals.get(asked.id)
    assert found is not None
    assert found.claimed_by == f"run_{claimed.index(True)}"


async def test_who_claimed_it_may_go_on_with_it_however_late(stores: Stores, clock: SettableClock) -> None:
    asked = await approved(stores)
    assert await stores.approvals.claim(asked.id, "run_1")
    clock.advance(120 * MINUTE)
    assert await stores.approvals.claim(asked.id, "run_1")
    assert not await stores.approvals.claim(asked.id, "run_2")
    assert await stores.approvals.expire(asked.id) is None
    assert await stores.approvals.supersede(asked.id) is None


async def test_those_that_wait_are_listed_oldest_first_the_overdue_included(
    stores: Stores, clock: SettableClock
) -> None:
    asked = [await saved(stores, created_at=START + timedelta(minutes=minute)) for minute in (3, 1, 2)]
    await approved(stores)
    clock.advance(60 * MINUTE)
    assert await stores.approvals.pending() == [asked[1], asked[2], asked[0]]
    assert await stores.approvals.pending(limit=2) == [asked[1], asked[2]]
    await stores.approvals.expire(asked[1].id)
    assert await stores.approvals.pending(limit=1) == [asked[2]]


@pytest.mark.slow
@stores_slow_over_emulators
async def test_one_process_of_several_uses_it(stores_adapter: str, tmp_path: Path) -> None:
    stores = STORES[stores_adapter](tmp_path, wall_clock)
    await stores.approvals.save(approval(id="apr_1", expires_at=wall_clock() + timedelta(hours=1)))
    await stores.approvals.approve("apr_1", mark())
    stores.close()
    assert sum(race(stores_adapter, tmp_path, "use")) == 1
