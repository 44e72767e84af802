"""What only its owners know to put right, such as an event or a script, is proposed by a runbook of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.knowledge import KnowledgeBase, Runbook
from agent.models import RemediationStatus, StepStatus
from deploy.local.account import SimulatedAccount, load_scenario
from tests.graphs.test_remediation import Clock, account, clock, opened  # noqa: F401 -- fixtures

pytestmark = pytest.mark.slow
EVENTS = """
- source: shop.pricing
  detail_type: PriceListPublished
  means: the shop imports the price list of the day
"""
DOCUMENTS = """
- document: Harborline-RotateLogs
  version: "1"
  kind: automation
  means: compresses and removes logs older than a week
  risk: medium
  target: InstanceId
  parameters: {Directory: {allowed: [/var/log/billing, /var/log/nginx]}}
"""
OLD_LOGS = "find /var/log/billing -name '*.log.*' -mtime +7 -delete"


@dataclass(frozen=True)
class Own:
    """A runbook's one signal and its one action, for an incident of a drill."""

    drill: str
    metric: str
    kind: str
    action: dict[str, Any]
    host: bool = True

    def runbook(self) -> Runbook:
        seen = {"id": "seen", "kind": self.kind, "where": {"metric": self.metric}, "required": True, "weight": 4}
        is_host = {"kind": "resource_state", "where": {"type": "^instance$"}, "required": True, "weight": 0.1}
        return Runbook.model_validate(
            {
                "name": f"our-{self.drill}",
                "version": "1",
                "title": f"Ours: {self.metric}",
                "symptoms": (self.metric, self.drill),
                "specialists": ("infra",),
                "gather": ("resource_metrics", "alarm_history", "describe_resource", "log_errors"),
                "signals": [seen, *[{"id": "host", **is_host}] * self.host],
                "cause": "It is what we know: {{ seen.statement }}",
                "summary": "{{ seen.statement }}",
                "next_steps": ("Do what this runbook says.",),
                "actions": (self.action,),
                "verification": "The alarm is OK for 2 minutes",
            }
        )


EVENT = {"source": "shop.pricing", "detail_type": "PriceListPublished", "detail": {"list": "today"}}
ROTATE = {"document": "Harborline-RotateLogs", "parameters": {"Directory": "/var/log/billing"}}
RESTART = {"script": "Restart-Service HarborlinePrint", "shell": "powershell"}
ON_HOST = "{{ host.resource }}"
OURS = [
    Own(
        "missed-event",
        "PriceListAgeHours",
        "metric_rise",
        {"type": "eventbridge_event", "target": "default", "parameters": EVENT},
        host=False,
    ),
    Own(
        "disk-full",
        "disk_used_percent",
        "metric_rise",
        {"type": "ssm_script", "target": ON_HOST, "parameters": {"script": OLD_LOGS}},
    ),
    Own(
        "disk-full",
        "disk_used_percent",
        "metric_rise",
        {"type": "ssm_document", "target": ON_HOST, "parameters": ROTATE},
    ),
    Own(
        "windows-service-stopped",
        "PickListsPrinted",
        "metric_drop",
        {"type": "ssm_script", "target": ON_HOST, "parameters": RESTART},
    ),
]


@pytest.mark.parametrize("own", OURS, ids=[f"{own.action['type']} in {own.drill}" for own in OURS])
async def test_what_its_owners_wrote_down_is_proposed_approved_done_and_seen_to_help(
    account: SimulatedAccount,  # noqa: F811
    clock: Clock,  # noqa: F811
    tmp_path: Path,
    own: Own,
) -> None:
    (tmp_path / "events.yaml").write_text(EVENTS, "utf-8")
    (tmp_path / "documents.yaml").write_text(DOCUMENTS, "utf-8")
    catalogues = {"event_catalogue": tmp_path / "events.yaml", "document_catalogue": tmp_path / "documents.yaml"}
    knowledge, story = KnowledgeBase([own.runbook()]), load_scenario(own.drill)
    async with opened(story, account, clock, tmp_path, knowledge, **catalogues) as case:
        name = await case.begin()
        asked = await case.advance(name)
        assert asked.status is RemediationStatus.awaiting_approval, (asked, case.incident.diagnosis)
        assert asked.steps[-1].action.type == own.action["type"]
        assert account.happened(own.drill) == ()
        given = await case.approve(name)
        while given.status is RemediationStatus.awaiting_approval:  # two people for what is risky
            given = await case.approve(name, "ULIWEI")
        assert given.steps[-1].intended_at is not None, given.steps[-1].note
        done = await case.wait(name, 30)
        assert (done.status, done.steps[-1].status) == (RemediationStatus.succeeded, StepStatus.helped), done.steps
        assert len(account.happened(own.drill)) == 1
