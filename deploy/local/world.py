"""The local world in a process of its own: the simulated AWS account and the local workspace.

    python -m deploy.local.world --port 8765 --load lambda-cost-spike

The first line on stdout is JSON: `url` (the page), `environment` (AWS endpoints and credentials), `slack` and `changes`
(settings: who is there, and by which role changes are made).
It ends when its stdin closes, so that it never outlives who started it.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from agent.errors import InputError
from deploy.local.account import Scenario, load_scenario, render_alert, scenario_names
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from deploy.local.workspace.team import PEOPLE
from deploy.local.workspace.workspace import ScenarioEntry

if TYPE_CHECKING:
    from deploy.local.account import SimulatedAccount

ALERT_CHANNELS = ("alerts", "data-alerts", "finops")


@dataclass(frozen=True)
class World:
    """Where a running local world is."""

    url: str
    environment: dict[str, str]
    slack: dict[str, str]
    changes: dict[str, str]


@contextmanager
def local_world(port: int = 0, load: Sequence[str] = ()) -> Generator[World]:
    """A local world in a child process while the context is open."""
    command = [sys.executable, "-m", "deploy.local.world", "--port", str(port)]
    for name in load:
        command += ["--load", name]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,  # Ctrl-C is for who started it, and ends it by closing its stdin
    )
    try:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise InputError(f"The local workspace did not start. Is port {port} taken? Choose another with --port.")
        said = json.loads(line)
        if "error" in said:
            raise InputError(said["error"])
        yield World(**said)
    finally:
        child.terminate()
        child.wait(10)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def scenario_entries() -> list[ScenarioEntry]:
    scenarios = [load_scenario(name) for name in scenario_names()]
    return [ScenarioEntry(s.name, s.title, s.description) for s in scenarios]


def main() -> None:
    """Runs until stdin closes."""
    parser = argparse.ArgumentParser(prog="world", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--load", action="append", default=[])
    options = parser.parse_args()
    try:
        _serve(options.port, [load_scenario(name) for name in options.load])
    except (InputError, OSError) as error:
        _say({"error": _explain(error, options.port)})


def _serve(port: int, scenarios: Sequence[Scenario]) -> None:
    from deploy.local.account import SimulatedAccount

    with SimulatedAccount() as account:
        for scenario in scenarios:
            account.load(scenario)
        holder: list[RunningWorkspace] = []

        async def fire(name: str) -> None:
            await fire_scenario(load_scenario(name), account, holder[0])

        with running_workspace(port, scenarios=scenario_entries(), fire=fire) as workspace:
            holder.append(workspace)
            slack = {
                "slack_bot_token": workspace.bot_token,
                "slack_app_token": workspace.app_token,
                "slack_signing_secret": workspace.signing_secret,
                "slack_api_url": workspace.api_url,
                "alert_channels": ",".join(ALERT_CHANNELS),
            }
            role = account.executor_role_arn
            people = ",".join(person.id for person in PEOPLE)
            changes = {"executor_role_arn": role, "approvers": people}
            aws = account.environment()
            _say({"url": workspace.url, "environment": aws, "slack": slack, "changes": changes})
            sys.stdin.read()


async def fire_scenario(scenario: Scenario, account: SimulatedAccount, workspace: RunningWorkspace) -> None:
    """Let a scenario happen now: its state in the account, its alert in the channel."""
    now = datetime.now(UTC)
    await asyncio.to_thread(account.load, scenario, now)
    payload = render_alert(scenario, now)
    # This runs on the workspace's own loop, which must not wait for itself.
    url = await asyncio.to_thread(workspace.incoming_webhook_url, scenario.alert.channel, scenario.alert.app)
    async with aiohttp.ClientSession() as http, http.post(url, json=payload) as reply:
        if reply.status != 200:
            raise InputError(f"The alert of {scenario.name} was refused: {await reply.text()}")


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _explain(error: Exception, port: int) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken, perhaps by another `make run`: stop that one, or let `watchkeeper run --port 0` "
            "pick a free port."
        )
    return f"The local workspace cannot listen on port {port} ({error.strerror}); choose another with --port."


if __name__ == "__main__":
    main()
