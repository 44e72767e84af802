"""Cost Explorer charges for each request: a whole investigation stays under ten, counted at the wire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tests.tools.evidence.cost.examples import NAT_SPIKE, STEADY, line, series
from tools.aws import Boto3Session
from tools.evidence.cost.anomalies import cost_anomalies
from tools.evidence.cost.breakdown import cost_breakdown
from tools.evidence.cost.budgets import budget_status
from tools.evidence.cost.drivers import cost_drivers
from tools.evidence.cost.forecast import cost_forecast
from tools.evidence.cost.idle import idle_resources


@pytest.fixture
def requests(aws: Boto3Session) -> Iterator[list[str]]:
    """The bodies of all requests that reach Cost Explorer."""
    sent: list[str] = []

    def note(request: Any, **_: Any) -> None:
        sent.append(request.body.decode() if isinstance(request.body, bytes) else str(request.body))

    events = aws.client("ce").meta.events
    events.register("before-send.cost-explorer", note)
    yield sent
    events.unregister("before-send.cost-explorer", note)


async def test_why_did_costs_go_up_takes_fewer_than_ten_requests(load: Load, call: Call, requests: list[str]):
    gateway = series(
        "AWS/NATGateway", "BytesInFromSource", {"NatGatewayId": "nat-0a"}, 4e7, {"from": "-4d", "add": 9e8}
    )
    rise = line("AWS Lambda", "Lambda-GB-Second", 20, {"from": "-3d", "add": 300})
    load(costs=[*STEADY, *NAT_SPIKE, rise], metrics=[gateway], budgets=[{"name": "all", "limit_usd": 900}])
    spent = 0.0
    for tool, arguments in (
        (cost_breakdown, {}),
        (cost_breakdown, {"service": "nat"}),
        (cost_breakdown, {"service": "lambda"}),
        (cost_breakdown, {"by": "account"}),
        (cost_breakdown, {"by": "usage_type"}),
        (cost_drivers, {}),
        (cost_drivers, {"service": "nat"}),
        (cost_anomalies, {}),
        (cost_anomalies, {"service": "nat"}),
        (budget_status, {}),
        (cost_forecast, {}),
        (idle_resources, {}),
    ):
        evidence = await call(tool, **arguments)
        assert evidence.status in (EvidenceStatus.ok, EvidenceStatus.no_data), evidence.summary
        spent += evidence.cost.usd
    assert 0 < len(requests) < 10
    assert spent == pytest.approx(0.01 * len(requests))


async def test_one_reply_serves_every_service_and_every_range_of_two_weeks(load: Load, call: Call, requests: list[str]):
    load(costs=STEADY)
    for service in ("", "lambda", "redshift", "dynamodb"):
        for start in ("", "-3d", "-7d", "-14d"):
            await call(cost_breakdown, service=service, start=start)
    assert len(requests) == 1
