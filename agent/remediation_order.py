"""What is to be done next about an incident, told from what is stored and nothing else.

    plan, offer, ask, execute, watch, close; where it did not help: undo (offer, ask, execute), replan, and from the
    third round on escalate

Whoever is at work may die at any point: the next one asks again and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from agent.errors import RetryLater
from agent.models import Remediation, RemediationStatus, Step, StepStatus

Stage = Literal["plan", "offer", "ask", "execute", "watch", "undo", "replan", "close", "stop", "escalate", "end"]

MAX_ROUNDS = 3
_ACTIVE: dict[StepStatus, Stage] = {
    StepStatus.proposed: "offer",
    StepStatus.awaiting: "ask",
    StepStatus.approved: "execute",
    StepStatus.executing: "execute",
    StepStatus.executed: "watch",
}
_STATUS = {
    StepStatus.proposed: RemediationStatus.planning,
    StepStatus.awaiting: RemediationStatus.awaiting_approval,
    StepStatus.approved: RemediationStatus.executing,
    StepStatus.executing: RemediationStatus.executing,
    StepStatus.executed: RemediationStatus.verifying,
}
_DID_NOT_HELP = (StepStatus.no_effect, StepStatus.worse)
GONE_ON = "Somebody else has gone on with it meanwhile."


def next_stage(remediation: Remediation) -> Stage:
    """The next stage; `end` when it is over."""
    if remediation.status.over:
        return "end"
    steps = [step for step in remediation.steps if step.round == remediation.round]
    if not steps:
        return "plan"
    active = active_step(remediation)
    if active is not None:
        return _ACTIVE[active.status]
    return _after(steps)


def active_step(remediation: Remediation) -> Step | None:
    """The one step that is on its way. What has begun goes before what is only proposed."""
    active = [step for step in remediation.steps if step.round == remediation.round and step.status in _ACTIVE]
    order = (StepStatus.executing, StepStatus.executed, StepStatus.approved, StepStatus.awaiting, StepStatus.proposed)
    return min(active, key=lambda step: order.index(step.status), default=None)


def status_of(remediation: Remediation) -> RemediationStatus:
    """What people and lists are told while it is not over."""
    active = active_step(remediation)
    return RemediationStatus.planning if active is None else _STATUS[active.status]


def has_gone_on(kept: Remediation, seen: Remediation) -> bool:
    """Whether it was led on since it was seen; what its card says of itself does not count."""
    return (kept.status, kept.round, kept.learnt, kept.steps) != (seen.status, seen.round, seen.learnt, seen.steps)


def unless_gone_on(
    seen: Remediation, change: Callable[[Remediation], Remediation]
) -> Callable[[Remediation], Remediation]:
    """The same change for a store, which raises RetryLater when somebody else was quicker.

    So whoever was stopped for longer than its lease, and wakes up, writes over nothing.
    """

    def changed(kept: Remediation) -> Remediation:
        if has_gone_on(kept, seen):
            raise RetryLater(GONE_ON, 1.0)
        return change(kept)

    return changed


def to_undo(steps: Sequence[Step]) -> Step | None:
    """The newest step that did not help, had an effect, and nobody has tried to undo."""
    undone = {step.action.rolls_back for step in steps}
    for step in reversed(steps):
        if _was_in_vain(step) and not step.action.rolls_back and step.action.id not in undone:
            return step
    return None


def _after(steps: Sequence[Step]) -> Stage:
    """Nothing is on its way: what the steps of this round have come to."""
    done = [step for step in steps if step.status is not StepStatus.refused]
    if not done or (steps[-1].action.rolls_back and steps[-1] not in done):
        return "escalate"  # nothing may be done, or not even undone
    last = done[-1]
    if last.status is StepStatus.rejected:
        return "stop"
    if last.status is StepStatus.expired:
        return "escalate"
    if last.action.rolls_back:  # undone or not, this round is over
        return "replan" if last.status in (StepStatus.helped, StepStatus.rolled_back) else "escalate"
    if last.status is StepStatus.helped:
        return "close"
    if not _was_in_vain(last):
        return "escalate"  # it was not done, or nobody can tell: a person has to look
    step = to_undo(steps)
    return "undo" if step is not None and step.action.reversible else "replan"


def _was_in_vain(step: Step) -> bool:
    """It was done, and did not help; be it that it turned out later to have failed."""
    result = step.result
    took_effect = result is not None and bool(result.reference or result.after)
    return step.status in _DID_NOT_HELP or (step.status is StepStatus.failed and took_effect)
