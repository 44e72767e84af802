"""A worker's desk over real stores and a real client of the local workspace, with alerts to take in."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from agent.incident_changes import turned
from agent.models import (
    Alert,
    AlertStatus,
    Decision,
    Incident,
    IncidentStatus,
    Job,
    JobKind,
    Resource,
    Severity,
    SlackPlace,
    TimelineEvent,
    new_id,
)
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.block_kit import validate_blocks
from graphs.alert_analysis import build_alert_analysis
from slack_app.application import Application
from slack_app.bootstrap import build_deps
from slack_app.handlers.analyses import handle_analysis
from slack_app.handlers.desk import Desk
from slack_app.handlers.living import handle_living
from slack_app.handlers.ownership import handle_ownership
from slack_app.messenger import SlackMessenger, web_client
from tests.e2e.service import text_of
from tests.graphs.conftest import SPECIALISTS, TOOLS, Nowhere
from tools.llm.offline import OfflineAnalyst

ANALYSE = Decision(treatment="analyse", rule="test", reason="It is an error.")


class IncidentDesk:
    """`desk.alert("checkout errors")`, then `await desk.living()`: what the workspace shows is what people see."""

    def __init__(self, ws: RunningWorkspace, deps: Deps, clock: MovedClock) -> None:
        self.ws, self.deps, self.clock = ws, deps, clock
        graph = build_alert_analysis(deps, SPECIALISTS, TOOLS, InMemorySaver())
        app = Application(deps=deps, alert_analysis=graph, conversation=None)
        self.desk = Desk.of(app, SlackMessenger(web_client(ws.bot_token, ws.api_url), seconds_between_edits=0.01))
        self.id = "inc_000000000001"

    async def opened(self, *alerts: Alert, place: SlackPlace | None = None, **fields: Any) -> Incident:
        """An incident of these alerts, each of which fired once."""
        now = self.deps.clock()
        about = alerts or (alert(),)
        for number, one in enumerate(about):
            await self.deps.ledger.record(one, self.id, event_id=f"first:{number}")
        made = Incident(
            id=self.id,
            title=about[0].title,
            severity=about[0].severity,
            alerts=about,
            place=place,
            decision=fields.pop("decision", ANALYSE),
            timeline=(TimelineEvent(at=now, kind="opened", text=about[0].title),),
            created_at=fields.pop("created_at", now),
            updated_at=now,
            **fields,
        )
        assert await self.deps.incidents.create(made)
        return made

    def post(self, text: str = "ALARM: checkout errors") -> SlackPlace:
        """An alert's post in #alerts."""
        ts = self.ws.post_as("maya", "alerts", text)
        return SlackPlace(team=self.ws.team_id, channel=self.ws.channel_id("alerts"), thread_ts=ts)

    async def again(self, one: Alert) -> None:
        """One more message about an alert; the incident's status follows."""
        await self.deps.ledger.record(one, self.id, event_id=new_id("ev"))
        tally = await self.deps.ledger.tally(self.id)
        now = self.deps.clock()
        await self.deps.incidents.change(self.id, lambda i: turned(i, tally.firing, one.title, now))

    async def incident(self) -> Incident:
        found = await self.deps.incidents.get(self.id)
        assert found is not None
        return found

    async def until(self, status: IncidentStatus) -> None:
        for _ in range(500):
            if (await self.incident()).status is status:
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"The incident did not become {status}.")

    def job(self, kind: JobKind, attempt: int = 1, created: datetime | None = None, **payload: Any) -> Job:
        at = created or self.deps.clock()
        given = {"incident": self.id, "team": self.ws.team_id, **payload}
        return Job(
            id=new_id("job"), kind=kind, idempotency_key=new_id("job"), payload=given, attempt=attempt, created_at=at
        )

    async def living(self, attempt: int = 1, created: datetime | None = None, **payload: Any) -> None:
        await handle_living(self.job(JobKind.living, attempt, created, **payload), self.desk)

    async def analysis(self, why: str = "new", created: datetime | None = None) -> None:
        await handle_analysis(self.job(JobKind.analysis, 1, created, why=why), self.desk)

    async def click(self, action: str, value: str = "", user: str = "maya", at: datetime | None = None) -> Job:
        """A click under the incident's message; returns its job, to be delivered again."""
        place = (await self.incident()).place
        assert place is not None
        ts = f"{(at or self.deps.clock()).timestamp():.6f}"
        where = {"channel": place.channel, "thread_ts": place.thread_ts}
        job = self.job(JobKind.ownership, **where, action=action, value=value, user=self.ws.user_id(user), at=ts)
        await handle_ownership(job, self.desk)
        return job

    def shown(self, channel: str = "alerts") -> list[dict[str, Any]]:
        """Watchkeeper's messages in a channel and its threads, oldest first, all of them valid."""
        roots = self.ws.messages(channel)
        everything = [message for root in roots for message in self.ws.thread(channel, root["ts"])]
        own = [message for message in everything if message.get("user") == self.ws.bot_user]
        for message in own:
            assert validate_blocks(message.get("blocks") or []) == []
        return own

    def words(self, channel: str = "alerts") -> str:
        """What the only message says."""
        (message,) = self.shown(channel)
        return text_of(message)

    def buttons(self, channel: str = "alerts") -> list[str]:
        (message,) = self.shown(channel)
        blocks = [block for block in message.get("blocks") or [] if block["type"] == "actions"]
        return [element["action_id"] for block in blocks for element in block["elements"]]

    async def queued(self, kind: JobKind) -> list[Job]:
        """What waits in the queue, delayed or not."""
        self.clock.ahead += timedelta(hours=1)
        jobs: list[Job] = []
        while received := await self.deps.queue.receive(10, 1):
            for job in received:
                await self.deps.queue.delete(job)
            jobs += received
        self.clock.ahead -= timedelta(hours=1)
        return [job for job in jobs if job.kind is kind]


def alert(title: str = "checkout errors", fingerprint: str = "f1", **fields: Any) -> Alert:
    given: dict[str, Any] = {
        "source": "cloudwatch",
        "severity": Severity.error,
        "status": AlertStatus.firing,
        "resource": Resource(service="lambda", type="function", id="checkout"),
        "started_at": datetime.now(UTC),
    }
    return Alert(title=title, fingerprint=fingerprint, **(given | fields))


class MovedClock:
    """This machine's clock, set forward by tests."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@contextmanager
def incident_desk(ws: RunningWorkspace, home: Path, model: Any = None, **settings: Any) -> Generator[IncidentDesk]:
    """With the offline analyst, or a model of the test's own."""
    clock = MovedClock()

    def models(role: str) -> Any:
        return OfflineAnalyst(held.deps.knowledge, SPECIALISTS) if model is None or role == "offline" else model

    held = build_deps(
        Settings(home=home, slack_api_url=ws.api_url, **settings), clock=clock, aws=Nowhere(), models=models
    )
    try:
        yield IncidentDesk(ws, held.deps, clock)
    finally:
        held.close()
