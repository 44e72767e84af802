"""Two worker processes over one account, people who decide, and what must hold whatever happens to them.

The oracle reads SQLite's file by itself, at the moment at which the account is about to be changed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from agent.audit_check import verify
from agent.models import Approval, Job, JobKind, Remediation, SlackPlace, Step, StepStatus, new_id
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.workspace.workspace import Workspace
from graphs.remediation import SWITCH, Remediator, build_remediation
from slack_app.application import Application
from slack_app.blocks.approval import ACTION, card_blocks, shown_step
from slack_app.handlers.cards import card_of
from slack_app.handlers.fixes import begin_remediation
from slack_app.messenger import MARK
from tests.graphs.remediation_machine.account import DEATHS, AccountView, AccountWrites, Effect, MemoryAccount
from tests.graphs.remediation_machine.story import KNOWLEDGE, POLICIES, REFUSING, incident
from tests.slack_app.delivery_machine.backends import Free, Sqlite
from tests.slack_app.delivery_machine.chance import drawn_from
from tests.slack_app.delivery_machine.crew import LEASE_SECONDS, Crew
from tests.slack_app.delivery_machine.process import Life, Process
from tests.slack_app.delivery_machine.slack_wire import SlackSession, Troubles
from tests.slack_app.delivery_machine.virtual_time import MachineClock, VirtualLoop
from tools.executor import Executor

HIGH_BUDGET = 6000
PEOPLE = ("maya", "liwei", "priya")
STALE = 10


@dataclass(frozen=True)
class Card:
    """What a person sees: where it is, and the approval that its buttons carry."""

    place: SlackPlace
    ts: str
    approval: str


class RemediationWorld(Crew):
    """Time stands still but for what works in it. Two worlds with one `seed`, to which the same happens, are the same.

    `shared`: whether processes find each other's checkpoints.
    """

    def __init__(self, seed: int = 0, shared: bool = True) -> None:
        self._stack = ExitStack()
        self._stack.enter_context(drawn_from(seed))
        self.clock = MachineClock()
        self.troubles = Troubles()
        self.store_troubles = 0
        self.switched_off = False
        self.drifted: set[str] = set()
        self.used: Counter[str] = Counter()
        self.clicks: list[tuple[dict[str, Any], str]] = []
        self._cards: list[Card] = []
        self._workspace = Workspace(clock=lambda: self.clock.true.timestamp(), subscriptions=())
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualLoop(self.clock.pass_by))
        self._folder = Path(tempfile.mkdtemp())
        self._backend = Sqlite()
        self._policy = self._folder / "policy.yaml"
        self.decree("one")
        self._settings = Settings.read(
            home=self._folder,
            job_lease_seconds=LEASE_SECONDS,
            action_policy=self._policy,
            executor_role_arn="arn:aws:iam::123456789012:role/executor",
            channel_messages_per_minute=HIGH_BUDGET,
        )
        self._saver = InMemorySaver() if shared else None
        self.account = MemoryAccount(self._is_allowed)
        self._watching = self._backend.open(self._settings, Free(), self.clock)
        self._processes = self.run(self._two())
        self._channel = self._workspace.state.channel("alerts")
        self._file = sqlite3.connect(self._folder / "watchkeeper.db", isolation_level=None)

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    @property
    def deps(self) -> Deps:
        return self._watching.deps

    def close(self) -> None:
        self._file.close()
        for process in self._processes:
            self.run(process.close())
        self._watching.close()
        self._stack.close()
        self._runner.close()
        shutil.rmtree(self._folder)

    def _begin(self) -> Process:
        life = Life()
        life.busy = self._is_busy
        held = self._backend.open(self._settings, life, self.clock)
        held = replace(held, deps=replace(held.deps, aws=AccountView(self.account, life), knowledge=KNOWLEDGE))
        remediator = Remediator(Executor(held.deps, AccountWrites(self.account, life)))
        graph = build_remediation(remediator, self._saver or InMemorySaver())
        application = Application(held.deps, None, None, remediator, graph)
        session = SlackSession(self._workspace, self.troubles, life)
        return Process(held, life, session, application, self._workspace.bot_token)

    @property
    def at_once(self) -> int:
        """How many remediations are open."""
        return len(self.run(self.deps.remediations.open()))

    # What happens

    async def fires(self, name: str) -> None:
        """Something goes wrong, its cause is found, and a remediation begins."""
        self.clock.pass_by(1)
        self.account.things[name].firing = True
        posted = self._workspace.timeline.post_as_person(
            self._workspace.state.user("maya"), self._channel, f"ALARM: {name}"
        )
        place = SlackPlace(team=self._workspace.state.team_id, channel=self._channel.id, thread_ts=posted["ts"])
        made = incident(name, place, self.clock())
        await self.deps.incidents.create(made)
        await self.deps.ledger.record(made.alerts[0], made.id, event_id=new_id("ev"))
        troubles, self.store_troubles = self.store_troubles, 0
        await begin_remediation(made.id, self._processes[0].desk)
        self.store_troubles = troubles

    def click(self, button: str, user: str, which: int, times: int = 1) -> None:
        """On one of the cards that have buttons now; from `STALE` on, on one that had."""
        cards = self.cards() if which < STALE else self._cards
        if not cards:
            return
        card = cards[-1 - which % len(cards)]
        where = {"channel": card.place.channel, "thread_ts": card.place.thread_ts, "team": card.place.team}
        clicked = {**where, "message_ts": card.ts, "user": self._workspace.state.user(user).id}
        for _ in range(times):
            at = f"{self.clock.true.timestamp():.6f}"
            self.clock.pass_by(0.1)
            said = {**clicked, "approval": card.approval, "action": f"{ACTION}{button}", "at": at, "reason": "No."}
            self.clicks.append((said, f"{button}:{user}:{at}"))
            self._queue(JobKind.approval, *self.clicks[-1])

    async def arrive_again(self) -> None:
        """The last click twice more, and what goes on with each remediation once more."""
        if self.clicks:
            said, unique = self.clicks[-1]
            for number in range(2):
                self._queue(JobKind.approval, said, f"{unique}:{number}:{new_id('job')}")
        for each in await self.deps.remediations.open():
            self._queue(JobKind.verify, {"remediation": each.id}, new_id("again"))

    def _queue(self, kind: JobKind, payload: dict[str, Any], unique: str) -> None:
        job = Job(id=new_id("job"), kind=kind, idempotency_key=unique, payload=payload, created_at=self.clock())
        self.deps.queue.send(job)

    def drift(self, name: str, how: str) -> None:
        self.drifted.add(name)
        self.account.drift(name, how)

    def switch(self, off: bool) -> None:
        self.switched_off = off
        self.run(self.deps.state.put(SWITCH, {"off_by": "UMAYA"} if off else {}, 10**9))

    def decree(self, name: str) -> None:
        self.policy = name
        ids = {user: self._workspace.state.user(user).id for user in PEOPLE}
        self._policy.write_text(POLICIES[name].format(**ids), "utf-8")

    def jumps_while_they_work(self, after: float, seconds: float) -> None:
        """This machine's clock is set so soon after they have begun."""
        loop = self._runner.get_loop()
        loop.call_later(after, self.clock_jumps, seconds)

    def clock_jumps(self, seconds: float) -> None:
        self.clock.wrong_by += type(self.clock.wrong_by)(seconds=seconds)

    def calm(self) -> None:
        """Nothing gets in the way any more."""
        self.store_troubles = 0
        for waiting in (self.troubles.calls, self.troubles.posts, self.account.reads, self.account.writes):
            waiting.clear()

    def _spare(self) -> None:
        writes = self.account.writes
        living = [trouble for trouble in writes if trouble not in DEATHS]
        writes.clear()
        writes.extend(living)

    def cards(self) -> list[Card]:
        """Those with buttons, the newest last."""
        there: list[Card] = []
        for message in self._messages().values():
            place = SlackPlace(
                team=self._workspace.state.team_id, channel=self._channel.id, thread_ts=message["thread_ts"]
            )
            buttons = [b for block in message["blocks"] if block["type"] == "actions" for b in block["elements"]]
            if buttons:
                there.append(Card(place, message["ts"], buttons[0]["value"]))
        self._cards += [card for card in there if card not in self._cards]
        return there

    # What must hold

    def _is_allowed(self, effect: Effect) -> None:
        """Asked when the account is about to be changed."""
        step, key = self._step(effect.by), f"policy:{effect.by}"
        sent = {name: effect.parameters.get(name) for name in ("desiredCount", "forceNewDeployment", "clientToken")}
        ordered = step.action.parameters
        assert step.status is StepStatus.executing, f"nobody wrote that {effect} is about to be done"
        assert step.action.target.id == effect.target
        assert sent["desiredCount"] in (None, ordered.get("desired"))
        assert bool(sent["forceNewDeployment"]) is (step.action.type == "ecs_restart")
        assert sent["clientToken"] in (None, step.token)
        assert not self.switched_off, "it was done although the kill switch was pressed"
        if step.by_policy:
            assert self.policy == "by itself", f"it was done by itself under the policy {self.policy}"
        else:
            key = step.approval_id
            self._has_consent(step)
        self.used[key] += 1
        assert self.used[key] == 1, f"{key} was used twice"

    def _has_consent(self, step: Step) -> None:
        (body,) = self._file.execute("SELECT body FROM approvals WHERE id = ?", (step.approval_id,)).fetchone()
        asked = json.loads(body)
        assert self.policy not in REFUSING, f"it was done under the policy {self.policy}"
        assert (asked["decision"], asked["claimed_by"]) == ("approved", step.action.id)
        assert asked["payload_hash"] == step.action.payload_hash(asked["incident_id"])
        assert self.clock() < datetime.fromisoformat(asked["expires_at"]), "it was done after it had expired"
        assert self._workspace.state.user("priya").id not in {mark["by"] for mark in asked["approved_by"]}
        assert len(asked["approved_by"]) >= asked["needed"]

    def _step(self, action_id: str) -> Step:
        for (body,) in self._file.execute("SELECT body FROM remediations WHERE body LIKE ?", (f"%{action_id}%",)):
            for step in Remediation.model_validate_json(body).steps:
                if step.action.id == action_id:
                    return step
        raise AssertionError(f"Nobody knows the action {action_id}.")

    async def check_always(self) -> None:
        waiting = await self.deps.queue.waiting()
        assert not waiting.dead, [letter.reason for letter in await self.deps.queue.dead_letters()]
        marks = Counter(self._mark(message) for message in self._channel.messages.values())
        assert not [mark for mark, times in marks.items() if mark.startswith("rem_") and times > 1], "two cards"

    async def check_at_rest(self) -> None:
        """When nothing waits any more: everything has come to an end, of which the card and the trail say the truth."""
        await self.check_always()
        report = await verify(self.deps.audit, self.clock())
        assert report.broken is None, report.broken
        cards = self._messages()
        for (body,) in self._file.execute("SELECT body FROM approvals").fetchall():
            await self._is_written_down(Approval.model_validate_json(body))
        for (body,) in self._file.execute("SELECT body FROM remediations").fetchall():
            given = Remediation.model_validate_json(body)
            assert given.status.over, f"{given.id} is stuck: {[(s.status, s.note) for s in given.steps]}"
            await self._is_shown(given, cards)
            for step in given.steps:
                await self._is_told_truly(given, step)

    async def _is_written_down(self, approval: Approval) -> None:
        """Each decision of a person, once."""
        if approval.decision in ("approved", "rejected"):
            events = await self.deps.audit.read(approval.incident_id, 1000)
            told = [e for e in events if e.detail.get("approval_id") == approval.id]
            assert sum(e.event == f"approval.{approval.decision}" for e in told) == 1, [e.event for e in told]

    async def _is_shown(self, given: Remediation, cards: dict[str, Any]) -> None:
        step = shown_step(given)
        if step is None:
            return
        found = await self.deps.incidents.get(given.incident_id)
        assert found is not None
        approval = await self.deps.approvals.get(step.approval_id) if step.approval_id else None
        card = card_of(given, step, approval, found, self._processes[0].deps)
        assert [b["type"] for b in cards[given.id]["blocks"]] == [b["type"] for b in card_blocks(card)]
        assert card.heading in json.dumps(cards[given.id]["blocks"], ensure_ascii=False)

    async def _is_told_truly(self, given: Remediation, step: Step) -> None:
        effects = [effect for effect in self.account.effects if effect.by == step.action.id]
        events = [e.event for e in await self.deps.audit.read(given.incident_id, 1000) if _is_about(e, step)]
        if effects:
            assert "action.intended" in events
            assert {"action.executed", "action.failed"} & set(events)
        if step.action.target.id not in self.drifted:  # else it may look as if it had been done, or not
            assert ("action.executed" in events) is bool(effects), (step.status, step.note)

    def _messages(self) -> dict[str, Any]:
        """The cards, by their remediation."""
        marked = {self._mark(message): message for message in self._channel.messages.values()}
        return {mark: message for mark, message in marked.items() if mark.startswith("rem_") and ":" not in mark}

    def _mark(self, message: dict[str, Any]) -> str:
        metadata = message.get("metadata") or {}
        return str(metadata["event_payload"]["mark"]) if metadata.get("event_type") == MARK else ""


def _is_about(entry: Any, step: Step) -> bool:
    return entry.detail.get("action_id") == step.action.id
