"""How soon somebody who asks sees that Watchkeeper is at it, on an idle worker and on one with no slot free.

The processes are those of real life: the world (account and workspace), Watchkeeper's listener, its worker, and here a
person, who writes in the workspace's page and watches the thread. A line under the thread or a message counts.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.settings import Settings
from deploy.local.world import World, local_world

QUESTIONS = (
    "why did our Lambda costs spike?",
    "which of our services are failing right now?",
    "what changed in the last 2 hours?",
    "is checkout slow?",
    "what do the logs of payments say?",
)
IDLE = 5
BUSY = 10
LIMIT_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.01


def run() -> bool:
    """Prints what was seen when; true when every question was seen to in time."""
    with tempfile.TemporaryDirectory() as home, local_world(load=("lambda-cost-spike",)) as world:
        os.environ.update(world.environment)
        idle, busy = asyncio.run(_measure(world, Path(home)))
    for title, seconds in (("one at a time", idle), ("all at once, most of them waiting for a worker", busy)):
        ranked = sorted(seconds)
        sys.stdout.write(
            f"  {len(ranked)} questions, {title}: median {ranked[len(ranked) // 2]:.2f} s, worst {ranked[-1]:.2f} s "
            f"to the first visible progress (limit: {LIMIT_SECONDS:.0f} s)\n"
        )
    return max(*idle, *busy) < LIMIT_SECONDS


async def _measure(world: World, home: Path) -> tuple[list[float], list[float]]:
    from slack_app.bootstrap import build_deps
    from slack_app.service import listen
    from slack_app.worker_process import worker_process

    settings = Settings.read(**world.slack, home=home)
    held, ready = build_deps(settings), asyncio.Event()

    async def announce(_: str) -> None:
        ready.set()

    listening = asyncio.create_task(listen(held.deps, announce))
    await ready.wait()
    try:
        async with worker_process(settings):
            await _seen(world, "hello")  # the worker has started when this one is answered
            idle = [await _seen(world, QUESTIONS[n % len(QUESTIONS)], settle=True) for n in range(IDLE)]
            busy = await asyncio.gather(*(_seen(world, QUESTIONS[n % len(QUESTIONS)]) for n in range(BUSY)))
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        held.close()
    return idle, busy


async def _seen(world: World, question: str, *, settle: bool = False) -> float:
    """Seconds from writing to the first sign. With `settle`, returns when the answer is finished."""
    state = await _page(world, "/_/state")
    channel = next(c["id"] for c in state["channels"] if c["name"] == "general")
    bot = next(user["id"] for user in state["users"] if user["name"] == "watchkeeper")
    began = time.monotonic()
    asked = {"user": state["me"], "channel": channel, "text": f"<@{bot}> {question}"}
    ts = (await _page(world, "/_/messages", asked))["ts"]
    seconds = await _until(world, channel, ts, began, _shows_something)
    if settle:
        await _until(world, channel, ts, began, _is_finished)
    return seconds


async def _until(world: World, channel: str, ts: str, began: float, sign: Any) -> float:
    while time.monotonic() - began < PATIENCE_SECONDS:
        thread = await _page(world, f"/_/threads/{channel}/{ts}")
        if sign(thread, [message for message in thread["messages"] if message["ts"] != ts]):
            break
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - began


def _shows_something(thread: dict[str, Any], replies: Sequence[dict[str, Any]]) -> bool:
    return bool(thread["status"] or replies)


def _is_finished(thread: dict[str, Any], replies: Sequence[dict[str, Any]]) -> bool:
    return bool(replies) and not thread["status"] and not any(reply.get("streaming") for reply in replies)


async def _page(world: World, path: str, body: dict[str, Any] | None = None) -> Any:
    content = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(world.url + path, content, {"Content-Type": "application/json"})

    def fetch() -> Any:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.load(reply)

    return await asyncio.to_thread(fetch)


if __name__ == "__main__":
    sys.exit(not run())
