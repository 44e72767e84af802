"""The kinds of changes are those calls that end the incidents of the drills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.models import Resource
from agent.settings import Settings
from deploy.local.account import load_scenario
from deploy.local.account.text import resource_id
from tests.tools.actions.account import ACCOUNT, NOW, REGION, TOKEN, Bench
from tools.actions.catalog import actions

BILLING, PRINTER = resource_id("instance", "billing-app-1"), resource_id("instance", "print-server-1")
OLD_LOGS = "find /var/log/billing -name '*.log.*' -mtime +7 -delete"
ROTATE = {"document": "Harborline-RotateLogs", "parameters": {"Directory": "/var/log/billing"}}
DOCUMENTS = """
- document: Harborline-RotateLogs
  version: "1"
  kind: automation
  means: compresses and removes logs older than a week
  risk: medium
  target: InstanceId
  parameters: {Directory: {allowed: [/var/log/billing, /var/log/nginx]}}
"""
RESTART = {"script": "Restart-Service HarborlinePrint", "shell": "powershell"}
TIMEOUT = {"parameter": "idle_in_transaction_session_timeout", "value": "60000"}
DRILLS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("rds-idle-transactions", "rds_parameter", "ledger-db", {"group": "ledger-db-params", **TIMEOUT}),
    ("rds-pending-reboot", "rds_reboot", "pricing-db", {}),
    ("dynamodb-throttling", "dynamodb_capacity", "storefront-sessions", {"mode": "on_demand"}),
    ("sqs-dead-letters", "sqs_redrive", "settlement-requests-dlq", {"sources": "settlement-requests"}),
    ("airflow-dag-paused", "airflow_pause_dag", "ledger_export", {"environment": "finance-prod", "paused": False}),
    ("airflow-run-missing", "airflow_trigger_dag", "supplier_prices", {"environment": "sourcing-prod"}),
    ("disk-full", "ssm_script", BILLING, {"script": OLD_LOGS}),
    ("disk-full", "ssm_document", BILLING, ROTATE),
    ("windows-service-stopped", "ssm_script", PRINTER, RESTART),
]


@pytest.mark.parametrize(
    ("name", "kind", "target", "parameters"), DRILLS, ids=[f"{kind} in {name}" for name, kind, *_ in DRILLS]
)
def test_the_right_change_is_possible_and_is_what_the_incident_waits_for(
    bench: Bench, tmp_path: Path, name: str, kind: str, target: str, parameters: dict[str, Any]
) -> None:
    (tmp_path / "documents.yaml").write_text(DOCUMENTS)
    bench.account.reset()
    bench.account.load(load_scenario(name), NOW)
    action = actions(Settings.read(document_catalogue=tmp_path / "documents.yaml"))[kind]
    resource = Resource(service=action.service, type=action.resource_type, id=target, region=REGION, account=ACCOUNT)
    order = action.order(resource, parameters)
    preview = action.preview(order, bench.aws, NOW)
    assert preview.problems == ()
    session = bench.writes.open(action.permissions(order), "act_1", ACCOUNT)
    assert action.execute(order, preview, session, TOKEN, NOW).succeeded
    assert bench.account.happened(name)
