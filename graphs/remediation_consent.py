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
from agent.errors import InputError, RetryLater, StoreUnavailable
from agent.models import Approval, AuditEntry, Mark, Remediation, Step, StepStatus
from agent.models.base import digest
from agent.ports import Deps
from agent.remediation_order import unless_gone_on
from agent.safety.approving import UNKNOWN, Click, Present, Refusal, is_named, may_approve, may_click, may_reject
from agent.safety.policy import Glass, policy_of
from graphs.remediation import Remediator
from graphs.remediation_plan import looked_at, watched_alert
from graphs.remediation_reviews import Reviews
from tools.actions.catalog import actions
from tools.evidence.failures import EXPECTED, explain
from tools.executor import RESOURCE_SECONDS, resource_key, with_step

MAX_REASON_CHARS = 1000
LOOK_SECONDS = 5.0
NEW_CARD = ("changed", "drifted")
"""What is refused for these reasons is asked anew, as it is now."""
LOST = Refusal("decided", "Somebody else decided at the same moment, or its time was over.")
SAME = "That is what the card proposes already; nothing was changed."
SAY_WHY = Refusal("no_reason", "Say why it should not be done; nothing was decided.")
AGAIN = "Nothing was done; try again when that is mended."
TOLD_CHARS, TOLD_ENTRIES = 1000, 200
NOBODY = "unknown"
"""Who clicked, where that was not said."""


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
            return await self._refuse(approval_id, None, click, UNKNOWN)
        approval = asked.approval
        if any((mark.by, mark.at) == (click.by, at) for mark in approval.approved_by):
            await self._consented(asked, click, approval)  # this very click, delivered again
            return None
        if refusal := may_click(approval, click) or is_named(approval, click):
            return await self._refuse(approval_id, asked, click, refusal)
        present = await self._present(asked)
        refusal = present if isinstance(present, Refusal) else may_approve(approval, click, present)
        if refusal := refusal or await self._no_role(asked.step):
            return await self._refuse(approval_id, asked, click, refusal)
        decided = await self.deps.approvals.approve(approval_id, Mark(by=click.by, at=at))
        if decided is None:
            return await self._refuse(approval_id, asked, click, LOST)
        await self._consented(asked, click, decided, present)
        return None

    async def reject(self, approval_id: str, click: Click, at: datetime, reason: str) -> Refusal | None:
        asked = await self.find(approval_id)
        if asked is None:
            return await self._refuse(approval_id, None, click, UNKNOWN)
        approval, remediation, step = asked
        if (approval.decision, approval.decided_by) == ("rejected", click.by):
            if not await self._is_told(AuditEvent.rejected, click.by, approval):
                await self._audit(AuditEvent.rejected, click.by, remediation, step, approval, why=approval.reason)
            return None
        if refusal := may_reject(approval, click) or (None if reason.strip() else SAY_WHY):
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
        name, asked = _glass_id(approval_id, click.by), await self.find(approval_id)
        if asked is None:
            done = await self.deps.approvals.get(name)
            if done is not None and done.decision == "approved":
                return None  # this very click, delivered again
            return await self._refuse(approval_id, None, click, UNKNOWN)
        old, remediation, step = asked
        if refusal := may_click(old, click):
            return await self._refuse(approval_id, asked, click, refusal)
        glass = Glass(by=click.by, reason=reason[:MAX_REASON_CHARS])
        present = await self._present(asked, glass)
        if refusal := present if isinstance(present, Refusal) else await self._not_broken(asked, click, present):
            return await self._refuse(approval_id, asked, click, refusal)
        assert isinstance(present, Present)
        new = self.remediator.asked(remediation, step, present.ruling)
        where = {"place": old.place, "message_ts": old.message_ts}
        new = new.model_copy(update={"id": name, "reason": glass.reason, **where})
        await Reviews(self.deps).add(new, step, click.by)
        await self.deps.approvals.save(new)
        await self.deps.approvals.approve(name, Mark(by=click.by, at=at, note=glass.reason))
        decided, event = await self.deps.approvals.get(name) or new, AuditEvent.broke_glass
        if not await self._is_told(event, click.by, decided):
            version = present.ruling.policy_version
            await self._audit(event, click.by, remediation, step, decided, why=glass.reason, policy_version=version)
        now, answered = self.deps.clock(), {"approval_id": name, "rule": present.ruling.rule}
        change = unless_gone_on(remediation, lambda kept: with_step(kept, step.action.id, answered, now))
        await self.deps.remediations.change(remediation.id, change)
        await self.deps.approvals.supersede(old.id)
        return None

    async def may_edit(self, approval_id: str, click: Click) -> Asked | Refusal:
        """Who may stop it may also ask for something else instead."""
        asked = await self.find(approval_id)
        refusal = may_reject(asked.approval, click) if asked else UNKNOWN
        if asked is None or refusal:
            return await self._refuse(approval_id, asked, click, refusal or UNKNOWN)
        return asked

    async def edit(self, approval_id: str, click: Click, parameters: Mapping[str, Any]) -> Refusal | None:
        """Other parameters are another action, asked for by whoever wants it."""
        asked = await self.may_edit(approval_id, click)
        if isinstance(asked, Refusal):
            return asked
        approval, remediation, step = asked
        try:
            new = await self._edited(remediation, step, parameters)
        except InputError as error:
            return await self._refuse(approval_id, asked, click, Refusal("input", str(error)[:TOLD_CHARS]))
        if await self.deps.approvals.supersede(approval_id) is None:
            return await self._refuse(approval_id, asked, click, LOST)
        await self._audit(AuditEvent.superseded, click.by, remediation, step, approval, why="It was edited.")
        now = self.deps.clock()

        def change(kept: Remediation) -> Remediation:
            steps = tuple(new if each.action.id == step.action.id else each for each in kept.steps)
            return kept.model_copy(update={"steps": steps, "requested_by": click.by, "updated_at": now})

        changed = await self.deps.remediations.change(remediation.id, unless_gone_on(remediation, change))
        await self._audit(AuditEvent.proposed, click.by, changed or remediation, new, why="It was edited.")
        return None

    async def look(self, approval_id: str, click: Click) -> Step | Refusal:
        """A dry run: the step with a preview of now. Nothing is changed, so everybody who sees the card may."""
        asked = await self.find(approval_id)
        refusal = may_click(asked.approval, click) if asked else UNKNOWN
        if asked is None or refusal:
            return await self._refuse(approval_id, asked, click, refusal or UNKNOWN)
        try:
            preview = await self.remediator.executor.preview(asked.step)
        except EXPECTED as error:
            return await self._refuse(approval_id, asked, click, _unreadable(explain(error)))
        return asked.step.model_copy(update={"preview": preview})

    async def refuse(self, approval_id: str, click: Click, refusal: Refusal) -> Refusal:
        """What could not even be asked, such as a button that no card has."""
        return await self._refuse(approval_id, await self.find(approval_id), click, refusal)

    async def withdraw(self, remediation: Remediation, why: str) -> None:
        """What waits for people is not asked any more, and nobody may say yes to it."""
        for step in remediation.steps:
            if step.status is StepStatus.awaiting:
                now = self.deps.clock()
                mark = Mark(by="watchkeeper", at=now, note=why)
                decided = await self.deps.approvals.reject(step.approval_id, mark)
                if decided is not None:
                    await self._audit(AuditEvent.withdrawn, "watchkeeper", remediation, step, decided, why=why)

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

    async def _present(self, asked: Asked, glass: Glass | None = None) -> Present | Refusal:
        """What is true now; a refusal when that cannot be found out, after which the same may be tried again."""
        _, remediation, step = asked
        try:
            preview = await self.remediator.executor.preview(step)
            ruling = await self.remediator.ruling(remediation, step.model_copy(update={"preview": preview}), glass)
        except (RetryLater, StoreUnavailable):
            raise
        except EXPECTED as error:
            return _unreadable(explain(error))
        problems = " ".join(preview.problems)
        if problems and not preview.before:
            return Refusal("unreadable", f"{problems} {AGAIN}")
        return Present(
            ruling=ruling,
            payload_hash=step.action.payload_hash(remediation.incident_id),
            state=preview.state,
            problems=problems,
            locked=await self._is_locked(remediation, step),
        )

    async def _is_locked(self, remediation: Remediation, step: Step) -> bool:
        """Whether another remediation has the resource: the lock itself is asked, for a moment.

        One that has changed something there keeps the lock until it is over.
        """
        locks, begun = self.deps.locks, any(each.intended_at for each in remediation.steps)
        lease = await locks.acquire(resource_key(step), remediation.id, RESOURCE_SECONDS if begun else LOOK_SECONDS)
        if lease is not None and not begun:
            await locks.release(lease)
        return lease is None

    async def _no_role(self, step: Step) -> Refusal | None:
        """Asked before anybody's word is taken, so that it is not used up in vain."""
        lacking = await self.remediator.executor.ready(step)
        return Refusal("no_role", f"{lacking} {AGAIN}") if lacking else None

    async def _not_broken(self, asked: Asked, click: Click, present: Present) -> Refusal | None:
        """What the policy says against it goes first: it is about who may, and why."""
        ruling = present.ruling
        if ruling.decision == "refuse":
            return Refusal("policy", " ".join(ruling.reasons))
        changes = {"approvers": ruling.approvers, "break_glass": True, "two_pairs": False}
        shown = asked.approval.model_copy(update=changes)
        return may_approve(shown, click, present) or await self._no_role(asked.step)

    async def _consented(
        self, asked: Asked, click: Click, decided: Approval, present: Present | Refusal | None = None
    ) -> None:
        """Without what was present then, it was perhaps written already."""
        approved = decided.decision == "approved" and decided.decided_by == click.by
        event = AuditEvent.approved if approved else AuditEvent.consented
        if present is None and await self._is_told(event, click.by, decided):
            return
        ruling = present.ruling if isinstance(present, Present) else None
        version = ruling.policy_version if ruling else policy_of(self.deps.settings).version
        _, remediation, step = asked
        await self._audit(event, click.by, remediation, step, decided, policy_version=version, via=click.via)

    async def _is_told(self, event: AuditEvent, by: str, approval: Approval) -> bool:
        told = await self.deps.audit.read(approval.incident_id, TOLD_ENTRIES)
        known = (event.value, by, approval.id)
        return any((entry.event, entry.actor, entry.detail.get("approval_id")) == known for entry in told)

    async def _supersede(self, asked: Asked, why: str) -> None:
        if await self.deps.approvals.supersede(asked.approval.id):
            _, remediation, step = asked
            await self._audit(AuditEvent.superseded, "watchkeeper", remediation, step, asked.approval, why=why)

    async def _refuse(self, approval_id: str, asked: Asked | None, click: Click, refusal: Refusal) -> Refusal:
        detail = {"refused": refusal.why, "via": click.via}
        if asked is None:
            old = await self.deps.approvals.get(approval_id)
            said = {"approval_id": approval_id, "why": refusal.sentence, **detail}
            event, subject = AuditEvent.click_refused.value, old.incident_id if old else ""
            actor = click.by or NOBODY
            await self.deps.audit.append(
                AuditEntry(at=self.deps.clock(), actor=actor, event=event, subject=subject, detail=said)
            )
        else:
            approval, remediation, step = asked
            event = AuditEvent.click_refused
            if refusal.why in NEW_CARD:
                await self._supersede(asked, refusal.why)
            await self._audit(event, click.by or NOBODY, remediation, step, approval, why=refusal.sentence, **detail)
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


def _glass_id(approval_id: str, by: str) -> str:
    """The same for each delivery of one click."""
    return f"apr_{digest(approval_id, 'glass', by)}"


def _unreadable(why: str) -> Refusal:
    return Refusal("unreadable", f"The account cannot be read just now ({why}). {AGAIN}")
