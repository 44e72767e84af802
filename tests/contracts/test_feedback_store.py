from __future__ import annotations

from datetime import timedelta
from typing import Any

from agent.models import Feedback, Provenance
from tests.contracts.adapters import SettableClock, Stores
from tests.contracts.examples import PLACE, START


def feedback(**changes: Any) -> Feedback:
    fields = {"place": PLACE, "answer_ts": "answer:1.1", "user": "U1", "good": True, "at": START}
    return Feedback.model_validate({**fields, **changes})


async def test_feedback_comes_back_with_the_evidence_and_the_prompt(stores: Stores) -> None:
    given = feedback(
        comment="just what I needed",
        evidence=("ev_1", "ev_2"),
        provenance=Provenance(model="offline", prompt_name="answer", prompt_version="3", prompt_hash="abc"),
    )
    await stores.feedback.save(given)
    assert await stores.feedback.recent() == [given]


async def test_the_latest_opinion_of_a_person_counts(stores: Stores) -> None:
    await stores.feedback.save(feedback())
    changed = feedback(good=False, at=START + timedelta(seconds=5))
    await stores.feedback.save(changed)
    assert await stores.feedback.recent() == [changed]


async def test_an_opinion_that_is_delivered_late_changes_nothing(stores: Stores) -> None:
    latest = feedback(good=False, at=START + timedelta(seconds=5))
    await stores.feedback.save(latest)
    await stores.feedback.save(feedback())
    assert await stores.feedback.recent() == [latest]


async def test_people_and_answers_are_apart(stores: Stores) -> None:
    for number, changes in enumerate(({}, {"user": "U2"}, {"answer_ts": "answer:1.2"})):
        await stores.feedback.save(feedback(**changes, at=START + timedelta(seconds=number)))
    assert len(await stores.feedback.recent()) == 3


async def test_the_newest_are_first_across_months(stores: Stores, clock: SettableClock) -> None:
    times = [START + timedelta(days=20 * number) for number in range(5)]
    clock.advance(80 * 86_400)
    for number, at in enumerate(times):
        await stores.feedback.save(feedback(answer_ts=f"answer:{number}", at=at))
    assert [each.at for each in await stores.feedback.recent()] == times[::-1]
    assert [each.at for each in await stores.feedback.recent(limit=2)] == times[:-3:-1]


async def test_a_secret_in_a_comment_is_not_kept(stores: Stores) -> None:
    secret = "xoxb-" + "123456789012-123456789012-" + "a1B2c3D4" * 3
    await stores.feedback.save(feedback(comment=f"it showed {secret}"))
    [kept] = await stores.feedback.recent()
    assert secret not in kept.comment
