"""Instances: scripts by Run Command, and documents of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deploy.local.account.text import resource_id
from tests.contracts.action_cases.case import SECRET, ActionCase, Client, target

NAME = "shop-1"
TARGET = target("ec2", "instance", resource_id("instance", NAME))
PARTS = {
    "resources": {"ec2_instances": [{"name": NAME, "tags": {"env": "prod"}}]},
    "ssm": {
        "instances": [{"name": NAME, "last_ping": "-1m"}],
        "commands": [{"pattern": "df", "stdout": f"password={SECRET}\n"}],
        "parameters": [{"name": "/shop/key", "value": SECRET, "at": "-9d"}],
        "documents": [
            {
                "name": "Shop-RotateLogs",
                "parameters": [{"name": "InstanceId", "type": "StringList"}, {"name": "Directory"}],
                "steps": [{"name": "rotate", "outputs": {"freed": SECRET}}],
            }
        ],
    },
}


def _commands(client: Client) -> Any:
    return len(client("ssm").list_commands()["Commands"])


def _executions(client: Client) -> Any:
    return len(client("ssm").describe_automation_executions()["AutomationExecutionMetadataList"])


CASES = (
    ActionCase(
        id="ssm_script",
        kind="ssm_script",
        target=TARGET,
        parameters={"script": "df -h"},
        state=_commands,
        denied="ssm:DescribeInstanceInformation",
        parts=PARTS,
        wrong=(
            {},
            {"script": ""},
            {"script": "x" * 9000},
            {"script": "df", "shell": "cmd"},
            {"script": "df", "also": ["*"]},
        ),
        once=True,
    ),
    ActionCase(
        id="ssm_document of Amazon",
        kind="ssm_document",
        target=TARGET,
        parameters={"document": "AWS-RestartEC2Instance"},
        state=_executions,
        denied="ec2:DescribeInstances",
        parts=PARTS,
        wrong=({}, {"document": "a/b"}, {"document": "AWS-RestartEC2Instance", "parameters": {"Wait": 7}}),
    ),
    ActionCase(
        id="ssm_document of one's own",
        kind="ssm_document",
        target=TARGET,
        parameters={"document": "Shop-RotateLogs", "parameters": {"Directory": "/var/log/shop"}},
        state=_executions,
        denied="ssm:DescribeDocument",
        parts=PARTS,
        settings={"document_catalogue": Path(__file__).with_name("documents.yaml")},
    ),
)
