"""Whether a person's click or command counts, decided from what is in the store and in the account at that moment.

A button carries the approval's id and nothing else. Everything here is looked up again at the click: the approval, the
action's hash, the target's state, the policy's ruling, the person's user groups. What it then becomes is decided by
the store, atomically (`agent.consent`), so that two clicks at once are one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from agent.models import Approval, SlackPlace
from agent.safety.policy import Cause, Ruling

Why = Literal[
    "unknown", "elsewhere", "stranger", "unsaid", "switched_off", "decided", "used", "expired", "not_named",
    "self_approval", "self_review", "twice", "changed", "drifted", "locked", "frozen", "policy", "unreadable",
    "no_role", "no_reason", "input", "late",
]  # fmt: skip


class Refusal(NamedTuple):
    """`why` is for the audit, the sentence for the person."""

    why: Why
    sentence: str


@dataclass(frozen=True)
class Click:
    """Who decides, and from where. `groups`: their Slack user groups as asked just now; `unsaid`: those of which Slack
    did not say who is in them. `doubt`: why this is nobody who decides, whatever the policy names.

    From the command line there is no place; from Slack, one that is missing is wrong.
    """

    by: str
    at: datetime
    groups: frozenset[str] = frozenset()
    unsaid: frozenset[str] = frozenset()
    doubt: Refusal | None = None
    via: Literal["slack", "cli"] = "slack"
    place: SlackPlace | None = None
    message_ts: str = ""


@dataclass(frozen=True)
class Present:
    """What is true now. `ruling`: of the same request as the card's, with this moment and this preview.

    `payload_hash` is that of the stored action, `state` that of a new preview, `problems` what that finds against it,
    `locked`: another remediation has the target in its hands.
    """

    ruling: Ruling
    payload_hash: str
    state: str
    problems: str = ""
    locked: bool = False


def may_click(approval: Approval | None, click: Click) -> Refusal | None:
    """What is wrong whatever anybody wants to do with the card; it takes no look at the account."""
    if approval is None:
        return UNKNOWN
    return _elsewhere(approval, click) or click.doubt or _over(approval, click.at)


def is_named(approval: Approval, click: Click) -> Refusal | None:
    """On the card: the policy of this moment is asked by `may_approve`."""
    if not approval.approvers:
        return Refusal("not_named", "Nobody is named who may approve this.")
    if not _named(approval.approvers, click):
        only = f"Only {_listed(approval.approvers)} may approve this, and you are not among them."
        return _unsaid(approval.approvers, click) or Refusal("not_named", only)
    return None


def may_approve(approval: Approval | None, click: Click, present: Present) -> Refusal | None:
    """None when it counts; else the first thing that is wrong."""
    if approval is None:
        return UNKNOWN
    return (
        _elsewhere(approval, click)
        or click.doubt
        or _switched_off(present.ruling)
        or _over(approval, click.at)
        or _person(approval, click, present.ruling)
        or _target(approval, present)
        or _ruling(approval, present.ruling)
    )


def may_reject(approval: Approval | None, click: Click) -> Refusal | None:
    """Who may approve it or asked for it may stop it, whatever else is true."""
    if approval is None:
        return UNKNOWN
    if refusal := may_click(approval, click):
        return refusal
    if click.by == approval.requested_by or _named(approval.approvers, click):
        return None
    only = f"Only {_listed(approval.approvers)} or whoever asked for it may reject this."
    return _unsaid(approval.approvers, click) or Refusal("not_named", only)


def may_review(broken_by: str, reviewers: tuple[str, ...], click: Click) -> Refusal | None:
    """Somebody else than who broke the glass, of those whom the policy names for anything."""
    if click.doubt:
        return click.doubt
    if click.by == broken_by:
        return Refusal("self_review", "You broke the glass yourself, so somebody else has to review it.")
    if _named(reviewers, click):
        return None
    only = f"Only {_listed(reviewers)} may review this, and you are not among them."
    return _unsaid(reviewers, click) or Refusal("not_named", only)


UNKNOWN = Refusal("unknown", "This approval is not known; look for a newer card.")
ELSEWHERE = Refusal("elsewhere", "This did not come from the card that asks for this approval; use that one.")


def _elsewhere(approval: Approval, click: Click) -> Refusal | None:
    if click.via == "cli":
        return None
    card, place = approval.place, click.place
    same = (
        card is not None
        and place is not None
        and card.channel == place.channel
        and card.team in ("", place.team)
        and approval.message_ts == click.message_ts != ""
    )
    if not same:
        return ELSEWHERE
    return None


def _switched_off(ruling: Ruling) -> Refusal | None:
    return Refusal("switched_off", ruling.reasons[0]) if Cause.kill_switch in ruling.causes else None


def _over(approval: Approval, at: datetime) -> Refusal | None:
    if approval.claimed_by:
        return Refusal("used", "This approval was used already; an approval is good for one execution.")
    if approval.decision == "superseded":
        return Refusal("decided", "Another card has taken the place of this one; decide there.")
    if approval.decision in ("approved", "rejected"):
        return Refusal("decided", f"This was {approval.decision} already, by {_shown(approval.decided_by)}.")
    if approval.decision == "expired" or at >= approval.expires_at:
        return Refusal("expired", f"This expired at {approval.expires_at:%H:%M:%S} UTC; ask for a new card.")
    return None


def _person(approval: Approval, click: Click, ruling: Ruling) -> Refusal | None:
    """Named on the card, and still by the policy of this moment."""
    if refusal := is_named(approval, click):
        return refusal
    if ruling.decision != "refuse" and not _named(ruling.approvers, click):
        gone = Refusal("not_named", "The action policy does not name you for this any more.")
        return _unsaid(ruling.approvers, click) or gone
    if (approval.two_pairs or ruling.two_pairs) and click.by == approval.requested_by:
        return Refusal("self_approval", "You asked for this, so somebody else has to approve it.")
    if any(mark.by == click.by for mark in approval.approved_by):
        return Refusal("twice", "You have approved this already; somebody else has to, too.")
    return None


def _target(approval: Approval, present: Present) -> Refusal | None:
    if not approval.payload_hash or approval.payload_hash != present.payload_hash:
        return Refusal("changed", "The action is not the one that the card shows any more; a new card is needed.")
    if approval.state != present.state and present.problems:
        return Refusal("drifted", f"The target has changed, and it cannot be done any more: {present.problems}")
    if approval.state != present.state:
        return Refusal("drifted", "The target has changed since the preview; a new card shows what is there now.")
    if present.locked:
        return Refusal("locked", "Another remediation is at work on this resource; wait until that is over.")
    return None


def _ruling(approval: Approval, ruling: Ruling) -> Refusal | None:
    """The policy of this moment, in which a freeze may have begun or a rule may have been added."""
    if ruling.decision == "refuse":
        why: Why = "frozen" if Cause.frozen in ruling.causes else "policy"
        return Refusal(why, " ".join(ruling.reasons))
    if ruling.break_glass and not approval.break_glass:
        return Refusal("policy", "The glass was not broken for this card; a new card is needed.")
    if ruling.needed > approval.needed:
        return Refusal("policy", f"The policy wants {ruling.needed} people now; a new card is needed.")
    return None


def _named(approvers: tuple[str, ...], click: Click) -> bool:
    return click.by in approvers or any(name.startswith("S") and name in click.groups for name in approvers)


def _unsaid(approvers: tuple[str, ...], click: Click) -> Refusal | None:
    """Where a group might name them, and Slack does not say who is in it."""
    groups = tuple(name for name in approvers if name in click.unsaid)
    if not groups:
        return None
    sentence = f"Slack does not say just now who is in {_listed(groups)}, so nothing was done; try again in a minute."
    return Refusal("unsaid", sentence)


def _listed(approvers: tuple[str, ...]) -> str:
    return ", ".join(map(_shown, approvers)) or "nobody"


def _shown(name: str) -> str:
    """As Slack shows a person or a group; the name of a system as it is."""
    if re.fullmatch(r"[UW][A-Z0-9]+", name):
        return f"<@{name}>"
    return f"<!subteam^{name}>" if re.fullmatch(r"S[A-Z0-9]+", name) else name
