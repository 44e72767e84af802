"""Alerts of our own come out of the queue as they went in."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.detection.alerts import own_alert
from agent.models import Resource, Severity
from agent.sources import parse_alerts
from agent.sources.watchkeeper import body_of

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
ALERT = own_alert(
    "metrics",
    "checkout/Errors",
    "Errors of checkout is unusually high",
    "It rose to 11 a minute at 14:50 UTC.",
    NOW,
    Resource(service="lambda", id="checkout", region="us-east-1"),
    severity=Severity.error,
    metric="Errors",
)


def test_an_own_alert_survives_the_queue_word_for_word():
    assert parse_alerts({"source": "watchkeeper", "body": body_of(ALERT), "delivery": ""}, NOW) == [ALERT]


def test_what_another_version_wrote_keeps_its_text():
    body = {"watchkeeper_alert": {"title": "Errors rose", "colour": "red"}}
    [alert] = parse_alerts({"source": "watchkeeper", "body": body, "delivery": ""}, NOW)
    assert "Errors rose" in alert.title
    assert "red" in alert.description


def test_the_same_subject_has_the_same_fingerprint_whatever_the_figures():
    again = own_alert("metrics", "checkout/Errors", "Another title", "99 a minute", NOW, Resource(), value="99")
    assert again.fingerprint == ALERT.fingerprint
    assert own_alert("bands", "checkout/Errors", "", "", NOW, Resource()).fingerprint != ALERT.fingerprint
