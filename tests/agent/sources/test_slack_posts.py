"""Alerts as monitoring apps post them in Slack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models import Alert, AlertStatus, Severity
from agent.sources import parse_alert
from agent.sources.slack_post import post_text

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
POSTED = 1795186800.000100
ARROW = "→"


def post(
    text: str = "", *, blocks: list[Any] | None = None, attachments: list[Any] | None = None, **more: Any
) -> Alert:
    payload = {"ts": str(POSTED), "text": text, "blocks": blocks, "attachments": attachments, **more}
    return parse_alert({key: value for key, value in payload.items() if value is not None}, RECEIVED)


def fields(**named: str) -> list[dict[str, Any]]:
    return [{"title": name.replace("_", " "), "value": value, "short": True} for name, value in named.items()]


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_a_cloudwatch_post_with_fields() -> None:
    told = post(
        attachments=[
            {
                "color": "danger",
                "fallback": 'ALARM: "orders-write-throttles" in US East (N. Virginia)',
                "pretext": '*ALARM: "orders-write-throttles" in US East (N. Virginia)*',
                "fields": fields(
                    Alarm_Name="orders-write-throttles",
                    Alarm_reason="Threshold Crossed: 3 datapoints were greater than the threshold (100.0).",
                    Trigger="Sum WriteThrottleEvents GreaterThanThreshold 100.0 for 3 period(s) (TableName=orders)",
                    Old_State="OK",
                    Current_State="ALARM",
                ),
                "ts": 1795186000,
            }
        ],
    )

    assert told.title == 'ALARM: "orders-write-throttles" in US East (N. Virginia)'
    assert told.labels == {"alarm_name": "orders-write-throttles"}
    assert (told.resource.service, told.resource.id, told.metric) == ("dynamodb", "orders", "WriteThrottleEvents")
    assert (told.status, told.severity) == (AlertStatus.firing, Severity.error)
    assert told.started_at == datetime.fromtimestamp(1795186000, UTC)
    assert "Threshold Crossed" in told.description


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (f"OK {ARROW} ALARM", AlertStatus.firing),
        (f"ALARM {ARROW} OK", AlertStatus.resolved),
        (f"INSUFFICIENT_DATA {ARROW} ALARM", AlertStatus.firing),
    ],
)
def test_an_amazon_q_post_says_which_way_the_state_went(state: str, status: AlertStatus) -> None:
    told = post(
        attachments=[
            {
                "title": "CloudWatch Alarm | checkout-errors | eu-west-1 | Account: 123456789012",
                "title_link": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/checkout-errors",
                "text": "Threshold Crossed (minimum 1 datapoint for OK -> ALARM transition).",
                "fields": fields(State=state, Metric="AWS/Lambda Errors, FunctionName=checkout-submit"),
                "footer": "Amazon Q Developer in chat applications",
            }
        ],
    )

    assert told.status is status
    assert told.labels == {"alarm_name": "checkout-errors"}
    assert (told.resource.service, told.resource.id) == ("lambda", "checkout-submit")
    assert (told.resource.region, told.resource.account) == ("eu-west-1", "123456789012")
    assert told.metric == "Errors"
    assert told.links[0].endswith("alarm/checkout-errors")


def test_a_state_on_a_line_of_its_own_does_not_resolve_the_alert() -> None:
    """`OK -> ALARM` once read as OK, and the alert was never looked at."""
    assert post(blocks=[section(f"*State*\nOK {ARROW} ALARM")]).status is AlertStatus.firing
    assert post("Old state\nOK -> ALARM").status is AlertStatus.firing


def test_a_datadog_post() -> None:
    title = "[Triggered on {dbinstanceidentifier:orders-db}] RDS connections above 90%"
    told = post(
        attachments=[
            {
                "title": title,
                "fallback": title,
                "title_link": "https://app.datadoghq.com/monitors/1",
                "text": "`avg(last_5m):avg:aws.rds.database_connections{dbinstanceidentifier:orders-db} > 180`",
                "ts": 1795186000000,
            }
        ],
        username="Datadog",
    )

    assert (told.source, told.title) == ("datadog", title)
    assert (told.resource.service, told.resource.id) == ("rds", "orders-db")
    assert told.metric == "DatabaseConnections"
    assert told.started_at == datetime.fromtimestamp(1795186000, UTC)
    recovered = post(attachments=[{"title": "[Recovered on {dbinstanceidentifier:orders-db}] RDS connections"}])
    assert recovered.status is AlertStatus.resolved


@pytest.mark.parametrize("execution", ["None", "2026-11-20 14:00:00+00:00"])
def test_an_airflow_post_names_dag_and_task(execution: str) -> None:
    told = post(
        "\n            :red_circle: Task Failed.\n            *Task*: load_orders\n            *Dag*: daily_orders\n"
        f"            *Execution Time*: {execution}\n            *Log Url*: https://airflow.example.com/dags/daily_orders"
        "/runs/manual__2026-11-20T14%3A20%3A22%2B00%3A00/tasks/load_orders?try_number=1\n"
    )

    assert told.title == "Task Failed."
    assert (told.dag_id, told.task_id) == ("daily_orders", "load_orders")
    assert told.run_id == "manual__2026-11-20T14:20:22+00:00"
    assert (told.resource.service, told.resource.id, told.severity) == ("mwaa", "daily_orders", Severity.error)


@pytest.mark.parametrize(
    ("text", "dag", "task"),
    [
        ("task_id='load' dag_id='orders_etl' run_id='manual__1'", "orders_etl", "load"),
        ("DAG dbt_daily_build, task dbt_run_marts | 16 ok, 1 error", "dbt_daily_build", "dbt_run_marts"),
        ("DAG `orders` failed in task `load`", "orders", "load"),
        ("Log: https://airflow.example.com/log?dag_id=orders&task_id=load", "orders", "load"),
        ("A DAG run failed. The dag is late; the task failed.", "", ""),
        ("ECS task stopped", "", ""),
    ],
)
def test_dags_are_told_from_words_about_dags(text: str, dag: str, task: str) -> None:
    told = post(text)

    assert (told.dag_id, told.task_id) == (dag, task)


def test_a_dbt_post_keeps_what_its_blocks_say() -> None:
    """The text objects of blocks were once left out, and a post of blocks alone had no description."""
    told = post(
        blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": ":small_red_triangle: dbt run failed: 1 error"}},
            section("*Model:* `analytics.fct_payments`\n*Status:* error"),
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Owner*\nanalytics"}]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "DAG dbt_daily_build, task dbt_run"}]},
            {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Open run"}}]},
        ]
    )

    assert told.title == "dbt run failed: 1 error"
    for said in ("analytics.fct_payments", "Status:* error", "Owner", "dbt_daily_build", "Open run"):
        assert said in told.description


@pytest.mark.parametrize(
    ("title", "status", "severity"),
    [
        ("[FIRING:2] HighErrorRate (checkout)", AlertStatus.firing, Severity.error),
        ("[RESOLVED] HighErrorRate (checkout)", AlertStatus.resolved, Severity.warning),
        ("[OK] Checkout latency", AlertStatus.resolved, Severity.warning),
        ("[Alerting] Checkout latency is CRITICAL", AlertStatus.firing, Severity.critical),
        (":white_check_mark: Resolved: checkout is back", AlertStatus.resolved, Severity.warning),
        ("Unresolved tickets pile up", AlertStatus.firing, Severity.warning),
        ("OKTA login is slow", AlertStatus.firing, Severity.warning),
    ],
)
def test_alertmanager_and_grafana_posts(title: str, status: AlertStatus, severity: Severity) -> None:
    told = post(attachments=[{"title": title, "text": "Some text about it"}])

    assert (told.status, told.severity) == (status, severity)


@pytest.mark.parametrize(
    ("stated", "severity"),
    [
        ("severity=warning", Severity.warning),
        ("*Severity:* critical", Severity.critical),
        ("severity: info", Severity.info),
    ],
)
def test_a_severity_that_is_stated_wins_over_words(stated: str, severity: Severity) -> None:
    assert post(f"[FIRING:1] errors and alarms\n{stated}").severity is severity


def test_a_budget_notification_is_plain_text() -> None:
    told = post(
        "AWS Budget Notification November 20, 2026\nAWS Account 123456789012\n\nDear AWS Customer,\n\n"
        "Your FORECASTED Cost is greater than $1,200.00.\n\nBudget Name: network\nAlert Threshold: &gt; $1,200.00"
    )

    assert told.title == "AWS Budgets: network has exceeded its threshold"
    assert told.resource.account == "123456789012"
    assert told.status is AlertStatus.firing
    assert "Alert Threshold: > $1,200.00" in told.description


def test_a_pagerduty_post() -> None:
    told = post(
        attachments=[
            {
                "fallback": "Triggered #42: Checkout is down",
                "text": "*Triggered <https://acme.pagerduty.com/incidents/Q1|#42>: Checkout is down*",
                "fields": fields(Service="checkout", Urgency="high"),
            }
        ]
    )

    assert told.title == "Triggered #42: Checkout is down"
    assert told.severity is Severity.error
    assert told.links == ("https://acme.pagerduty.com/incidents/Q1",)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (":rotating_light: *ALARM* <https://example.com/a|checkout>", "ALARM checkout"),
        ("<!channel> checkout is down", "checkout is down"),
        (":rotating_light:\ncheckout is down", "checkout is down"),
        (
            "Failed at 2026-11-20 14:20:22 for arn:aws:sqs:us-east-1:1:q",
            "Failed at 2026-11-20 14:20:22 for arn:aws:sqs:us-east-1:1:q",
        ),
        ("5 &gt; 3 &amp; rising", "5 > 3 & rising"),
    ],
)
def test_a_title_is_plain_text(text: str, title: str) -> None:
    assert post(text).title == title


def test_a_post_without_anything_is_still_an_alert() -> None:
    for odd in ({"ts": "1795186800.1"}, {"attachments": []}, {"ts": "nonsense", "text": None, "blocks": None}):
        assert parse_alert(odd, RECEIVED).title == "Alert without text"


@pytest.mark.parametrize("ts", ["inf", "nan", "1e400", "-5", "", None, "99999999999999999999"])
def test_a_strange_time_is_the_time_of_receipt(ts: Any) -> None:
    told = parse_alert({"text": "x", "attachments": [{"text": "y", "ts": ts}]}, RECEIVED)

    assert told.started_at == RECEIVED


def test_a_number_that_changes_with_every_firing_does_not_change_the_fingerprint() -> None:
    assert post("Queue at 1,204").fingerprint == post("Queue at 99,111").fingerprint
    assert post("Queue at 1").fingerprint != post("Stack at 1").fingerprint


def test_dimensions_are_found_after_another_word_and_colon() -> None:
    assert post("Dimensions: FunctionName=checkout errors").resource.id == "checkout"
    assert post("ClusterName=prod, ServiceName=search-api").resource.id == "search-api"


def test_an_alarms_name_may_have_spaces() -> None:
    told = post(attachments=[{"fields": fields(Alarm_Name="DB CPU high (prod)", Region="x")}])

    assert told.labels == {"alarm_name": "DB CPU high (prod)"}


leaves = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)
blocks = st.one_of(
    st.builds(section, leaves),
    leaves.map(lambda t: {"type": "header", "text": {"type": "plain_text", "text": t}}),
    leaves.map(lambda t: {"type": "context", "elements": [{"type": "mrkdwn", "text": t}]}),
    leaves.map(lambda t: {"type": "section", "fields": [{"type": "mrkdwn", "text": t}]}),
    leaves.map(lambda t: {"type": "markdown", "text": t}),
    leaves.map(
        lambda t: {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": t}]}],
        }
    ),
    leaves.map(lambda t: {"type": "table", "rows": [[{"type": "raw_text", "text": t}]]}),
    leaves.map(lambda t: {"type": "image", "alt_text": t, "image_url": "https://example.com/x.png"}),
)
attachments = st.one_of(
    st.sampled_from(("text", "title", "pretext", "fallback", "footer", "author_name")).flatmap(
        lambda key: leaves.map(lambda t: {key: t})
    ),
    leaves.map(lambda t: {"fields": [{"title": "Value", "value": t}]}),
    st.integers(1000, 9999).map(lambda n: {"fields": [{"title": "Value", "value": n}]}),
    blocks.map(lambda b: {"blocks": [b]}),
)


def said_in(node: Any) -> list[str]:
    if isinstance(node, dict):
        skipped = ("type", "image_url")
        return [said for key, value in node.items() if key not in skipped for said in said_in(value)]
    if isinstance(node, list):
        return [said for item in node for said in said_in(item)]
    return [str(node)]


@given(st.lists(blocks, max_size=4), st.lists(attachments, max_size=3), leaves)
def test_no_text_of_a_post_is_dropped(blocks: list[Any], attachments: list[Any], text: str) -> None:
    payload = {"ts": "1795186800.1", "text": text, "blocks": blocks, "attachments": attachments}

    told = post_text(payload)

    assert all(said in told for said in [text, *said_in(blocks), *said_in(attachments)])
