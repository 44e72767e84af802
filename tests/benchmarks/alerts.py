"""1,000 distinct alerts at once in one process, with a model that takes two seconds for each call.

    python -m tests.benchmarks.alerts

All of it is real but the model and the account: the queue, triage, the analysis graph with a specialist who calls two
tools, the stores, and the messages in a workspace. A run's model time is three calls, one after the other; what else
passes from its beginning until its diagnosis is kept is ours.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field

from agent import briefs
from agent.drafts import DiagnosisDraft, DraftClaim
from agent.models import Incident, Job, JobKind, new_id
from agent.ports import Deps
from agent.settings import Settings
from agent.specialists import read_specialists
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from graphs.alert_analysis import build_alert_analysis
from slack_app.application import Application
from slack_app.bootstrap import build_deps
from slack_app.messenger import SlackMessenger, web_client
from slack_app.worker import Worker
from tests.benchmarks.overhead import Nowhere, looks
from tests.graphs.scripted import ScriptedModel, call
from tools.checkpoints import open_checkpointer

MODEL_SECONDS, CALLS = 2.0, 3
WORKERS = 88
LIMIT_PER_SECOND, LIMIT_OVERHEAD = 10.0, 1.0
PATIENCE_SECONDS = 600.0
LOOKS = ("unhealthy_resources", "recent_changes")


class Slow(ScriptedModel):
    """Looks, reports and explains, each after the same time, whoever else asks it meanwhile."""

    turns: list[Any] = Field(default_factory=list)
    seconds: float = MODEL_SECONDS

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        await asyncio.sleep(self.seconds)
        self.turns.append(_says(messages))
        self.heard.clear()
        return self._generate(messages)


def _says(messages: list[BaseMessage]) -> AIMessage | DiagnosisDraft:
    if messages[-1].type == "tool":
        return AIMessage("Errors rose.")
    if "investigate" in messages[0].text[:200].lower() or not _evidence(messages):
        return call(*LOOKS)
    claims = [DraftClaim(text=piece.summary, evidence=[piece.id]) for piece in _evidence(messages)]
    return DiagnosisDraft(summary="Errors rose after a deployment.", root_cause="A deployment.", claims=claims)


def _evidence(messages: list[BaseMessage]) -> Any:
    return briefs.read(messages[-1].text).evidence


@dataclass
class Outcome:
    alerts: int
    incidents: int
    diagnosed: int
    seconds: float
    """From the first job until the last diagnosis is kept."""
    processor: float
    overheads: list[float]
    """Seconds of each analysis beyond what its model calls take."""

    def percentile(self, percent: float) -> float:
        ranked = sorted(self.overheads)
        return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))]


async def run(alerts: int, workers: int = WORKERS) -> Outcome:
    with tempfile.TemporaryDirectory() as home, running_workspace() as workspace:
        async with _working(Path(home), workspace, workers) as deps:
            deps.queue.send_all([_job(number) for number in range(alerts)])
            began, processor = datetime.now(UTC), time.process_time()
            incidents = await _diagnosed(deps, alerts)
            used = time.process_time() - processor
    done = [incident for incident in incidents if incident.diagnosis is not None]
    seconds = (max((_at(incident, "diagnosed") for incident in done), default=began) - began).total_seconds()
    return Outcome(alerts, len(incidents), len(done), seconds, used, [_overhead(incident) for incident in done])


@asynccontextmanager
async def _working(home: Path, workspace: RunningWorkspace, workers: int) -> AsyncGenerator[Deps]:
    """A worker as in the service, over a model that takes its time and an account in which nothing is."""
    settings = Settings.read(home=home, workers=workers, llm="offline", tick_minutes=0)
    model = Slow()
    held = build_deps(settings, models=lambda _: model, aws=Nowhere())
    infra = [specialist for specialist in read_specialists() if specialist.name == "infra"]
    messenger = SlackMessenger(web_client(workspace.bot_token, workspace.api_url))
    async with open_checkpointer(settings) as saver:
        graph = build_alert_analysis(held.deps, infra, looks(), saver)
        application = Application(deps=held.deps, alert_analysis=graph, conversation=None)
        working = asyncio.create_task(Worker(application, messenger).run())
        try:
            yield held.deps
        finally:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
    held.close()


async def _diagnosed(deps: Deps, alerts: int) -> list[Incident]:
    """The incidents once nothing is worked on any more, or patience is over.

    What people would not do once a second is not done here either: reading a thousand incidents takes the event loop
    a third of a second, which would be counted as the runs' own time.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        await asyncio.sleep(1)
        waiting = await deps.queue.waiting()
        if waiting.leased == waiting.ready == 0:
            break
    return await deps.incidents.recent(datetime.now(UTC) - timedelta(hours=1), alerts)


def _job(number: int) -> Job:
    """Each alert is of another system, about another thing, and says so in other words."""
    name = new_id("run").removeprefix("run_")
    body = {
        "title": f"Errors of {name}",
        "severity": "error",
        "system": f"system-{number}",
        "service": "lambda",
        "FunctionName": name,
        "status": "firing",
    }
    job_id = new_id("job")
    payload = {"source": "generic", "body": body, "delivery": "", "team": ""}
    return Job(id=job_id, kind=JobKind.alert, idempotency_key=job_id, payload=payload, created_at=datetime.now(UTC))


def _overhead(incident: Incident) -> float:
    ran = _at(incident, "diagnosed") - _at(incident, "analysing")
    return ran.total_seconds() - CALLS * MODEL_SECONDS


def _at(incident: Incident, kind: str) -> datetime:
    return next(event.at for event in incident.timeline if event.kind == kind)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="alerts", description="Many distinct alerts at once, in one process.")
    parser.add_argument("--alerts", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=WORKERS)
    given = parser.parse_args(arguments)
    outcome = asyncio.run(run(given.alerts, given.workers))
    rate, p99 = outcome.diagnosed / outcome.seconds, outcome.percentile(99)
    rows = [
        ("diagnosed", f"{outcome.diagnosed} of {outcome.alerts}", outcome.diagnosed == outcome.alerts),
        ("incidents", f"{outcome.incidents}", outcome.incidents == outcome.alerts),
        ("throughput", f"{rate:.1f} a second, {rate * 3600:.0f} an hour", rate > LIMIT_PER_SECOND),
        ("own overhead", f"p50 {outcome.percentile(50):.2f} s, p99 {p99:.2f} s", p99 < LIMIT_OVERHEAD),
        ("processor", f"{outcome.processor / outcome.alerts * 1000:.0f} ms for each alert", True),
    ]
    sys.stdout.write(
        f"{given.workers} at once, a model that takes {MODEL_SECONDS:.0f} s, {CALLS} calls in a row each\n"
    )
    for what, figure, good in rows:
        sys.stdout.write(f"  {what:<14} {figure}{'' if good else '   <- not good enough'}\n")
    return 0 if all(good for _, _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
