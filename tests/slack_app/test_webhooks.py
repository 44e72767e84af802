"""What a sender posts is kept as it is, once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from agent.models import JobKind, Urgency
from slack_app.large_payloads import whole
from slack_app.web.reading import MAX_BODY_BYTES
from slack_app.web.webhooks import delivery_of
from tests.slack_app.webhook_gate import ALERT, BEARER, Opened, opened

__all__ = ["opened"]


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


async def test_too_large_a_body_is_refused_unread(opened: Opened) -> None:
    async with opened() as gate:
        assert (await gate.post(body=b"x" * (MAX_BODY_BYTES + 1)))[0] == 413
        assert (await gate.post(body=b"x" * MAX_BODY_BYTES))[0] == 202
        assert gate.counted.refused == ["size"]


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


async def test_a_sender_that_goes_away_leaves_the_others_alone(opened: Opened) -> None:
    async with opened() as gate:
        leaving = asyncio.create_task(gate.post())
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await gate.post())[0] == 202
