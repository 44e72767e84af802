from __future__ import annotations

import pytest

from agent import briefs
from agent.confidence import CAP_UNLINKED
from agent.diagnosis import Said, diagnose
from agent.drafts import DiagnosisDraft, DraftClaim
from agent.knowledge import KnowledgeBase
from agent.linking import Named, is_telling, named_by
from agent.models import Diagnosis, Provenance, Resource
from tests.agent.examples import alert, evidence, finding

KNOWLEDGE = KnowledgeBase.read()
ERRORS = evidence(
    finding("metric_rise", "Errors of checkout-submit-order rose.", resource="checkout-submit-order", metric="Errors"),
    id="ev_00000001",
)
DEPLOY = evidence(
    finding("deployment", "Version 4 of checkout-submit-order was rolled out.", resource="checkout-submit-order"),
    id="ev_00000002",
)
QUIET = evidence(
    finding("log_quiet", "The logs of db-07 show no errors.", resource="db-07"), status="no_data", id="ev_00000003"
)
HELD = evidence(
    finding(
        "connections_held", "billing-worker holds 180 connections.", resource="orders-db", application="billing-worker"
    ),
    id="ev_00000004",
)
OF_BILLING = evidence(finding("deployment", "It got version 9.", resource="billing-worker"), id="ev_00000005")
CAUSE = "checkout-submit-order has been failing since version 4 was rolled out."


def blaming_checkout(title: str, **facts: object) -> Diagnosis:
    """What becomes of a model's draft that blames the deployment, for an alert with this title."""
    draft = DiagnosisDraft(
        summary="checkout-submit-order is failing.",
        root_cause=CAUSE,
        runbook="lambda-errors-after-deploy",
        claims=[DraftClaim(text=CAUSE, evidence=["ev_00000001", "ev_00000002", "ev_00000003"])],
        next_steps=["Roll checkout-submit-order back."],
    )
    named = named_by(briefs.alert_fields(alert(title, **facts)))
    pieces = [ERRORS, DEPLOY, QUIET, HELD, OF_BILLING]
    return diagnose(draft, pieces, KNOWLEDGE, Provenance(), Said(named=named))[0]


def named(title: str, **facts: object) -> Named:
    return named_by(briefs.alert_fields(alert(title, **facts)))


@pytest.mark.parametrize(
    ("title", "facts", "subject"),
    [
        ("Disk is full on db-07", {}, " on db-07"),
        ("Disk is full", {"resource": Resource(id="db-07")}, " on db-07"),
        ("KubePodCrashLooping", {"labels": {"pod": "search-api-1", "namespace": "search"}}, " on search-api-1"),
        ("High CPU", {"labels": {"host": "db-incident-sandbox"}}, " on db-incident-sandbox"),
        ("Payments card errors", {}, " that has to do with this alert"),
        ("Queue depth 80% of invoices", {}, " that has to do with this alert"),
        ("Something is broken", {}, " that has to do with this alert"),
    ],
)
def test_a_cause_of_something_else_explains_nothing(title: str, facts: dict[str, object], subject: str) -> None:
    found = blaming_checkout(title, **facts)

    assert found.summary.startswith(f"Nothing found{subject}. Also failing right now: checkout-submit-order (Errors")
    assert (found.root_cause, found.runbook, found.ruled_out) == ("", "", ())
    assert found.confidence.value <= CAP_UNLINKED
    assert found.confidence.parts["link"] == 0
    assert not any("Roll" in step for step in found.next_steps)
    assert [claim.evidence for claim in found.claims] == [("ev_00000001",)]


@pytest.mark.parametrize(
    ("title", "facts"),
    [
        ("Errors", {"resource": Resource(service="lambda", id="checkout-submit-order")}),
        ("ALARM: checkout-submit-order-errors", {}),
        ("5xx", {"labels": {"service": "checkout-submit-order"}}),
        ("CRITICAL: checkout is failing", {}),
        ("AWS bill is $1200 above the budget", {}),
    ],
)
def test_a_cause_that_the_alert_names_stays_one(title: str, facts: dict[str, object]) -> None:
    found = blaming_checkout(title, **facts)

    assert found.root_cause == CAUSE
    assert "link" not in found.confidence.parts


OUTBOX = evidence(
    finding(
        "queue_backlog", "Queue email-outbox has piled up: 496 messages wait.", resource="email-outbox", service="sqs"
    ),
    id="ev_00000006",
)
INVOICES = evidence(
    finding("queue_backlog", "Queue invoicing-events has piled up.", resource="invoicing-events", service="sqs"),
    id="ev_00000007",
)
FEEDS = evidence(
    finding("trigger", "email-outbox takes what invoicing-events gives up.", resource="email-outbox"),
    id="ev_00000008",
)


@pytest.mark.parametrize(
    "title",
    [
        "Queue depth 80% of invoices",
        "Queue depth of invoices above 80",
        "Oldest message of the invoice queue waits",
        "SQS queue invoices is falling behind",
    ],
)
def test_another_queue_is_no_cause_unless_evidence_leads_to_it(title: str) -> None:
    about = named(title, resource=Resource(service="sqs"))

    assert not about.carries("email-outbox is blocked.", [OUTBOX.id], [OUTBOX, INVOICES])
    assert about.carries("invoicing-events is blocked.", [INVOICES.id], [OUTBOX, INVOICES])
    assert about.carries("email-outbox is blocked.", [OUTBOX.id], [OUTBOX, INVOICES, FEEDS])


@pytest.mark.parametrize("title", ["Queue depth 80%", "Messages are waiting in a queue", "SQS: number of messages"])
def test_where_no_queue_is_named_any_may_be_the_cause(title: str) -> None:
    assert named(title, resource=Resource(service="sqs")).carries("email-outbox is blocked.", [OUTBOX.id], [OUTBOX])


def test_evidence_leads_from_what_the_alert_names_to_what_it_depends_on() -> None:
    pieces = [HELD, OF_BILLING, ERRORS]

    linked = {finding.resource for finding in named("Connections of orders-db").linked(pieces)}

    assert linked == {"orders-db", "billing-worker"}


def test_the_other_alerts_of_its_incident_name_things_too() -> None:
    fields = briefs.read(
        briefs.write(
            ERRORS.gathered_at or alert("x").started_at,
            alert=alert("Disk is full on db-07"),
            related=[alert("checkout-submit-order errors")],
        )
    ).alert

    assert named_by(fields).carries(CAUSE, ["ev_00000001"], [ERRORS])


@pytest.mark.parametrize("name", ["db-07", "web-0", "search-api", "checkout", "analytics.fct_payments"])
def test_names_that_tell(name: str) -> None:
    assert is_telling(name)


@pytest.mark.parametrize("name", ["db", "prod-eu", "us-east-1", "prod", "eu-central-1a", ""])
def test_names_that_tell_nothing(name: str) -> None:
    assert not is_telling(name)
