"""What is wrong in the account, what would be done about it, and by which policies."""

from __future__ import annotations

from datetime import datetime

from agent.knowledge import KnowledgeBase, Runbook
from agent.models import (
    Alert,
    Confidence,
    Decision,
    Diagnosis,
    Evidence,
    Finding,
    Incident,
    Resource,
    Severity,
    SlackPlace,
    TimelineEvent,
    new_id,
)
from tests.graphs.remediation_machine.account import ACCOUNT, CLUSTER, EXECUTION, MORE, REGION, SERVICES

BEHIND, INTERRUPTED = "service-behind", "execution-interrupted"


def runbook_of(name: str, kind: str, *actions: dict[str, object]) -> Runbook:
    """Its one signal is called `seen`."""
    return Runbook.model_validate(
        {
            "name": name,
            "version": "1",
            "title": name,
            "symptoms": (name,),
            "specialists": ("infra",),
            "gather": (),
            "signals": ({"id": "seen", "kind": kind, "required": True},),
            "cause": "{{ seen.statement }}",
            "summary": "{{ seen.statement }}",
            "next_steps": (),
            "actions": actions,
        }
    )


KNOWLEDGE = KnowledgeBase(
    [
        runbook_of(
            BEHIND,
            "metric_drop",
            {
                "type": "ecs_scale",
                "target": "{{ seen.resource }}",
                "parameters": {"cluster": CLUSTER, "desired": str(MORE)},
            },
            {"type": "ecs_restart", "target": "{{ seen.resource }}", "parameters": {"cluster": CLUSTER}},
        ),
        runbook_of(
            INTERRUPTED,
            "workflow_failed",
            {
                "type": "stepfunctions_redrive",
                "target": "{{ seen.resource }}",
                "parameters": {"execution": EXECUTION, "how": "redrive"},
            },
        ),
    ]
)
"""A change that can be undone, then one that takes no token; and one that takes a token."""


def incident(name: str, place: SlackPlace, now: datetime) -> Incident:
    """A service or a state machine of the account in memory, diagnosed."""
    runbook, kind = (BEHIND, "metric_drop") if name in SERVICES else (INTERRUPTED, "workflow_failed")
    return diagnosed(name, runbook, kind, f"{name}-alarm", place, now)


def diagnosed(name: str, runbook: str, kind: str, alarm: str, place: SlackPlace, now: datetime) -> Incident:
    """`kind`: of the one finding, which names the resource. `alarm`: the signal that fires."""
    finding = Finding(kind=kind, statement=f"{name} does nothing.", strength=0.9, resource=name)
    seen = Evidence(
        id=new_id("ev"),
        tool="describe_resource",
        status="ok",  # type: ignore[arg-type]
        question=f"How is {name}?",
        query="-",
        summary=finding.statement,
        findings=(finding,),
    )
    target = Resource(service="ecs", type="service", id=name, region=REGION, account=ACCOUNT)
    alert = Alert(
        source="cloudwatch",
        title=f"{name} does nothing",
        severity=Severity.error,
        resource=target,
        started_at=now,
        labels={"alarm_name": alarm},
        fingerprint=new_id("fp"),
    )
    return Incident(
        id=new_id("inc"),
        title=alert.title,
        severity=alert.severity,
        alerts=(alert,),
        decision=Decision(treatment="analyse", rule="default: test", reason="It is an error."),
        place=place,
        diagnosis=Diagnosis(
            summary="It is known.", root_cause="It stands.", runbook=runbook, confidence=Confidence(value=0.9)
        ),
        diagnosed_at=now,
        evidence=(seen,),
        timeline=(TimelineEvent(at=now, kind="opened", text=alert.title),),
        created_at=now,
        updated_at=now,
    )


POLICIES = {
    "one": "approvers: [{maya}, {liwei}]\n",
    "two": "approvers: [{maya}, {liwei}]\nrules:\n  - {{name: both, then: {{needed: 2}}}}\n",
    "by itself": "approvers: [{maya}]\nby_itself:\n  - {{name: all, action: [ecs_restart, stepfunctions_redrive, "
    "ecs_scale]}}\n",
    "only maya": "approvers: [{maya}]\n",
    "nobody": "approvers: []\n",
    "frozen": "approvers: [{maya}]\nfreezes:\n  - {{name: winter, during: 2026-01-01 - 2027-01-01}}\n",
    "broken": "approvers: [\n",
}
"""Each with the ids of those whom it names."""
REFUSING = ("nobody", "frozen", "broken")
