"""From a diagnosis to a changed and checked system, or to nothing at all.

Each node does one thing to the stored remediation; `agent.remediation_order` says from what is stored which comes next.
So a run that is interrupted anywhere goes on where it was, with or without its checkpoint. Nothing that a model wrote
is read here but the diagnosis' choice of a runbook.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
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
from agent.remediation_order import MAX_ROUNDS, active_step, next_stage, status_of, to_undo, unless_gone_on
from agent.safety.policy import Glass, PolicyRequest, Ruling, counted, policy_of
from agent.verifying import look, next_look
from graphs.remediation_plan import environment_of, lessons, looked_at, next_steps, undoing
from graphs.remediation_watching import Watching
from tools.actions.catalog import actions
from tools.executor import DRIFTED, Executor, step_of, with_step

SWITCH = "remediation:switch"
"""Where the kill switch lies that is pressed by command: `{"off_by": "U…"}`."""
NODES = ("plan", "offer", "ask", "execute", "watch", "undo", "replan", "close", "stop", "escalate")
HIDDEN = "It holds something that looks like a secret, which is kept nowhere; do it by hand."
NOTHING = "There is nothing that I could propose."


class RemediationState(TypedDict):
    remediation: str


LookAgain = Callable[[Incident, Remediation], Awaitable[None]]
"""Analyses the incident anew, knowing what was tried; the incident's diagnosis is a new one then."""


@dataclass(frozen=True)
class Remediator:
    """The nodes. Each takes the remediation as stored and gives it back as stored afterwards."""

    executor: Executor
    look_again: LookAgain | None = None

    @property
    def deps(self) -> Deps:
        return self.executor.deps

    @property
    def watching(self) -> Watching:
        return Watching(self.executor)

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
        ruling = await self.ruling(given, step)
        forbidden = _forbidden(step, ruling)
        if step.status is StepStatus.approved:
            if forbidden:
                await self._audit(AuditEvent.refused, given, step, why=forbidden, policy_version=ruling.policy_version)
                return await self._step(given, step, status=StepStatus.refused, note=forbidden)
            given, step = await self._with_baseline(given, step)
        try:
            step = await self.executor.execute(given.id, step.action.id, forbidden)
        except WriteRefused as error:
            await self._audit(AuditEvent.refused, given, step, why=str(error))
            if str(error) == DRIFTED:
                await self.deps.approvals.supersede(step.approval_id)
                return await self._change(given, steps=_replaced(given, await looked_at(step, self.executor)))
            status = StepStatus.refused if str(error) == forbidden else StepStatus.failed
            return await self._step(given, step, status=status, note=str(error))
        given = given.model_copy(update={"steps": _replaced(given, step)})
        if step.status is StepStatus.failed:
            return await self._step(given, step, note=f"{step.note} {await self.watching.standing(step)}".strip())
        return await self._change(given)

    async def watch(self, given: Remediation) -> Remediation:
        """Looks at what the action came to, and at the signal, until it is known whether it helped."""
        given, step = await self._followed(given, _active(given))
        if step.status is StepStatus.failed:
            return given
        if step.action.rolls_back:
            return await self._undone(given, step)
        now, check = self.deps.clock(), step.action.verification
        began = step.result.at if step.result else now
        reading = await self.watching.reading(step, await self._incident(given))
        seen = look(check, step.verification, reading, began, now)
        given = await self._step(given, step, verification=seen)
        if seen.outcome == "waiting":
            interrupt({"until": next_look(check, seen, began, now).isoformat()})
            return given
        if seen.outcome == "unknown":
            return await self._unknown(given, step_of(given, step.action.id))
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
        learnt = (*given.learnt, *lessons(given))
        if given.round >= MAX_ROUNDS:
            return await self._change(given, learnt=learnt, over="escalated")
        if self.look_again is not None:
            await self.look_again(await self._incident(given), given)
        return await self._change(given, learnt=learnt, round=given.round + 1)

    async def close(self, given: Remediation) -> Remediation:
        return await self._change(given, over="succeeded")

    async def stop(self, given: Remediation) -> Remediation:
        return await self._change(given, over="rejected")

    async def escalate(self, given: Remediation) -> Remediation:
        return await self._change(given, learnt=(*given.learnt, *lessons(given)), over="escalated")

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
            actions_so_far=0 if step.action.rolls_back else so_far,  # no count keeps a change that did not help
            running=running,
            environment=environment_of(deps.settings, step.action.target.account, deps.aws.account),
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

    async def _with_baseline(self, given: Remediation, step: Step) -> tuple[Remediation, Step]:
        baseline = await self.watching.baseline(step, await self._incident(given))
        seen = step.verification.model_copy(update={"baseline": baseline})
        given = await self._step(given, step, verification=seen)
        return given, step_of(given, step.action.id)

    async def _followed(self, given: Remediation, step: Step) -> tuple[Remediation, Step]:
        """With what the action has come to since: a script that ended, a rollout that was given up."""
        result = await self.watching.outcome(step)
        if result is None or result == step.result:
            return given, step
        changes: dict[str, Any] = {"result": result}
        if not result.succeeded:
            changes |= {"status": StepStatus.failed, "note": result.message}
        given = await self._step(given, step, **changes)
        step = step_of(given, step.action.id)
        if not result.succeeded:
            await self._audit(AuditEvent.failed, given, step, why=result.message)
        return given, step

    async def _undone(self, given: Remediation, step: Step) -> Remediation:
        """A way back is seen by the account itself: it is as it was before, or a person has to look."""
        now, check = self.deps.clock(), step.action.verification
        began = step.result.at if step.result else now
        patient = now - began < timedelta(seconds=check.within_seconds)
        is_back, said = await self.watching.is_back(step, patient)
        seen = step.verification.model_copy(update={"seen": said, "looked_at": now})
        if is_back is None and patient:
            given = await self._step(given, step, verification=seen)
            interrupt({"until": next_look(check, seen, began, now).isoformat()})
            return given
        if is_back:
            given = await self._step(given, step, verification=seen)
            return await self._verified(given, step_of(given, step.action.id), StepStatus.rolled_back)
        note = f"It was ordered, but the account is not seen to be as it was before: {said} Please look."
        given = await self._step(given, step, verification=seen, status=StepStatus.failed, note=note)
        await self._audit(AuditEvent.failed, given, step_of(given, step.action.id), why=note)
        return given

    async def _unknown(self, given: Remediation, step: Step) -> Remediation:
        """Nobody undoes what may have helped: people have to look."""
        learnt = f"{step.action.expected_effect} Whether it helped is unknown: {step.verification.seen}"
        over = {"learnt": (*given.learnt, learnt), "status": RemediationStatus.escalated}
        changes, now = {"status": StepStatus.no_effect}, self.deps.clock()
        given = await self._write(
            given, lambda kept: with_step(kept, step.action.id, changes, now).model_copy(update=over)
        )
        await self._audit(AuditEvent.verified, given, step_of(given, step.action.id), outcome="unknown")
        return given

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
        """RetryLater when it is not as it was given any more."""
        careful = unless_gone_on(given, lambda kept: _with_status(change(kept)))
        changed = await self.deps.remediations.change(given.id, careful)
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


def _forbidden(step: Step, ruling: Ruling) -> str:
    """Why the policy of this moment does not let it be done any more; "" when it does."""
    if ruling.decision == "refuse":
        return " ".join(ruling.reasons)
    if step.by_policy and ruling.decision != "by_itself":
        return "The policy does not let it run by itself any more."
    return ""


def _active(given: Remediation) -> Step:
    step = active_step(given)
    if step is None:
        raise WriteRefused("There is no step to go on with.")
    return step


def _replaced(given: Remediation, step: Step) -> tuple[Step, ...]:
    return tuple(step if step.action.id == each.action.id else each for each in given.steps)
