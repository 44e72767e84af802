"""Provisioned concurrency of a Lambda function."""

from __future__ import annotations

from typing import Any

from agent.models import Finding
from tools.evidence.base import Look
from tools.evidence.infra.inventory import Item

Provisioned = dict[str, Any]


def provisioned(look: Look, name: str) -> list[Provisioned]:
    """What is provisioned for each alias or version."""
    return look.pages(
        "lambda", "list_provisioned_concurrency_configs", "ProvisionedConcurrencyConfigs", FunctionName=name
    )


def in_words(each: Provisioned) -> str:
    """`live: 10 of 20, FAILED`"""
    alias = each["FunctionArn"].rsplit(":", 1)[-1]
    status = "" if each["Status"] == "READY" else f", {each['Status']}"
    given = each.get("AllocatedProvisionedConcurrentExecutions", 0)
    return f"{alias}: {given} of {each['RequestedProvisionedConcurrentExecutions']}{status}"


def failed(item: Item, each: Provisioned) -> Finding | None:
    """What was asked for and could not be allocated."""
    if each["Status"] != "FAILED":
        return None
    why = each.get("StatusReason", "")
    return Finding(
        kind="service_event",
        statement=f"Provisioned concurrency of {item.name} failed ({in_words(each)}): {why or 'no reason given'}",
        strength=0.7,
        resource=item.name,
        attributes={"message": why[:200] or "failed", "service": "lambda"},
    )
