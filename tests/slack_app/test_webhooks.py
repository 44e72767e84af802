from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from agent.errors import InputError, PartlyQueued, QueueFull, RetryLater
from agent.models import Job, JobKind, Urgency
from agent.settings import Settings
from agent.sources import Request
from agent.telemetry import NoMetrics
from slack_app.bootstrap import build_deps, utc_now
from slack_app.large_payloads import whole
from slack_app.web.reading import MAX_BODY_BYTES, SMALL_BYTES
from slack_app.web.webhooks import STRANGERS_BURST, Webhooks, delivery_of
from tools.queues.local import LocalQueue

SECRET = "shared" + "-secret"
BEARER = {"Authorization": f"Bearer {SECRET}"}
ALERT = {"title": "[Triggered] Errors of checkout", "alert_id": "7", "alert_transition": "Triggered"}


class Counted(NoMetrics):
    def __init__(self) -> None:
        self.refused: list[str] = []

    def request_refused(self, reason: str) -> None:
        self.refused.append(reason)


@dataclass
class Gate:
    """The webhooks of a real service, and the queue behind them."""

    http: TestClient[web.Request, web.Application]
    queue: LocalQueue
    counted: Counted
    webhooks: Webhooks

    async def post(
        self, source: str = "datadog", body: Any = ALERT, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        shown = BEARER if headers is None else headers
        async with self.http.post(f"/webhooks/{source}", data=data, headers=shown) as reply:
            return reply.status, await reply.text()

    async def jobs(self) -> list[Job]:
        return await self.queue.receive(50)


Opened = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """`async with opened(webhook_burst=1) as gate` with these settings."""

    @asynccontextmanager
    async def gate(sns: Any = None, queue: Any = None, **settings: Any) -> AsyncGenerator[Gate]:
        counted = Counted()
        secrets = f"datadog={SECRET},generic={SECRET},pagerduty={SECRET}"
        read = Settings.read(home=tmp_path, webhook_secrets=secrets, **settings)
        held = build_deps(read, metrics=counted, **({"queue": queue} if queue else {}))
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        webhooks = Webhooks(held.deps, "T1", sns)
        app.add_routes([web.post("/webhooks/{source}", webhooks.post)])
        try:
            async with TestClient(TestServer(app)) as http:
                yield Gate(http, held.deps.queue, counted, webhooks)
        finally:
            held.close()

    return gate


async def test_an_alert_is_queued_raw_and_then_accepted(opened: Opened) -> None:
    async with opened() as gate:
        status, text = await gate.post()
        (job,) = await gate.jobs()

    assert (status, json.loads(text)) == (202, {"status": "accepted", "id": job.id})
    assert job.kind is JobKind.alert
    assert job.payload == {"source": "datadog", "body": ALERT, "delivery": "", "team": "T1"}


async def test_what_is_no_json_is_queued_as_its_text(opened: Opened) -> None:
    async with opened() as gate:
        await gate.post(body="Budget exceeded: {")
        (job,) = await gate.jobs()

    assert job.payload["body"] == "Budget exceeded: {"


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b"", b"[" * 5000, b'{"a": "\\ud800"}', b'{"n": NaN, "big": 1e999}', b"9" * 5000, b"\x00" * 10],
)
async def test_no_body_is_too_odd_to_be_kept(opened: Opened, body: bytes) -> None:
    async with opened() as gate:
        assert (await gate.post(body=body))[0] == 202
        assert len(await gate.jobs()) == 1


async def test_what_says_critical_is_urgent(opened: Opened) -> None:
    async with opened() as gate:
        await gate.post()
        await gate.post(body={**ALERT, "severity": "critical"})
        jobs = await gate.jobs()

    assert [job.urgency for job in jobs] == [Urgency.critical, Urgency.normal]


@pytest.mark.parametrize(
    ("source", "headers", "body"),
    [
        ("datadog", {"Authorization": "Bearer wrong"}, ALERT),
        ("datadog", {}, ALERT),
        ("nobody", BEARER, ALERT),
        ("opsgenie", BEARER, ALERT),
        ("watchkeeper", BEARER, ALERT),
        ("slack_post", BEARER, ALERT),
        ("generic", BEARER, ALERT),
        ("pagerduty", {"X-PagerDuty-Signature": "v1=00"}, ALERT),
        ("sns", {}, {"Type": "Notification"}),
        ("sns", {}, "no JSON"),
    ],
)
async def test_who_may_not_send_learns_nothing_and_is_counted(
    opened: Opened, source: str, headers: dict[str, str], body: Any
) -> None:
    async with opened() as gate:
        assert await gate.post(source, body, headers) == (401, "refused")
        assert gate.counted.refused == ["sender"]
        assert await gate.jobs() == []


async def test_why_somebody_was_refused_stands_in_our_log_without_the_secret(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with opened() as gate:
            await gate.post(headers={"Authorization": "Bearer nearly-right"})

    assert "/webhooks/datadog from 127.0.0.1 is refused: wrong credentials" in caplog.text
    assert "nearly-right" not in caplog.text
    assert SECRET not in caplog.text


async def test_each_reason_is_seen_in_a_log_of_errors_once_a_minute(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened() as gate:
        for _ in range(3):
            await gate.post(headers={"Authorization": "Bearer nearly-right"})
        await gate.post("nobody")

    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert ["wrong credentials" in message for message in errors] == [True, False]
    assert "/webhooks/(unknown)" in errors[1]


async def test_a_signed_request_is_accepted_until_its_time_is_over(opened: Opened) -> None:
    body, now = json.dumps(ALERT).encode(), int(utc_now().timestamp())

    def signed(stamp: int) -> dict[str, str]:
        signature = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Watchkeeper-Timestamp": str(stamp), "X-Watchkeeper-Signature": signature}

    async with opened() as gate:
        assert (await gate.post("generic", body, signed(now)))[0] == 202
        assert (await gate.post("generic", body, signed(now - 3600)))[0] == 401


async def test_too_large_a_body_is_refused_unread(opened: Opened) -> None:
    async with opened() as gate:
        assert (await gate.post(body=b"x" * (MAX_BODY_BYTES + 1)))[0] == 413
        assert (await gate.post(body=b"x" * MAX_BODY_BYTES))[0] == 202
        assert gate.counted.refused == ["size"]


async def test_too_many_requests_of_one_sender_are_asked_to_come_later(opened: Opened) -> None:
    async with opened(webhook_rate_per_second=0.5, webhook_burst=2) as gate:
        statuses = [(await gate.post())[0] for _ in range(3)]
        async with gate.http.post("/webhooks/datadog", data="{}", headers=BEARER) as reply:
            waits = reply.headers["Retry-After"]
        other, _ = await gate.post("generic")

    assert (statuses, waits, other) == ([202, 202, 429], "2", 401)
    assert gate.counted.refused == ["rate", "rate", "sender"]


async def test_strangers_are_soon_no_longer_told_why_and_starve_nobody(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened() as gate:
        statuses = [(await gate.post(f"name-{n}"))[0] for n in range(STRANGERS_BURST + 5)]
        assert (await gate.post())[0] == 202, "from the same address, as behind a load balancer"

    assert statuses[:STRANGERS_BURST] == [401] * STRANGERS_BURST
    assert statuses[-1] == 429
    assert len(caplog.records) <= STRANGERS_BURST + 1


async def test_a_name_forges_no_line_of_the_log(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as gate:
        await gate.post("x%0A2026-01-01 ERROR everything is lost")

    assert "/webhooks/(unknown) from" in caplog.text
    assert "everything is lost" not in caplog.text


async def test_who_sends_much_at_once_keeps_no_ordinary_alert_out(opened: Opened) -> None:
    async with opened() as gate:
        gate.webhooks._reading._most = SMALL_BYTES
        large = await gate.post(body="x" * (SMALL_BYTES + 1))
        small = await gate.post()

    assert (large[0], small[0]) == (503, 202)
    assert gate.webhooks._reading._held == 0


async def test_a_large_body_waits_in_the_archive(opened: Opened) -> None:
    async with opened() as gate:
        body = {**ALERT, "log": "x" * 300_000}
        assert (await gate.post(body=body))[0] == 202
        (job,) = await gate.jobs()
        opened_job = await whole(job, gate.webhooks._deps.archive)

    assert len(job.model_dump_json()) < 2000
    assert opened_job.payload["body"] == body


async def test_a_message_that_is_delivered_again_is_queued_once(opened: Opened) -> None:
    async with opened() as gate:
        statuses = [(await gate.post(headers={**BEARER, "Idempotency-Key": "d-1"}))[0] for _ in range(3)]
        await gate.post(headers={**BEARER, "Idempotency-Key": "d-2"})
        jobs = await gate.jobs()

    assert statuses == [202, 202, 202]
    assert [job.payload["delivery"] for job in jobs] == ["d-1", "d-2"]


@pytest.mark.parametrize(
    ("source", "headers", "body", "delivery"),
    [
        ("datadog", {"idempotency-key": "k"}, {"event": {"id": "disk-42"}}, "k"),
        ("datadog", {"x-amz-sns-message-id": "m"}, {}, "m"),
        ("datadog", {}, {"event": {"id": "disk-42", "status": "resolved"}}, ""),
        ("datadog", {}, {"MessageId": "m"}, ""),
        ("pagerduty", {}, {"event": {"id": "01DEN4HPBQAAAG05V5QQYBRZMF"}}, "01DEN4HPBQAAAG05V5QQYBRZMF"),
        ("pagerduty", {"idempotency-key": "replayed"}, {"event": {"id": "e"}}, "e"),
        ("pagerduty", {}, {"event": "triggered"}, ""),
        ("pagerduty", {}, {"event": {"id": 7}}, ""),
        ("sns", {}, {"Type": "Notification", "MessageId": "m"}, "m"),
        ("sns", {"idempotency-key": "replayed"}, {"MessageId": "m"}, "m"),
        ("sns", {}, ["a"], ""),
        ("generic", {}, "text", ""),
    ],
)
def test_what_a_sender_calls_its_message(source: str, headers: dict[str, str], body: Any, delivery: str) -> None:
    assert delivery_of(source, headers, body) == delivery


async def test_a_body_that_is_nested_too_deeply_keeps_its_text(opened: Opened) -> None:
    async with opened() as gate:
        await gate.post(body='{"a":' * 900 + '"the text"' + "}" * 900)
        (job,) = await gate.jobs()

    assert "the text" in json.dumps(job.payload)


async def test_a_store_that_is_down_makes_the_sender_try_again(opened: Opened, tmp_path: Path) -> None:
    async with opened() as gate:
        held = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
        held.execute("DROP TABLE jobs")
        async with gate.http.post("/webhooks/datadog", data="{}", headers=BEARER) as reply:
            assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
        held.close()


async def test_a_full_queue_makes_senders_try_again_but_has_room_for_what_is_critical(opened: Opened) -> None:
    async with opened(queue_limit=10) as gate:
        plain = [(await gate.post())[0] for _ in range(11)]
        both = await asyncio.gather(gate.post(), gate.post(body={**ALERT, "severity": "critical"}))

    assert plain == [202] * 10 + [503]
    assert [status for status, _ in both] == [503, 202]


@dataclass
class SlowQueue:
    """A queue whose disk takes its time; it keeps what was written together."""

    groups: list[int] = field(default_factory=list[int])

    def send_all(self, jobs: Sequence[Job]) -> int:
        self.groups.append(len(jobs))
        return len(jobs)


async def test_what_arrives_together_is_written_together(opened: Opened) -> None:
    queue = SlowQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post() for _ in range(40)))

    assert {status for status, _ in replies} == {202}
    assert sum(queue.groups) == 40
    assert len(queue.groups) < 20


@dataclass
class FussyQueue(SlowQueue):
    """A queue that cannot write one kind of job."""

    def send_all(self, jobs: Sequence[Job]) -> int:
        if any("odd" in str(job.payload) for job in jobs):
            raise ValueError("this cannot be written")
        return super().send_all(jobs)


async def test_one_job_that_cannot_be_written_does_not_keep_the_others_from_it(opened: Opened) -> None:
    queue = FussyQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post(body={"title": "odd" if n == 3 else "fine"}) for n in range(10)))

    assert sorted(status for status, _ in replies) == [202] * 9 + [500]
    assert sum(queue.groups) == 9


class NarrowQueue(SlowQueue):
    """A queue that takes no job of one kind, whenever it comes."""

    def send_all(self, jobs: Sequence[Job]) -> int:
        if any("odd" in str(job.payload) for job in jobs):
            raise InputError("It takes 300 KB and the queue at most 256.")
        return super().send_all(jobs)


async def test_what_never_fits_is_not_asked_to_come_again(opened: Opened) -> None:
    queue = NarrowQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post(body={"title": "odd" if n == 3 else "fine"}) for n in range(10)))

    assert sorted(status for status, _ in replies) == [202] * 9 + [413]
    assert sum(queue.groups) == 9


class HalfQueue(SlowQueue):
    """A queue that fails after the first job of a group."""

    def send_all(self, jobs: Sequence[Job]) -> int:
        super().send_all(jobs)
        raise PartlyQueued("The rest is not queued.", frozenset(job.idempotency_key for job in jobs[1:]))


async def test_who_was_queued_hears_so_though_others_were_not(opened: Opened) -> None:
    queue = HalfQueue()
    async with opened(queue=queue) as gate:
        replies = await asyncio.gather(*(gate.post() for _ in range(10)))

    assert sorted(status for status, _ in replies) == [202] * len(queue.groups) + [503] * (10 - len(queue.groups))


class FullQueue:
    def send_all(self, jobs: Sequence[Job]) -> int:
        raise QueueFull("Too much is waiting.")


async def test_nobody_is_told_that_a_job_is_queued_which_is_not(opened: Opened) -> None:
    async with opened(queue=FullQueue()) as gate:
        replies = await asyncio.gather(*(gate.post() for _ in range(5)))

    assert {status for status, _ in replies} == {503}


class Topic:
    """Stands for SNS's side, which only answers from the internet."""

    def __init__(self) -> None:
        self.confirmed: list[str] = []
        self.reachable = True

    def check(self, request: Request) -> str:
        if not self.reachable:
            raise RetryLater("The certificate could not be fetched.", 30)
        return "" if json.loads(request.body).get("TopicArn") == "arn:aws:sns:us-east-1:1:ops" else "no such topic"

    def confirm(self, body: dict[str, Any]) -> None:
        self.confirmed.append(body["SubscribeURL"])


def notice(**more: Any) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:ops", "MessageId": "m1", "Message": "x"} | more


async def test_a_link_that_ends_the_subscription_is_not_stored(opened: Opened) -> None:
    async with opened(sns=Topic()) as gate:
        await gate.post("sns", notice(UnsubscribeURL="https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe"), {})
        (job,) = await gate.jobs()
    assert job.payload["body"] == notice()


async def test_a_notification_of_sns_is_queued_once(opened: Opened) -> None:
    async with opened(sns=Topic()) as gate:
        assert [(await gate.post("sns", notice(), {}))[0] for _ in range(2)] == [202, 202]
        (job,) = await gate.jobs()

    assert (job.payload["source"], job.payload["delivery"]) == ("sns", "m1")


async def test_a_subscription_of_an_allowed_topic_is_confirmed_and_is_no_alert(opened: Opened) -> None:
    topic = Topic()
    asked = notice(Type="SubscriptionConfirmation", SubscribeURL="https://sns.us-east-1.amazonaws.com/?a")
    async with opened(sns=topic) as gate:
        assert (await gate.post("sns", asked, {}))[0] == 202
        assert (await gate.post("sns", {**asked, "TopicArn": "arn:aws:sns:us-east-1:1:other"}, {}))[0] == 401
        assert (await gate.post("sns", notice(Type="UnsubscribeConfirmation"), {}))[0] == 202
        assert await gate.jobs() == []

    assert topic.confirmed == ["https://sns.us-east-1.amazonaws.com/?a"]


async def test_sns_is_asked_to_come_again_when_its_certificate_cannot_be_had(opened: Opened) -> None:
    topic = Topic()
    topic.reachable = False
    async with opened(sns=topic) as gate:
        assert (await gate.post("sns", notice(), {}))[0] == 503


async def test_a_sender_that_goes_away_leaves_the_others_alone(opened: Opened) -> None:
    async with opened() as gate:
        leaving = asyncio.create_task(gate.post())
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await gate.post())[0] == 202
