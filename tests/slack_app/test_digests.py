"""Digests: when they are due, what they collect, and that a channel hears of nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from agent.errors import RetryLater
from agent.models import Alert, AlertStatus, Decision, Diagnosis, Incident, Job, JobKind, Mute, Resource, SlackPlace
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.workspace.background import RunningWorkspace
from slack_app.application import Application
from slack_app.bootstrap import build_deps
from slack_app.channel_budget import NORMAL
from slack_app.handlers.desk import Desk
from slack_app.handlers.digests import due, handle_digest, period_of
from slack_app.messenger import SlackMessenger, web_client

NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HELD = Decision(treatment="digest", rule="staging is quiet", reason="It can wait.")


@dataclass
class Channel:
    """#alerts, where things are kept back, with a clock that the test sets."""

    ws: RunningWorkspace
    deps: Deps
    now: list[datetime]
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        messenger = SlackMessenger(web_client(self.ws.bot_token, self.ws.api_url))
        self.desk = Desk.of(Application(self.deps, None, None), messenger)

    async def kept(self, title: str, times: int = 1, *, ago: float = 3, place: str = "alerts", **fields: Any) -> str:
        """An incident of one alert that fired so often, `ago` hours before now."""
        now, fields = self.now[0], {"decision": HELD, **fields}
        self.now[0] = now - timedelta(hours=ago)
        resource = Resource(service="rds", id="db-1")
        alert = Alert(
            source="t", title=title, started_at=self.now[0], fingerprint=title, resource=resource, system="shop"
        )
        alert = alert.model_copy(update={"status": fields.pop("status", AlertStatus.firing)})
        incident_id = f"inc_{title.replace(' ', '_')}"
        for _ in range(times):
            await self.deps.ledger.record(alert, incident_id)
        where = SlackPlace(channel=place, thread_ts=fields.pop("thread_ts", ""))
        incident = Incident(
            id=incident_id,
            title=title,
            alerts=(alert,),
            place=where,
            last_alert_at=self.now[0],
            created_at=self.now[0],
            updated_at=self.now[0],
            **fields,
        )
        assert await self.deps.incidents.create(incident)
        self.now[0] = now
        return incident_id

    async def tell(self, job_id: str = "job_1", period: str = "p1", attempt: int = 1, channel: str = "alerts") -> None:
        payload = {"channel": channel, "period": period}
        job = Job(
            id=job_id,
            kind=JobKind.digest,
            idempotency_key=period,
            payload=payload,
            attempt=attempt,
            created_at=self.now[0] - timedelta(days=3650),
        )
        await handle_digest(job, self.desk)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [message for message in self.ws.messages("alerts") if message.get("text", "").startswith("Digest")]


@pytest.fixture
def channel(ws: RunningWorkspace, tmp_path: Path) -> Iterator[Channel]:
    now = [NINE]
    held = build_deps(Settings.read(home=tmp_path), clock=lambda: now[0])
    yield Channel(ws, held.deps, now)
    held.close()


@pytest.mark.parametrize(
    ("settings", "now", "period"),
    [
        ({}, "2026-11-20T08:59", "2026-11-19T09:00"),
        ({}, "2026-11-20T09:00", "2026-11-20T09:00"),
        ({"digest_zone": "America/Toronto"}, "2026-11-20T13:59", "2026-11-19T09:00"),
        ({"digest_zone": "America/Toronto"}, "2026-07-20T13:00", "2026-07-20T09:00"),
        ({"digest_hours": 8, "digest_at": "06:30"}, "2026-11-20T06:00", "2026-11-19T22:30"),
        ({"digest_hours": 168}, "2026-11-20T12:00", "2026-11-16T09:00"),
    ],
)
def test_a_period_begins_on_the_clocks_of_its_zone(settings: dict[str, Any], now: str, period: str) -> None:
    assert period_of(Settings.read(**settings), datetime.fromisoformat(f"{now}+00:00")) == period


def test_each_channel_is_due_once_a_period(channel: Channel, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{name: data, then: {channel: '#data'}}]")
    settings = channel.deps.settings.model_copy(update={"alert_rules": rules})
    deps = Deps(**{**vars(channel.deps), "settings": settings})

    jobs = due(deps, NINE)

    assert [(job.payload["channel"], job.kind) for job in jobs] == [("alerts", "digest"), ("data", "digest")]
    assert deps.queue.send_all(jobs) == 2
    assert deps.queue.send_all(due(deps, NINE + timedelta(hours=23))) == 0
    assert deps.queue.send_all(due(deps, NINE + timedelta(hours=24))) == 2


def test_rules_that_became_wrong_do_not_stop_digests(channel: Channel, tmp_path: Path) -> None:
    settings = channel.deps.settings.model_copy(update={"alert_rules": tmp_path / "gone.yaml"})

    assert len(due(Deps(**{**vars(channel.deps), "settings": settings}), NINE)) == 1


def test_no_digest_is_due_where_they_are_switched_off(channel: Channel) -> None:
    settings = channel.deps.settings.model_copy(update={"digest_hours": 0})

    assert due(Deps(**{**vars(channel.deps), "settings": settings}), NINE) == []


async def test_what_was_kept_back_is_told_in_one_message(channel: Channel) -> None:
    await channel.kept("disk is filling", 12)
    await channel.kept("cpu is high", 2)

    await channel.tell()

    (message,) = channel.told
    assert message["text"] == "Digest: 14 alerts of 2 kinds, 2 still firing"
    shown = json.dumps(message["blocks"], ensure_ascii=False)
    assert "*disk is filling* ×12 · shop · db-1" in shown
    assert "Kept back by: staging is quiet (14)" in shown


async def test_nothing_to_tell_is_told_by_silence(channel: Channel) -> None:
    await channel.kept("analysed", decision=HELD.model_copy(update={"treatment": "analyse"}))
    await channel.kept("asked for", diagnosis=Diagnosis(summary="It is known."))
    await channel.kept("elsewhere", place="general")
    await channel.kept("long ago", ago=30)

    await channel.tell()

    assert channel.told == []


async def test_posts_are_of_the_channel_that_settings_name(channel: Channel) -> None:
    """A post knows its channel by id, what came by webhook knows it by name."""
    await channel.kept("posted", place=channel.ws.channel_id("alerts"), thread_ts="1.0")
    await channel.kept("by webhook")

    await channel.tell()

    assert channel.told[0]["text"].startswith("Digest: 2 alerts of 2 kinds")


async def test_a_channel_hears_of_nothing_twice(channel: Channel) -> None:
    await channel.kept("disk is filling")
    await channel.tell()
    await channel.tell("job_2")
    channel.now[0] += timedelta(days=1)
    await channel.tell("job_3", "p2")
    await channel.kept("another")
    await channel.tell("job_4", "p3")

    assert [message["text"] for message in channel.told] == ["Digest: 1 alert of 1 kind, 1 still firing"] * 2
    assert "another" in json.dumps(channel.told[1])
    assert "disk" not in json.dumps(channel.told[1])


async def test_a_digest_that_slack_refused_is_told_when_it_is_tried_again(channel: Channel) -> None:
    await channel.kept("disk is filling")
    channel.ws.faults.fail("chat.postMessage", "internal_error")
    with pytest.raises(SlackApiError):
        await channel.tell()

    await channel.tell(attempt=2)

    assert len(channel.told) == 1


async def test_after_a_crash_the_message_that_is_there_is_found_again(channel: Channel) -> None:
    await channel.kept("disk is filling")
    await channel.tell()
    await channel.deps.state.change("digest:alerts", lambda known: {"period": "p1", "job": "job_1"})

    await channel.tell(attempt=2)

    assert len(channel.told) == 1
    assert "until" in (await channel.deps.state.get("digest:alerts") or {})


async def test_a_muted_channel_is_told_when_it_is_not_muted_any_more(channel: Channel) -> None:
    await channel.kept("disk is filling")
    slack_id = channel.ws.channel_id("alerts")
    await channel.deps.mutes.mute(Mute(channel=slack_id, by="U0MAYA", at=NINE))
    await channel.tell()
    assert channel.told == []

    await channel.deps.mutes.unmute(slack_id)
    channel.now[0] += timedelta(hours=12)
    await channel.tell("job_2", "p2")

    assert len(channel.told) == 1


async def test_one_kind_of_alert_is_one_line_whichever_incidents_it_was_in(channel: Channel) -> None:
    await channel.kept("disk is filling", 3, ago=10)
    await channel.deps.incidents.create(
        Incident(
            id="inc_later",
            title="x",
            decision=HELD,
            place=SlackPlace(channel="alerts", thread_ts=""),
            created_at=NINE,
            updated_at=NINE,
            last_alert_at=NINE,
        )
    )
    alert = (await channel.deps.ledger.of_incident("inc_disk_is_filling"))[0].alert
    await channel.deps.ledger.record(alert.model_copy(update={"started_at": NINE}), "inc_later")

    await channel.tell()

    (message,) = channel.told
    assert message["text"].startswith("Digest: 4 alerts of 1 kind")
    assert [b["accessory"]["value"] for b in message["blocks"] if "accessory" in b] == ["inc_later"]
    assert "2nd time this week" in json.dumps(message["blocks"])


async def test_what_is_over_is_not_said_to_fire(channel: Channel) -> None:
    await channel.kept("disk is filling")
    alert = (await channel.deps.ledger.of_incident("inc_disk_is_filling"))[0].alert
    over = alert.model_copy(
        update={"status": AlertStatus.resolved, "ended_at": alert.started_at + timedelta(minutes=5)}
    )
    channel.now[0] -= timedelta(hours=2, minutes=30)
    await channel.deps.ledger.record(over, "inc_disk_is_filling")
    channel.now[0] = NINE

    await channel.tell()

    assert channel.told[0]["text"] == "Digest: 1 alert of 1 kind"


async def test_a_digest_waits_for_room_in_its_channel_and_is_told_then(channel: Channel) -> None:
    await channel.kept("disk is filling")
    slack_id = channel.ws.channel_id("alerts")
    for _ in range(12):
        assert await channel.desk.budget.take(slack_id, NORMAL) == 0

    with pytest.raises(RetryLater) as waits:
        await channel.tell()
    assert channel.told == []
    assert 50 < waits.value.seconds <= 60

    channel.now[0] += timedelta(seconds=61)
    await channel.tell(attempt=2)
    assert len(channel.told) == 1


async def test_a_channel_that_a_digest_is_for_is_joined(channel: Channel) -> None:
    await channel.kept("disk is filling", place="finops")
    channel.ws.workspace.state.channel("finops").members.remove(channel.ws.bot_user)
    with pytest.raises(RetryLater):
        await channel.tell(channel="finops")
    await channel.tell(channel="finops", attempt=2)
    assert channel.ws.messages("finops")[-1]["text"].startswith("Digest")
