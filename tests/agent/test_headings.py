from __future__ import annotations

from typing import Any

import pytest

from agent.headings import heading_of, headings_of, incident_heading, storm_heading, title_of
from agent.models import Incident, Resource
from tests.agent.examples import NOW, alert


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("CloudWatch Alarm | checkout-errors | us-east-1 | Account: 123456789012", "checkout-errors"),
        ('ALARM: "search-api-cpu-high" in US East (N. Virginia)', "search-api-cpu-high"),
        ("[Triggered on {host:db-07}] Disk is full", "Disk is full"),
        ("[P1] [Re-Triggered] Disk is full", "Disk is full"),
        ("[FIRING:2] Disk is full", "Disk is full"),
        ("Task Failed.", "Task Failed"),
        ("[prod] Disk is full", "[prod] Disk is full"),
        ("Triggered: Disk is full", "Triggered: Disk is full"),
        ("[FIRING:1]", "[FIRING:1]"),
    ],
)
def test_a_title_is_told_without_what_its_sender_wraps_it_in(title: str, plain: str) -> None:
    assert title_of(alert(title)) == plain


@pytest.mark.parametrize(
    ("facts", "heading"),
    [
        ({"resource": Resource(id="db-07")}, "Disk is full (db-07)"),
        ({"resource": Resource(id="arn:aws:rds:us-east-1:123456789012:db:db-07")}, "Disk is full (db-07)"),
        ({"labels": {"pod": "search-api-1"}}, "Disk is full (search-api-1)"),
        ({"dag_id": "orders_daily"}, "Disk is full (orders_daily)"),
        ({}, "Disk is full"),
    ],
)
def test_a_heading_says_what_happened_and_to_what(facts: dict[str, Any], heading: str) -> None:
    assert heading_of(alert("Disk is full", **facts)) == heading


def test_a_heading_names_nothing_twice_and_fits() -> None:
    assert heading_of(alert("Disk is full on db-07", resource=Resource(id="db-07"))) == "Disk is full on db-07"
    assert len(heading_of(alert("x" * 900, resource=Resource(id="y" * 900)))) <= 133


def test_a_ticket_without_a_short_description_is_called_after_what_else_it_says() -> None:
    bare = alert("INC0010023", labels={"category": "Database", "cmdb_ci": "db-07"})
    told = alert("INC0010023", description="INC0010023\nThe disk of db-07 is full.")

    assert title_of(bare).startswith("Database db-07, INC0010023")
    assert title_of(told) == "The disk of db-07 is full, INC0010023"
    assert title_of(alert("INC0010023", description="")) == "INC0010023"


def test_alerts_that_look_alike_tell_what_is_different() -> None:
    first, second = (alert("High CPU", labels={"summary": f"Pod web-{n} is busy"}) for n in (1, 2))

    assert headings_of([first, second]) == ["High CPU: Pod web-1 is busy", "High CPU: Pod web-2 is busy"]
    assert headings_of([first]) == ["High CPU"]


def test_a_storm_is_called_one() -> None:
    alerts = [alert(f"a {n}", labels={"service": f"service-{n}"}, system="prod") for n in range(12)]
    storm = Incident(
        id="i", title="web-0", storm=True, system="prod", alerts=tuple(alerts), created_at=NOW, updated_at=NOW
    )

    assert storm_heading(storm, alerts, 120) == "Storm: 120 alerts of 12 services in prod"
    assert incident_heading(storm) == "Storm of alerts in prod"
