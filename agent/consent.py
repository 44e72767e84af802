"""What becomes of an approval: pure rules, which every store applies atomically.

Each gives the approval after it, or None when it does not count. What was asked never changes: only who consented, the
decision, where the card is, and which execution used it up. Whether a person may decide at all is asked before
(`agent.safety.approving`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agent.models import Approval, Mark, SlackPlace


def approve(approval: Approval, mark: Mark, now: datetime) -> Approval | None:
    """One more person's consent; enough of them, and it is approved."""
    if not _awaited(approval, now) or any(mark.by == each.by for each in approval.approved_by):
        return None
    approved_by = (*approval.approved_by, mark)
    if len(approved_by) < approval.needed:
        return _with(approval, approved_by=approved_by)
    return _with(approval, approved_by=approved_by, decision="approved", decided_by=mark.by)


def reject(approval: Approval, mark: Mark, now: datetime) -> Approval | None:
    """One person is enough; the mark's note is the reason."""
    if not _awaited(approval, now):
        return None
    return _with(approval, decision="rejected", decided_by=mark.by, reason=mark.note)


def expire(approval: Approval, now: datetime) -> Approval | None:
    """Also of one that is approved and was not used in time. Nothing expires before its time."""
    if not unused(approval) or now < approval.expires_at:
        return None
    return _with(approval, decision="expired", decided_by="watchkeeper")


def supersede(approval: Approval) -> Approval | None:
    """It was edited, or its target has drifted: another card asks anew."""
    return _with(approval, decision="superseded", decided_by="watchkeeper") if unused(approval) else None


def put_at(approval: Approval, place: SlackPlace, message_ts: str) -> Approval | None:
    """Where its card is: said once, and the same again is no contradiction."""
    if approval.message_ts:
        return approval if (approval.place, approval.message_ts) == (place, message_ts) else None
    if approval.place not in (None, place):
        return None
    return _with(approval, place=place, message_ts=message_ts)


def claim(approval: Approval, by: str, now: datetime) -> Approval | None:
    """For the one execution that may use it, which may ask again when it is resumed, however late."""
    if approval.claimed_by:
        return approval if approval.claimed_by == by else None
    if approval.decision != "approved" or now >= approval.expires_at or not by:
        return None
    return _with(approval, claimed_by=by)


def unused(approval: Approval) -> bool:
    """Waits for people, or is approved and was not used yet."""
    return approval.decision in ("pending", "approved") and not approval.claimed_by


def _awaited(approval: Approval, now: datetime) -> bool:
    return approval.decision == "pending" and now < approval.expires_at


def _with(approval: Approval, **changes: Any) -> Approval:
    return approval.model_copy(update=changes)
