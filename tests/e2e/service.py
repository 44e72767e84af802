"""The whole service in this process, against the local workspace and the simulated account, over the real wires."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.ports import Deps
from agent.settings import Settings
from deploy.local.account import SimulatedAccount, load_scenario, render_alert
from deploy.local.account.scenario import Scenario
from deploy.local.workspace.background import RunningWorkspace
from slack_app.bootstrap import build_deps
from slack_app.service import serve

START_SECONDS = 90
PATIENT: dict[str, Any] = {"tool_timeout_seconds": 100, "gather_timeout_seconds": 120, "run_timeout_seconds": 300}
"""Deadlines are tested elsewhere; where an answer is, a busy machine must not decide what is found."""
PATIENT_ENVIRONMENT = {f"WATCHKEEPER_{name.upper()}": str(value) for name, value in PATIENT.items()}
"""The same for a process."""


@contextmanager
def running_service(
    workspace: RunningWorkspace, home: Path, replaced: Mapping[str, Any] | None = None, **settings: Any
) -> Generator[Deps]:
    """Watchkeeper connected to the workspace, by Socket Mode unless a setting takes its token away."""
    tokens = {
        "slack_bot_token": workspace.bot_token,
        "slack_app_token": workspace.app_token,
        "slack_signing_secret": workspace.signing_secret,
    }
    read = Settings.read(**{"slack_api_url": workspace.api_url, "home": home, **tokens, **settings})
    held = build_deps(read, **(replaced or {}))
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    problems: list[BaseException] = []

    async def announce(_: str) -> None:
        ready.set()

    async def main() -> None:
        try:
            await serve(held.deps, announce)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            problems.append(error)
            ready.set()

    task = loop.create_task(main())

    def run() -> None:
        with suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=run, name="watchkeeper", daemon=True)
    thread.start()
    try:
        assert ready.wait(START_SECONDS), "the service did not start"
        if problems:
            raise problems[0]
        yield held.deps
    finally:
        loop.call_soon_threadsafe(task.cancel)
        workspace.drop_connections()  # else the SDK waits for its read to time out, which takes three seconds
        thread.join(START_SECONDS)
        _end_what_is_left(loop)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        held.close()


def _end_what_is_left(loop: asyncio.AbstractEventLoop) -> None:
    """As `asyncio.run` does: edits that nobody waits for are cut off with their process."""
    if left := asyncio.all_tasks(loop):
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.wait(left, timeout=START_SECONDS))


def fire(name: str | Scenario, account: SimulatedAccount, workspace: RunningWorkspace, channel: str = "alerts") -> str:
    """Let a scenario happen and post its alert as the monitoring app would; returns the message's ts."""
    scenario, now = load_scenario(name) if isinstance(name, str) else name, datetime.now(UTC)
    account.load(scenario, now)
    known = {message["ts"] for message in workspace.messages(channel)}
    post_to_webhook(workspace.incoming_webhook_url(channel, scenario.alert.app), render_alert(scenario, now))
    return next(message["ts"] for message in workspace.messages(channel) if message["ts"] not in known)


def post_to_webhook(url: str, payload: dict[str, Any]) -> None:
    request = urllib.request.Request(url, json.dumps(payload).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as reply:
        assert reply.status == 200


def replies(workspace: RunningWorkspace, channel: str, ts: str) -> list[dict[str, Any]]:
    """What stands under a message."""
    return [message for message in workspace.thread(channel, ts) if message["ts"] != ts]


def text_of(message: dict[str, Any]) -> str:
    """Everything a person reads in a message."""
    return " ".join(_strings(message.get("blocks") or [message.get("text", "")]))


def _strings(node: Any) -> Generator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list):
        for item in node:
            yield from _strings(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key not in ("type", "block_id", "action_id", "style", "task_id", "status"):
                yield from _strings(value)
