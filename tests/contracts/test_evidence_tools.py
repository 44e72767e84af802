"""One suite for every evidence tool: whatever AWS does, a tool answers with evidence that says so, in time and short.

What each tool finds, leaves out and pages through is tested beside it, in tests/tools/evidence.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.tools import BaseTool

from agent.evidence_text import render
from agent.models import Evidence, EvidenceStatus
from deploy.local.account import SimulatedAccount, load_scenario, scenario_names
from deploy.local.account.faults import Fault
from tests.tools.evidence.conftest import NOW, Caller
from tools.aws import Boto3Session
from tools.evidence.base import COMMON_PARAMETERS
from tools.evidence.catalog import TOOLS

ARGUMENTS = {
    "resource": "checkout-api",
    "service": "lambda",
    "pattern": "ERROR",
    "query": "fields @message | limit 5",
    "bucket": "reports",
    "key": "daily/2026/11/18/orders.csv",
    "dag_id": "orders",
    "table": "orders",
}
"""What a tool is given where it cannot do without."""
BESIDES = {"s3_object_status": ("bucket", "key")}
"""Parameters that a tool does not require, but without which it asks for them and looks at nothing."""
TABLE = {"ARN": "arn:aws:rds:us-east-1:123456789012:cluster:logs", "SECRET_ARN": "arn:aws:secretsmanager:us-east-1:1:x"}
"""The unified log table, which tools look at only where it is configured."""
MOST_TOKENS = 2000
"""What a piece of evidence may take of a model's context; about four characters each."""

EVERY_TOOL = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS.keys())


@pytest.fixture(scope="module")
def account() -> Iterator[SimulatedAccount]:
    with SimulatedAccount(clock=lambda: NOW) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def aws(account: SimulatedAccount) -> Boto3Session:
    """One that tries once: what trying again does is botocore's own affair."""
    return Boto3Session.open("us-east-1", attempts=1)


@pytest.fixture(scope="module")
def hasty(account: SimulatedAccount) -> Boto3Session:
    """One that gives up at once."""
    return Boto3Session.open("us-east-1", timeout_seconds=0.4, attempts=1)


@pytest.fixture
def empty(account: SimulatedAccount, monkeypatch: pytest.MonkeyPatch) -> SimulatedAccount:
    """The account with nothing in it and no faults. Who is asking is always answered."""
    monkeypatch.setenv("WATCHKEEPER_TOOL_TIMEOUT_SECONDS", "3")
    account.reset()
    account.put(Fault("sts:*"))
    return account


@pytest.fixture
def failing(empty: SimulatedAccount, monkeypatch: pytest.MonkeyPatch) -> SimulatedAccount:
    """The same, about to fail, with all that can be configured."""
    for name, value in TABLE.items():
        monkeypatch.setenv(f"WATCHKEEPER_UNIFIED_LOG_{name}", value)
    return empty


@pytest.fixture(scope="module")
def busy(account: SimulatedAccount) -> Iterator[Caller]:
    """The account with every incident in it. All have time enough: a busy machine must not decide what is found."""
    account.reset()
    for name in scenario_names():
        account.load(load_scenario(name), NOW)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WATCHKEEPER_TOOL_TIMEOUT_SECONDS", "90")
        yield Caller(Boto3Session.open("us-east-1", attempts=1))
    account.reset()


def needed(tool: BaseTool) -> dict[str, Any]:
    """Arguments for the parameters that the tool requires."""
    schema: dict[str, Any] = tool.tool_call_schema.model_json_schema()  # type: ignore[union-attr]
    return {name: ARGUMENTS[name] for name in schema.get("required", [])}


def enough(tool: BaseTool) -> dict[str, Any]:
    """Arguments with which it calls AWS."""
    return needed(tool) | {name: ARGUMENTS[name] for name in BESIDES.get(tool.name, ())}


@EVERY_TOOL
async def test_an_empty_account_is_no_failure(
    tool: BaseTool, empty: SimulatedAccount, aws: Boto3Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_TOOL_TIMEOUT_SECONDS", "20")
    found = await Caller(aws)(tool, **needed(tool))
    assert found.status in (EvidenceStatus.ok, EvidenceStatus.no_data), found.summary
    assert found.summary
    assert [f.statement for f in found.findings if f.strength > 0.5] == []


@EVERY_TOOL
async def test_a_denial_names_what_to_allow(tool: BaseTool, failing: SimulatedAccount, aws: Boto3Session) -> None:
    failing.put(Fault("*", code="AccessDeniedException", message="Denied.", status=403))
    found = await Caller(aws)(tool, **enough(tool))
    assert found.status is EvidenceStatus.denied, found.summary
    assert "allow " in found.summary
    assert found.findings == ()


@pytest.mark.slow
@EVERY_TOOL
async def test_throttling_that_lasts_is_named(tool: BaseTool, failing: SimulatedAccount, aws: Boto3Session) -> None:
    failing.put(Fault("*", code="ThrottlingException", message="Rate exceeded.", status=400))
    found = await Caller(aws)(tool, **enough(tool))
    assert found.status is EvidenceStatus.error, found.summary
    assert "Throttling" in found.summary


@pytest.mark.slow
@EVERY_TOOL
async def test_what_hangs_is_given_up_in_time(tool: BaseTool, failing: SimulatedAccount, hasty: Boto3Session) -> None:
    failing.put(Fault("*", seconds=20))
    began = time.monotonic()
    found = await Caller(hasty)(tool, **enough(tool))
    failing.heal()
    assert found.status is EvidenceStatus.timeout, found.summary
    assert time.monotonic() - began < 15


@pytest.mark.slow
@EVERY_TOOL
async def test_what_it_finds_is_short_ordered_linked_and_repeatable(tool: BaseTool, busy: Caller) -> None:
    found = await busy(tool, **needed(tool))
    assert found.status in (EvidenceStatus.ok, EvidenceStatus.no_data), found.summary
    assert len(render(found)) / 4 <= MOST_TOKENS
    assert list(found.findings) == sorted(found.findings, key=lambda f: -f.strength)
    assert found.console_url.startswith("https://") or found.status is EvidenceStatus.no_data
    assert found.query
    assert found.time_range is not None


@EVERY_TOOL
async def test_it_says_what_it_is_for_and_what_it_takes(tool: BaseTool) -> None:
    schema: dict[str, Any] = tool.tool_call_schema.model_json_schema()  # type: ignore[union-attr]
    assert len(tool.description) > 60
    assert set(COMMON_PARAMETERS) <= set(schema["properties"])


@pytest.mark.slow
async def test_all_tools_at_once_keep_their_deadlines(empty: SimulatedAccount, hasty: Boto3Session) -> None:
    """Half of AWS hangs; every tool comes back within its deadline."""
    for service in ("logs", "cloudwatch", "ec2", "redshift", "mwaa"):
        empty.put(Fault(f"{service}:*", seconds=20))
    began = time.monotonic()
    caller = Caller(hasty)
    found: list[Evidence] = await asyncio.gather(*(caller(tool, **needed(tool)) for tool in TOOLS.values()))
    empty.heal()
    assert len(found) == len(TOOLS)
    assert time.monotonic() - began < 12
