"""Slack's side of the acknowledgement benchmark: signs events, sends them on time, prints milliseconds as JSON."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
from typing import Any

import aiohttp


async def _send_all(port: int, order: dict[str, Any]) -> list[float]:
    """Events at a fixed rate, whatever the answers take; the alerts go first."""
    timings: list[float] = []
    url = f"http://127.0.0.1:{port}/slack/events"
    began = time.monotonic()
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        for number in range(order["rate"] * order["seconds"]):
            await asyncio.sleep(max(0.0, began + number / order["rate"] - time.monotonic()))
            event = order["alerts"][number] if number < len(order["alerts"]) else _event(number)
            tasks.create_task(_send(http, url, order["secret"], event, number, timings))
    return timings


async def _send(
    http: aiohttp.ClientSession, url: str, secret: str, event: dict[str, Any], number: int, timings: list[float]
) -> None:
    body = json.dumps(
        {"type": "event_callback", "event_id": f"Ev{number:08}", "team_id": "T0", "api_app_id": "A0", "event": event}
    )
    stamp = str(int(time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/json",
    }
    sent = time.perf_counter()
    async with http.post(url, data=body, headers=headers) as reply:
        assert reply.status == 200, await reply.text()
    timings.append((time.perf_counter() - sent) * 1000)


def _event(number: int) -> dict[str, Any]:
    """Every other event is a reply in a thread, which has to be queued; the rest is chatter."""
    ts = f"{1_700_000_000 + number}.000100"
    event = {
        "type": "message",
        "channel": "C0CHATTER",
        "channel_type": "channel",
        "user": "U0SOMEONE",
        "text": "ok",
        "ts": ts,
    }
    return {**event, "thread_ts": "1699999999.000100"} if number % 2 else event


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_send_all(int(sys.argv[1]), json.load(sys.stdin)))))
