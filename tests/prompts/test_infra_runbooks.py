"""What the infra tools find speaks for the runbook that is about it, and for no other."""

from __future__ import annotations

import pytest

from agent.knowledge import KnowledgeBase
from tests.agent.examples import evidence, finding

KNOWLEDGE = KnowledgeBase.read()
CARRIES = 0.35


@pytest.mark.parametrize(
    ("kind", "runbook"),
    [
        ("target_unhealthy", "unhealthy-targets"),
        ("workflow_failed", "state-machine-failing"),
        ("quota_near_limit", "service-quota-reached"),
        ("launch_failed", "auto-scaling-cannot-launch"),
        ("stack_failed", "stack-rolled-back"),
    ],
)
def test_one_unmistakable_finding_carries_its_runbook_alone(kind: str, runbook: str) -> None:
    piece = evidence(finding(kind, f"The {kind} of shop.", resource="shop", strength=0.9))
    carried = [v.runbook.name for v in KNOWLEDGE.weigh([piece]) if v.complete and v.support >= CARRIES]
    assert carried == [runbook]


def test_a_launch_that_fails_for_the_quota_speaks_for_the_quota_too() -> None:
    quota = finding("quota_near_limit", "The quota vCPUs is reached.", resource="vCPUs", strength=0.95)
    launch = finding("launch_failed", "6 launches failed.", resource="workers", reason="quota", strength=0.9)
    best = KNOWLEDGE.weigh([evidence(quota, launch)])[0]
    assert best.runbook.name in ("service-quota-reached", "auto-scaling-cannot-launch")
    assert best.support > 0.5


@pytest.mark.parametrize("kind", ["targets_healthy", "quota_free", "deployment", "resource_state"])
def test_what_is_well_carries_none_of_them(kind: str) -> None:
    piece = evidence(finding(kind, "All is well.", resource="shop", strength=0.4))
    assert not [v for v in KNOWLEDGE.weigh([piece]) if v.complete and v.support >= CARRIES]
