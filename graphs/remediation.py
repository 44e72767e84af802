"""From a diagnosis to a changed and checked system, or to nothing at all.

Each node does one thing to the stored remediation; `agent.remediation_order` says from what is stored which comes next.
So a run that is interrupted anywhere goes on where it was, with or without its checkpoint. Nothing that a model wrote
is read here but the diagnosis' choice of a runbook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, interrupt

from agent.audit_events import AuditEvent, audit_entry
from agent.errors import WriteRefused
from agent.models import Approval, Incident, Remediation, RemediationStatus, Step, StepStatus
from agent.models.base import digest
from agent.ports import Deps
from agent.remediation_order import MAX_ROUNDS, active_step, next_stage, status_of, to_undo
from agent.safety.policy import Glass, PolicyRequest, Ruling, counted, policy_of
from agent.verifying import look, next_look
from graphs.remediation_plan import looked_at, next_steps, undoing
from tools.actions.catalog import actions
from tools.actions.signal_reader import read_baseline, read_signal
from tools.executor import DRIFTED, Executor, step_of, with_step

SWITCH = "remediation:switch"
"""Where the kill switch lies that is pressed by command: `{"off_by": "U…"}`."""
NODES = ("plan", "offer", "ask", "execute", "watch", "undo", "replan", "close", "stop", "escalate")
HIDDEN = "It holds something that looks like a secret, which is kept nowhere; do it by hand."
NOTHING = "There is nothing that I could propose."


class RemediationState(TypedDict):
    remediation: str


LookAgain = Callable[[Incident, str], Awaitable[None]]
"""Analyses the incident anew, knowing what was tried; the incident's diagnosis is a new one then."""


@dataclass(frozen=True)
class Remediator:
    """The nodes. Each takes the remediation as stored and gives it back as stored afterwards."""

    executor: Executor
    look_again: LookAgain | None = None

    @property
    def deps(self) -> Deps:
        return self.executor.deps

    async def plan(self, given: Remediation) -> Remediation:
        incident = await self._incident(given)
        steps, impossible = await next_steps(given, incident, actions(self.deps.settings), self.executor)
        if not any(step.status is StepStatus.proposed for step in steps):
            notes = (*impossible, *(step.note for step in steps if step.note)) or (NOTHING,)
            return await self._change(
                given, steps=(*given.steps, *steps), learnt=(*given.learnt, *notes), over="escalated"
            )
        kept = await self._change(given, steps=(*given.steps, *steps), learnt=(*given.learnt, *impossible))
        for step in steps:
            refused = step.status is StepStatus.refused
            await self._audit(AuditEvent.refused if refused else AuditEvent.proposed, kept, step, why=step.note)
        return kept

    async def offer(self, given: Remediation) -> Remediation:
        step = _active(given)
        ruling = await self.ruling(given, step)
        note = " ".join(ruling.reasons)
        if ruling.decision == "refuse":
            await self._audit(AuditEvent.refused, given, step, why=note, policy_version=ruling.policy_version)
            return await self._step(given, step, status=StepStatus.refused, note=note, rule=ruling.rule)
        if ruling.decision == "by_itself":
            await self._audit(AuditEvent.by_itself, given, step, why=note, policy_version=ruling.policy_version)
            allowed = {"status": StepStatus.approved, "by_policy": True, "rule": ruling.rule}
            return await self._step(given, step, **allowed)
        approval = self.asked(given, step, ruling)
        await self.deps.approvals.save(approval)
        await self._audit(AuditEvent.asked, given, step, approval, policy_version=ruling.policy_version)
        waiting = {"status": StepStatus.awaiting, "approval_id": approval.id, "rule": ruling.rule, "note": note}
        return await self._step(given, step, **waiting)

    async def ask(self, given: Remediation) -> Remediation:
        """Waits for people. Whatever wakes it, the stored approval alone counts."""
        step = _active(given)
        approval = await self.deps.approvals.get(step.approval_id)
        if approval is None:
            return await self._step(given, step, status=StepStatus.refused, note="Its approval is gone.")
        if approval.decision == "pending" and self.deps.clock() < approval.expires_at:
            interrupt({"approval": approval.id, "until": approval.expires_at.isoformat()})
            return given  # woken too early: it is looked at again, and waited for again
        if approval.decision == "approved":
            return await self._step(given, step, status=StepStatus.approved)
        if approval.decision == "rejected":
            return await self._step(given, step, status=StepStatus.rejected, note=approval.reason)
        if approval.decision == "superseded":
            return await self._change(given, steps=_replaced(given, await looked_at(step, self.executor)))
        await self.deps.approvals.expire(approval.id)
        await self._audit(AuditEvent.expired, given, step, approval)
        return await self._step(given, step, status=StepStatus.expired, note="Nobody decided in time.")

    async def execute(self, given: Remediation) -> Remediation:
        step = _active(given)
        if step.status is StepStatus.approved:
            ruling = await self.ruling(given, step)
            if ruling.decision == "refuse" or (step.by_policy and ruling.decision != "by_itself"):
                note = " ".join(ruling.reasons) or "The policy does not let it run by itself any more."
                await self._audit(AuditEvent.refused, given, step, why=note, policy_version=ruling.policy_version)
                return await self._step(given, step, status=StepStatus.refused, note=note)
            step = await self._with_baseline(given, step)
        try:
            await self.executor.execute(given.id, step.action.id)
        except WriteRefused as error:
            await self._audit(AuditEvent.refused, given, step, why=str(error))
            if str(error) == DRIFTED:
                await self.deps.approvals.supersede(step.approval_id)
                return await self._change(given, steps=_replaced(given, await looked_at(step, self.executor)))
            return await self._step(given, step, status=StepStatus.failed, note=str(error))
        return await self._change(given)

    async def watch(self, given: Remediation) -> Remediation:
        """Looks at the signal until it is known whether the action helped."""
        step = _active(given)
        if step.action.rolls_back:  # what it leads back to was seen in its result
            return await self._verified(given, step, StepStatus.rolled_back)
        check, now = step.action.verification, self.deps.clock()
        began = step.result.at if step.result else now
        reading = await asyncio.to_thread(
            partial(read_signal, check, step.action.target, step.verification.baseline, self._aws(step), now)
        )
        seen = look(check, step.verification, reading, began, now)
        given = await self._step(given, step, verification=seen)
        if seen.outcome == "waiting":
            interrupt({"until": next_look(check, seen, began, now).isoformat()})
            return given
        if seen.outcome == "unknown":
            learnt = (*given.learnt, f"{step.action.expected_effect} Whether it helped is unknown: {seen.seen}")
            given = await self._verified(given, step, StepStatus.no_effect)
            return await self._change(given, learnt=learnt, over="escalated")
        return await self._verified(given, step, StepStatus(seen.outcome))

    async def undo(self, given: Remediation) -> Remediation:
        steps = [step for step in given.steps if step.round == given.round]
        step = to_undo(steps)
        back = undoing(step, actions(self.deps.settings), self.executor) if step else None
        if step is None:
            return given
        if back is None:
            final = step.action.model_copy(update={"reversible": False})
            return await self._step(given, step, action=final)
        return await self._change(given, steps=(*given.steps, await looked_at(back, self.executor)))

    async def replan(self, given: Remediation) -> Remediation:
        learnt = (*given.learnt, *_lessons(given))
        if given.round >= MAX_ROUNDS:
            return await self._change(given, learnt=learnt, over="escalated")
        if self.look_again is not None:
            await self.look_again(await self._incident(given), " ".join(learnt))
        return await self._change(given, learnt=learnt, round=given.round + 1)

    async def close(self, given: Remediation) -> Remediation:
        return await self._change(given, over="succeeded")

    async def stop(self, given: Remediation) -> Remediation:
        return await self._change(given, over="rejected")

    async def escalate(self, given: Remediation) -> Remediation:
        return await self._change(given, learnt=(*given.learnt, *_lessons(given)), over="escalated")

    async def ruling(self, given: Remediation, step: Step, glass: Glass | None = None) -> Ruling:
        """The policy's word at this moment; where the glass was broken for the step, with that."""
        incident, deps = await self._incident(given), self.deps
        assert step.preview is not None
        so_far, running = counted(await deps.remediations.of_incident(given.incident_id), step.action.id)
        switch = await deps.state.get(SWITCH) or {}
        request = PolicyRequest(
            action=step.action,
            preview=step.preview,
            incident_id=given.incident_id,
            severity=incident.severity,
            confidence=incident.diagnosis.confidence.value if incident.diagnosis else 0.0,
            requester=given.requested_by,
            asked_by_person=given.requested_by.startswith(("U", "W")),
            actions_so_far=so_far,
            running=running,
            tags=step.preview.tags or None,
            now=deps.clock(),
            kill_switch=str(switch.get("off_by", "")),
            glass=glass or await self._glass(step),
        )
        return policy_of(deps.settings).rule(request)

    async def _glass(self, step: Step) -> Glass | None:
        approval = await self.deps.approvals.get(step.approval_id) if step.approval_id else None
        if approval is None or not approval.break_glass or not approval.approved_by:
            return None
        return Glass(by=approval.approved_by[0].by, reason=approval.reason)

    def asked(self, given: Remediation, step: Step, ruling: Ruling) -> Approval:
        """The same question has the same id, however often it is asked."""
        assert step.preview is not None
        now, payload = self.deps.clock(), step.action.payload_hash(given.incident_id)
        return Approval(
            id=f"apr_{digest(step.action.id, payload, step.preview.state, step.preview.at.isoformat())}",
            incident_id=given.incident_id,
            remediation_id=given.id,
            action_id=step.action.id,
            payload_hash=payload,
            state=step.preview.state,
            requested_by=given.requested_by,
            approvers=ruling.approvers,
            needed=ruling.needed,
            two_pairs=ruling.two_pairs,
            break_glass=ruling.break_glass,
            created_at=now,
            expires_at=now + timedelta(minutes=self.deps.settings.approval_minutes),
        )

    async def _with_baseline(self, given: Remediation, step: Step) -> Step:
        """What the signal is before the change, to see later whether it got worse."""
        now = self.deps.clock()
        reading = partial(read_baseline, step.action.verification, step.action.target, self._aws(step), now)
        seen = step.verification.model_copy(update={"baseline": await asyncio.to_thread(reading)})
        return step_of(await self._step(given, step, verification=seen), step.action.id)

    async def _verified(self, given: Remediation, step: Step, status: StepStatus) -> Remediation:
        given = await self._step(given, step, status=status)
        event = AuditEvent.rolled_back if status is StepStatus.rolled_back else AuditEvent.verified
        await self._audit(event, given, step_of(given, step.action.id), outcome=status.value)
        return given

    async def _step(self, given: Remediation, step: Step, **changes: Any) -> Remediation:
        now = self.deps.clock()
        return await self._write(given, lambda kept: with_step(kept, step.action.id, changes, now))

    async def _change(self, given: Remediation, over: str = "", **changes: Any) -> Remediation:
        fields = {**changes, "updated_at": self.deps.clock()} | ({"status": RemediationStatus(over)} if over else {})
        return await self._write(given, lambda kept: kept.model_copy(update=fields))

    async def _write(self, given: Remediation, change: Callable[[Remediation], Remediation]) -> Remediation:
        changed = await self.deps.remediations.change(given.id, lambda kept: _with_status(change(kept)))
        if changed is None:
            raise WriteRefused("I do not know this remediation any more.")
        return changed

    async def _incident(self, given: Remediation) -> Incident:
        incident = await self.deps.incidents.get(given.incident_id)
        if incident is None:
            raise WriteRefused("I do not know this incident any more.")
        return incident

    async def _audit(
        self, event: AuditEvent, given: Remediation, step: Step, approval: Approval | None = None, **detail: Any
    ) -> None:
        await self.deps.audit.append(
            audit_entry(event, "watchkeeper", self.deps.clock(), given, step, approval, **detail)
        )

    def _aws(self, step: Step) -> Any:
        target, aws = step.action.target, self.deps.aws
        return aws.at("" if target.account in ("", aws.account) else target.account, target.region)


def build_remediation(
    remediator: Remediator, checkpointer: BaseCheckpointSaver[Any] | None = None
) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The compiled graph: `{"remediation": id}` goes on from wherever the stored remediation is."""
    graph = StateGraph(RemediationState)

    async def route(state: RemediationState) -> Command[str]:
        given = await remediator.deps.remediations.get(state["remediation"])
        stage = "end" if given is None else next_stage(given)
        return Command(goto="__end__" if stage == "end" else stage)

    def node(name: str) -> Any:  # LangGraph's own type of a node cannot be written down
        async def run(state: RemediationState) -> Command[str]:
            given = await remediator.deps.remediations.get(state["remediation"])
            if given is not None and next_stage(given) == name:  # else it was done, and only this run was lost
                await getattr(remediator, name)(given)
            return Command(goto="route")

        return run

    graph.add_node("route", route, destinations=(*NODES, "__end__"))
    for name in NODES:
        graph.add_node(name, node(name), destinations=("route",))
    graph.add_edge(START, "route")
    return graph.compile(checkpointer=checkpointer, name="remediation")


def _with_status(given: Remediation) -> Remediation:
    return given if given.status.over else given.model_copy(update={"status": status_of(given)})


def _active(given: Remediation) -> Step:
    step = active_step(given)
    if step is None:
        raise WriteRefused("There is no step to go on with.")
    return step


def _replaced(given: Remediation, step: Step) -> tuple[Step, ...]:
    return tuple(step if step.action.id == each.action.id else each for each in given.steps)


def _lessons(given: Remediation) -> list[str]:
    """What this round's steps showed, in a sentence each."""
    words = {
        StepStatus.no_effect: "It did not help",
        StepStatus.worse: "It made things worse",
        StepStatus.failed: "It failed",
        StepStatus.refused: "It may not be done",
    }
    steps = [step for step in given.steps if step.round == given.round and step.status in words]
    return [
        f"{step.action.expected_effect} {words[step.status]}: {step.verification.seen or step.note}" for step in steps
    ]
