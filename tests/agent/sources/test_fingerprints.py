"""The same trouble has one fingerprint: again, firing or over, by post or by webhook. Other trouble has another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.models import AlertStatus
from agent.sources import parse_alert
from agent.sources.facts import subject
from tests.agent.sources import shapes
from tests.agent.sources.aws.examples import alarm, sns

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

PAIRS: dict[str, tuple[Any, Any]] = {
    "datadog": (
        shapes.datadog(),
        shapes.datadog(
            id="9",
            alert_title="[Recovered on {dbinstanceidentifier:orders-db,env:prod}] RDS connections above 90%",
            alert_transition="Recovered",
            event_msg="Metric value: 12.0",
            date="1795190000000",
        ),
    ),
    "datadog_default": (
        shapes.datadog_default(),
        shapes.datadog_default(
            id="10", title="[Recovered on {host:web-02}] Disk is nearly full", body="Value: 12.5 (Threshold: 95.0)"
        ),
    ),
    "pagerduty": (shapes.pagerduty(), shapes.pagerduty("incident.resolved", id="Q2OTHER", number=500)),
    "alertmanager": (
        shapes.alertmanager(shapes.element(instance="a")),
        shapes.alertmanager(shapes.element("resolved", instance="a"), status="resolved"),
    ),
    "grafana_legacy": (
        shapes.grafana_legacy(),
        shapes.grafana_legacy(state="ok", title="[OK] CPU of web servers", evalMatches=[]),
    ),
    "opsgenie": (shapes.opsgenie(), shapes.opsgenie("Close", updatedAt=1795199900123)),
    "servicenow": (shapes.servicenow(), shapes.servicenow(state="7", closed_at="2026-11-20 16:00:00")),
    "servicenow_event": (shapes.servicenow_event(), shapes.servicenow_event("0")),
    "superops": (shapes.superops(), shapes.superops(alertId="99001", status="Resolved")),
    "sentry": (shapes.sentry_metric_alert(), shapes.sentry_metric_alert("resolved")),
    "dbt": (shapes.dbt(), shapes.dbt("Success", runId="90333")),
}


@pytest.mark.parametrize("source", sorted(PAIRS))
def test_what_fired_and_what_is_over_are_the_same(source: str) -> None:
    fired, over = (parse_alert(payload, RECEIVED) for payload in PAIRS[source])

    assert (fired.status, over.status) == (AlertStatus.firing, AlertStatus.resolved)
    assert fired.fingerprint == over.fingerprint


@pytest.mark.parametrize("shape", sorted(shapes.SHAPES))
def test_an_alert_that_comes_again_later_is_the_same(shape: str) -> None:
    payload = shapes.SHAPES[shape][1]

    assert parse_alert(payload, RECEIVED).fingerprint == parse_alert(payload, RECEIVED + timedelta(days=9)).fingerprint


def test_other_things_are_other_alerts() -> None:
    others = [
        *(shapes.datadog(), shapes.datadog(alert_id="1"), shapes.datadog(alert_scope="dbinstanceidentifier:users-db")),
        *(shapes.pagerduty(), shapes.pagerduty(title="Search is down")),
        *(shapes.alertmanager(shapes.element(instance=name)) for name in ("a", "b")),
        *(shapes.servicenow(), shapes.servicenow(number="INC2")),
        *(shapes.dbt(), shapes.dbt(jobId="124", jobName="Hourly build")),
    ]

    assert len({parse_alert(other, RECEIVED).fingerprint for other in others}) == len(others)


def test_an_alarm_is_the_same_by_notification_and_by_post() -> None:
    """Both often reach a channel; one incident is enough."""
    sent = sns(alarm(AlarmArn="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-errors"))

    assert parse_alert(sent, RECEIVED).fingerprint == parse_alert(shapes.slack_attachment(), RECEIVED).fingerprint


def test_a_monitor_is_the_same_by_webhook_and_by_post() -> None:
    title = "[Triggered on {dbinstanceidentifier:orders-db,env:prod}] RDS connections above 90%"
    link = "https://app.datadoghq.eu/monitors/143377?x=1"
    post = {"ts": "1795186800.1", "attachments": [{"title": title, "title_link": link, "text": "186"}]}

    assert parse_alert(post, RECEIVED).fingerprint == parse_alert(shapes.datadog(), RECEIVED).fingerprint


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("[FIRING:2] HighErrorRate (checkout)", "higherrorrate checkout"),
        ("[RESOLVED] HighErrorRate (checkout)", "higherrorrate checkout"),
        ("CPU of web-02 is at 97.5% since 14:20:22", "cpu of web-02 is at since"),
        ("CPU of web-03 is at 12% since 2026-11-20T14:20:22Z", "cpu of web-03 is at since"),
        ('ALARM: "orders-v2 errors" in US East', "orders-v2 errors in us east"),
        ("Run 6a7e8feb-b491-4cf7-a9f1-bf3703467718 of nightly took 4h", "run of nightly took"),
        ("FAILED", "failed"),
        ("12:30", ""),
    ],
)
def test_a_title_is_about_what_does_not_change(title: str, about: str) -> None:
    assert subject(title) == about
