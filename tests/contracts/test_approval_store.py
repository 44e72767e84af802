from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from tests.contracts.adapters import STORES, SettableClock, Stores, wall_clock
from tests.contracts.contender import race
from tests.contracts.examples import START, approval
from tests.contracts.parameters import stores_slow_over_emulators


async def test_a_saved_approval_comes_back_equal(stores: Stores) -> None:
    asked = approval()
    await stores.approvals.save(asked)
    assert await stores.approvals.get(asked.id) == asked


async def test_an_unknown_approval_is_none_and_cannot_be_decided(stores: Stores) -> None:
    assert await stores.approvals.get("apr_unknown") is None
    assert not await stores.approvals.decide("apr_unknown", "approved", "U1")


@pytest.mark.parametrize("decision", ["approved", "rejected", "expired"])
async def test_a_decision_is_kept_with_who_made_it(
    stores: Stores, decision: Literal["approved", "rejected", "expired"]
) -> None:
    asked = approval()
    await stores.approvals.save(asked)
    assert await stores.approvals.decide(asked.id, decision, "U1")
    found = await stores.approvals.get(asked.id)
    assert found == asked.model_copy(update={"decision": decision, "decided_by": "U1"})


async def test_a_second_decision_changes_nothing(stores: Stores) -> None:
    asked = approval()
    await stores.approvals.save(asked)
    await stores.approvals.decide(asked.id, "rejected", "U1")
    assert not await stores.approvals.decide(asked.id, "approved", "U2")
    found = await stores.approvals.get(asked.id)
    assert found is not None
    assert (found.decision, found.decided_by) == ("rejected", "U1")


async def test_of_many_concurrent_decisions_exactly_one_counts(stores: Stores) -> None:
    asked = approval()
    await stores.approvals.save(asked)
    decided = await asyncio.gather(*(stores.approvals.decide(asked.id, "approved", f"U{n}") for n in range(30)))
    assert sum(decided) == 1


async def test_a_yes_after_the_expiry_does_not_count_but_the_expiry_does(stores: Stores, clock: SettableClock) -> None:
    asked = approval(expires_at=START + timedelta(minutes=5))
    await stores.approvals.save(asked)
    clock.advance(300)
    assert not await stores.approvals.decide(asked.id, "approved", "U1")
    assert await stores.approvals.decide(asked.id, "expired", "watchkeeper")


async def test_saving_again_neither_swaps_the_payload_nor_reopens_a_decision(stores: Stores) -> None:
    asked = approval()
    await stores.approvals.save(asked)
    await stores.approvals.save(asked.model_copy(update={"payload_hash": "another"}))
    await stores.approvals.decide(asked.id, "rejected", "U1")
    await stores.approvals.save(asked)
    found = await stores.approvals.get(asked.id)
    assert found is not None
    assert (found.payload_hash, found.decision) == ("abc", "rejected")


@pytest.mark.slow
@stores_slow_over_emulators
async def test_one_process_of_several_decides(stores_adapter: str, tmp_path: Path) -> None:
    stores = STORES[stores_adapter](tmp_path, wall_clock)
    await stores.approvals.save(approval(id="apr_1", expires_at=wall_clock() + timedelta(hours=1)))
    stores.close()
    assert sum(race(stores_adapter, tmp_path, "decide")) == 1
