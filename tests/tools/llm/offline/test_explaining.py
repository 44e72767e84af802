from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from agent.briefs import write
from agent.diagnosis import check_claims
from agent.drafts import AnswerDraft, DiagnosisDraft
from agent.findings import KINDS
from agent.knowledge import KnowledgeBase
from agent.models import ChatMessage, Evidence, Resource
from agent.specialists import read_specialists
from deploy.local import scenarios
from tests.agent.examples import NOW, alert, evidence, finding
from tools.llm import offline
from tools.llm.offline import OfflineAnalyst

KNOWLEDGE = KnowledgeBase.read()
MODEL = OfflineAnalyst(KNOWLEDGE, read_specialists())
ALERT = alert("orders-db connections high", resource=Resource(service="rds", id="orders-db"))
LIMIT = evidence(
    finding(
        "metric_at_limit",
        "Connections of orders-db are at 198 of 200.",
        resource="orders-db",
        metric="DatabaseConnections",
    ),
    finding("metric_rise", "Connections rose at 14:18.", resource="orders-db", metric="DatabaseConnections", at=NOW),
)
DEPLOY = evidence(
    finding("deployment", "orders-api went to 40 tasks.", resource="orders-api"),
    tool="recent_changes",
    question="What changed on orders-db before the trouble began?",
)
ELSEWHERE = evidence(
    finding("deployment", "checkout got version 4.", resource="checkout", strength=0.99),
    tool="recent_changes",
    question="What changed on checkout before the trouble began?",
)
NOISE = evidence(
    finding("metric_rise", "Bytes of other rose.", resource="other", metric="Bytes", strength=0.4), tool="x"
)


def diagnose(*pieces: Evidence, about: Any = ALERT, more: tuple[BaseMessage, ...] = ()) -> DiagnosisDraft:
    brief = write(NOW, alert=about, evidence=pieces)
    reply: Any = MODEL.with_structured_output(DiagnosisDraft).invoke([SystemMessage("s"), HumanMessage(brief), *more])
    return reply


def answer(
    question: str, *pieces: Evidence, thread: bool = False, said: str = "", scope: dict[str, str] | None = None
) -> AnswerDraft:
    turns = [ChatMessage(role="user", text="why do orders fail?", at=NOW)] if thread else []
    turns += [ChatMessage(role="assistant", text=said, at=NOW)] if said else []
    reply: Any = MODEL.with_structured_output(AnswerDraft).invoke(
        write(NOW, question=question, conversation=turns, evidence=pieces, scope=scope)
    )
    return reply


def test_the_best_supported_runbook_is_the_cause() -> None:
    told = diagnose(NOISE, ELSEWHERE, LIMIT, DEPLOY)

    assert "checkout" not in told.root_cause
    assert told.runbook == "rds-connections-exhausted"
    assert "198 of 200" in told.root_cause
    assert "orders-api went to 40 tasks" in told.root_cause
    assert told.next_steps
    assert told.claims[0].text == told.root_cause
    assert told.claims[0].evidence == [LIMIT.id, DEPLOY.id]


def test_what_does_not_fit_any_runbook_is_inconclusive() -> None:
    told = diagnose(NOISE)

    assert (told.root_cause, told.runbook) == ("", "")
    assert told.summary == "Nothing found on orders-db."


def test_with_nothing_readable_it_says_so() -> None:
    assert diagnose().summary == "Inconclusive: nothing could be read."
    assert diagnose(evidence(status="denied")).summary == "Inconclusive: nothing could be read."
    assert diagnose(evidence()).summary == "Nothing found on orders-db."


def test_what_fails_elsewhere_is_told_as_that_and_blamed_for_nothing() -> None:
    told = diagnose(LIMIT, DEPLOY, about=alert("Disk is full on db-07"))

    assert (told.root_cause, told.runbook, told.nothing_wrong) == ("", "", False)
    assert told.summary.startswith("Nothing found on db-07. Also failing right now: orders-db (")
    assert told.claims[0].evidence == [LIMIT.id]
    assert "db-07" in told.next_steps[0]


def test_a_flapping_alarm_is_nothing_wrong() -> None:
    flaps = evidence(
        finding("alarm_flapping", "The alarm changed 14 times.", alarm="cpu", resource="orders-db"),
        finding("threshold_grazed", "70.9 only just crosses 70.", resource="orders-db"),
        tool="alarm_history",
    )

    assert diagnose(flaps).nothing_wrong


def test_a_request_to_reconsider_does_not_hide_the_evidence() -> None:
    assert diagnose(LIMIT, more=(HumanMessage("Some of your claims were dropped. Write again."),)) == diagnose(LIMIT)


@pytest.mark.parametrize(
    ("question", "headline"),
    [
        ("since when?", "Since 15:00 UTC: Connections rose at 14:18."),
        ("what changed?", "orders-api went to 40 tasks."),
        ("how much is it?", "Connections rose at 14:18."),
    ],
)
def test_a_follow_up_gets_what_it_asks_for(question: str, headline: str) -> None:
    told = answer(question, LIMIT, DEPLOY, thread=True)

    assert told.headline == headline
    assert headline.endswith(told.claims[0].text)
    assert told.plain


def test_who_asks_what_to_do_is_told_the_step() -> None:
    told = answer("what should we do?", LIMIT, DEPLOY, thread=True)

    assert told.headline.startswith("Take back the change")
    assert told.headline not in told.next_steps


def test_a_first_question_is_answered_with_the_cause() -> None:
    told = answer("why does orders-db refuse connections?", LIMIT, DEPLOY)

    assert told.headline == "orders-db has no connections left since 15:00 UTC."
    assert not told.plain


kinds = st.sampled_from(sorted(KINDS))
statements = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)
loose = st.builds(
    lambda kind, said, resource, strength: finding(
        kind, said, resource=resource, strength=strength / 100, metric="Errors"
    ),
    kinds,
    statements.filter(str.strip),
    st.sampled_from(["", "a-1", "b-2"]),
    st.integers(0, 100),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(loose, max_size=6), max_size=4))
def test_whatever_was_found_every_claim_holds(groups: list[list[Any]]) -> None:
    pieces = [evidence(*group, tool=f"tool_{n}") for n, group in enumerate(groups)]

    for told in (diagnose(*pieces), answer("why?", *pieces), answer("when did it start?", *pieces, thread=True)):
        checked = check_claims(told.claims, pieces)
        assert checked.problems == ()
        assert "None" not in "".join(getattr(told, "next_steps", []))


def test_it_knows_no_scenario() -> None:
    """Only runbooks and evidence: no scenario's name, and no name of a thing in one, stands in its code."""
    code = "\n".join(path.read_text() for path in Path(offline.__file__).parent.glob("*.py"))
    files = list(Path(scenarios.__file__ or "").parent.glob("*.yaml")) if scenarios.__file__ else []
    files = files or list(Path(next(iter(scenarios.__path__))).glob("*.yaml"))
    names = {name for path in files for name in re.findall(r"^\s*-?\s*name: ([\w.-]{5,})$", path.read_text(), re.M)}

    assert len(files) >= 10
    assert len(names) > 20
    assert not {name for name in names | {path.stem for path in files} if re.search(rf"\b{re.escape(name)}\b", code)}
    assert not re.search(r"\bdeploy\.|scenario", re.sub(r"knows no scenario", "", code))


def test_a_name_that_nothing_was_found_about_is_said_to_be_unknown() -> None:
    told = answer("is frobnicator-service down?", LIMIT, DEPLOY)
    assert "nothing called frobnicator-service" in told.headline
    assert told.claims == []


def test_what_changed_is_answered_with_changes() -> None:
    told = answer("what changed in the last 2 hours?", LIMIT, DEPLOY, ELSEWHERE)
    assert {claim.text for claim in told.claims} == {"checkout got version 4.", "orders-api went to 40 tasks."}


def test_changes_come_newest_first_and_the_headline_names_the_most_relevant() -> None:
    pieces = evidence(
        finding(
            "deployment", "orders-api got version 7.", resource="orders-api", strength=0.9, at=NOW - timedelta(hours=5)
        ),
        finding("deployment", "search got version 2.", resource="search", strength=0.5, at=NOW - timedelta(hours=1)),
        tool="recent_changes",
    )
    told = answer("what changed today?", pieces)

    assert [claim.text for claim in told.claims] == ["search got version 2.", "orders-api got version 7."]
    assert told.headline == "Of 2 changes the most relevant: orders-api got version 7."


def test_the_claims_do_not_repeat_the_headline() -> None:
    told = answer("why does orders-db refuse connections?", LIMIT, DEPLOY)

    assert told.claims[0].text == told.headline
    assert told.claims[0].evidence == [LIMIT.id]
    assert not any(claim.text.rstrip(".") in told.headline for claim in told.claims[1:])


def test_each_part_of_a_compound_question_gets_its_answer() -> None:
    bill = evidence(finding("cost_rise", "AWS Lambda costs $188 a day.", resource="AWS Lambda"), tool="cost_breakdown")
    told = answer("how much do we spend on lambda, and why is orders-db out of connections?", LIMIT, DEPLOY, bill)

    assert told.headline.startswith("AWS Lambda costs $188 a day.")
    assert "orders-db has no connections left" in told.headline
    assert told.runbook == "rds-connections-exhausted"


def test_the_part_about_a_resource_is_answered_with_that_resource() -> None:
    broken = evidence(
        finding("metric_rise", "Errors of billing-run rose.", resource="billing-run", strength=0.6, metric="X"),
        tool="y",
    )
    loud = evidence(
        finding("metric_rise", "Errors of search rose.", resource="search", strength=1.0, metric="X"), tool="z"
    )

    assert "billing-run" in answer("is billing ok?", loud, broken).headline


def test_a_question_in_another_language_is_answered_in_english_and_says_so() -> None:
    told = answer("warum lehnt die Datenbank orders-db Verbindungen ab?", LIMIT, DEPLOY)

    assert told.headline == "orders-db has no connections left since 15:00 UTC."
    assert told.note == "(I read German, but as the offline analyst I answer in English only.)"


def test_contradicting_evidence_is_said_aloud() -> None:
    rise = evidence(finding("metric_rise", "Errors of pay rose.", resource="pay", metric="Errors"), tool="m")
    quiet = evidence(finding("log_quiet", "pay logged no errors.", resource="pay", strength=0.3), tool="l")
    other = evidence(finding("log_quiet", "search logged no errors.", resource="search", strength=0.3), tool="k")

    (told,) = answer("why does pay fail?", rise, quiet, other).disagreements

    assert told.text == "Errors of pay rose. Yet: pay logged no errors."
    assert told.evidence == [rise.id, quiet.id]
    assert answer("why does pay fail?", rise, other).disagreements == []


def test_what_an_error_names_is_asked_of_who_knows_it() -> None:
    logged = evidence(
        finding("log_error_pattern", "pay logged “remaining connection slots are reserved” 40 times.", resource="pay"),
        tool="log_errors",
        question="Which errors does pay log?",
    )
    (first, *_) = answer("why does pay fail?", logged).follow_ups

    assert (first.specialist, first.question) == (
        "infra",
        "Which database does `pay` use, and is it at a limit or failing?",
    )


def test_what_explains_the_case_is_looked_into_although_something_else_stands_out_more() -> None:
    """Nobody described the gateway: those who could had looked at a table that is in worse trouble."""
    cost = finding("cost_rise", "EC2 - Other costs 7 times as much.", usage_type="NatGateway-Bytes", strength=0.8)
    driver = finding("usage_driver", "nat-1 carries 19 times as much.", resource="nat-1", service="nat", strength=0.8)
    bill = evidence(cost, driver, tool="cost_drivers", question="Which resources drive the cost?")
    worse = evidence(
        finding("metric_rise", "Throttles of sessions rose.", resource="sessions", metric="Throttles", strength=0.99),
        tool="resource_metrics",
        question="How do the metrics of sessions compare with normal?",
    )
    about = alert("AWS Budget Notification: the forecasted cost of your network budget is above $2,000.")

    wanted = {each.specialist: each.question for each in diagnose(worse, bill, about=about).follow_ups}

    assert wanted["infra"] == "What is wrong with `nat-1`, since when, and what does it depend on?"
    assert not any("sessions" in question for question in wanted.values())


def test_a_resource_that_is_as_always_is_said_to_be() -> None:
    calm = evidence(
        finding("metric_steady", "users-db is as always.", resource="users-db", strength=0.1),
        tool="resource_metrics",
        question="How does users-db do?",
    )

    well = "users-db shows nothing out of the ordinary in 1 check."
    assert answer("is users-db in trouble?", calm).headline == f"No: {well}"
    assert answer("is users-db ok?", calm).headline == f"Yes: {well}"
    assert answer("is users-db ok?", calm).claims[0].evidence == [calm.id]


def test_only_what_was_looked_for_and_fits_the_service_is_ruled_out() -> None:
    """Nobody who is called for a database wonders about DynamoDB, and what was not read is not ruled out."""
    about = alert("orders-db: table throttled, deadlock, AWS service event?", resource=Resource(service="rds"))
    health = evidence(tool="aws_health", status="no_data", id="ev_0000000a")
    unhealthy = evidence(tool="unhealthy_resources", status="no_data", id="ev_0000000b")

    assert diagnose(LIMIT, DEPLOY, about=about).ruled_out == []
    assert diagnose(LIMIT, DEPLOY, health, unhealthy, about=about).ruled_out == [
        "An AWS service event that affects us: no sign of it."
    ]
