"""What single apps' posts in Slack tell beyond what every post does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.models import Alert, AlertStatus, Severity
from agent.sources import parse_alerts
from tests.agent.sources import shapes
from tests.agent.sources.aws.examples import BUDGET, sns

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FIRING, RESOLVED = AlertStatus.firing, AlertStatus.resolved
LOG = "https://airflow.example.com/log?dag_id=orders_etl&task_id=load&execution_date=2026-11-20T14%3A00%3A00"
NEW_LOG = "https://airflow.example.com/dags/orders_etl/runs/scheduled__2026-11-20T14%3A00%3A00/tasks/load?try_number=1"
CALLBACK = ":red_circle: Task Failed.\n*Task*: load\n*Dag*: orders_etl\n*Execution Time*: {time}\n*Log Url*: {log}"
TASK_INSTANCE = (
    "id=UUID('01a1f954-6e43-78da-a86f-3006efab6289') task_id='load' dag_id='orders_etl' run_id='manual__2026-11-20'"
    " try_number=2 hostname='vm' state=<TaskInstanceState.FAILED: 'failed'>```KeyError: 'currency'```"
)


def read(payload: dict[str, Any]) -> Alert:
    alerts = parse_alerts({"ts": "1795186800.1"} | payload, RECEIVED)
    assert len(alerts) == 1
    return alerts[0]


def attached(**attachment: Any) -> Alert:
    return read({"text": "", "attachments": [attachment]})


def test_an_alarm_that_amazon_q_posts() -> None:
    told = read(shapes.slack_attachment())

    assert (told.source, told.status, told.severity) == ("cloudwatch", FIRING, Severity.error)
    assert told.external_id == "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-errors"
    assert told.resource.arn == "arn:aws:lambda:eu-west-1:123456789012:function:checkout-submit"
    assert (told.metric, told.value, told.threshold) == ("Errors", "14.0", "5.0")


def test_another_notice_that_amazon_q_posts() -> None:
    told = attached(title="AWS Health Event | RDS operational issue | eu-west-1", footer="AWS Chatbot")

    assert (told.source, told.resource.region) == ("amazon_q", "eu-west-1")


def test_a_budgets_notice_that_somebody_forwards_is_read_as_through_sns() -> None:
    posted, sent = read({"text": BUDGET}), parse_alerts(sns(BUDGET), RECEIVED)[0]

    assert (posted.source, posted.resource.id, posted.threshold) == ("budgets", sent.resource.id, sent.threshold)
    assert posted.value == sent.value


def test_an_alarm_posted_through_a_webhook_names_its_region_in_words() -> None:
    told = attached(
        pretext='*ALARM: "orders-throttles" in Europe (Ireland)*',
        fields=[
            {"title": "Alarm Name", "value": "orders-throttles"},
            {"title": "Trigger", "value": "Sum WriteThrottleEvents GreaterThanThreshold 100.0 (TableName=orders)"},
            {"title": "Current State", "value": "ALARM"},
        ],
    )

    assert (told.source, told.resource.region, told.threshold) == ("cloudwatch", "eu-west-1", "100.0")
    assert (told.resource.service, told.resource.id, told.metric) == ("dynamodb", "orders", "WriteThrottleEvents")


def test_a_datadog_post_is_read_as_its_webhook_is() -> None:
    told = attached(
        title="[P1] [Triggered on {functionname:checkout,env:prod}] Errors",
        title_link="https://app.datadoghq.com/monitors/77?group=a",
        text="avg(last_5m):sum:aws.lambda.errors{functionname:checkout} > 5\nMetric value: 9.0\n"
        "Tags: team:shop, env:prod",
    )

    assert (told.source, told.external_id, told.status) == ("datadog", "77", FIRING)
    assert (told.resource.service, told.resource.id, told.metric) == ("lambda", "checkout", "Errors")
    assert (told.value, told.threshold, told.system) == ("9.0", "5", "prod")
    assert told.labels["team"] == "shop"


@pytest.mark.parametrize(("word", "status"), [("FIRING:2", FIRING), ("RESOLVED", RESOLVED)])
def test_an_alertmanager_post_with_labels(word: str, status: AlertStatus) -> None:
    told = attached(
        title=f"[{word}] HighErrorRate (checkout prod)",
        title_link="https://alertmanager.example.com/#/alerts",
        text="*Details:*\n • *severity:* `critical`\n • *service:* `checkout`\n • *cluster:* `shop-prod`",
    )

    assert (told.source, told.status, told.severity) == ("alertmanager", status, Severity.critical)
    assert (told.resource.service, told.system) == ("checkout", "shop-prod")


def test_a_grafana_post_with_labels() -> None:
    told = attached(
        title="[FIRING:1] CPU is busy (web)",
        title_link="https://grafana.example.com/alerting/list",
        text="**Firing**\n\nValue: A=93.2\nLabels:\n - alertname = CPU is busy\n - severity = warning\n"
        " - host = web-02\nAnnotations:\n - summary = Look at the jobs\nSource: https://grafana.example.com/alerting/grafana/1/view",
        footer="Grafana v11.2.0",
    )

    assert (told.source, told.status, told.severity) == ("grafana", FIRING, Severity.warning)
    assert (told.labels["host"], told.value, told.resource.id) == ("web-02", "93.2", "web-02")


@pytest.mark.parametrize(("event", "status"), [("Triggered", FIRING), ("Acknowledged", FIRING), ("Resolved", RESOLVED)])
def test_a_pagerduty_post(event: str, status: AlertStatus) -> None:
    told = attached(
        fallback=f"{event} #42: Checkout is down",
        text=f"*{event} <https://acme.pagerduty.com/incidents/Q1XKJ2|#42>: Checkout is down*",
        fields=[{"title": "Service", "value": "checkout"}, {"title": "Urgency", "value": "low"}],
    )

    assert (told.source, told.external_id, told.status) == ("pagerduty", "Q1XKJ2", status)
    assert (told.severity, told.system) == (Severity.warning, "checkout")


def test_a_sentry_post() -> None:
    told = attached(
        title="KeyError: 'currency'",
        title_link="https://sentry.io/organizations/acme/issues/1170820242/?referrer=slack",
        text="checkout.totals in convert",
        footer="CHECKOUT-4F via Very frequent errors",
    )

    assert (told.source, told.external_id) == ("sentry", "1170820242")
    assert (told.resource.service, told.labels["project"]) == ("checkout", "checkout")


@pytest.mark.parametrize(
    ("text", "job"),
    [
        (
            'Run #90210 failed on Job "Daily build" <https://cloud.getdbt.com/deploy/1/projects/5/runs/90210|View>',
            "Daily build",
        ),
        (
            "dbt run failed\n*Job:* Daily build\n*Run:* <https://cloud.getdbt.com/deploy/1/projects/5/runs/90210|90210>",
            "Daily build",
        ),
    ],
)
def test_a_dbt_cloud_post(text: str, job: str) -> None:
    told = read({"text": text})

    assert (told.source, told.resource.service, told.resource.id) == ("dbt", "dbt", job)
    assert (told.run_id, told.severity) == ("90210", Severity.error)


@pytest.mark.parametrize(
    "post",
    [
        {"text": CALLBACK.format(time="2026-11-20 14:00:00+00:00", log=LOG)},
        {"text": CALLBACK.format(time="None", log=NEW_LOG)},
        {"text": CALLBACK.format(time="None", log=NEW_LOG).replace("\n", "  \n            ")},
        {"username": "Check_DAG", "text": TASK_INSTANCE},
        shapes.slack_blocks(),
        {"text": "", "attachments": [{"text": CALLBACK.format(time="None", log=f"<{LOG}|*LOG*>")}]},
        {"text": f"Airflow alert: DAG `orders_etl` failed in task `load`\n<{NEW_LOG}|Log>"},
    ],
)
def test_airflows_failure_messages_name_dag_and_task(post: dict[str, Any]) -> None:
    told = read(post)

    assert (told.source, told.dag_id, told.task_id) == ("airflow", "orders_etl", "load")
    assert (told.resource.service, told.resource.id, told.severity) == ("mwaa", "orders_etl", Severity.error)
    assert told.fingerprint == read({"text": CALLBACK.format(time="x", log=LOG)}).fingerprint
    assert len(told.title) < 80


def test_airflows_run_is_read_from_the_log_link_or_a_field() -> None:
    assert read({"text": CALLBACK.format(time="None", log=NEW_LOG)}).run_id == "scheduled__2026-11-20T14:00:00"
    assert read(shapes.slack_blocks()).run_id == "scheduled__2026-11-20"


def test_fields_that_a_post_names_are_surer_than_its_prose() -> None:
    told = attached(
        title="An error was critical once",
        fields=[
            {"title": "Severity", "value": "Low"},
            {"title": "Status", "value": "Resolved"},
            {"title": "Region", "value": "eu-west-1"},
            {"title": "AWS Account", "value": "123456789012"},
            {"title": "Threshold", "value": "> 90%"},
            {"title": "Current value", "value": "45%"},
            {"title": "Started at", "value": "2026-11-20T13:30:00Z"},
            {"title": "Environment", "value": "prod"},
        ],
    )

    assert (told.severity, told.status) == (Severity.info, RESOLVED)
    assert (told.resource.region, told.resource.account, told.system) == ("eu-west-1", "123456789012", "prod")
    assert (told.threshold, told.value) == ("90%", "45%")
    assert told.started_at == datetime(2026, 11, 20, 13, 30, tzinfo=UTC)


def test_a_post_that_was_copied_as_text_is_read_alike() -> None:
    told = parse_alerts(CALLBACK.format(time="None", log=NEW_LOG), RECEIVED)[0]

    assert (told.dag_id, told.task_id, told.source) == ("orders_etl", "load", "airflow")
