"""An alert storm through the real webhook: nothing lost, quickly acknowledged, few messages, also after `kill -9`.

    python -m tests.benchmarks.storm                # 10,000 alerts of 300 fingerprints in 60 s
    python -m tests.benchmarks.storm --kill         # the same; worker and listener are killed in the middle

The processes are those of real life: Watchkeeper's listener and its worker, started by its own command; the tool that
sends, which tries again what is not accepted; and Slack with the account, here.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.ports import Deps
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from slack_app.bootstrap import build_deps

LIMIT_MS, LIMIT_MESSAGES, LIMIT_MB = 250.0, 20, 600.0
START_SECONDS, DRAIN_SECONDS = 60.0, 300.0
SHOWN = ("chat.postMessage", "chat.update", "chat.startStream")
TOKEN = "storm" + "-token"


@dataclass(frozen=True)
class Size:
    alerts: int = 10_000
    fingerprints: int = 300
    seconds: float = 60.0


@dataclass
class Outcome:
    """What a storm brought."""

    milliseconds: list[float]
    again: int
    refused: int
    counted: int = 0
    fingerprints: int = 0
    incidents: int = 0
    messages: int = 0
    """In the busiest minute of the busiest channel, edits included."""
    posted: int = 0
    drained_after: float = 0.0
    memory_mb: dict[str, float] = field(default_factory=dict[str, float])
    processor: dict[str, float] = field(default_factory=dict[str, float])
    """Seconds, of the last listener and the last worker."""
    left: int = 0

    def percentile(self, percent: float) -> float:
        ranked = sorted(self.milliseconds)
        return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


def run(size: Size, kill: bool) -> Outcome:
    """One storm, from the first alert until the queue is empty."""
    with (
        tempfile.TemporaryDirectory() as home,
        SimulatedAccount() as account,
        running_workspace() as workspace,
        _Watched(workspace) as watched,
    ):
        service = Service(workspace, account, Path(home))
        with service.running():
            outcome = _under_storm(service, size, kill)
            outcome.messages, outcome.posted = watched.busiest_minute(), watched.posted
            outcome.memory_mb, outcome.processor = service.peak_memory(), service.processor()
        return outcome


def _under_storm(service: Service, size: Size, kill: bool) -> Outcome:
    sender = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.storm_sender"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    order = {"url": service.url, "token": TOKEN, **vars(size)}
    assert sender.stdin
    assert sender.stdout
    sender.stdin.write(json.dumps(order).encode())
    sender.stdin.close()
    if kill:
        time.sleep(size.seconds / 3)
        service.kill_worker()
        time.sleep(size.seconds / 3)
        service.kill_all()
        service.start()
    with sender.stdout as answers:
        said = json.loads(answers.read())
    sender.wait()
    ended = time.monotonic()
    outcome = Outcome(**said)
    asyncio.run(_drained(service.home, size, outcome))
    outcome.drained_after = time.monotonic() - ended
    return outcome


async def _drained(home: Path, size: Size, outcome: Outcome) -> None:
    """Wait until every alert is counted and no job can be taken, then count what is in the stores."""
    held = build_deps(Settings.read(home=home))
    try:
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(1)
            waiting = await held.deps.queue.waiting()
            outcome.left = waiting.ready + waiting.leased
            if not outcome.left and await _count(held.deps, outcome) >= size.alerts:
                break
        await _count(held.deps, outcome)
    finally:
        held.close()


async def _count(deps: Deps, outcome: Outcome) -> int:
    incidents = await deps.incidents.recent(datetime.now(UTC) - timedelta(days=1))
    tallies = [await deps.ledger.tally(incident.id) for incident in incidents]
    outcome.incidents = len(incidents)
    outcome.fingerprints = sum(tally.alerts for tally in tallies)
    outcome.counted = sum(tally.count for tally in tallies)
    return outcome.counted


class Service:
    """The real command in a process group of its own, which may be killed and started again."""

    def __init__(self, workspace: RunningWorkspace, account: SimulatedAccount, home: Path) -> None:
        self.home = home
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}/webhooks/datadog"
        self._environment = {
            **os.environ,
            **account.environment(),
            "WATCHKEEPER_SLACK_BOT_TOKEN": workspace.bot_token,
            "WATCHKEEPER_SLACK_APP_TOKEN": workspace.app_token,
            "WATCHKEEPER_SLACK_API_URL": workspace.api_url,
            "WATCHKEEPER_HOME": str(home),
            "WATCHKEEPER_WEBHOOK_PORT": str(self._port),
            "WATCHKEEPER_WEBHOOK_HOST": "127.0.0.1",
            "WATCHKEEPER_WEBHOOK_SECRETS": f"datadog={TOKEN}",
            "WATCHKEEPER_JOB_LEASE_SECONDS": "5",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._peaks: Counter[str] = Counter()

    @contextmanager
    def running(self) -> Generator[None]:
        self.start()
        try:
            yield
        finally:
            self.kill_all()

    def start(self) -> None:
        """Returns once it listens."""
        command = [sys.executable, "-m", "deploy.cli", "run", "--aws", "real"]
        with (self.home / "service.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.1)
        raise AssertionError((self.home / "service.log").read_text())

    def kill_worker(self) -> None:
        """Its parent starts it again."""
        for pid in _children(self._pid):
            os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        self.peak_memory()
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def peak_memory(self) -> dict[str, float]:
        """Megabytes, the most that each of the two ever had."""
        with suppress(OSError):
            self._peaks["listener"] = max(self._peaks["listener"], _peak_kb(self._pid))
            for pid in _children(self._pid):
                self._peaks["worker"] = max(self._peaks["worker"], _peak_kb(pid))
        return {name: kilobytes / 1024 for name, kilobytes in self._peaks.items()}

    def processor(self) -> dict[str, float]:
        worker = sum(_processor(pid) for pid in _children(self._pid))
        return {"listener": _processor(self._pid), "worker": worker}

    @property
    def _pid(self) -> int:
        assert self._process is not None
        return self._process.pid


class _Watched:
    """When Watchkeeper posted or edited something in which channel, as the workspace was asked."""

    def __init__(self, workspace: RunningWorkspace) -> None:
        self._workspace = workspace
        self._times: list[tuple[float, str]] = []
        self._stop = False

    def __enter__(self) -> _Watched:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._thread.join()

    @property
    def posted(self) -> int:
        return len(self._times)

    def busiest_minute(self) -> int:
        return max((self._within(at, channel) for at, channel in self._times), default=0)

    def _within(self, at: float, channel: str) -> int:
        return sum(other == channel and at - 60 < moment <= at for moment, other in self._times)

    def _look(self) -> None:
        seen = 0
        while not self._stop:
            calls = [call for call in self._workspace.api_calls() if call.method in SHOWN]
            now = time.monotonic()
            self._times += [(now, str(call.args.get("channel"))) for call in calls[seen:] if call.error is None]
            seen = len(calls)
            time.sleep(0.2)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _peak_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def _processor(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def table(size: Size, outcome: Outcome, kill: bool) -> list[tuple[str, str, bool]]:
    """(what, figure, whether it is good enough). While nothing listens, nobody can be quick."""
    p99 = outcome.percentile(99)
    memory = max(outcome.memory_mb.values(), default=0.0)
    accepted = len(outcome.milliseconds)
    used = ", ".join(f"{who} {seconds:.0f} s" for who, seconds in outcome.processor.items())
    return [
        ("accepted", f"{accepted} of {size.alerts} ({outcome.again} sent again)", accepted == size.alerts),
        ("acknowledged", f"p50 {outcome.percentile(50):.0f} ms, p99 {p99:.0f} ms", kill or p99 < LIMIT_MS),
        ("lost", f"{size.alerts - outcome.counted}", outcome.counted == size.alerts),
        ("fingerprints", f"{outcome.fingerprints}", outcome.fingerprints == size.fingerprints),
        ("incidents", f"{outcome.incidents}", outcome.incidents <= 10),
        (
            "messages a minute",
            f"at most {outcome.messages}, {outcome.posted} in all",
            outcome.messages < LIMIT_MESSAGES,
        ),
        ("drained", f"{outcome.drained_after:.0f} s after the last, {outcome.left} left", outcome.left == 0),
        ("processor", used, True),
        ("memory", ", ".join(f"{who} {mb:.0f} MB" for who, mb in outcome.memory_mb.items()), memory < LIMIT_MB),
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="storm", description="An alert storm through the real webhook.")
    parser.add_argument("--alerts", type=int, default=Size.alerts)
    parser.add_argument("--fingerprints", type=int, default=Size.fingerprints)
    parser.add_argument("--seconds", type=float, default=Size.seconds)
    parser.add_argument("--kill", action="store_true", help="kill the worker, then everything, in the middle")
    given = parser.parse_args(arguments)
    size = Size(given.alerts, given.fingerprints, given.seconds)
    rows = table(size, run(size, given.kill), given.kill)
    for what, figure, good in rows:
        sys.stdout.write(f"  {what:<18} {figure}{'' if good else '   <- not good enough'}\n")
    return 0 if all(good for _, _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
