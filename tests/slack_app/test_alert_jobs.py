"""Jobs that bring alerts: what they change, and which jobs follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import RetryLater
from agent.models import Incident, IncidentStatus, Job, JobKind, Mute, Urgency
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.workspace.background import RunningWorkspace
from slack_app.application import Application
from slack_app.bootstrap import build_deps
from slack_app.handlers.alerts import GATHER_SECONDS, handle_alert
from slack_app.handlers.desk import Desk
from slack_app.messenger import SlackMessenger
from tests.agent.examples import NOW

FIRED = {"title": "[Triggered] Errors of checkout", "alert_id": "7", "alert_transition": "Triggered"}


@dataclass
class Bench:
    desk: Desk
    clock: list[datetime]
    number: int = 0

    @property
    def deps(self) -> Deps:
        return self.desk.app.deps

    def pass_by(self, seconds: float) -> None:
        self.clock[0] += timedelta(seconds=seconds)

    def job(self, **payload: Any) -> Job:
        self.number += 1
        name = f"job_{self.number}"
        return Job(id=name, kind=JobKind.alert, idempotency_key=name, payload=payload, created_at=self.clock[0])

    def webhook(self, body: Any = FIRED, source: str = "datadog", **more: Any) -> Job:
        return self.job(source=source, body=body, delivery="", team="T1", **more)

    def post(self, text: str, ts: str = "1795000000.000100", **more: Any) -> Job:
        given = {"team": "T1", "channel": "C1", "channel_name": "alerts", "edit": False, "unsure": False}
        return self.job(**{**given, "event": {"ts": ts, "bot_id": "B1", "text": text}, **more})

    async def takes(self, job: Job) -> None:
        await handle_alert(job, self.desk)

    async def incidents(self) -> list[Incident]:
        return await self.deps.incidents.recent(self.clock[0] - timedelta(days=1))

    async def count(self) -> int:
        return sum([(await self.deps.ledger.tally(incident.id)).count for incident in await self.incidents()])

    async def follow(self) -> list[Job]:
        """The jobs that may be taken now, and are gone then."""
        jobs = await self.deps.queue.receive(50)
        for job in jobs:
            await self.deps.queue.delete(job)
        return jobs


@pytest.fixture
def bench(tmp_path: Path, messenger: SlackMessenger) -> Iterator[Bench]:
    clock = [NOW]
    held = build_deps(Settings.read(home=tmp_path), clock=lambda: clock[0], aws="nobody asks it")
    yield Bench(Desk.of(Application(held.deps, alert_analysis=None, conversation=None), messenger), clock)
    held.close()


async def test_a_new_alert_wants_a_message_and_an_analysis_at_once(bench: Bench) -> None:
    await bench.takes(bench.webhook())

    (incident,) = await bench.incidents()
    jobs = await bench.follow()
    assert [(job.kind, job.payload["incident"]) for job in jobs] == [
        (JobKind.living, incident.id),
        (JobKind.analysis, incident.id),
    ]
    assert incident.place is not None
    assert (incident.place.team, incident.place.channel, incident.place.thread_ts) == ("T1", "alerts", "")


async def test_the_message_of_a_post_is_in_its_thread(bench: Bench) -> None:
    await bench.takes(bench.post("ALARM: checkout has errors"))

    (incident,) = await bench.incidents()
    assert incident.place is not None
    assert (incident.place.channel, incident.place.thread_ts) == ("C1", "1795000000.000100")


async def test_a_repetition_redraws_the_message_some_seconds_later_and_wants_nothing_more(bench: Bench) -> None:
    await bench.takes(bench.webhook())
    await bench.follow()
    for _ in range(5):
        await bench.takes(bench.webhook())

    assert await bench.follow() == []
    bench.pass_by(4)
    assert [job.kind for job in await bench.follow()] == [JobKind.living]
    assert await bench.count() == 6


async def test_a_job_that_is_done_again_after_a_crash_counts_once_and_forgets_nothing(bench: Bench) -> None:
    job = bench.webhook()
    for _ in range(3):
        await bench.takes(job)

    assert (len(await bench.incidents()), await bench.count()) == (1, 1)
    assert sorted(job.kind for job in await bench.follow()) == [JobKind.analysis, JobKind.living]


async def test_what_joins_is_gathered_before_it_is_analysed(bench: Bench) -> None:
    await bench.takes(bench.webhook())
    await bench.follow()
    for number in range(8, 12):
        await bench.takes(bench.webhook({**FIRED, "alert_id": str(number)}))

    assert JobKind.analysis not in [job.kind for job in await bench.follow()]
    bench.pass_by(GATHER_SECONDS)
    analyses = [job for job in await bench.follow() if job.kind is JobKind.analysis]
    assert [job.payload["why"] for job in analyses] == ["changed"]


@pytest.mark.parametrize(
    ("severity", "urgency"), [("critical", Urgency.critical), ("error", Urgency.normal), ("warning", Urgency.low)]
)
async def test_the_worst_is_analysed_first(bench: Bench, severity: str, urgency: Urgency) -> None:
    await bench.takes(bench.webhook({"title": "ALARM of checkout", "severity": severity}, "generic"))

    assert {job.urgency for job in await bench.follow() if job.kind is JobKind.analysis} <= {urgency}


async def test_a_request_with_several_alerts_counts_each(bench: Bench) -> None:
    alerts = [
        {"status": "firing", "labels": {"alertname": f"Pod{n}", "severity": "critical", "cluster": "a"}}
        for n in range(3)
    ]
    await bench.takes(
        bench.webhook({"receiver": "w", "version": "4", "groupKey": "g", "alerts": alerts}, "alertmanager")
    )

    assert await bench.count() == 3


async def test_what_came_through_sns_is_read_for_what_it_is(bench: Bench) -> None:
    message = '{"AlarmName": "checkout-errors", "NewStateValue": "ALARM", "Trigger": {"MetricName": "Errors"}}'
    await bench.takes(bench.webhook({"Type": "Notification", "MessageId": "m", "Message": message}, "sns"))

    (incident,) = await bench.incidents()
    assert incident.title == "checkout-errors"


async def test_a_channel_that_a_job_names_is_where_it_is_told(bench: Bench) -> None:
    await bench.takes(bench.webhook(channel="finops"))

    (incident,) = await bench.incidents()
    assert incident.place is not None
    assert incident.place.channel == "finops"


async def test_where_watchkeeper_is_muted_alerts_are_counted_and_nothing_is_told(bench: Bench) -> None:
    await bench.deps.mutes.mute(Mute(channel="C1", by="U1", at=NOW))
    await bench.takes(bench.post("ALARM: checkout has errors"))

    assert await bench.count() == 1
    assert await bench.follow() == []
    (entry,) = await bench.deps.audit.read()
    assert (entry.event, entry.subject) == ("alert.muted", "C1:1795000000.000100")


async def test_an_edited_post_is_the_same_alert_whatever_it_says_now(bench: Bench) -> None:
    await bench.takes(bench.post("ALARM: checkout has errors"))
    bench.pass_by(60)
    await bench.takes(bench.post("OK: checkout is well again", edit=True))

    (incident,) = await bench.incidents()
    assert (incident.status, await bench.count()) == (IncidentStatus.resolved, 1)


async def test_a_channel_of_which_slack_says_nothing_is_asked_for_again(bench: Bench, ws: RunningWorkspace) -> None:
    ws.faults.fail("conversations.info", "internal_error")
    with pytest.raises(RetryLater):
        await bench.takes(bench.post("ALARM", unsure=True, channel=ws.channel_id("alerts")))
    await bench.takes(bench.post("ALARM", unsure=True, channel=ws.channel_id("general")))
    assert await bench.incidents() == []

    await bench.takes(bench.post("ALARM", unsure=True, channel=ws.channel_id("alerts")))
    assert await bench.count() == 1
