"""Answers in a thread and to what is put in an unusual way: several causes, checks, names, and old counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agent.briefs import write
from agent.drafts import AnswerDraft
from agent.models import ChatMessage, Evidence, TimeRange
from tests.agent.examples import NOW, evidence, finding
from tests.tools.llm.offline.test_explaining import DEPLOY, LIMIT, MODEL, answer

HOT = evidence(
    finding(
        "metric_rise",
        "Calls of thumbs rose.",
        resource="thumbs",
        metric="Invocations",
        service="lambda",
        at=NOW - timedelta(days=2),
    ),
    finding("trigger_loop", "thumbs feeds itself.", resource="thumbs", function="thumbs", service="lambda"),
    tool="trigger_loops",
)
BOTH = "thumbs triggers itself in a loop. orders-db has no connections left."


def test_two_causes_in_a_thread_get_their_own_times() -> None:
    told = answer("since when?", LIMIT, DEPLOY, HOT, thread=True, said=BOTH)

    assert set(told.headline.rstrip(".").split("; ")) == {"thumbs: 18 Nov 15:00 UTC", "orders-db: 15:00 UTC"}
    assert {i for claim in told.claims for i in claim.evidence} == {LIMIT.id, HOT.id}


def test_a_thread_with_two_causes_can_be_narrowed_to_one() -> None:
    turns = [
        ChatMessage(role="user", text="since when?", author_name="Ana", at=NOW),
        ChatMessage(role="assistant", text=BOTH, at=NOW),
    ]
    brief = write(NOW, question="only for thumbs please", conversation=turns, evidence=[LIMIT, DEPLOY, HOT])
    told: Any = MODEL.with_structured_output(AnswerDraft).invoke(brief)

    assert told.headline.startswith("Since 18 Nov 15:00 UTC: Calls of thumbs")


def test_a_check_of_one_thing_is_not_answered_with_the_trouble_of_another() -> None:
    look = evidence(tool="resource_metrics", question="How do the metrics of users-db compare with normal?")
    told = answer(
        "why is the thumbs lambda so busy, and is users-db healthy?", HOT, look, scope={"resource": "users-db"}
    )

    assert told.headline.startswith("thumbs triggers itself in a loop")
    assert told.headline.endswith("users-db shows nothing out of the ordinary in 1 check.")


def test_a_part_at_which_nobody_looked_is_left_open() -> None:
    told = answer("why is the thumbs lambda so busy, and is users-db healthy?", HOT, scope={"resource": "users-db"})

    assert told.unanswered == ["is users-db healthy?"]


def test_a_misspelt_name_that_was_understood_is_not_called_unknown() -> None:
    told = answer("is oders-db failing?", LIMIT, DEPLOY, scope={"resource": "orders-db"})

    assert told.headline == "Yes: orders-db has no connections left since 15:00 UTC."


def test_a_name_near_to_one_that_was_seen_is_asked_about() -> None:
    assert "did you mean orders-db?" in answer("why does oders-dbb fail?", LIMIT).headline


def test_what_nothing_is_called_is_not_answered_with_something_else() -> None:
    told = answer("is billing ok?", LIMIT, DEPLOY)

    assert told.headline == "I found nothing called billing where I may look; did you mean orders-db?"


def test_slowness_that_nothing_shows_is_said_not_to_be_seen() -> None:
    told = answer("why is thumbs slow?", HOT)

    assert told.headline.startswith("Nothing I read shows that it is slow. What stands out: thumbs")
    assert told.runbook == ""


def test_what_nothing_counts_is_said_first() -> None:
    assert answer("how many customers are affected?", LIMIT).headline.startswith("Nothing I read counts customers;")


def test_a_change_before_the_range_that_was_asked_for_is_no_answer() -> None:
    old = evidence(
        finding("deployment", "search got version 2.", resource="search", at=NOW - timedelta(days=2)),
        finding("deployment", "pay got version 9.", resource="pay", at=NOW - timedelta(minutes=9)),
        tool="recent_changes",
    )
    hour = {"start": (NOW - timedelta(hours=1)).isoformat(), "end": NOW.isoformat()}

    assert answer("what changed in the last hour?", old, scope=hour).headline == "pay got version 9."


def test_nothing_changed_does_not_end_the_look_for_what_broke() -> None:
    calm = evidence(finding("no_change", "There was no write call.", strength=0.45), tool="recent_changes")

    assert [one.specialist for one in answer("who broke checkout", calm).follow_ups] == ["infra"]


def test_a_later_deployment_does_not_contradict_an_earlier_calm() -> None:
    calm = evidence(finding("no_change", "No change on pay.", resource="pay"), tool="c").model_copy(
        update={"time_range": TimeRange(start=NOW - timedelta(hours=2), end=NOW - timedelta(hours=1))}
    )

    def rolled_out(minutes_ago: int) -> Evidence:
        at = NOW - timedelta(minutes=minutes_ago)
        return evidence(finding("deployment", "pay got version 9.", resource="pay", at=at), tool="d")

    assert answer("why does pay fail?", calm, rolled_out(1)).disagreements == []
    assert len(answer("why does pay fail?", calm, rolled_out(90)).disagreements) == 1


def test_how_tasks_usually_go_does_not_contradict_one_that_failed() -> None:
    failed = evidence(
        finding("task_failed", "Task load of DAG orders failed on try 3 of 3.", resource="orders", dag_id="orders"),
        tool="task_failure",
    )
    usual = evidence(
        finding("task_healthy", "The tasks of DAG orders rarely need retries.", resource="orders", dag_id="orders"),
        tool="task_history",
    )

    assert answer("why did the orders DAG fail?", failed, usual).disagreements == []


def test_a_change_that_several_tools_tell_of_is_one_change() -> None:
    short = "Version 4 was rolled out to pay at 14:40 UTC."
    full = "Version 4 of pay was rolled out by dana at 14:40 UTC."
    at = NOW - timedelta(minutes=20)
    told = answer(
        "what changed in the last hour?",
        evidence(finding("deployment", short, resource="pay", at=at), tool="deployments"),
        evidence(finding("deployment", full, resource="pay", principal="dana", at=at), tool="recent_changes"),
    )

    assert [claim.text for claim in told.claims] == [full]
    assert not told.headline.startswith("Of ")


def test_counts_of_some_time_ago_say_when_they_were_read_and_are_read_again() -> None:
    before = NOW - timedelta(minutes=20)
    span = TimeRange(start=before - timedelta(hours=3), end=before)
    told = answer(
        "is orders-db still failing?", LIMIT.model_copy(update={"gathered_at": before, "time_range": span}), thread=True
    )

    assert told.headline == "Yes: orders-db has no connections left since 15:00 UTC (as of 14:40 UTC)."
    assert told.follow_ups[0].specialist == "infra"
    assert "as of" not in answer("is orders-db still failing?", LIMIT, thread=True).headline


def test_the_same_line_of_a_log_is_told_once() -> None:
    logged = evidence(
        finding("log_error_pattern", "pay logged “KeyError” 597 times.", resource="pay"),
        finding("log_new_pattern", "pay: “KeyError” is new, 598 times.", resource="pay"),
        tool="log_errors",
    )
    texts = [claim.text for claim in answer("why does pay fail?", logged).claims]

    assert len([text for text in texts if "KeyError" in text]) == 1


def test_a_different_thing_is_not_answered_with_the_cause_that_was_told() -> None:
    told = answer(
        "different thing - requests fail, why?", LIMIT, HOT, said="orders-db has no connections left.", thread=True
    )

    assert told.headline.startswith("thumbs triggers itself")


def test_who_changed_something_is_not_known_where_the_change_log_could_not_be_read() -> None:
    """Said instead of the cause once more, which would sound as if nobody had done anything."""
    unread = evidence(tool="recent_changes", status="timeout")

    said = "Inconclusive: what was changed, and by whom, could not be read."
    assert answer("who changed it?", HOT, unread, thread=True, said=BOTH).headline == said
    assert answer("who changed it?", HOT, unread, DEPLOY, thread=True, said=BOTH).headline != said


def test_a_first_line_is_never_so_short_that_it_says_nothing() -> None:
    who = "dana.okoro (role media-engineer) called PutBucketNotification on media-uploads-of-all-shops, media-resizer"
    other = "tomas (role ops) called PutBucketLifecycle on media-exports."
    told = answer(
        "who touched the uploads bucket?",
        evidence(
            finding("change_before_onset", f"{who} at 14:40 UTC.", resource="media-uploads", at=NOW, event="a"),
            finding("change_before_onset", other, resource="media-exports", at=NOW - timedelta(hours=9), event="b"),
        ),
    )

    assert "PutBucketNotification" in told.headline


def test_the_same_is_asked_of_another_time() -> None:
    then = NOW - timedelta(days=1)
    told = answer(
        "what changed yesterday?",
        evidence(
            finding("deployment", "Version 4 of pay was rolled out by dana at 14:40 UTC.", resource="pay", at=NOW),
            finding("no_change", "There was no write call or deployment on pay.", resource="pay"),
        ),
        scope={"start": (then - timedelta(hours=9)).isoformat(), "end": then.isoformat()},
    )

    assert told.headline == "There was no write call or deployment on pay."
