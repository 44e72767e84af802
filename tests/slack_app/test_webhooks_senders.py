"""Who may send, how often, and what somebody who may not learns."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any

import pytest

from slack_app.bootstrap import utc_now
from slack_app.web.reading import SMALL_BYTES
from slack_app.web.webhooks import STRANGERS_BURST
from tests.slack_app.webhook_gate import ALERT, BEARER, SECRET, Opened, opened

__all__ = ["opened"]


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


async def test_a_signed_request_that_somebody_kept_has_no_second_effect(opened: Opened) -> None:
    body, now = json.dumps(ALERT).encode(), int(utc_now().timestamp())

    def signed(stamp: int, prefix: str = "") -> dict[str, str]:
        signature = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Watchkeeper-Timestamp": str(stamp), "X-Watchkeeper-Signature": prefix + signature}

    async with opened() as gate:
        kept = signed(now)
        again = [kept, signed(now, "v1="), kept | {"Idempotency-Key": "d-1"}, kept | {"Idempotency-Key": "d-2"}]
        assert [(await gate.post("generic", body, headers))[0] for headers in again] == [202] * 4
        assert len(await gate.jobs()) == 1
        await gate.post("generic", body, signed(now + 1))
        assert len(await gate.jobs()) == 1
    async with opened() as another_process:
        await another_process.post("generic", body, kept)
        assert await another_process.jobs() == []


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
