"""The monitoring tool's side of the storm: sends alerts on time, again until they are accepted, and times the answers.

Reads an order as JSON from stdin: `url`, `token`, `alerts`, `fingerprints`, `seconds`. Prints JSON: the milliseconds of
each accepted request, how many were tried again, and how many were never accepted.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp

SERVICES = 25
PATIENCE_SECONDS = 120.0
RETRY_SECONDS = 0.5
METRICS = ("errors", "latency", "saturation", "restarts", "throttles", "timeouts")


class Sender:
    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self.milliseconds: list[float] = []
        self.again = 0
        self.refused = 0

    async def send_all(self) -> None:
        """At an even rate, whatever the answers take."""
        count, seconds = self._order["alerts"], self._order["seconds"]
        began = time.monotonic()
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as tasks:
            for number in range(count):
                await asyncio.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
                tasks.create_task(self._send(http, number))

    async def _send(self, http: aiohttp.ClientSession, number: int) -> None:
        body = json.dumps(alert(number, self._order["fingerprints"]))
        headers = {
            "Authorization": f"Bearer {self._order['token']}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"storm-{number}",
        }
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            sent = time.perf_counter()
            try:
                async with http.post(self._order["url"], data=body, headers=headers) as reply:
                    status = reply.status
            except aiohttp.ClientError:
                status = 0
            if status == 202:
                self.milliseconds.append((time.perf_counter() - sent) * 1000)
                return
            self.again += 1
            await asyncio.sleep(RETRY_SECONDS)
        self.refused += 1


def alert(number: int, fingerprints: int) -> dict[str, Any]:
    """One of `fingerprints` monitors, spread over the services of one shop."""
    monitor = number % fingerprints
    service, metric = f"shop-{monitor % SERVICES}", METRICS[monitor // SERVICES % len(METRICS)]
    now = int(time.time() * 1000)
    return {
        "id": str(number),
        "alert_id": str(100_000 + monitor),
        "title": f"[Triggered] {metric} of {service} (monitor {monitor // (SERVICES * len(METRICS))})",
        "event_msg": f"{metric} of {service} have been above their threshold for five minutes. " * 4,
        "alert_transition": "Triggered",
        "alert_scope": f"service:{service},env:prod",
        "tags": f"service:{service},env:prod,team:shop",
        "date": now,
        "last_updated": now,
        "link": f"https://app.datadoghq.com/event/event?id={number}",
    }


async def _main() -> dict[str, Any]:
    sender = Sender(json.load(sys.stdin))
    await sender.send_all()
    return {"milliseconds": sender.milliseconds, "again": sender.again, "refused": sender.refused}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_main())))
