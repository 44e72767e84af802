"""What people decide about a proposed change: all is loaded and judged anew at the click, then the store decides.

A decision that does not count is a Refusal: nothing was changed, and the audit trail says who tried. Whoever calls it
goes on with the remediation afterwards; it is called by one process at a time for each remediation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from agent.audit_events import AuditEvent, audit_entry
from agent.errors import InputError
from agent.models import Approval, AuditEntry, Mark, Remediation, Step, StepStatus
from agent.models.base import digest
from agent.ports import Deps
from agent.safety.approving import Click, Present, Refusal, may_approve, may_reject
from agent.safety.policy import Glass
from graphs.remediation import Remediator
from graphs.remediation_plan import looked_at, watched_alert
from tools.actions.catalog import actions
from tools.executor import resource_key, with_step

MAX_REASON_CHARS = 1000
LOOK_SECONDS = 5.0
NEW_CARD = ("changed", "drifted")
"""What is refused for these reasons is asked anew, as it is now."""
LOST = Refusal("decided", "Somebody else decided at the same moment, or its time was over.")
SAME = "That is what the card proposes already; nothing was changed."


class Asked(NamedTuple):
    """An approval with what it is for."""

    approval: Approval
    remediation: Remediation
    step: Step


@dataclass(frozen=True)
class Consent:
    """`at` is when somebody clicked, on Slack's clock: the same click again is known by it."""

    remediator: Remediator

    @property
    def deps(self) -> Deps:
        return self.remediator.deps

    async def find(self, approval_id: str) -> Asked | None:
        """None for an approval that nobody waits for (any more)."""
        approval = await self.deps.approvals.get(approval_id)
        remediation = await self.deps.remediations.get(approval.remediation_id) if approval else None
        steps = remediation.steps if remediation else ()
        step = next((step for step in steps if approval and step.approval_id == approval.id), None)
        return Asked(approval, remediation, step) if approval and remediation and step else None

    async def approve(self, approval_id: str, click: Click, at: datetime) -> Refusal | None:
        """None when it counts, be it that more people are needed."""
        asked = await self.find(approval_id)
        if asked is None:
            return await self._refuse(approval_id, None, click, _unknown(click))
        approval, remediation, step = asked
        if any((mark.by, mark.at) == (click.by, at) for mark in approval.approved_by):
            return None  # this very click, delivered again
        present, problems = await self._present(asked)
        if refusal := may_approve(approval, click, present):
            if refusal.why == "drifted" and problems:
                refusal = Refusal("drifted", f"It cannot be done as things are now: {problems}")
            if refusal.why in NEW_CARD:
                await self._supersede(asked, refusal.why)
            return await self._refuse(approval_id, asked, click, refusal)
        decided = await self.deps.approvals.approve(approval_id, Mark(by=click.by, at=at))
        if decided is None:
            return await self._refuse(approval_id, asked, click, LOST)
        event = AuditEvent.approved if decided.decision == "approved" else AuditEvent.consented
        version = present.ruling.policy_version
        await self._audit(event, click.by, remediation, step, decided, policy_version=version, via=click.via)
        return None

    async def reject(self, approval_id: str, click: Click, at: datetime, reason: str) -> Refusal | None:
        asked = await self.find(approval_id)
        if asked is None:
            return await self._refuse(approval_id, None, click, _unknown(click))
        approval, remediation, step = asked
        if (approval.decision, approval.decided_by) == ("rejected", click.by):
            return None
        if refusal := may_reject(approval, click):
            return await self._refuse(approval_id, asked, click, refusal)
        decided = await self.deps.approvals.reject(
            approval_id, Mark(by=click.by, at=at, note=reason[:MAX_REASON_CHARS])
        )
        if decided is None:
            return await self._refuse(approval_id, asked, click, LOST)
        await self._audit(AuditEvent.rejected, click.by, remediation, step, decided, why=reason, via=click.via)
        return None

    async def break_glass(self, approval_id: str, click: Click, at: datetime, reason: str) -> Refusal | None:
        """Done at once and alone by one whom the policy lets do so: the old question gives way to one that is answered.

        The kill switch, limits, drift and locks hold all the same.
        """
        asked = await self.find(approval_id)
        if asked is None:
            return await self._refuse(approval_id, None, click, _unknown(click))
        old, remediation, step = asked
        if old.break_glass and old.decision == "approved":
            return None  # this very click, delivered again
        glass = Glass(by=click.by, reason=reason[:MAX_REASON_CHARS])
        present, _ = await self._present(asked, glass)
        shown = old.model_copy(update={"approvers": present.ruling.approvers, "break_glass": True, "two_pairs": False})
        if refusal := _not_broken(present) or may_approve(shown, click, present):
            return await self._refuse(approval_id, asked, click, refusal)
        name = f"apr_{digest(old.id, 'glass', click.by)}"
        new = self.remediator.asked(remediation, step, present.ruling)
        where = {"place": old.place, "message_ts": old.message_ts}
        new = new.model_copy(update={"id": name, "reason": glass.reason, **where})
        await self.deps.approvals.save(new)
        await self.deps.approvals.approve(name, Mark(by=click.by, at=at, note=glass.reason))
        decided = await self.deps.approvals.get(name)
        version = present.ruling.policy_version
        event = AuditEvent.broke_glass
        await self._audit(event, click.by, remediation, step, decided, why=glass.reason, policy_version=version)
        now, answered = self.deps.clock(), {"approval_id": name, "rule": present.ruling.rule}
        await self.deps.remediations.change(remediation.id, lambda kept: with_step(kept, step.action.id, answered, now))
        await self.deps.approvals.supersede(old.id)
        return None

    async def may_edit(self, approval_id: str, click: Click) -> Asked | Refusal:
        """Who may stop it may also ask for something else instead."""
        asked = await self.find(approval_id)
        refusal = may_reject(asked.approval, click) if asked else _unknown(click)
        if refusal:
            return await self._refuse(approval_id, asked, click, refusal)
        assert asked is not None
        return asked

    async def edit(self, approval_id: str, click: Click, parameters: Mapping[str, Any]) -> Refusal | None:
        """Other parameters are another action, asked for by whoever wants it. InputError when it is not possible."""
        asked = await self.may_edit(approval_id, click)
        if isinstance(asked, Refusal):
            return asked
        approval, remediation, step = asked
        new = await self._edited(remediation, step, parameters)
        if await self.deps.approvals.supersede(approval_id) is None:
            return await self._refuse(approval_id, asked, click, LOST)
        await self._audit(AuditEvent.superseded, click.by, remediation, step, approval, why="It was edited.")
        now = self.deps.clock()

        def change(kept: Remediation) -> Remediation:
            steps = tuple(new if each.action.id == step.action.id else each for each in kept.steps)
            return kept.model_copy(update={"steps": steps, "requested_by": click.by, "updated_at": now})

        changed = await self.deps.remediations.change(remediation.id, change)
        await self._audit(AuditEvent.proposed, click.by, changed or remediation, new, why="It was edited.")
        return None

    async def look(self, approval_id: str, click: Click) -> Step | Refusal:
        """A dry run: the step with a preview of now. Nothing is changed, so everybody who sees the card may."""
        asked = await self.find(approval_id)
        refusal = may_reject(asked.approval, click) if asked else _unknown(click)
        if refusal and refusal.why != "not_named":
            return await self._refuse(approval_id, asked, click, refusal)
        assert asked is not None
        return asked.step.model_copy(update={"preview": await self.remediator.executor.preview(asked.step)})

    async def withdraw(self, remediation: Remediation, why: str) -> None:
        """What waits for people is not asked any more, and nobody may say yes to it."""
        for step in remediation.steps:
            if step.status is StepStatus.awaiting:
                now = self.deps.clock()
                mark = Mark(by="watchkeeper", at=now, note=why)
                decided = await self.deps.approvals.reject(step.approval_id, mark)
                if decided is not None:
                    await self._audit(AuditEvent.rejected, "watchkeeper", remediation, step, decided, why=why)

    async def _edited(self, remediation: Remediation, step: Step, parameters: Mapping[str, Any]) -> Step:
        deps, executor = self.deps, self.remediator.executor
        kind, incident = actions(deps.settings)[step.action.type], await deps.incidents.get(remediation.incident_id)
        order = kind.order(step.action.target, dict(parameters), deps.aws.partition)
        alert = watched_alert(incident) if incident else None
        action = kind.action(order, alert, step.action.evidence)
        if action.payload_hash(remediation.incident_id) == step.action.payload_hash(remediation.incident_id):
            raise InputError(SAME)
        new = await looked_at(Step(action=action, round=step.round), executor)
        if new.status is StepStatus.refused:
            raise InputError(new.note)
        return new

    async def _present(self, asked: Asked, glass: Glass | None = None) -> tuple[Present, str]:
        """What is true now; and why it could not be done, whatever anybody decides."""
        _, remediation, step = asked
        preview = await self.remediator.executor.preview(step)
        ruling = await self.remediator.ruling(remediation, step.model_copy(update={"preview": preview}), glass)
        present = Present(
            ruling=ruling,
            payload_hash=step.action.payload_hash(remediation.incident_id),
            state=preview.state,
            locked_by=await self._locked(remediation, step),
        )
        return present, " ".join(preview.problems)

    async def _locked(self, remediation: Remediation, step: Step) -> str:
        """Whether another remediation has the resource: the lock itself is asked, for a moment."""
        locks = self.deps.locks
        lease = await locks.acquire(resource_key(step), remediation.id, LOOK_SECONDS)
        if lease is None:
            return "on the same resource"
        await locks.release(lease)
        return ""

    async def _supersede(self, asked: Asked, why: str) -> None:
        if await self.deps.approvals.supersede(asked.approval.id):
            _, remediation, step = asked
            await self._audit(AuditEvent.superseded, "watchkeeper", remediation, step, asked.approval, why=why)

    async def _refuse(self, approval_id: str, asked: Asked | None, click: Click, refusal: Refusal) -> Refusal:
        detail = {"refused": refusal.why, "via": click.via}
        if asked is None:
            said = {"approval_id": approval_id[:200], "why": refusal.sentence, **detail}
            event = AuditEvent.click_refused.value
            entry = AuditEntry(at=self.deps.clock(), actor=click.by, event=event, subject="", detail=said)
            await self.deps.audit.append(entry)
        else:
            approval, remediation, step = asked
            event = AuditEvent.click_refused
            await self._audit(event, click.by, remediation, step, approval, why=refusal.sentence, **detail)
        return refusal

    async def _audit(
        self,
        event: AuditEvent,
        by: str,
        remediation: Remediation,
        step: Step,
        approval: Approval | None = None,
        **more: Any,
    ) -> None:
        await self.deps.audit.append(audit_entry(event, by, self.deps.clock(), remediation, step, approval, **more))


def _not_broken(present: Present) -> Refusal | None:
    """What the policy says against it goes first: it is about who may, and why."""
    ruling = present.ruling
    return Refusal("policy", " ".join(ruling.reasons)) if ruling.decision == "refuse" else None


def _unknown(click: Click) -> Refusal:
    refusal = may_reject(None, click)
    assert refusal is not None
    return refusal
