"""Which change is proposed next: from the runbook that the diagnosis settled on, as far as the account allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.confidence import names_of
from agent.errors import InputError
from agent.incident_changes import SEVERITIES
from agent.models import Alert, Check, Incident, Remediation, Resource, Step, StepStatus
from agent.remedies import Proposal
from agent.settings import Settings
from agent.verifying import hold_seconds
from tools.actions.kind import ActionKind
from tools.executor import Executor


async def next_steps(
    remediation: Remediation, incident: Incident, kinds: Mapping[str, ActionKind[Any]], executor: Executor
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """The first proposal that was not tried and can be done, after those that cannot; and what could not be made."""
    steps: list[Step] = []
    impossible: list[str] = []
    tried = {_key(step) for step in remediation.steps}
    for proposal in proposals(incident, executor):
        if remediation.wanted and proposal.type not in remediation.wanted:
            continue
        step = _step(proposal, remediation, incident, kinds, executor)
        if isinstance(step, str):
            impossible.append(step)
            continue
        if _key(step) in tried:
            continue
        step = await looked_at(step, executor)
        steps.append(step)
        if step.status is StepStatus.proposed:
            break
    return tuple(steps), tuple(impossible)


def proposals(incident: Incident, executor: Executor) -> list[Proposal]:
    """What the diagnosis' own runbooks would do; nothing without a cause."""
    found = incident.diagnosis
    if found is None or not found.root_cause:
        return []
    names = names_of(found.runbook)
    about = incident.alerts[0].resource.id if incident.alerts else ""
    verdicts = executor.deps.knowledge.weigh(incident.evidence, about)
    chosen = [verdict for verdict in verdicts if verdict.runbook.name in names and verdict.complete]
    return [proposal for verdict in chosen for proposal in verdict.proposals()]


async def looked_at(step: Step, executor: Executor) -> Step:
    """With a preview of now; refused where that finds something against it."""
    preview = await executor.preview(step)
    changes: dict[str, Any] = {"preview": preview, "status": StepStatus.proposed, "approval_id": "", "rule": ""}
    if preview.problems:
        changes |= {"status": StepStatus.refused, "note": " ".join(preview.problems)}
    return step.model_copy(update=changes)


def undoing(step: Step, kinds: Mapping[str, ActionKind[Any]], executor: Executor) -> Step | None:
    """The step that leads back; None when nothing does."""
    kind = kinds.get(step.action.type)
    if kind is None or step.result is None:
        return None
    order = kind.order(step.action.target, step.action.parameters, executor.deps.aws.partition)
    parameters = kind.undo(order, step.result)
    if parameters is None:
        return None
    back = kind.order(step.action.target, parameters, executor.deps.aws.partition)
    return Step(action=kind.action(back, rolls_back=step.action.id), round=step.round)


def _step(
    proposal: Proposal,
    remediation: Remediation,
    incident: Incident,
    kinds: Mapping[str, ActionKind[Any]],
    executor: Executor,
) -> Step | str:
    """A typed step, or why there is none."""
    kind = kinds.get(proposal.type)
    if kind is None:
        return f"There is no action {proposal.type}."
    alert = watched_alert(incident)
    try:
        order = kind.order(
            _target(proposal, kind, incident, executor), proposal.parameters, executor.deps.aws.partition
        )
    except InputError as error:
        return str(error)
    action = kind.action(order, alert, proposal.evidence)
    action = action.model_copy(update={"verification": _held(action.verification, proposal.runbook, executor)})
    return Step(action=action, round=remediation.round, runbook=proposal.runbook)


def _held(check: Check, runbook: str, executor: Executor) -> Check:
    """To be seen for as long as the runbook wants it."""
    books = {book.name: book for book in executor.deps.knowledge.runbooks}
    seconds = hold_seconds(books[runbook].verification) if runbook in books else None
    return check if seconds is None else check.model_copy(update={"hold_seconds": seconds})


def _target(proposal: Proposal, kind: ActionKind[Any], incident: Incident, executor: Executor) -> Resource:
    """By name, in the account and region in which the alert or the evidence saw it."""
    seen = next((piece.region for piece in incident.evidence if piece.id in proposal.evidence and piece.region), "")
    alert, aws = watched_alert(incident), executor.deps.aws
    return Resource(
        service=kind.service,
        type=kind.resource_type,
        id=proposal.target,
        region=proposal.region or seen or (alert.resource.region if alert else "") or aws.region,
        account=(alert.resource.account if alert else "") or aws.account,
    )


def watched_alert(incident: Incident) -> Alert | None:
    """The one whose signal is watched: the worst, and of those the first."""
    return min(incident.alerts, key=lambda alert: SEVERITIES.index(alert.severity), default=None)


def environment_of(settings: Settings, account: str, home: str) -> str:
    """What the settings call the account: `prod`, `staging`; "" where they do not say.

    Tags never say it: whoever may tag a resource could give it another environment.
    """
    if account in ("", home):
        return settings.aws_environment
    return next((known.environment for known in settings.aws_accounts if account in (known.id, known.name)), "")


def lessons(given: Remediation) -> list[str]:
    """What this round's steps showed, in a sentence or two each."""
    undone = {step.action.rolls_back for step in given.steps if step.status is StepStatus.rolled_back}
    return [
        f"{step.action.expected_effect} {_BECAME[step.status]}: {step.note or step.verification.seen}"
        + (" It was undone." if step.action.id in undone else "")
        for step in given.steps
        if step.round == given.round and step.status in _BECAME
    ]


def tried(given: Remediation) -> list[str]:
    """What was done in all rounds and did not help, behind the name of the runbook that proposed it."""
    done = [step for step in given.steps if step.runbook and step.intended_at is not None]
    return [
        f"{step.runbook}: {step.action.expected_effect} {_BECAME[step.status]}: {step.note or step.verification.seen}"
        for step in done
        if step.status in _BECAME
    ]


_BECAME = {
    StepStatus.no_effect: "It did not help",
    StepStatus.worse: "It made things worse",
    StepStatus.failed: "It failed",
    StepStatus.refused: "It may not be done",
}


def _key(step: Step) -> tuple[str, str, str]:
    action = step.action
    return action.type, action.target.id, str(sorted(action.parameters.items()))
