from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from agent.errors import RetryLater
from agent.models import ActionResult, Remediation, RemediationStatus, Step, StepStatus
from agent.remediation_order import unless_gone_on
from tests.contracts.adapters import Stores
from tests.contracts.examples import START, action, noise, remediation


async def created(stores: Stores, **changes: object) -> Remediation:
    made = remediation(**changes)
    assert await stores.remediations.create(made)
    return made


async def test_a_created_remediation_comes_back_equal(stores: Stores) -> None:
    result = ActionResult(succeeded=True, before={"version": "42"}, after={"version": "41"}, at=START)
    step = Step(action=action(), status=StepStatus.executing, token="wk-act_1-0123456789abcdef", result=result)
    made = await created(stores, steps=(step,))
    assert await stores.remediations.get(made.id) == made


async def test_an_unknown_remediation_is_none(stores: Stores) -> None:
    assert await stores.remediations.get("rem_unknown") is None
    assert await stores.remediations.change("rem_unknown", lambda given: given) is None
    assert await stores.remediations.of_incident("inc_unknown") == []


async def test_of_many_who_create_one_at_once_one_does(stores: Stores) -> None:
    made = [remediation(id="rem_1", round=n) for n in range(1, 21)]
    done = await asyncio.gather(*(stores.remediations.create(each) for each in made))
    assert sum(done) == 1
    assert await stores.remediations.get("rem_1") == made[done.index(True)]


async def test_a_change_gives_the_remediation_after_it(stores: Stores) -> None:
    made = await created(stores)
    after = await stores.remediations.change(made.id, with_round(2))
    assert after == made.model_copy(update={"round": 2})
    assert await stores.remediations.get(made.id) == after


async def test_a_change_that_gives_back_its_argument_or_fails_changes_nothing(stores: Stores) -> None:
    made = await created(stores)
    assert await stores.remediations.change(made.id, lambda given: given) == made

    def fail(_: Remediation) -> Remediation:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await stores.remediations.change(made.id, fail)
    assert await stores.remediations.get(made.id) == made


async def test_changes_at_once_are_all_made(stores: Stores) -> None:
    made = await created(stores)

    def one_more(given: Remediation) -> Remediation:
        return given.model_copy(update={"learnt": (*given.learnt, str(len(given.learnt)))})

    await asyncio.gather(*(stores.remediations.change(made.id, one_more) for _ in range(30)))
    found = await stores.remediations.get(made.id)
    assert found is not None
    assert found.learnt == tuple(str(n) for n in range(30))


async def test_of_many_who_lead_on_what_they_saw_one_does_and_the_others_write_over_nothing(stores: Stores) -> None:
    """Such as a process that was stopped for an hour, and wakes up."""
    made = await created(stores)
    leading = (stores.remediations.change(made.id, unless_gone_on(made, with_round(n))) for n in range(2, 22))
    done = await asyncio.gather(*leading, return_exceptions=True)
    after = [each for each in done if isinstance(each, Remediation)]
    assert sum(isinstance(each, RetryLater) for each in done) == 19
    assert await stores.remediations.get(made.id) == after[0]


async def test_what_a_card_says_of_itself_keeps_nobody_from_leading_it_on(stores: Stores) -> None:
    made = await created(stores)
    await stores.remediations.change(made.id, lambda given: given.model_copy(update={"card_ts": "1.2", "shown": "x"}))
    after = await stores.remediations.change(made.id, unless_gone_on(made, with_round(2)))
    assert after == made.model_copy(update={"round": 2, "card_ts": "1.2", "shown": "x"})


async def test_those_of_an_incident_come_newest_first(stores: Stores) -> None:
    hours = [await created(stores, created_at=START + timedelta(hours=hour)) for hour in (1, 3, 2)]
    await created(stores, incident_id="inc_2")
    assert await stores.remediations.of_incident("inc_1") == [hours[1], hours[2], hours[0]]


async def test_those_of_a_status_come_newest_first_and_no_more_than_asked(stores: Stores) -> None:
    hours = [await created(stores, created_at=START + timedelta(hours=hour)) for hour in (1, 3, 2)]
    await stores.remediations.change(hours[2].id, with_status(RemediationStatus.executing))
    assert await stores.remediations.by_status(RemediationStatus.planning) == [hours[1], hours[0]]
    assert await stores.remediations.by_status(RemediationStatus.planning, limit=1) == [hours[1]]
    assert [each.id for each in await stores.remediations.by_status(RemediationStatus.executing)] == [hours[2].id]


async def test_those_that_are_not_over_are_found_again_oldest_first(stores: Stores) -> None:
    """What a process that died was doing."""
    made = [
        await created(stores, status=status, created_at=START + timedelta(hours=9 - hour))
        for hour, status in enumerate(RemediationStatus)
    ]
    not_over = [each for each in made if not each.status.over][::-1]
    assert len(not_over) == 4
    assert await stores.remediations.open() == not_over
    assert await stores.remediations.open(limit=2) == not_over[:2]


async def test_one_that_is_larger_than_an_item_is_kept_whole(stores: Stores) -> None:
    made = await created(stores, learnt=tuple(noise(60_000) for _ in range(10)))
    assert await stores.remediations.get(made.id) == made
    after = await stores.remediations.change(made.id, with_round(2))
    assert after == made.model_copy(update={"round": 2})
    assert await stores.remediations.of_incident("inc_1") == [after]


async def test_what_comes_back_from_a_change_is_what_is_stored_without_secrets(stores: Stores) -> None:
    secret = "hunter2-" + "correct-horse"
    made = await created(stores)
    after = await stores.remediations.change(
        made.id, lambda given: given.model_copy(update={"learnt": (f"password={secret}",)})
    )
    assert after is not None
    assert secret not in after.model_dump_json()
    assert await stores.remediations.get(made.id) == after


def with_round(number: int):
    return lambda given: given.model_copy(update={"round": number})


def with_status(status: RemediationStatus):
    return lambda given: given.model_copy(update={"status": status})
