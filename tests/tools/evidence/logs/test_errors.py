"""What a new failure in the logs looks like among lines that were always there."""

from typing import Any

import pytest

from agent.models import Evidence, EvidenceStatus, Finding
from slack_app.blocks.links import trusted
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.logs.errors import log_changes, log_errors

CHECKOUT = "/aws/lambda/checkout"

STEADY: list[dict[str, Any]] = [
    {"template": "served order {int:1-9999} in {int:5-90}ms", "per_minute": 20},
    {"template": "customer {int:1-999} is unknown, failed to greet", "level": "ERROR", "per_minute": 0.5},
]
NEW_FAILURE = {"template": "[ERROR] KeyError: 'currency' for order {int:1-9999}", "per_minute": 6, "from": "-40m"}


def group(name: str = CHECKOUT, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"group": name, "streams": ["a", "b"], "lines": [*STEADY, *lines]}


def strongest(evidence: Evidence, kind: str) -> Finding:
    found = [finding for finding in evidence.findings if finding.kind == kind]
    assert found, evidence.summary
    return max(found, key=lambda finding: finding.strength)


async def test_a_new_exception_outranks_an_error_that_was_always_there(load: Load, call: Call):
    load(logs=[group(CHECKOUT, NEW_FAILURE)])
    evidence = await call(log_errors, resource="checkout", service="lambda")
    found = strongest(evidence, "log_error_pattern")
    assert found.attributes["exception"] == "KeyError"
    assert found.attributes["log_group"] == CHECKOUT
    assert found.resource == "checkout"
    assert found.strength > 0.85
    assert found.at is not None
    assert abs((found.at.hour * 60 + found.at.minute) - (14 * 60 + 20)) <= 2
    old = next(f for f in evidence.findings if "unknown" in f.statement)
    assert old.strength < 0.3
    assert "KeyError" in evidence.summary
    assert evidence.console_url.startswith("https://us-east-1.console.aws.amazon.com/cloudwatch/")
    assert "filter_log_events" in evidence.query


async def test_logs_without_new_errors_are_called_quiet_or_weak(load: Load, call: Call):
    load(logs=[group()])
    evidence = await call(log_errors, log_group=CHECKOUT)
    assert all(finding.strength < 0.5 for finding in evidence.findings)


async def test_no_errors_at_all_are_evidence_too(load: Load, call: Call):
    load(logs=[{"group": CHECKOUT, "lines": [STEADY[0]]}])
    evidence = await call(log_errors, resource="checkout")
    assert [finding.kind for finding in evidence.findings] == ["log_quiet"]
    assert evidence.status == EvidenceStatus.ok


async def test_without_a_resource_the_group_where_errors_rose_is_found(load: Load, call: Call):
    load(logs=[*(group(f"/ecs/shop-{n}") for n in range(8)), group("/ecs/payments", NEW_FAILURE)])
    evidence = await call(log_errors)
    assert strongest(evidence, "log_error_pattern").resource == "payments"
    assert "start_query" in evidence.query


async def test_errors_of_several_groups_are_linked_together(load: Load, call: Call):
    load(logs=[group("/ecs/shop-a", NEW_FAILURE), group("/ecs/shop-b", NEW_FAILURE)])
    evidence = await call(log_errors, log_group="shop")
    assert "logs-insights" in evidence.console_url
    assert all(f"'*2fecs*2fshop-{name}" in evidence.console_url for name in "ab")
    assert trusted(evidence.console_url)


async def test_without_insights_only_some_groups_are_read_and_that_is_said(load: Load, call: Call):
    load(logs=[group(f"/ecs/shop-{n}", NEW_FAILURE) for n in range(9)], denied=[{"action": "logs:StartQuery"}])
    evidence = await call(log_errors)
    assert strongest(evidence, "log_error_pattern").strength > 0.85
    assert "Only 6 of 9 log groups were read (denied" in evidence.summary


async def test_a_service_limits_the_search_to_its_groups(load: Load, call: Call):
    load(logs=[group("/ecs/payments", NEW_FAILURE), group("/aws/lambda/mailer")])
    evidence = await call(log_errors, service="AWS Lambda")
    assert "payments" not in evidence.summary
    assert "mailer" in evidence.summary


async def test_an_onset_before_the_range_widens_it(load: Load, call: Call):
    load(logs=[group(CHECKOUT, NEW_FAILURE | {"from": "-5h", "to": "-4h30m"})])
    near = await call(log_errors, resource="checkout")
    assert "KeyError" not in near.summary
    far = await call(log_errors, resource="checkout", onset="-5h")
    assert "KeyError" in far.summary


async def test_an_unknown_resource_is_no_data_not_a_failure(load: Load, call: Call):
    load(logs=[group()])
    evidence = await call(log_errors, resource="nowhere")
    assert evidence.status == EvidenceStatus.no_data
    assert "nowhere" in evidence.summary


async def test_a_denial_is_a_gap_and_names_the_action(load: Load, call: Call):
    load(logs=[group(CHECKOUT, NEW_FAILURE)], denied=[{"action": "logs:FilterLogEvents"}])
    evidence = await call(log_errors, resource="checkout")
    assert evidence.status == EvidenceStatus.denied
    assert "FilterLogEvents" in evidence.summary


async def test_a_denial_on_one_of_two_groups_leaves_the_other(load: Load, call: Call):
    load(
        logs=[group("/ecs/shop-a", NEW_FAILURE), group("/ecs/shop-b", NEW_FAILURE)],
        denied=[{"action": "logs:FilterLogEvents", "resource": "*shop-b*"}],
    )
    evidence = await call(log_errors, log_group="shop")
    assert strongest(evidence, "log_error_pattern").resource == "shop-a"
    assert "/ecs/shop-b could not be read" in evidence.summary


@pytest.mark.parametrize(
    ("line", "kind", "attributes"),
    [
        ("worker was sent SIGKILL! Perhaps out of memory?", "out_of_memory", {"service": "lambda"}),
        (
            "could not process message 5f1c7a52-8d34-4be1-9a0c-62f7b9e0d1aa of batch {int:1-99}",
            "poison_message",
            {"service": "lambda", "id": "5f1c7a52-8d34-4be1-9a0c-62f7b9e0d1aa"},
        ),
        (
            "An error occurred (ProvisionedThroughputExceededException) when calling the PutItem operation",
            "throttled",
            {"service": "dynamodb", "operation": "PutItem"},
        ),
    ],
)
async def test_well_known_texts_become_findings_of_their_own(
    load: Load, call: Call, line: str, kind: str, attributes: dict[str, str]
):
    load(logs=[group(CHECKOUT, {"template": line, "level": "ERROR", "per_minute": 2, "from": "-30m"})])
    found = strongest(await call(log_errors, resource="checkout"), kind)
    assert attributes.items() <= found.attributes.items()


async def test_an_object_that_a_line_names_can_be_looked_up_next(load: Load, call: Call):
    line = {"template": "ERROR NoSuchKey: s3://drops/orders/2026-11-18/orders.csv", "count": 3, "from": "-30m"}
    load(logs=[group(CHECKOUT, line)])
    found = strongest(await call(log_errors, resource="checkout"), "log_error_pattern")
    assert (found.attributes["bucket"], found.attributes["key"]) == ("drops", "orders/2026-11-18/orders.csv")


async def test_changes_name_what_is_new_since_the_onset_and_what_stopped(load: Load, call: Call):
    gone = {"template": "order {int:1-99} handed to shipping", "per_minute": 4, "to": "-40m"}
    load(logs=[group(CHECKOUT, NEW_FAILURE, gone)])
    evidence = await call(log_changes, resource="checkout", onset="-40m")
    new = strongest(evidence, "log_new_pattern")
    assert "KeyError" in new.statement
    assert new.strength > 0.85
    assert "handed to shipping" in strongest(evidence, "log_pattern_gone").statement
    assert not any("served order" in finding.statement for finding in evidence.findings)


async def test_without_an_onset_changes_are_counted_from_where_errors_rose(load: Load, call: Call):
    load(logs=[group(CHECKOUT, NEW_FAILURE)])
    evidence = await call(log_changes, resource="checkout")
    assert "14:2" in evidence.summary
    assert "KeyError" in strongest(evidence, "log_new_pattern").statement


async def test_steady_logs_have_no_changes(load: Load, call: Call):
    load(logs=[group()])
    evidence = await call(log_changes, resource="checkout", onset="-1h")
    assert [finding.kind for finding in evidence.findings] == ["log_quiet"]


async def test_of_trouble_that_began_days_ago_only_the_first_hours_are_read(load: Load, call: Call):
    load(logs=[group(CHECKOUT, {**NEW_FAILURE, "from": "-2d"})])
    evidence = await call(log_errors, resource="checkout", service="lambda", onset="2026-11-16T15:00:00Z")
    assert evidence.time_range is not None
    assert evidence.time_range.seconds <= 10 * 3600
    assert "KeyError" in evidence.summary


async def test_what_happens_every_day_at_this_time_is_told_apart_from_what_is_new(load: Load, call: Call):
    nightly = {"template": "WARN compacting segment {int:1-99}", "per_minute": 6}
    today, yesterday = {"from": "-40m"}, {"from": "-24h40m", "to": "-24h"}
    load(logs=[group(CHECKOUT, NEW_FAILURE, {**nightly, **today}, {**nightly, **yesterday})])
    evidence = await call(log_changes, resource="checkout", onset="-40m")
    new = strongest(evidence, "log_new_pattern")
    assert "KeyError" in new.statement
    assert "not at the same time yesterday" in new.statement
    assert new.attributes["before"] == new.attributes["yesterday"] == "0"
    daily = [finding for finding in evidence.findings if "compacting" in finding.statement]
    assert all(finding.strength < 0.2 for finding in daily)


async def test_a_pattern_that_grew_is_told_with_both_rates(load: Load, call: Call):
    slow = {"template": "WARN retrying payment {int:1-99}"}
    load(logs=[group(CHECKOUT, {**slow, "per_minute": 1}, {**slow, "per_minute": 12, "from": "-40m"})])
    evidence = await call(log_changes, resource="checkout", onset="-40m")
    grown = strongest(evidence, "log_new_pattern")
    assert float(grown.attributes["rate"]) == pytest.approx(13, abs=2)
    assert float(grown.attributes["before"]) == pytest.approx(1, abs=0.3)
    assert float(grown.attributes["yesterday"]) == pytest.approx(1, abs=0.3)
    assert "before the onset" in grown.statement


async def test_a_rate_that_nobody_can_read_is_said_in_words(load: Load, call: Call):
    slow = {"template": "WARN retrying payment {int:1-99}"}
    load(logs=[group(CHECKOUT, {**slow, "per_minute": 0.01}, {**slow, "per_minute": 12, "from": "-40m"})])
    evidence = await call(log_changes, resource="checkout", onset="-40m", start="-3h")
    grown = strongest(evidence, "log_new_pattern")
    assert 0 < float(grown.attributes["before"]) < 0.05
    assert "hardly any before the onset" in grown.statement


async def test_what_is_not_known_of_yesterday_is_not_claimed(load: Load, call: Call):
    load(logs=[group(CHECKOUT, NEW_FAILURE) | {"retention_days": 1}])
    new = strongest(await call(log_changes, resource="checkout", onset="-40m"), "log_new_pattern")
    assert "KeyError" in new.statement
    assert "yesterday" not in new.statement


async def test_what_differs_from_line_to_line_is_left_out_in_words(load: Load, call: Call):
    killed = {"template": "worker {int:1-99} (pid {int:100-999}) was sent SIGKILL! Out of memory?", "level": "ERROR"}
    load(logs=[group(CHECKOUT, killed | {"per_minute": 6, "from": "-40m"})])
    evidence = await call(log_errors, resource="checkout")
    told = " ".join(finding.statement for finding in evidence.findings)
    assert "worker … (pid …) was sent SIGKILL!" in told
    assert "<*>" not in told + str(evidence.tables)
