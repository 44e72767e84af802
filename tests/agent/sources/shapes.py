"""One payload of every shape that a source of ours reads, as the tools send them."""

from __future__ import annotations

from typing import Any

Payload = dict[str, Any]


def datadog(**changes: Any) -> Payload:
    """A template of one's own, as Datadog's documentation suggests it."""
    return {
        "id": "7601122334455667788",
        "alert_id": "143377",
        "alert_title": "[Triggered on {dbinstanceidentifier:orders-db,env:prod}] RDS connections above 90%",
        "event_msg": "%%%\nConnections are at 186 of 200.\nMetric value: 186.0\n@slack-alerts\n%%%",
        "alert_transition": "Triggered",
        "alert_type": "error",
        "alert_query": "avg(last_5m):avg:aws.rds.database_connections{dbinstanceidentifier:orders-db} > 180",
        "alert_scope": "dbinstanceidentifier:orders-db,env:prod",
        "alert_priority": "P1",
        "tags": "env:prod,team:payments,region:eu-west-1",
        "link": "https://app.datadoghq.eu/monitors/143377?group=dbinstanceidentifier%3Aorders-db",
        "date": "1795186000000",
        "last_updated": "1795186300000",
        "org": {"id": "88", "name": "Acme shop"},
    } | changes


def datadog_default(**changes: Any) -> Payload:
    """What Datadog sends where nobody wrote a template."""
    return {
        "id": "7601122334455667789",
        "last_updated": "1795186300000",
        "event_type": "query_alert_monitor",
        "title": "[Triggered on {host:web-02}] Disk is nearly full",
        "date": "1795186000000",
        "org": {"id": "88", "name": "Acme shop"},
        "body": "Value: 97.5 (Threshold: 95.0)\nLook at /var/log first.",
    } | changes


def pagerduty(event_type: str = "incident.triggered", **changes: Any) -> Payload:
    incident = {
        "id": "Q1XKJ2ALPHA",
        "type": "incident",
        "html_url": "https://acme.pagerduty.com/incidents/Q1XKJ2ALPHA",
        "number": 412,
        "status": event_type.partition(".")[2],
        "title": "Checkout answers with errors",
        "created_at": "2026-11-20T14:31:05Z",
        "service": {"id": "PSHOP01", "summary": "checkout", "html_url": "https://acme.pagerduty.com/services/PSHOP01"},
        "escalation_policy": {"id": "PESC1", "summary": "Shop on call"},
        "priority": None,
        "urgency": "high",
    } | changes
    event = {
        "id": "01DELIVERY00000000000001",
        "event_type": event_type,
        "resource_type": "incident",
        "occurred_at": "2026-11-20T14:40:00Z",
        "agent": {"id": "PUSER1", "summary": "Ana Lovelace", "type": "user_reference"},
        "data": incident,
    }
    return {"event": event}


def element(status: str = "firing", **labels: str) -> Payload:
    return {
        "status": status,
        "labels": {"alertname": "HighErrorRate", "severity": "critical", "service": "checkout"} | labels,
        "annotations": {"summary": "Many requests fail", "description": "7.5% of the requests fail"},
        "startsAt": "2026-11-20T14:17:58.432911368Z",
        "endsAt": "2026-11-20T14:47:58Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.com/graph?g0.expr=rate%28errors%5B5m%5D%29+%3E+0.05&g0.tab=1",
    }


def alertmanager(*elements: Payload, **changes: Any) -> Payload:
    return {
        "version": "4",
        "groupKey": '{}/{severity="critical"}:{alertname="HighErrorRate"}',
        "status": "firing",
        "receiver": "watchkeeper",
        "groupLabels": {"alertname": "HighErrorRate"},
        "commonLabels": {"alertname": "HighErrorRate", "cluster": "shop-prod"},
        "commonAnnotations": {"runbook_url": "https://wiki.example.com/errors"},
        "externalURL": "https://alertmanager.example.com",
        "alerts": list(elements) or [element(instance="10.0.0.1:80"), element(instance="10.0.0.2:80")],
    } | changes


def grafana(**changes: Any) -> Payload:
    shown = element() | {
        "dashboardURL": "https://grafana.example.com/d/abc",
        "panelURL": "https://grafana.example.com/d/abc?viewPanel=2",
        "values": {"A": 93.2},
        "valueString": "[ var='A' labels={} value=93.2 ]",
        "fingerprint": "c6eadffa33fcdf37",
    }
    return {
        "receiver": "watchkeeper",
        "status": "firing",
        "orgId": 1,
        "alerts": [shown],
        "commonLabels": {"alertname": "HighErrorRate"},
        "commonAnnotations": {},
        "groupLabels": {},
        "externalURL": "https://grafana.example.com/",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "title": "[FIRING:1] HighErrorRate (checkout)",
        "state": "alerting",
        "message": "**Firing**\n\nValue: A=93.2",
    } | changes


def grafana_legacy(**changes: Any) -> Payload:
    return {
        "dashboardId": 1,
        "evalMatches": [{"value": 93.2, "metric": "cpu busy", "tags": {"host": "web-02"}}],
        "message": "The CPU of a web server is busy",
        "orgId": 1,
        "panelId": 2,
        "ruleId": 17,
        "ruleName": "CPU of web servers",
        "ruleUrl": "https://grafana.example.com/d/hZ7BuVbWz/cpu?tab=alert",
        "state": "alerting",
        "tags": {"severity": "warning"},
        "title": "[Alerting] CPU of web servers",
    } | changes


def opsgenie(action: str = "Create", **changes: Any) -> Payload:
    return {
        "action": action,
        "alert": {
            "alertId": "052652ac-5d1c-464a-812a-7dd18bbfba8c",
            "message": "Queue orders-import is growing",
            "tags": ["env:prod", "urgent"],
            "tinyId": "10",
            "entity": "orders-import",
            "alias": "sqs-orders-import-backlog",
            "createdAt": 1795186000123,
            "updatedAt": 1795186900123,
            "description": "The oldest message waits for 40 minutes",
            "details": {"region": "eu-west-1"},
            "priority": "P2",
        }
        | changes,
        "source": {"name": "CloudWatch", "type": "API"},
        "integrationName": "Watchkeeper webhook",
    }


def servicenow(**changes: Any) -> Payload:
    record = {
        "sys_id": "9d385017c611228701d22104cc95c371",
        "number": "INC0042007",
        "sys_class_name": "incident",
        "state": "2",
        "priority": "1",
        "short_description": "Checkout is slow for everyone",
        "description": "Since half past two pages take ten seconds.",
        "cmdb_ci": {"display_value": "checkout-api", "link": "https://acme.service-now.com/api/now/table/cmdb_ci/1"},
        "assignment_group": "Shop operations",
        "opened_at": "2026-11-20 14:31:39",
        "sys_created_on": "2026-11-20 14:31:39",
    } | changes
    return {"result": record}


def servicenow_event(severity: str = "2") -> Payload:
    event = {
        "source": "SCOM",
        "node": "sql-07",
        "type": "Disk",
        "resource": "D:",
        "metric_name": "free space",
        "event_class": "windows",
        "severity": severity,
        "message_key": "sql-07_disk_d",
        "description": "Drive D: of sql-07 has 3% left",
        "time_of_event": "2026-11-20 14:31:39",
        "additional_info": '{"owner": "database team"}',
    }
    return {"records": [event]}


def superops(**changes: Any) -> Payload:
    return {
        "source": "SuperOps",
        "event": "alert.created",
        "alert": {
            "alertId": "88231",
            "message": "CPU usage has been high for ten minutes",
            "severity": "Critical",
            "status": "Created",
            "createdTime": "2026-11-20T14:31:39",
            "asset": {"assetId": "5531", "name": "FIN-LAPTOP-09"},
            "client": {"name": "Finance GmbH"},
            "policy": {"name": "Workstations"},
        }
        | changes,
    }


def sentry_issue_alert(**changes: Any) -> Payload:
    event = {
        "event_id": "e4874d664c3540c1a32eab185f12c5ab",
        "issue_id": "1170820242",
        "title": "KeyError: 'currency'",
        "culprit": "checkout.totals in convert",
        "level": "fatal",
        "project": 1,
        "datetime": "2026-11-20T14:31:44.246372Z",
        "web_url": "https://sentry.io/organizations/acme/issues/1170820242/events/e4874d66/",
        "tags": [["environment", "prod"], ["release", "4.1.0"]],
    } | changes
    return {
        "action": "triggered",
        "data": {"event": event, "triggered_rule": "Very frequent errors"},
        "actor": {"type": "application", "name": "Sentry"},
    }


def sentry_metric_alert(action: str = "critical") -> Payload:
    rule = {
        "id": "7",
        "name": "Too many transactions are slow",
        "aggregate": "p95(transaction.duration)",
        "triggers": [{"label": "critical", "alert_threshold": 5000}],
    }
    alert = {"id": "4", "alert_rule": rule, "projects": ["checkout"], "date_started": "2026-11-20T14:31:00Z"}
    closed = {"date_closed": "2026-11-20T14:51:00Z"} if action == "resolved" else {}
    told = {
        "description_text": "5200 p95(transaction.duration) in 10 minutes",
        "web_url": "https://sentry.io/alerts/4/",
    }
    return {"action": action, "data": {"metric_alert": alert | closed, **told}}


def dbt(status: str = "Errored", **changes: Any) -> Payload:
    run = {
        "jobId": "123",
        "jobName": "Daily build",
        "runId": "90210",
        "environmentName": "Production",
        "projectName": "Analytics",
        "projectId": "55",
        "runStatus": status,
        "runStatusMessage": "None" if status == "Success" else "Database error in model fct_payments",
        "runReason": "Kicked off by the schedule",
        "runStartedAt": "2026-11-20T14:01:05Z",
        "runFinishedAt": "2026-11-20T14:31:05Z",
    } | changes
    kind = "job.run.errored" if status == "Errored" else "job.run.completed"
    ids = {"accountId": 1, "webhookId": "wsu_12345abcde", "eventId": "wev_2L6Z3l8uPedXKPq9D2nWbPIip7Z"}
    return {**ids, "timestamp": "2026-11-20T14:31:15Z", "eventType": kind, "webhookName": "failures", "data": run}


def unknown() -> Payload:
    return {"headline": "The backup of ledger is late", "where": {"server": "bk-01", "tries": 3}, "notes": ["see wiki"]}


def slack_attachment() -> Payload:
    return {
        "type": "message",
        "subtype": "bot_message",
        "ts": "1795186800.000100",
        "text": "",
        "bot_profile": {"name": "Amazon Q Developer"},
        "attachments": [
            {
                "color": "#d13212",
                "title": "CloudWatch Alarm | checkout-errors | eu-west-1 | Account: 123456789012",
                "title_link": "https://eu-west-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/checkout-errors",
                "text": "Threshold Crossed: 1 datapoint [14.0 (20/11/26 14:20:00)] was over the threshold (5.0).",
                "fields": [
                    {"title": "State", "value": "OK → ALARM", "short": True},
                    {"title": "Metric", "value": "AWS/Lambda Errors, FunctionName=checkout-submit", "short": True},
                ],
                "footer": "Amazon Q Developer in chat applications",
            }
        ],
    }


def slack_blocks() -> Payload:
    fields = [{"type": "mrkdwn", "text": "*Task:*\nload"}, {"type": "mrkdwn", "text": "*Run:*\nscheduled__2026-11-20"}]
    button = {"type": "button", "text": {"type": "plain_text", "text": "View log"}, "action_id": "log"}
    address = {"url": "https://airflow.example.com/dags/orders_etl/runs/scheduled__2026-11-20/tasks/load"}
    return {
        "ts": "1795186800.000200",
        "text": "The task load failed",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": ":rotating_light: orders_etl failed"}},
            {"type": "section", "fields": fields},
            {"type": "actions", "elements": [button | address]},
        ],
    }


SHAPES: dict[str, tuple[str, Payload]] = {
    "datadog": ("datadog", datadog()),
    "datadog_default": ("datadog", datadog_default()),
    "pagerduty": ("pagerduty", pagerduty()),
    "alertmanager": ("alertmanager", alertmanager()),
    "grafana": ("grafana", grafana()),
    "grafana_legacy": ("grafana", grafana_legacy()),
    "opsgenie": ("opsgenie", opsgenie()),
    "servicenow": ("servicenow", servicenow()),
    "servicenow_event": ("servicenow", servicenow_event()),
    "superops": ("superops", superops()),
    "sentry_issue_alert": ("sentry", sentry_issue_alert()),
    "sentry_metric_alert": ("sentry", sentry_metric_alert()),
    "dbt": ("dbt", dbt()),
    "generic": ("generic", unknown()),
    "slack_attachment": ("slack_post", slack_attachment()),
    "slack_blocks": ("slack_post", slack_blocks()),
}
"""A name for the shape, the source that reads it, and a payload."""
