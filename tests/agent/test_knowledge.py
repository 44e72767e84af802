from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agent.errors import PromptError
from agent.knowledge import KnowledgeBase, Runbook, runbook_from, weigh, words
from prompts.loader import Prompt
from tests.agent.examples import NOW, evidence, finding


def runbook(**changes: Any) -> Runbook:
    fields: dict[str, Any] = {
        "name": "test-book",
        "title": "A thing that breaks",
        "symptoms": ["it breaks"],
        "specialists": ["infra"],
        "gather": ["resource_metrics"],
        "signals": [
            {"id": "errors", "kind": "metric_rise", "where": {"metric": "Errors"}, "weight": 2, "required": True},
            {"id": "deploy", "kind": "deployment", "weight": 1},
        ],
        "cause": "{{ errors.statement }}{% if deploy %} {{ deploy.statement }}{% endif %}",
        "summary": "{{ errors.resource }} fails.",
        "next_steps": [],
    }
    return runbook_from(Prompt("test-book", "1", "hash", {**fields, **changes}, "text"))


ERRORS = finding("metric_rise", "Errors rose.", metric="Errors", strength=0.8)
DEPLOY = finding("deployment", "v7 went out.", strength=0.6)


def test_support_is_the_weight_of_what_was_met_times_its_strength() -> None:
    verdict = weigh(runbook(), [evidence(ERRORS, DEPLOY)])

    assert verdict.complete
    assert verdict.support == pytest.approx((2 * 0.8 + 1 * 0.6) / 3)
    assert {hit.signal.id for hit in verdict.hits} == {"errors", "deploy"}


def test_a_missing_required_signal_leaves_a_third() -> None:
    verdict = weigh(runbook(), [evidence(DEPLOY)])

    assert not verdict.complete
    assert verdict.support == pytest.approx(0.6 / 3 / 3)
    assert [signal.id for signal in verdict.missing] == ["errors"]


def test_an_attribute_must_match() -> None:
    other = finding("metric_rise", metric="Duration")

    assert weigh(runbook(), [evidence(other)]).hits == ()
    assert weigh(runbook(), [evidence(finding("metric_rise"))]).hits == ()


def test_a_contradiction_takes_its_weight_away() -> None:
    against = {"id": "quiet", "kind": "log_quiet", "weight": 2, "against": True}
    book = runbook(signals=[{"id": "errors", "kind": "metric_rise", "weight": 2, "required": True}, against])

    alone = weigh(book, [evidence(ERRORS)])
    denied = weigh(book, [evidence(ERRORS, finding("log_quiet", strength=0.5))])

    assert denied.support == pytest.approx(alone.support - 0.5)
    assert denied.complete
    assert [hit.signal.id for hit in denied.against] == ["quiet"]


def test_support_never_leaves_its_range() -> None:
    against = {"id": "quiet", "kind": "log_quiet", "weight": 50, "against": True}
    book = runbook(signals=[{"id": "errors", "kind": "metric_rise", "required": True}, against])

    assert weigh(book, [evidence(ERRORS, finding("log_quiet", strength=1))]).support == 0
    assert weigh(book, []).support == 0


def test_signals_that_belong_to_one_resource_are_met_by_one_resource() -> None:
    book = runbook(same_resource=["errors", "deploy"])
    here = finding("metric_rise", metric="Errors", resource="checkout", strength=0.7)
    elsewhere = finding("deployment", resource="search")

    assert {hit.signal.id for hit in weigh(book, [evidence(here, elsewhere)]).hits} == {"errors"}
    both = weigh(book, [evidence(here, elsewhere, finding("deployment", resource="checkout", strength=0.2))])
    assert {hit.finding.resource for hit in both.hits} == {"checkout"}


def test_nothing_is_met_when_the_one_resource_is_nameless() -> None:
    verdict = weigh(runbook(same_resource=["errors"]), [evidence(ERRORS.model_copy(update={"resource": ""}))])

    assert verdict.support == 0


def test_having_looked_and_found_nothing_is_a_signal() -> None:
    """The logs tools say `log_quiet` in evidence of status `no_data`."""
    book = runbook(signals=[{"id": "quiet", "kind": "log_quiet"}])
    quiet = evidence(finding("log_quiet"), status="no_data")
    broken = evidence(finding("log_quiet"), status="error")

    assert KnowledgeBase([book]).weigh([quiet])[0].hits
    assert not KnowledgeBase([book]).weigh([broken])[0].hits


def test_templates_may_ask_for_details_that_a_finding_lacks() -> None:
    """A missing attribute once failed the whole analysis."""
    verdict = weigh(runbook(), [evidence(ERRORS)])

    assert verdict.fill("{{ errors.attributes.model or errors.resource }}") == "checkout"
    assert verdict.fill("{% if deploy %}{{ deploy.statement }}{% endif %}") == ""
    assert verdict.fill("{{ errors.attributes.metric }}") == "Errors"


def test_words_meet_whatever_their_endings() -> None:
    assert words("Why are the costs of failing Lambdas rising?") == words("cost fail lambda ris")
    assert words("OutOfMemoryError") == ["out", "memory", "error"]


def test_a_search_finds_symptoms_and_nothing_for_nothing() -> None:
    knowledge = KnowledgeBase.read()

    assert knowledge.search("too many connections")[0][0].name == "rds-connections-exhausted"
    assert knowledge.search("Task load failed: NoSuchKey")[0][0].name == "airflow-upstream-file-missing"
    assert knowledge.search("qwertyuiop") == []
    assert knowledge.search("") == []
    assert KnowledgeBase([]).search("anything") == []
    assert len(knowledge.search("errors in the logs of a failing task", limit=2)) == 2


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"signals": [{"id": "x", "kind": "moon_phase"}]},
            "'moon_phase' is no kind of finding; agent/findings.py lists them",
        ),
        ({"signals": [{"id": "x"}]}, "kind"),
        ({"same_resource": ["nothing"]}, "same_resource names no signal: nothing"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_runbook_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(PromptError, match="runbook test-book") as caught:
        runbook(**changes)
    assert reason in str(caught.value)


def test_a_finding_that_says_all_is_normal_meets_no_signal() -> None:
    """A version of three weeks ago is a deployment of strength 0.15, and explains no errors of today."""
    book = next(each for each in KnowledgeBase.read().runbooks if each.name == "lambda-errors-after-deploy")
    errors = finding("metric_rise", strength=0.99, resource="worker", metric="Errors", service="lambda")
    old = finding("deployment", strength=0.15, resource="worker", service="lambda")
    verdict = weigh(book, [evidence(errors, old)])
    assert not verdict.complete


def test_a_change_after_the_onset_explains_nothing() -> None:
    book = next(each for each in KnowledgeBase.read().runbooks if each.name == "rds-connections-exhausted")
    limit = finding("metric_at_limit", resource="orders-db", metric="DatabaseConnections", at=NOW)
    before = finding("deployment", resource="orders-api", strength=0.6, at=NOW - timedelta(minutes=9))
    after = finding("deployment", resource="checkout", strength=0.99, at=NOW + timedelta(minutes=11))
    pieces = [
        evidence(limit),
        evidence(before, after, question="What changed on any resource before the trouble began?"),
    ]
    assert weigh(book, pieces).names()["deploy"].resource == "orders-api"
