"""What runbooks propose: typed, and only as far as the findings say all that it takes."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import PromptError
from agent.knowledge import KnowledgeBase, Runbook, Verdict, runbook_from, weigh
from agent.models import Finding
from agent.safety.policy.kinds import KINDS
from prompts.loader import Prompt
from tests.agent.examples import evidence, finding

BOOKS = {book.name: book for book in KnowledgeBase.read().runbooks}


def verdict(name: str, *findings: Finding) -> Verdict:
    return weigh(BOOKS[name], [evidence(*findings)])


def proposed(name: str, *findings: Finding) -> list[tuple[str, str, dict[str, Any]]]:
    return [(each.type, each.target, each.parameters) for each in verdict(name, *findings).proposals()]


def book(**signal: Any) -> Runbook:
    signals = [
        {"id": "letters", "kind": "dead_letters", "required": True},
        {"id": "errors", "kind": "metric_rise", **signal},
    ]
    fields = {"title": "t", "symptoms": ["s"], "specialists": ["infra"], "gather": [], "signals": signals}
    words = {"cause": "c", "summary": "s", "next_steps": []}
    return runbook_from(Prompt("test-book", "1", "hash", {"name": "test-book", **fields, **words}, "text"))


def test_every_remedy_is_of_a_kind_that_the_policy_knows() -> None:
    typed = {(name, remedy.type) for name, each in BOOKS.items() for remedy in each.actions}

    assert {kind for _, kind in typed} <= set(KINDS)
    assert len({kind for _, kind in typed}) >= 12


def test_a_container_that_is_killed_goes_back_to_the_revision_before() -> None:
    killed = finding("out_of_memory", resource="web", strength=0.95)
    rolled_out = finding("deployment", resource="web", service="ecs", cluster="shop", previous="web:6")

    assert proposed("container-out-of-memory", killed, rolled_out) == [
        ("ecs_rollback", "web", {"cluster": "shop", "task_definition": "web:6"})
    ]
    assert proposed("container-out-of-memory", killed) == []


def test_another_services_rollout_is_not_taken_back() -> None:
    killed = finding("out_of_memory", resource="web", strength=0.95)
    other = finding("deployment", "worker:9 went out; web calls it.", resource="worker", cluster="shop", previous="w:8")

    assert proposed("container-out-of-memory", killed, other) == []


def test_dead_letters_are_redriven_once_their_consumer_is_well_again() -> None:
    letters = finding("dead_letters", resource="jobs-dlq", source="jobs", consumers="worker")
    rise = finding("metric_rise", resource="jobs-dlq", metric="ApproximateNumberOfMessagesVisible")
    over = finding("metric_rise", resource="worker", metric="Errors", over_since="2026-11-18T14:25:00Z")
    still = finding("metric_rise", resource="worker", metric="Errors")
    elsewhere = over.model_copy(update={"resource": "mailer"})

    redriven = [("sqs_redrive", "jobs-dlq", {"sources": "jobs"})]
    assert proposed("dead-letters-waiting", letters, rise, over) == redriven
    assert proposed("dead-letters-waiting", letters, rise, still) == []
    assert proposed("dead-letters-waiting", letters, rise, elsewhere) == []


def test_a_dead_letter_queue_whose_consumer_still_fails_is_less_of_a_case() -> None:
    letters = finding("dead_letters", resource="jobs-dlq", source="jobs", consumers="worker")
    rise = finding("metric_rise", resource="jobs-dlq", metric="ApproximateNumberOfMessagesVisible")
    still = finding("metric_rise", resource="worker", metric="Errors")

    failing = verdict("dead-letters-waiting", letters, rise, still)
    assert failing.support < verdict("dead-letters-waiting", letters, rise).support


@pytest.mark.parametrize(("now", "then"), [("6", "12"), ("600", "900")])
def test_a_function_gets_twice_its_time_and_never_more_than_there_is(now: str, then: str) -> None:
    limit = finding("metric_at_limit", resource="printer", metric="Duration", service="lambda")
    errors = finding("metric_rise", resource="printer", metric="Errors", service="lambda")
    state = finding("resource_state", resource="printer", timeout_s=now, strength=0.3)

    assert proposed("lambda-timing-out", limit, errors, state) == [("lambda_config", "printer", {"timeout_s": then})]


def test_a_group_is_made_as_large_as_it_was_in_one_step_at_most() -> None:
    fewer = finding("scaled_in", resource="web", before="7", after="2", by="a user's request")
    busy = finding("metric_rise", resource="web", metric="CPUUtilization")

    def size(desired: str, maximum: str) -> Any:
        state = finding("resource_state", resource="web", desired=desired, maximum=maximum, strength=0.3)
        return [each[2]["desired"] for each in proposed("auto-scaling-too-small", fewer, busy, state)]

    assert [size("4", "10"), size("2", "10"), size("4", "6")] == [["7"], ["4"], ["6"]]


def test_more_tasks_are_proposed_of_the_service_that_reads_from_the_queue_alone() -> None:
    backlog = finding("queue_backlog", resource="jobs")
    busy = finding("metric_at_limit", resource="worker", metric="CPUUtilization", service="ecs")
    reads = finding("resource_state", resource="worker", queues="jobs", cluster="shop", running="3 of 3", strength=0.3)
    other = finding("resource_state", resource="worker", queues="mails", cluster="shop", running="3 of 3", strength=0.3)

    assert proposed("queue-consumers-too-few", backlog, busy, reads) == [
        ("ecs_scale", "worker", {"cluster": "shop", "desired": "6"})
    ]
    assert proposed("queue-consumers-too-few", backlog, busy, other) == []


def test_an_execution_is_redriven_where_what_it_called_was_away_and_nothing_else() -> None:
    run = "arn:aws:states:us-east-1:123456789012:execution:bill:today"
    facts = {"status": "FAILED", "count": "1", "redrivable": "yes", "execution": run}
    outage = finding("workflow_failed", resource="bill", cause="gateway answered 503", **facts)
    defect = finding("workflow_failed", resource="bill", cause="KeyError: 'amount'", **facts)

    assert proposed("state-machine-failing", outage) == [("stepfunctions_redrive", "bill", {"execution": "today"})]
    assert proposed("state-machine-failing", defect) == []
    rolled_out = finding("deployment", "bill:7 went out.", resource="bill")
    assert proposed("state-machine-failing", outage, rolled_out) == []


def test_a_signal_may_ask_that_its_finding_names_what_another_is_about() -> None:
    letters = finding("dead_letters", resource="jobs-dlq", consumers="worker")
    own = finding("metric_rise", resource="worker")
    foreign = finding("metric_rise", resource="mailer")

    assert [hit.signal.id for hit in weigh(book(about="letters"), [evidence(letters, foreign)]).hits] == ["letters"]
    assert len(weigh(book(about="letters"), [evidence(letters, own)]).hits) == 2
    with pytest.raises(PromptError, match="about names no signal: nothing"):
        book(about="nothing")
