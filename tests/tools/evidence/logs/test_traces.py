"""Which node of a traced request fails, and which got slow."""

from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.logs.traces import traces

FUNCTION = "AWS::Lambda::Function"


def checkout(card: dict[str, Any] | None = None, table_ms: float = 8, **flow: Any) -> dict[str, Any]:
    """Requests to checkout, which asks a table and then payments, which asks the card service."""
    asked = {"name": "cards.example.com", "kind": "remote", "ms": 60, **(card or {})}
    status = int(asked.get("status", 200))
    payments = {"name": "payments", "type": FUNCTION, "ms": 20, "status": status, "calls": [asked]}
    table = {"name": "orders", "kind": "remote", "type": "AWS::DynamoDB::Table", "ms": table_ms}
    charge = {"name": "charge the card", "kind": "local", "calls": [payments]}
    root = {"name": "checkout", "type": FUNCTION, "ms": 30, "status": 502 if status >= 500 else 200}
    return {"root": {**root, "calls": [table, charge]}, "per_minute": 6, "url": "https://shop.example.com/pay", **flow}


REFUSED = {"status": 503, "exception": "cards.ConnectTimeout: no answer after 3 s"}
SEARCH = {"root": {"name": "search", "type": FUNCTION, "ms": 12}, "per_minute": 30}


def first(evidence: Evidence, kind: str) -> Finding:
    found = [finding for finding in evidence.findings if finding.kind == kind]
    assert found, evidence.summary
    return found[0]


async def test_the_innermost_node_that_fails_is_named_with_its_exception(load: Load, call: Call):
    load(traces=[checkout(), checkout(REFUSED, **{"from": "-25m"}), SEARCH])
    evidence = await call(traces, resource="checkout")
    fault = first(evidence, "trace_fault")
    assert (fault.resource, fault.attributes["caller"]) == ("cards.example.com", "payments")
    assert fault.attributes["exception"] == "ConnectTimeout"
    assert "no answer after 3 s" in fault.statement
    assert float(fault.attributes["share"]) == pytest.approx(0.294, abs=0.01)
    assert fault.at is not None
    assert (fault.at.hour, fault.at.minute) == (14, 35)
    assert fault.strength > 0.85
    assert "search" not in evidence.summary
    assert "get_trace_summaries" in evidence.query
    assert "xray:traces" in evidence.console_url


async def test_without_a_resource_the_node_that_fails_is_found(load: Load, call: Call):
    load(traces=[SEARCH, checkout(REFUSED, per_minute=2)])
    assert first(await call(traces), "trace_fault").resource == "cards.example.com"


async def test_a_part_of_the_name_is_enough_and_another_service_is_left_out(load: Load, call: Call):
    load(traces=[checkout(REFUSED), SEARCH])
    evidence = await call(traces, resource="searc")
    assert [finding.kind for finding in evidence.findings] == ["trace_healthy"]
    assert "X-Ray counted 1,800 requests to search" in evidence.summary


async def test_faults_that_always_were_there_are_weak(load: Load, call: Call):
    load(traces=[checkout(per_minute=20), checkout(REFUSED, per_minute=1)])
    fault = first(await call(traces, resource="checkout"), "trace_fault")
    assert fault.strength < 0.3


async def test_throttling_counts_as_failure(load: Load, call: Call):
    throttled = {"name": "orders", "kind": "remote", "type": "AWS::DynamoDB::Table", "status": 429}
    root = {"name": "importer", "type": FUNCTION, "status": 500, "calls": [throttled]}
    load(traces=[{"root": root, "per_minute": 5}])
    fault = first(await call(traces, resource="importer"), "trace_fault")
    assert fault.resource == "orders"
    assert "HTTP 429" in fault.statement


async def test_the_node_whose_own_time_grew_is_the_slow_one(load: Load, call: Call):
    load(traces=[checkout(to="-30m"), checkout(table_ms=900, **{"from": "-30m"})])
    evidence = await call(traces, resource="checkout", onset="-30m")
    slow = first(evidence, "trace_slow")
    assert slow.resource == "orders"
    assert float(slow.attributes["factor"]) > 50
    assert "orders took the most time" in slow.statement
    assert not any(finding.resource == "checkout" for finding in evidence.findings)


async def test_steady_requests_are_healthy(load: Load, call: Call):
    load(traces=[checkout()])
    evidence = await call(traces, resource="checkout")
    assert [finding.kind for finding in evidence.findings] == ["trace_healthy"]
    assert evidence.findings[0].strength < 0.5


async def test_an_unknown_service_is_no_data_and_says_what_x_ray_saw(load: Load, call: Call):
    load(traces=[SEARCH])
    evidence = await call(traces, resource="nowhere")
    assert evidence.status == EvidenceStatus.no_data
    assert "search" in evidence.summary


async def test_requests_outside_the_range_do_not_count(load: Load, call: Call):
    load(traces=[checkout(REFUSED, **{"from": "-9h", "to": "-8h"})])
    evidence = await call(traces, resource="checkout")
    assert evidence.status == EvidenceStatus.no_data
    assert first(await call(traces, resource="checkout", start="-9h", end="-8h"), "trace_fault")


async def test_of_a_long_range_the_last_six_hours_are_read(load: Load, call: Call):
    load(traces=[SEARCH])
    evidence = await call(traces, resource="search", start="-2d")
    assert evidence.time_range is not None
    assert evidence.time_range.seconds == 6 * 3600


async def test_summaries_are_read_over_several_pages(load: Load, call: Call):
    load(traces=[checkout(REFUSED, per_minute=4)])
    fault = first(await call(traces, resource="checkout"), "trace_fault")
    assert fault.attributes["traces"] == "240"
    assert fault.at is not None
    assert (fault.at.hour, fault.at.minute) == (14, 0)


async def test_without_traces_the_graph_still_tells_that_requests_fail(load: Load, call: Call):
    load(traces=[checkout(REFUSED)], denied=[{"action": "xray:GetTraceSummaries"}])
    evidence = await call(traces, resource="checkout")
    assert first(evidence, "trace_fault").attributes["share"] == "1.000"
    assert "xray:GetTraceSummaries" in evidence.summary
