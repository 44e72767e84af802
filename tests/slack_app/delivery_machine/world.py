"""Two worker processes, those who send them alerts, and Slack; and what must hold whatever happens to them."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from agent.living import last_run, state_of
from agent.models import (
    Action,
    AlertStatus,
    Check,
    Diagnosis,
    Incident,
    IncidentStatus,
    Job,
    JobKind,
    Remediation,
    RemediationStatus,
    Resource,
    Risk,
    Step,
    StepStatus,
    digest,
    new_id,
)
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.workspace.workspace import Workspace
from graphs.alert_counting import APART
from graphs.state import AlertState
from slack_app.application import Application
from slack_app.blocks.living import living_blocks, living_text
from slack_app.handlers.sightings import look
from slack_app.messenger import MARK
from tests.slack_app.delivery_machine.backends import Aws, Free, Sqlite
from tests.slack_app.delivery_machine.chance import drawn_from
from tests.slack_app.delivery_machine.crew import LEASE_SECONDS, Crew
from tests.slack_app.delivery_machine.process import Life, Process
from tests.slack_app.delivery_machine.senders import POSTS, Delivery, words_of
from tests.slack_app.delivery_machine.slack_wire import SlackSession, Troubles
from tests.slack_app.delivery_machine.virtual_time import MachineClock, VirtualLoop

WINDOW = timedelta(hours=1)
ANALYSIS_SECONDS = 20.0
HELPED: dict[str, Any] = {
    "id": "act_1",
    "type": "a change",
    "target": Resource(id="x"),
    "risk": Risk.low,
    "reversible": True,
    "expected_effect": "It is changed.",
    "verification": Check(kind="state", name="x", expected="It is changed"),
}


@dataclass
class Told:
    """What the senders know of one alert."""

    deliveries: list[Delivery] = field(default_factory=list[Delivery])
    murky: bool = False
    """So much time passed while something of it was on its way that its order says nothing of how it stands."""
    settled: int = 0
    """How many messages had come when nothing was on its way any more and their windows had ended."""

    @property
    def fired(self) -> int:
        return sum(each.status is AlertStatus.firing for each in self.deliveries)


class World(Crew):
    """Time stands still but for what works in it. `async` methods are run by `run`.

    Two worlds with one `seed`, to which the same happens, are the same.
    """

    def __init__(self, backend: Sqlite | Aws, seed: int = 0) -> None:
        self._stack = ExitStack()
        self._stack.enter_context(drawn_from(seed))
        self.clock = MachineClock()
        self.set_forward = self.clock.true - WINDOW
        """When the machine's clock was last set forward so far that it ended windows."""
        self.troubles = Troubles()
        self.store_troubles = 0
        self.told: dict[str, Told] = {}
        self.on_the_way: set[str] = set()
        self.at_work: Counter[str] = Counter()
        self.analyses = 0
        self.twice_at_once = False
        self.remedied: dict[str, dict[str, int]] = {}
        """Incidents that a change closed, with how many messages of each of their alerts had come by then."""
        self.touched: set[str] = set()
        """Incidents of which a person said that they are over, or not."""
        self._workspace = Workspace(clock=lambda: self.clock.true.timestamp(), subscriptions=())
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualLoop(self.clock.pass_by))
        self._folder = Path(tempfile.mkdtemp())
        self._backend = self._stack.enter_context(backend.running(self._folder, self.clock))
        self._settings = Settings.read(home=self._folder, job_lease_seconds=LEASE_SECONDS)
        self._watching = self._backend.open(self._settings, Free(), self.clock)
        self._processes = self.run(self._two())
        self._channel = self._workspace.state.channel("alerts")

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    @property
    def deps(self) -> Deps:
        return self._watching.deps

    def close(self) -> None:
        for process in self._processes:
            self.run(process.close())
        self._watching.close()
        self._stack.close()
        self._runner.close()
        shutil.rmtree(self._folder)

    # What happens

    def message(self, name: str, status: AlertStatus) -> Delivery:
        """What a sender says now. A post stands in Slack from now on."""
        self.clock.pass_by(1)
        key, post = new_id("delivery"), None
        if name in POSTS:
            user = self._workspace.state.user("maya")
            text = words_of(name, status)
            posted = self.run(self._post(user, text))
            post = {"ts": posted["ts"], "bot_id": "B1", "text": text}
        return Delivery(name, status, self.clock.true, key, post, self._channel.id)

    async def _post(self, user: Any, text: str) -> Any:
        return self._workspace.timeline.post_as_person(user, self._channel, text)

    def arrives(self, delivery: Delivery) -> bool:
        """True when it had not come before."""
        new = self.deps.queue.send(delivery.job(self.clock()))
        if new:
            told = self.told.setdefault(delivery.fingerprint, Told())
            told.deliveries.append(delivery)
            told.murky |= self.clock.true - delivery.sent > WINDOW / 4 or self._window_ended(delivery)
            self.on_the_way.add(delivery.fingerprint)
        return new

    def _window_ended(self, delivery: Delivery) -> bool:
        """What fires is believed when the window of what said that it is over has ended meanwhile, or may have."""
        return delivery.status is AlertStatus.firing and self.set_forward >= delivery.sent

    def time_jumps(self, seconds: float, wrong: bool) -> None:
        """For everybody, or (`wrong`) only on the machine."""
        if wrong and seconds >= WINDOW.total_seconds() / 4:
            self.set_forward = self.clock.true
        if abs(seconds) >= WINDOW.total_seconds() / 4:
            for fingerprint in self.on_the_way:
                self.told[fingerprint].murky = True
        if wrong:
            self.clock.wrong_by += timedelta(seconds=seconds)
            self.remedied.clear()  # what came before a change helped is not known by its time any more
        else:
            self.clock.pass_by(seconds)

    def click(self, action: str, which: int) -> None:
        """On the message of one of the incidents that have one."""
        shown = [incident for incident in self.run(self._incidents()) if incident.summary_ts]
        if not shown:
            return
        incident = shown[which % len(shown)]
        assert incident.place is not None
        where = {"channel": incident.place.channel, "thread_ts": incident.place.thread_ts, "team": incident.place.team}
        payload = {"incident": incident.id, "user": self._workspace.state.user("maya").id, **where}
        if action == "analyse":
            self._queue(JobKind.analysis, {**payload, "why": "asked"})
        else:
            self.touched.add(incident.id)
            self.remedied.pop(incident.id, None)
            at = f"{self.clock.true.timestamp():.6f}"
            self._queue(JobKind.ownership, {**payload, "action": action, "value": "", "at": at})

    async def a_change_helps(self, which: int) -> None:
        """With one of the incidents: whatever was counted before that opens it no more, however often it comes."""
        shown = [incident for incident in await self._incidents() if incident.summary_ts]
        if not shown:
            return
        incident, name, now = shown[which % len(shown)], new_id("rem"), self.clock()
        fingerprints = {alert.fingerprint for alert in incident.alerts}
        if incident.status is IncidentStatus.resolved:
            return
        counted = all([await self._all_counted(fingerprint) for fingerprint in fingerprints])
        if counted and incident.id not in self.touched:
            self.remedied[incident.id] = {fingerprint: self._heard(fingerprint) for fingerprint in fingerprints}
        self.touched.add(incident.id)
        watched = {"status": IncidentStatus.verifying}
        await self.deps.incidents.change(incident.id, lambda kept: kept.model_copy(update=watched))
        step = Step(action=Action(**HELPED), status=StepStatus.helped, by_policy=True)
        over = {"status": RemediationStatus.succeeded, "steps": (step,), "created_at": now, "updated_at": now}
        await self.deps.remediations.create(Remediation(id=name, incident_id=incident.id, **over))
        self._queue(JobKind.verify, {"remediation": name})

    async def _all_counted(self, fingerprint: str) -> bool:
        found = [s for i in await self._incidents() for s in await self.deps.ledger.of_incident(i.id)]
        apart = await self.deps.ledger.of_incident("")
        seen = [s for s in (*found, *apart) if s.alert.fingerprint in (fingerprint, APART + fingerprint)]
        return sum(s.events for s in seen) >= self._heard(fingerprint)

    def _heard(self, fingerprint: str) -> int:
        return len(self.told[fingerprint].deliveries) if fingerprint in self.told else 0

    def _queue(self, kind: JobKind, payload: dict[str, Any]) -> None:
        key = new_id("click")
        self.deps.queue.send(Job(id=key, kind=kind, idempotency_key=key, payload=payload, created_at=self.clock()))

    async def a_quiet_while(self) -> None:
        """Everything is done, and all windows end."""
        await self.drain()
        await self.check_at_rest()
        self.clock.pass_by(2 * WINDOW.total_seconds())
        for told in self.told.values():
            told.murky, told.settled = False, len(told.deliveries)

    # Work

    def _begin(self) -> Process:
        life = Life()
        life.busy = self._is_busy
        held = self._backend.open(self._settings, life, self.clock)
        session = SlackSession(self._workspace, self.troubles, life)
        application = Application(held.deps, alert_analysis=self._graph(), conversation=None)
        return Process(held, life, session, application, self._workspace.bot_token)

    def _spare(self) -> None:
        """There is no other way here."""

    def _graph(self) -> Any:
        """An analysis that takes its time, and must be the only one of its incident."""

        async def analyse(state: AlertState, config: RunnableConfig) -> dict[str, Any]:
            incident = str(config.get("configurable", {})["thread_id"]).partition(":")[0]
            self.at_work[incident] += 1
            self.analyses += 1
            self.twice_at_once |= self.at_work[incident] > 1
            try:
                await asyncio.sleep(ANALYSIS_SECONDS)
            finally:
                self.at_work[incident] -= 1  # also for who is killed: that ends what it did
            return {"diagnosis": Diagnosis(summary="It is known.", root_cause="A release.").model_dump(mode="json")}

        graph = StateGraph(AlertState, context_schema=Deps)
        graph.add_node("analyse", analyse)
        graph.add_edge(START, "analyse")
        graph.add_edge("analyse", END)
        return graph.compile(InMemorySaver())

    # What must hold

    async def check_always(self) -> None:
        assert not self.twice_at_once, "An incident was analysed twice at the same time."
        marks = Counter(mark for mark, _ in self._marked())
        assert not [mark for mark, times in marks.items() if times > 1], "An incident has two messages."
        waiting = await self.deps.queue.waiting()
        assert not waiting.dead, [letter.reason for letter in await self.deps.queue.dead_letters()]
        if not waiting.ready + waiting.delayed + waiting.leased:
            self.on_the_way.clear()

    async def check_at_rest(self) -> None:
        """When nothing waits any more."""
        await self.check_always()
        incidents = await self._incidents()
        for fingerprint, told in self.told.items():
            await self._is_counted(fingerprint, told, incidents)
            await self._stands_as_told(fingerprint, told)
        messages = dict(self._marked())
        for incident in incidents:
            await self._is_shown(incident, messages)
            if incident.status is not IncidentStatus.resolved:
                assert incident.diagnosis is not None, f"{incident.id} was not analysed"
            counted = self.remedied.get(incident.id)
            if counted == {alert.fingerprint: self._heard(alert.fingerprint) for alert in incident.alerts}:
                assert incident.status is IncidentStatus.resolved, f"{incident.id} was opened again by something old"
            run = last_run(incident)
            assert run is None or run.kind == "diagnosed"

    async def _is_counted(self, fingerprint: str, told: Told, incidents: list[Incident]) -> None:
        """Each message once, in windows that are apart, each of which is in one incident."""
        ledger = self.deps.ledger
        episodes = await ledger.earlier(fingerprint, 60)
        seen = [s for i in incidents for s in await ledger.of_incident(i.id) if s.alert.fingerprint == fingerprint]
        apart = [s for s in await ledger.of_incident("") if s.alert.fingerprint == APART + fingerprint]
        assert sum(s.count for s in seen) == told.fired
        assert sum(s.events for s in [*seen, *apart]) >= len(told.deliveries)
        for later, sooner in pairwise(episodes):
            assert later.at - sooner.at >= WINDOW
        listed = {i.id for i in incidents if any(alert.fingerprint == fingerprint for alert in i.alerts)}
        assert listed == {episode.incident_id for episode in episodes}

    async def _stands_as_told(self, fingerprint: str, told: Told) -> None:
        episodes = await self.deps.ledger.earlier(fingerprint, 1)
        if (
            told.murky
            or len(told.deliveries) == told.settled
            or not episodes
            or episodes[0].incident_id in self.touched
        ):
            return
        newest = max(told.deliveries, key=lambda delivery: delivery.sent)
        sightings = await self.deps.ledger.of_incident(episodes[0].incident_id)
        (status,) = [s.status for s in sightings if s.alert.fingerprint == fingerprint]
        assert status is newest.status
        incident = await self.deps.incidents.get(episodes[0].incident_id)
        assert incident is not None
        over = all(s.status is AlertStatus.resolved for s in sightings)
        assert (incident.status is IncidentStatus.resolved) is over

    async def _is_shown(self, incident: Incident, messages: dict[str, Any]) -> None:
        if state_of(incident) == "quiet":
            return
        message = messages.pop(incident.id)
        assert incident.summary_ts == message["ts"]
        seen = await look(self.deps, incident)
        text, blocks = living_text(incident, seen), living_blocks(incident, seen, self.clock())
        if not any(len(sighting.flips) > 2 for sighting in seen.sightings):  # said until it changes
            assert incident.shown == digest(text, blocks), f"{incident.id} shows what was"
        found = re.search(r"(?:fired|seen) (\d+) time", json.dumps(message["blocks"], ensure_ascii=False))
        assert (int(found.group(1)) if found else 1) == seen.tally.count

    def _marked(self) -> list[tuple[str, Any]]:
        """Watchkeeper's messages that are an incident's, and whose."""
        messages = [message for message in self._channel.messages.values() if "metadata" in message]
        marked = [message for message in messages if message["metadata"].get("event_type") == MARK]
        return [(message["metadata"]["event_payload"]["mark"], message) for message in marked]

    async def _incidents(self) -> list[Incident]:
        return await self.deps.incidents.recent(self.clock.true - timedelta(days=60), 1000)
