"""What becomes of jobs, on the embedded queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from agent.errors import InputError, QueueFull, RetryLater, StoreUnavailable
from agent.models import IncidentStatus, Job, JobKind
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.workspace.background import RunningWorkspace
from slack_app.application import Application
from slack_app.bootstrap import build_deps
from slack_app.handlers.desk import Desk
from slack_app.messenger import SlackMessenger
from slack_app.settlement import GIVEN_UP_AFTER, OUTAGE_SECONDS, RETRY_SECONDS, Settlement
from tests.agent.examples import NOW
from tests.contracts.examples import alert, incident

SECRET = "tr0ub4dor" + "-and-3"


@dataclass
class Shop:
    """A settlement, its queue, and a clock that a test turns."""

    deps: Deps
    settlement: Settlement
    clock: list[datetime]

    def pass_by(self, seconds: float) -> None:
        self.clock[0] += timedelta(seconds=seconds)

    def send(self, kind: JobKind = JobKind.living, **payload: Any) -> None:
        given = {"incident": "inc_1", **payload}
        job = Job(id="job_1", kind=kind, idempotency_key="key", payload=given, created_at=self.clock[0])
        self.deps.queue.send(job)

    async def meets(self, error: Exception | None) -> Job | None:
        """The next job runs into this; gives the job as its handler saw it."""
        seen: list[Job] = []

        async def work(job: Job) -> None:
            seen.append(job)
            if error is not None:
                raise error

        for job in await self.deps.queue.receive(1):
            await self.settlement.settle(job, work)
        return seen[0] if seen else None


@pytest.fixture
def shop(tmp_path: Path, messenger: SlackMessenger) -> Iterator[Shop]:
    clock = [NOW]
    held = build_deps(Settings.read(home=tmp_path), clock=lambda: clock[0], aws="nobody asks it")
    desk = Desk.of(Application(held.deps, alert_analysis=None, conversation=None), messenger)
    yield Shop(held.deps, Settlement(desk), clock)
    held.close()


def slack(error: str, status: int = 200) -> SlackApiError:
    class Response(dict[str, Any]):
        status_code = status

    return SlackApiError("no", Response(error=error))


OUTAGES = [
    StoreUnavailable("The disk is full."),
    QueueFull("Too much is waiting."),
    aiohttp.ClientConnectionError("refused"),
    ConnectionResetError(),
    slack("ratelimited", 429),
    slack("", 503),
    slack("internal_error"),
]


async def test_what_was_done_is_gone(shop: Shop) -> None:
    shop.send()
    await shop.meets(None)

    assert await shop.deps.queue.depth() == 0


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
async def test_an_outage_costs_a_job_no_attempt_however_long_it_lasts(shop: Shop, error: Exception) -> None:
    shop.send()
    for _ in range(10):
        assert await shop.meets(error)
        assert await shop.meets(error) is None
        shop.pass_by(OUTAGE_SECONDS + 1)

    again = await shop.meets(None)
    assert again is not None
    assert again.id == "job_1"
    assert again.attempt == 11, "whoever does it again has to look what is there already"
    assert (await shop.deps.queue.waiting()).dead == 0


async def test_who_says_when_to_try_again_is_believed(shop: Shop) -> None:
    shop.send()
    await shop.meets(RetryLater("Slack does not say which channel it is.", 40))
    shop.pass_by(39)
    assert await shop.meets(None) is None
    shop.pass_by(2)
    assert await shop.meets(None)


async def test_after_a_day_a_job_is_given_up_with_the_reason(shop: Shop) -> None:
    shop.send()
    await shop.meets(StoreUnavailable("The disk is full."))
    shop.pass_by(GIVEN_UP_AFTER.total_seconds() + 1)
    await shop.meets(StoreUnavailable("The disk is full."))

    (letter,) = await shop.deps.queue.dead_letters()
    assert (letter.job.id, letter.reason) == ("job_1", "The disk is full.")


async def test_a_person_who_takes_it_out_of_the_dead_letters_gives_it_another_day(shop: Shop) -> None:
    shop.send()
    shop.pass_by(GIVEN_UP_AFTER.total_seconds() + 1)
    await shop.meets(StoreUnavailable("The disk is full."))
    assert await shop.deps.queue.retry("job_1")
    await shop.meets(StoreUnavailable("The disk is full again."))

    assert (await shop.deps.queue.waiting()).dead == 0
    shop.pass_by(GIVEN_UP_AFTER.total_seconds() + 1)
    await shop.meets(StoreUnavailable("The disk is full again."))
    assert (await shop.deps.queue.waiting()).dead == 1


async def test_an_incident_says_that_its_analysis_was_given_up_after_a_day(shop: Shop) -> None:
    await shop.deps.incidents.create(incident(id="inc_1", alerts=(alert(),), status=IncidentStatus.investigating))
    shop.send(JobKind.analysis, why="new")
    shop.pass_by(GIVEN_UP_AFTER.total_seconds() + 1)
    await shop.meets(StoreUnavailable("The disk is full."))

    found = await shop.deps.incidents.get("inc_1")
    assert found is not None
    assert (found.status, found.timeline[-1].kind) == (IncidentStatus.open, "failed")
    assert "The disk is full." in found.timeline[-1].text


async def test_a_question_that_had_to_wait_too_often_is_answered_with_the_reason(
    shop: Shop, ws: RunningWorkspace
) -> None:
    ts = ws.post_as("maya", "general", "why?")
    shop.send(JobKind.mention, channel=ws.channel_id("general"), thread_ts=ts, ts=ts, team="")
    for _ in range(3):
        assert await shop.meets(RetryLater("The thread's lock was lost.", 1))
        shop.pass_by(2)

    assert "The thread's lock was lost." in ws.thread("general", ts)[-1]["text"]


async def test_what_really_fails_is_tried_three_times_and_kept_with_the_reason(shop: Shop) -> None:
    shop.send()
    for _ in range(3):
        assert await shop.meets(InputError(f"This makes no sense: password={SECRET}"))
        shop.pass_by(RETRY_SECONDS + 1)
    assert await shop.meets(None) is None

    (letter,) = await shop.deps.queue.dead_letters()
    assert letter.reason.startswith("This makes no sense")
    assert SECRET not in letter.reason


async def test_a_job_whose_message_is_gone_is_dropped(shop: Shop) -> None:
    shop.send()
    await shop.meets(slack("message_not_found"))

    assert await shop.deps.queue.depth() == 0
    assert (await shop.deps.queue.waiting()).dead == 0


async def test_a_question_is_not_left_without_an_answer_for_a_day(shop: Shop, ws: RunningWorkspace) -> None:
    ts = ws.post_as("maya", "general", "why?")
    shop.send(JobKind.mention, channel=ws.channel_id("general"), thread_ts=ts, ts=ts, team="")
    for _ in range(3):
        assert await shop.meets(StoreUnavailable("The disk is full."))
        shop.pass_by(RETRY_SECONDS + 1)

    assert "The disk is full." in ws.thread("general", ts)[-1]["text"]
    assert (await shop.deps.queue.waiting()).dead == 1


async def test_an_analysis_of_an_incident_without_a_message_fails_in_silence(shop: Shop, ws: RunningWorkspace) -> None:
    shop.send(JobKind.analysis, why="new")
    for _ in range(3):
        await shop.meets(ValueError("a mistake of ours"))
        shop.pass_by(RETRY_SECONDS + 1)

    (letter,) = await shop.deps.queue.dead_letters()
    assert letter.reason == "ValueError: a mistake of ours"
    assert ws.api_calls("chat.postMessage") == []


async def test_what_a_shutdown_gives_back_is_there_at_once_and_has_all_its_attempts(shop: Shop) -> None:
    shop.send()
    for _ in range(5):
        (job,) = await shop.deps.queue.receive(1)
        assert job.attempt == 1
        await shop.settlement.put_back(job, 0, begun=True)

    seen = await shop.meets(None)
    assert seen is not None
    assert (seen.attempt, seen.payload["tries"]) == (6, 5)
