"""Failed executions: taken up again where that is possible, else begun anew."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.actions.account import ACCOUNT, REGION, TOKEN, Bench

SECRET = "sesame-" + "opens"
FAILED = {"state": "Charge", "error": "PaymentFailed", "cause": SECRET}


@pytest.fixture
def machine(bench: Bench) -> Bench:
    executions = [
        {"at": "-20m", "status": "FAILED", "name": "bad", "failed": FAILED, "input": {"card": SECRET}},
        {"at": "-10m", "status": "SUCCEEDED", "name": "good"},
    ]
    bench.load(resources={"state_machines": [{"name": "fulfilment", "executions": executions}]})
    return bench


def test_what_succeeded_is_not_repeated(machine: Bench) -> None:
    for how in ("redrive", "restart"):
        preview = machine.preview("stepfunctions_redrive", "fulfilment", execution="good", how=how)
        assert "nothing to repeat" in preview.problems[0]


def test_a_new_execution_has_the_same_input_and_the_token_as_its_name(machine: Bench) -> None:
    result = machine.execute("stepfunctions_redrive", "fulfilment", execution="bad", how="restart")
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:fulfilment:{TOKEN}"
    found: dict[str, Any] = machine.person("stepfunctions").describe_execution(executionArn=arn)
    assert result.reference == arn
    assert SECRET in found["input"]
    assert SECRET not in result.model_dump_json()


def test_that_a_redrive_repeats_less_is_said(machine: Bench) -> None:
    preview = machine.preview("stepfunctions_redrive", "fulfilment", execution="bad", how="restart")
    assert preview.problems == ()
    assert "repeats less" in " ".join(preview.warnings)
