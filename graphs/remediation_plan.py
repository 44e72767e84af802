"""Which change is proposed next: from the runbook that the diagnosis settled on, as far as the account allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.confidence import names_of
from agent.errors import InputError
from agent.incident_changes import SEVERITIES
from agent.models import Alert, Incident, Remediation, Resource, Step, StepStatus
from agent.remedies import Proposal
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
    return Step(action=kind.action(order, alert, proposal.evidence), round=remediation.round)


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


def _key(step: Step) -> tuple[str, str, str]:
    action = step.action
    return action.type, action.target.id, str(sorted(action.parameters.items()))
