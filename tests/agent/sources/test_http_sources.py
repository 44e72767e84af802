"""Alerts as other tools' webhooks send them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.models import Alert, AlertStatus, Severity
from agent.sources import parse_alert, parse_alerts
from tests.agent.sources import shapes
from tests.agent.sources.aws.examples import alarm, sns

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FIRING, RESOLVED = AlertStatus.firing, AlertStatus.resolved


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, second, tzinfo=UTC)


def read(payload: Any) -> Alert:
    alerts = parse_alerts(payload, RECEIVED)
    assert len(alerts) == 1
    return alerts[0]


def test_a_datadog_template() -> None:
    told = read(shapes.datadog())

    assert (told.source, told.external_id, told.delivery_id) == ("datadog", "143377", "7601122334455667788")
    assert (told.status, told.severity) == (FIRING, Severity.critical)
    assert (told.resource.service, told.resource.id, told.resource.region) == ("rds", "orders-db", "eu-west-1")
    assert (told.metric, told.value, told.threshold) == ("DatabaseConnections", "186.0", "180")
    assert told.labels["team"] == "payments"
    assert told.system == "prod"
    assert told.links[0].startswith("https://app.datadoghq.eu/monitors/143377")
    assert told.started_at == datetime.fromtimestamp(1795186000, UTC)


@pytest.mark.parametrize(
    ("transition", "kind", "status"),
    [
        ("Triggered", "error", FIRING),
        ("Re-Triggered", "error", FIRING),
        ("Warn", "warning", FIRING),
        ("No Data", "warning", FIRING),
        ("Renotify", "error", FIRING),
        ("Recovered", "success", RESOLVED),
    ],
)
def test_a_datadog_transition_says_whether_it_is_over(transition: str, kind: str, status: AlertStatus) -> None:
    assert read(shapes.datadog(alert_transition=transition, alert_type=kind)).status is status


def test_datadog_names_that_people_write_otherwise() -> None:
    told = read({"alertId": "7", "ALERT_TITLE": "Disk is full", "alertTransition": "Recovered", "hostname": "web-02"})

    assert (told.source, told.title, told.status) == ("datadog", "Disk is full", RESOLVED)
    assert told.resource.id == "web-02"


def test_datadogs_own_payload_has_what_its_title_and_body_say() -> None:
    told = read(shapes.datadog_default())

    assert (told.status, told.severity, told.resource.id) == (FIRING, Severity.error, "web-02")
    assert (told.value, told.threshold) == ("97.5", "95.0")


def test_a_datadog_hosts_name_makes_no_service_of_aws() -> None:
    told = read(shapes.datadog_default(title="[Triggered on {host:db-07}] DB host is busy"))

    assert (told.resource.service, told.resource.id) == ("", "db-07")


def test_a_pagerduty_incident() -> None:
    told = read(shapes.pagerduty())

    assert (told.source, told.title) == ("pagerduty", "Checkout answers with errors")
    assert (told.external_id, told.delivery_id) == ("Q1XKJ2ALPHA", "01DELIVERY00000000000001")
    assert (told.status, told.severity) == (FIRING, Severity.error)
    assert (told.resource.service, told.system) == ("checkout", "checkout")
    assert told.started_at == at(14, 31, 5)
    assert told.links[0] == "https://acme.pagerduty.com/incidents/Q1XKJ2ALPHA"


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("incident.acknowledged", FIRING),
        ("incident.escalated", FIRING),
        ("incident.reopened", FIRING),
        ("incident.resolved", RESOLVED),
    ],
)
def test_only_a_resolved_pagerduty_incident_is_over(event: str, status: AlertStatus) -> None:
    told = read(shapes.pagerduty(event))

    assert told.status is status
    assert told.ended_at == (at(14, 40) if status is RESOLVED else None)


@pytest.mark.parametrize(("priority", "severity"), [("P1", Severity.critical), ("P4", Severity.info)])
def test_a_pagerduty_priority_is_surer_than_the_urgency(priority: str, severity: Severity) -> None:
    assert read(shapes.pagerduty(priority={"summary": priority})).severity is severity


def test_pagerdutys_second_version_sends_several_messages() -> None:
    incident = {"id": "PX", "status": "resolved", "title": "Checkout is down", "urgency": "low"}
    messages = [{"event": "incident.trigger", "incident": incident | {"status": "triggered"}}]

    told = parse_alerts({"messages": [*messages, {"event": "incident.resolve", "incident": incident}]}, RECEIVED)

    assert [alert.status for alert in told] == [FIRING, RESOLVED]
    assert len({alert.fingerprint for alert in told}) == 1


def test_an_alertmanager_group_is_one_alert_an_element() -> None:
    group = shapes.alertmanager(shapes.element(instance="a:80"), shapes.element("resolved", instance="b:80"))

    told = parse_alerts(group, RECEIVED)

    assert [alert.status for alert in told] == [FIRING, RESOLVED]
    assert {alert.title for alert in told} == {"HighErrorRate"}
    assert {alert.severity for alert in told} == {Severity.critical}
    assert [alert.resource.service for alert in told] == ["checkout", "checkout"]
    assert [alert.system for alert in told] == ["shop-prod", "shop-prod"]
    assert [alert.threshold for alert in told] == ["0.05", "0.05"]
    assert [alert.ended_at for alert in told] == [None, at(14, 47, 58)]
    assert told[0].started_at == datetime(2026, 11, 20, 14, 17, 58, 432911, tzinfo=UTC)
    assert told[0].labels["instance"] == "a:80"
    assert told[0].links[1] == "https://wiki.example.com/errors"
    assert len({alert.fingerprint for alert in told}) == 2


def test_what_a_long_group_says_of_all_is_repeated_only_once() -> None:
    """Else a thousand elements would repeat half a megabyte a thousand times."""
    note = "a long note about all of them " * 200
    elements = [shapes.element(instance=f"10.0.0.{n}") for n in range(200)]

    told = parse_alerts(shapes.alertmanager(*elements, commonAnnotations={"about": note}), RECEIVED)

    assert len(told) == 200
    assert note.strip() in told[0].description
    assert sum(len(alert.description) for alert in told) < 200 * 3000


def test_the_labels_of_a_cloudwatch_exporter_name_the_resource() -> None:
    told = parse_alert(shapes.alertmanager(shapes.element(dimension_FunctionName="checkout-submit")), RECEIVED)

    assert (told.resource.service, told.resource.id) == ("lambda", "checkout-submit")


def test_a_grafana_group() -> None:
    told = read(shapes.grafana())

    assert (told.source, told.title, told.status) == ("grafana", "HighErrorRate", FIRING)
    assert (told.severity, told.value) == (Severity.critical, "93.2")
    assert told.links[0] == "https://grafana.example.com/d/abc"


@pytest.mark.parametrize(("state", "status"), [("alerting", FIRING), ("no_data", FIRING), ("ok", RESOLVED)])
def test_a_rule_of_an_older_grafana(state: str, status: AlertStatus) -> None:
    told = read(shapes.grafana_legacy(state=state))

    assert (told.source, told.title, told.status) == ("grafana", "CPU of web servers", status)
    assert (told.severity, told.metric, told.value) == (Severity.warning, "cpu busy", "93.2")
    assert told.labels["host"] == "web-02"


@pytest.mark.parametrize(("action", "status"), [("Create", FIRING), ("Acknowledge", FIRING), ("Close", RESOLVED)])
def test_an_opsgenie_alert(action: str, status: AlertStatus) -> None:
    told = read(shapes.opsgenie(action))

    assert (told.source, told.title, told.status) == ("opsgenie", "Queue orders-import is growing", status)
    assert (told.external_id, told.severity) == ("sqs-orders-import-backlog", Severity.error)
    assert (told.resource.id, told.labels["region"], told.system) == ("orders-import", "eu-west-1", "prod")


@pytest.mark.parametrize(("state", "status"), [("1", FIRING), ("3", FIRING), ("6", RESOLVED), ("Closed", RESOLVED)])
def test_a_servicenow_incident(state: str, status: AlertStatus) -> None:
    told = read(shapes.servicenow(state=state))

    assert (told.source, told.title, told.status) == ("servicenow", "Checkout is slow for everyone", status)
    assert (told.external_id, told.severity, told.resource.id) == ("INC0042007", Severity.critical, "checkout-api")
    assert told.started_at == at(14, 31, 39)
    assert told.links == (
        "https://acme.service-now.com/nav_to.do?uri=incident.do?sys_id=9d385017c611228701d22104cc95c371",
    )


def test_a_servicenow_field_may_be_shown_and_stored() -> None:
    told = read(shapes.servicenow(state={"display_value": "Resolved", "value": "6"}, priority="2 - High"))

    assert (told.status, told.severity) == (RESOLVED, Severity.error)


@pytest.mark.parametrize(
    ("severity", "status", "ours"), [("1", FIRING, Severity.critical), ("0", RESOLVED, Severity.info)]
)
def test_a_servicenow_event_is_cleared_by_severity_zero(severity: str, status: AlertStatus, ours: Severity) -> None:
    told = read(shapes.servicenow_event(severity))

    assert (told.title, told.status, told.severity) == ("Drive D: of sql-07 has 3% left", status, ours)
    assert (told.external_id, told.metric, told.labels["owner"]) == ("sql-07_disk_d", "free space", "database team")


@pytest.mark.parametrize(("status", "ours"), [("Created", FIRING), ("Resolved", RESOLVED)])
def test_a_superops_alert(status: str, ours: AlertStatus) -> None:
    told = read(shapes.superops(status=status))

    assert (told.source, told.title) == ("superops", "CPU usage has been high for ten minutes")
    assert (told.status, told.severity, told.external_id) == (ours, Severity.critical, "88231")
    assert (told.resource.id, told.system, told.labels["policy"]) == ("FIN-LAPTOP-09", "Finance GmbH", "Workstations")
    assert told.started_at == at(14, 31, 39)


def test_a_sentry_issue_alert() -> None:
    told = read(shapes.sentry_issue_alert())

    assert (told.source, told.title, told.severity) == ("sentry", "KeyError: 'currency'", Severity.critical)
    assert (told.external_id, told.labels["environment"]) == ("1170820242", "prod")
    assert told.started_at.replace(microsecond=0) == at(14, 31, 44)


@pytest.mark.parametrize(
    ("action", "status", "severity"),
    [
        ("critical", FIRING, Severity.critical),
        ("warning", FIRING, Severity.warning),
        ("resolved", RESOLVED, Severity.critical),
    ],
)
def test_a_sentry_metric_alert(action: str, status: AlertStatus, severity: Severity) -> None:
    told = read(shapes.sentry_metric_alert(action))

    assert (told.title, told.status, told.severity) == ("Too many transactions are slow", status, severity)
    assert (told.metric, told.threshold, told.system) == ("p95(transaction.duration)", "5000", "checkout")


def test_a_failed_dbt_job_and_the_run_after_it() -> None:
    failed, mended = read(shapes.dbt()), read(shapes.dbt("Success"))

    assert (failed.source, failed.title) == ("dbt", "dbt job Daily build errored")
    assert (failed.status, failed.severity, failed.run_id) == (FIRING, Severity.error, "90210")
    assert (failed.resource.id, failed.system) == ("Daily build", "Analytics")
    assert failed.links == ("https://cloud.getdbt.com/deploy/1/projects/55/runs/90210",)
    assert mended.status is RESOLVED
    assert mended.fingerprint == failed.fingerprint


def test_several_payloads_in_a_list_are_several_alerts() -> None:
    told = parse_alerts([shapes.datadog(), shapes.pagerduty(), shapes.unknown()], RECEIVED)

    assert [alert.source for alert in told] == ["datadog", "pagerduty", "generic"]


def test_a_long_list_is_one_alert() -> None:
    told = parse_alerts([{"title": f"number {n}"} for n in range(5000)], RECEIVED)

    assert len(told) == 1
    assert "number 4999" in told[0].description


def test_a_job_says_where_its_payload_came_from() -> None:
    """A payload may have the keys of a job itself, as Datadog's does."""
    told = parse_alerts({"source": "datadog", "body": shapes.unknown(), "delivery": "d-1", "team": "T1"}, RECEIVED)
    topic = parse_alerts({"source": "sns", "body": sns(alarm()), "delivery": "", "team": "T1"}, RECEIVED)
    posted = parse_alerts({"event": shapes.slack_blocks(), "channel": "C1", "team": "T1"}, RECEIVED)
    own = parse_alerts({"source": "datadog", "body": "Disk is full", "title": "[Recovered] Disk", "id": "5"}, RECEIVED)

    assert (told[0].source, told[0].delivery_id) == ("datadog", "d-1")
    assert (topic[0].source, topic[0].title) == ("cloudwatch", "checkout errors")
    assert posted[0].dag_id == "orders_etl"
    assert (own[0].title, own[0].status) == ("[Recovered] Disk", RESOLVED)


def test_a_payload_without_anything_is_still_an_alert() -> None:
    for empty in ({}, [], "", None, 0, "  \n"):
        assert read(empty).title
