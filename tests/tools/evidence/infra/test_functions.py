from typing import Any

from agent.models import Evidence, Finding
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.infra.resources import describe_resource


def kinds(evidence: Evidence, kind: str) -> list[Finding]:
    return [finding for finding in evidence.findings if finding.kind == kind]


async def test_concurrency_and_where_failed_events_go(load: Load, call: Call):
    failed = {"alias": "live", "requested": 20, "allocated": 3, "status": "FAILED", "reason": "FUNCTION_ERROR_INIT"}
    load(
        resources={
            "sqs_queues": [{"name": "lost"}],
            "lambda_functions": [
                {"name": "checkout", "reserved_concurrency": 50, "on_failure": "lost", "maximum_retries": 1,
                 "versions": [{"version": "1", "at": "-9d"}], "aliases": {"live": "1"},
                 "provisioned_concurrency": [failed]},
                {"name": "newsletter"},
            ],
        }
    )  # fmt: skip
    evidence = await call(describe_resource, resource="checkout")
    state = kinds(evidence, "resource_state")[0].attributes
    assert (state["reserved_concurrency"], state["failed_events_go_to"]) == ("50", "lost")
    assert state["unreserved_in_account"] == "950"
    assert state["provisioned_concurrency"] == "live: 3 of 20, FAILED"
    (event,) = kinds(evidence, "service_event")
    assert "FUNCTION_ERROR_INIT" in event.statement
    other = await call(describe_resource, resource="newsletter")
    assert "provisioned_concurrency" not in kinds(other, "resource_state")[0].attributes


async def test_an_event_source_whose_last_batch_failed_or_that_is_off(load: Load, call: Call):
    def mapping(queue: str, **more: Any) -> dict[str, Any]:
        return {"function": "checkout", "queue": queue, **more}

    load(
        resources={
            "lambda_functions": [{"name": "checkout"}],
            "sqs_queues": [{"name": name} for name in ("orders", "refunds", "returns")],
            "event_source_mappings": [
                mapping("orders", last_result="PROBLEM: Function call failed"),
                mapping("refunds", enabled=False),
                mapping("returns"),
            ],
        }
    )
    failing = kinds(await call(describe_resource, resource="checkout"), "trigger_failing")
    assert {f.attributes["source"] for f in failing} == {"orders", "refunds"}
    assert all(f.resource == "checkout" for f in failing)


async def test_asynchronous_events_that_are_dropped(load: Load, call: Call):
    def dropped(function: str) -> dict[str, Any]:
        return {"namespace": "AWS/Lambda", "name": "AsyncEventsDropped", "dimensions": {"FunctionName": function},
                "statistic_kind": "count", "baseline": 0, "integer": True,
                "events": [{"from": "-35m", "add": 12}]}  # fmt: skip

    load(
        resources={"lambda_functions": [{"name": "checkout"}, {"name": "newsletter"}]},
        metrics=[dropped("newsletter")],
    )
    (risen,) = kinds(await call(describe_resource, resource="newsletter"), "metric_rise")
    assert risen.attributes["metric"] == "AsyncEventsDropped"
    assert not kinds(await call(describe_resource, resource="checkout"), "metric_rise")


async def test_mappings_are_read_over_several_pages(load: Load, call: Call):
    queues = [{"name": f"queue-{n}"} for n in range(60)]
    mappings = [{"function": "checkout", "queue": q["name"]} for q in queues]
    mappings[-1] = {**mappings[-1], "last_result": "PROBLEM: timed out"}
    load(
        resources={
            "lambda_functions": [{"name": "checkout"}],
            "sqs_queues": queues,
            "event_source_mappings": mappings,
        }
    )
    (failing,) = kinds(await call(describe_resource, resource="checkout"), "trigger_failing")
    assert failing.attributes["source"] == "queue-59"


async def test_concurrency_that_may_not_be_read_leaves_the_rest(load: Load, call: Call):
    load(
        resources={"lambda_functions": [{"name": "checkout"}]},
        denied=[{"action": "lambda:ListProvisionedConcurrencyConfigs"}],
    )
    evidence = await call(describe_resource, resource="checkout")
    assert kinds(evidence, "resource_state")
    assert "lambda:ListProvisionedConcurrencyConfigs" in evidence.summary
