"""Gathering from eight sources at once, of which one hangs and one is denied, over the wire."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool

from agent.drafts import DiagnosisDraft
from agent.models import Evidence, EvidenceStatus
from deploy.local.account import SimulatedAccount
from deploy.local.account.faults import Fault
from graphs.alert_analysis import build_alert_analysis
from tests.agent.examples import alert
from tests.graphs.conftest import Bench, specialist
from tests.graphs.scripted import ScriptedModel, call
from tools.aws import Boto3Session
from tools.evidence.base import Found, Look, evidence_tool

SOURCES = {
    "tables": ("dynamodb", "list_tables"),
    "queues": ("sqs", "list_queues"),
    "topics": ("sns", "list_topics"),
    "databases": ("rds", "describe_db_instances"),
    "functions": ("lambda", "list_functions"),
    "clusters": ("ecs", "list_clusters"),
    "gateways": ("ec2", "describe_nat_gateways"),
    "machines": ("stepfunctions", "list_state_machines"),
}
HANGS, DENIED = "databases", "gateways"
TOOL_SECONDS, GATHER_SECONDS = 5.0, 8.0


def source(name: str, service: str, operation: str) -> BaseTool:
    def look_at(look: Look) -> Found:
        """One listing."""
        look.call(service, operation)
        return Found(f"The {name} could be read.")

    look_at.__name__ = name
    return evidence_tool(f"Which {name} are there?")(look_at)


@pytest.fixture(scope="module")
def aws() -> Iterator[Boto3Session]:
    """Warmed up: the first call of a service, here and in the account, takes longer than what is measured."""
    with SimulatedAccount() as account, pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment().items():
            environment.setenv(name, value)
        session = Boto3Session.open("us-east-1")
        for service, operation in SOURCES.values():
            getattr(session.client(service), operation)()
        account.put(Fault("rds:*", seconds=30))
        account.put(Fault("ec2:*", code="UnauthorizedOperation", message="You are not authorized.", status=403))
        yield session


def gathering(aws: Boto3Session, script: Callable[..., ScriptedModel], runs: int = 1) -> Bench:
    """A bench whose one specialist asks all eight in one breath."""
    tools = {name: source(name, *where) for name, where in SOURCES.items()}

    def ask_all(messages: list[object]) -> AIMessage:
        return AIMessage("Seen.") if getattr(messages[-1], "type", "") == "tool" else call(*tools)

    return Bench(
        fast=script(*[ask_all] * 2 * runs),
        strong=script(*[DiagnosisDraft(summary="?", claims=[])] * 2 * runs),
        tools=tools,
        specialists=(specialist("infra", *tools),),
        settings={"tool_timeout_seconds": TOOL_SECONDS, "gather_timeout_seconds": GATHER_SECONDS},
        aws=aws,
    )


def statuses(evidence: list[Evidence]) -> Counter[EvidenceStatus]:
    return Counter(piece.status for piece in evidence)


async def test_six_results_and_two_that_say_what_is_missing(
    aws: Boto3Session, script: Callable[..., ScriptedModel]
) -> None:
    began = time.monotonic()
    run = await gathering(aws, script).analyse(alert("something is wrong"))
    took = time.monotonic() - began

    assert statuses(run.evidence) == {EvidenceStatus.ok: 6, EvidenceStatus.timeout: 1, EvidenceStatus.denied: 1}
    assert "within 5 s" in run.evidence_of(HANGS).summary
    assert "allow ec2:DescribeNatGateways on *" in run.evidence_of(DENIED).summary
    assert took < GATHER_SECONDS
    assert {gap.tool for gap in run.diagnosis.gaps} == {HANGS, DENIED}


@pytest.mark.slow
async def test_fifty_such_gatherings_at_once_keep_their_deadline(
    aws: Boto3Session, script: Callable[..., ScriptedModel]
) -> None:
    """None of them shares an answer with another: each has a cache of its own, and four hundred looks go out."""
    bench = gathering(aws, script, runs=50)
    bench.settings = {"tool_timeout_seconds": 8.0, "gather_timeout_seconds": 16.0}
    graph = build_alert_analysis(bench.deps(), bench.specialists, bench.tools)

    began = time.monotonic()
    runs = await asyncio.gather(*(bench.analyse(alert(f"number {n} is wrong"), graph) for n in range(50)))
    took = time.monotonic() - began

    assert took < 16 + 4  # drafting and routing come after the gathering
    for run in runs:
        assert statuses(run.evidence) == {EvidenceStatus.ok: 6, EvidenceStatus.timeout: 1, EvidenceStatus.denied: 1}
