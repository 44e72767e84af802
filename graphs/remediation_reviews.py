"""What was done on one person's word alone stays to be reviewed until somebody else has looked at it.

It is listed before the glass counts, and taken off the list after the audit trail says who reviewed it. The list is one
small document, so that it is whole even when the approvals themselves are kept no longer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent.audit_events import AuditEvent
from agent.models import Approval, AuditEntry, Model, SlackPlace, Step
from agent.models.base import UtcTime
from agent.ports import Deps, StateStore
from agent.safety.approving import Click, Refusal, may_review
from agent.safety.policy import policy_of

REVIEWS = "remediation:reviews"
"""Where the list lies: what is to be reviewed, by the approval's id."""
FOR_EVER = 100 * 365 * 86_400.0
"""Seconds."""
NOTE_CHARS, MAX_NOTE_CHARS = 5, 1000
DONE = Refusal("unknown", "There is nothing to review here any more; `watchkeeper approvals reviews` lists what is.")
ELSEWHERE = Refusal("elsewhere", "This did not come from the message that asks for this review; use that one.")
SAY_MORE = Refusal("no_reason", f"Say in at least {NOTE_CHARS} characters what you found.")


class ToReview(Model):
    """One use of the break-glass."""

    approval_id: str
    incident_id: str
    remediation_id: str
    action_id: str
    what: str
    by: str
    reason: str
    at: UtcTime
    place: SlackPlace | None = None
    message_ts: str = ""
    """Of the post that called who is on call; empty until there is one."""


async def open_reviews(state: StateStore) -> list[ToReview]:
    """What nobody has reviewed yet, oldest first."""
    kept = await state.get(REVIEWS) or {}
    return sorted((ToReview.model_validate(each) for each in kept.values()), key=lambda review: review.at)


@dataclass(frozen=True)
class Reviews:
    deps: Deps

    async def open(self) -> list[ToReview]:
        return await open_reviews(self.deps.state)

    async def get(self, approval_id: str) -> ToReview | None:
        return next((each for each in await self.open() if each.approval_id == approval_id), None)

    async def add(self, approval: Approval, step: Step, by: str) -> None:
        """Once: what is listed already stays as it is."""
        review = ToReview(
            approval_id=approval.id,
            incident_id=approval.incident_id,
            remediation_id=approval.remediation_id,
            action_id=approval.action_id,
            what=step.action.expected_effect,
            by=by,
            reason=approval.reason,
            at=self.deps.clock(),
        )
        await self._change(lambda kept: {approval.id: review.model_dump(mode="json"), **kept})

    async def told(self, approval_id: str, place: SlackPlace, ts: str) -> None:
        """Where the post is from which it may be reviewed."""
        where = {"place": place.model_dump(mode="json"), "message_ts": ts}
        await self._change(
            lambda kept: {**kept, approval_id: {**kept[approval_id], **where}} if approval_id in kept else kept
        )

    async def remove(self, approval_id: str) -> None:
        await self._change(lambda kept: {name: each for name, each in kept.items() if name != approval_id})

    async def review(self, approval_id: str, click: Click, note: str) -> ToReview | Refusal:
        """What was reviewed by it. Both are audited."""
        review, note = await self.get(approval_id), " ".join(note.split())[:MAX_NOTE_CHARS]
        if review is None:
            return await self._refuse(approval_id, None, click, DONE)
        if refusal := self._refusal(review, click, note):
            return await self._refuse(approval_id, review, click, refusal)
        await self._audit(AuditEvent.reviewed, approval_id, review, click, why=note)
        await self.remove(approval_id)
        return review

    def _refusal(self, review: ToReview, click: Click, note: str) -> Refusal | None:
        if click.via == "slack" and not _from_its_post(review, click):
            return ELSEWHERE
        if refusal := may_review(review.by, reviewers(self.deps), click):
            return refusal
        return SAY_MORE if len(note) < NOTE_CHARS else None

    async def _refuse(self, approval_id: str, review: ToReview | None, click: Click, refusal: Refusal) -> Refusal:
        said = {"why": refusal.sentence, "refused": refusal.why, "wanted": "review"}
        await self._audit(AuditEvent.click_refused, approval_id, review, click, **said)
        return refusal

    async def _audit(
        self, event: AuditEvent, approval_id: str, review: ToReview | None, click: Click, **more: str
    ) -> None:
        about = review.model_dump(mode="json", include={"remediation_id", "action_id", "what"}) if review else {}
        broken = {"broken_by": review.by, "reason": review.reason} if review else {}
        detail = {"approval_id": approval_id, **about, **broken, "via": click.via, **more}
        subject = review.incident_id if review else ""
        entry = AuditEntry(
            at=self.deps.clock(), actor=click.by or "unknown", event=event.value, subject=subject, detail=detail
        )
        await self.deps.audit.append(entry)

    async def _change(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        await self.deps.state.change(REVIEWS, change, FOR_EVER)


def reviewers(deps: Deps) -> tuple[str, ...]:
    """Everybody whom the policy names for anything."""
    document = policy_of(deps.settings).document
    named = (name for grant in document.approvers for name in grant.who)
    return tuple(dict.fromkeys((*named, *document.break_glass.who)))


def _from_its_post(review: ToReview, click: Click) -> bool:
    there, here = review.place, click.place
    same = there is not None and here is not None and (there.team, there.channel) == (here.team, here.channel)
    return same and review.message_ts == click.message_ts != ""
