"""How fast Slack gets its 200 at 20 events a second while ten analyses run.

The processes are those of real life: the world (account and workspace), Watchkeeper's listener behind signed HTTP, its
worker, and Slack's side, which signs and sends events and times the answers. Half of the events become jobs, the other
half are none of our business.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from agent.models import IncidentStatus
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.account import scenario_names
from deploy.local.world import World, local_world

EVENTS_PER_SECOND = 20
SECONDS = 20
LIMIT_MS = 100.0
ANALYSES = 10


def run() -> bool:
    """Prints the percentiles; true when p99 is under the limit."""
    with tempfile.TemporaryDirectory() as home, local_world() as world:
        os.environ.update(world.environment)
        timings, analysed = asyncio.run(_measure(world, Path(home)))
    p50, p99, worst = (_percentile(timings, p) for p in (50, 99, 100))
    sys.stdout.write(
        f"  {len(timings)} events at {EVENTS_PER_SECOND}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms "
        f"(limit for p99: {LIMIT_MS:.0f} ms); {analysed} of {ANALYSES} alerts analysed meanwhile\n"
    )
    return p99 < LIMIT_MS and analysed == ANALYSES


async def _measure(world: World, home: Path) -> tuple[list[float], int]:
    from slack_app.bootstrap import build_deps
    from slack_app.service import listen
    from slack_app.worker_process import worker_process

    port = _free_port()
    given = {key: value for key, value in world.slack.items() if key != "slack_app_token"}
    settings = Settings.read(**given, home=home, http_port=port, workers=ANALYSES)
    held = build_deps(settings)
    ready = asyncio.Event()

    async def announce(_: str) -> None:
        ready.set()

    service = asyncio.create_task(listen(held.deps, announce))
    await ready.wait()
    async with worker_process(settings):
        timings, done = await _under_load(world, held.deps, port)
    service.cancel()
    with suppress(asyncio.CancelledError):
        await service
    held.close()
    return timings, done


async def _under_load(world: World, deps: Deps, port: int) -> tuple[list[float], int]:
    alerts = await asyncio.to_thread(_fire_all, world)
    sender = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.slack_side", str(port)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    order = {
        "secret": world.slack["slack_signing_secret"],
        "alerts": alerts,
        "rate": EVENTS_PER_SECOND,
        "seconds": SECONDS,
    }
    out, _ = await sender.communicate(json.dumps(order).encode())
    return json.loads(out), await _finished(deps)


async def _finished(deps: Deps) -> int:
    """How many alerts have a diagnosis, after waiting for the last of them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        incidents = [each for status in IncidentStatus for each in await deps.incidents.by_status(status, 50)]
        done = sum(incident.diagnosis is not None for incident in incidents)
        if done >= ANALYSES:
            return done
        await asyncio.sleep(0.5)
    return done


def _fire_all(world: World) -> list[dict[str, Any]]:
    """Every scenario's alert, as the events that Slack would send for them."""
    events: list[dict[str, Any]] = []
    for name in scenario_names()[:ANALYSES]:
        _page(world, f"/_/scenarios/{name}/fire", {"user": ""})
    for channel in _page(world, "/_/state")["channels"]:
        posts = _page(world, f"/_/channels/{channel['id']}/messages")["messages"]
        events += [{"type": "message", "channel_type": "channel", **post} for post in posts if post.get("bot_id")]
    return events


def _page(world: World, path: str, body: dict[str, Any] | None = None) -> Any:
    content = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(world.url + path, content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _percentile(values: list[float], percent: float) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]
