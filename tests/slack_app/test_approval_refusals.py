"""Each reason for which a click does not count, over Socket Mode: told in a sentence, written down, nothing done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from agent.models import Mark, Remediation, StepStatus
from graphs.remediation_reviews import Reviews
from slack_app.intake import slack_time
from tests.e2e.service import text_of
from tests.slack_app.approval_counter import POLICY, ApprovalCounter, Card, approval_counter, run
from tools.executor import resource_key, with_step

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
SECOND = timedelta(seconds=1)
PAIRS = POLICY + "rules: [{{name: two pairs of eyes, then: {{two_pairs: yes}}}}]\n"
TWO = POLICY + "rules: [{{name: two people, then: {{needed: 2}}}}]\n"
FROZEN = POLICY + "freezes: [{{name: the release, during: daily 00:00 - 24:00, reason: We release today}}]\n"
ONLY_PRIYA = "approvers: [{priya}]\n"
FORBIDDEN = POLICY + "rules: [{{name: never here, then: refuse, reason: This function is nobody's to change}}]\n"
REASON = "Customers cannot pay at all."


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApprovalCounter]:
    with approval_counter(tmp_path_factory.mktemp("counter"), over_http=False) as opened:
        yield opened


@pytest.fixture
def counter(shared: ApprovalCounter) -> Iterator[ApprovalCounter]:
    yield shared
    shared.settle()


def refused(counter: ApprovalCounter, card: Card, user: str, why: str, words: str) -> None:
    """One sentence or two for who clicked, one entry of the audit trail, and the account as it was."""
    said = counter.told(user, words)
    entry = counter.refused(card, why, user)
    assert entry.detail["why"] == said
    assert said.endswith(".")
    assert len(said) < 250
    assert (entry.subject, entry.detail["via"]) == (card.approval.incident_id, "slack")


def done(counter: ApprovalCounter, version: str = "3") -> None:
    counter.ws.wait_for(lambda: counter.version() == version, 20)


def test_who_asked_for_it_cannot_approve_it_where_two_pairs_of_eyes_are_wanted(counter: ApprovalCounter) -> None:
    counter.write_policy(PAIRS)
    card = counter.ask(asked_by="maya")
    counter.click(card, "approve", "maya")
    refused(counter, card, "maya", "self_approval", "You asked for this, so somebody else has to approve it.")
    assert counter.version() == "4"
    counter.click(card, "approve", "liwei")
    done(counter)


def test_a_second_after_it_expires_is_too_late(counter: ApprovalCounter) -> None:
    card = counter.ask()
    click = counter.payload(card, "approve", "liwei")
    counter.clock.ahead += card.approval.expires_at - counter.clock() + SECOND
    assert counter.ws.deliver(click)
    refused(counter, card, "liwei", "expired", "This expired at")
    assert counter.version() == "4"


def test_some_seconds_before_it_expires_is_not_too_late(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.clock.ahead += card.approval.expires_at - counter.clock() - 20 * SECOND
    counter.click(card, "approve")
    done(counter)


def test_who_was_taken_out_of_the_group_since_the_card_came_is_not_among_them_any_more(
    counter: ApprovalCounter,
) -> None:
    card = counter.ask()
    counter.ws.workspace.state.groups["S0PLATFORM"].users.remove(counter.ws.user_id("liwei"))
    counter.click(card, "approve", "liwei")
    refused(counter, card, "liwei", "not_named", "you are not among them")
    assert counter.version() == "4"


def test_whom_the_policy_names_no_more_is_told_so(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.write_policy(ONLY_PRIYA)
    counter.click(card, "approve", "maya")
    refused(counter, card, "maya", "not_named", "The action policy does not name you for this any more.")
    assert counter.version() == "4"


def test_whom_nobody_named_is_told_who_may(counter: ApprovalCounter) -> None:
    card = counter.ask()
    for button in ("approve", "break_glass"):
        counter.click(card, button, "jonas")
    counter.type_reason("jonas", REASON)
    counter.told("jonas", "<!subteam^S0PLATFORM> may approve this, and you are not among them.")
    counter.told("jonas", "The policy does not let you break the glass here.")
    counter.quiet()
    assert sorted(entry.detail["refused"] for entry in counter.refusals(card.id)) == ["not_named", "policy"]
    assert counter.version() == "4"


def test_what_has_drifted_since_the_preview_is_asked_anew_as_it_is_now(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.point_at("2")
    counter.click(card, "approve")
    refused(counter, card, "maya", "drifted", "The target has changed since the preview")
    new = counter.next_card(card)
    assert counter.version() == "2"
    assert counter.approval(card.id).decision == "superseded"
    assert counter.ws.deliver(counter.payload(card, "approve"))  # from an old screen
    refused(counter, card, "maya", "unknown", "look for a newer card")
    counter.click(new, "approve")
    done(counter)


def test_what_cannot_be_done_any_more_is_said_and_nobody_is_asked_again(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.point_at("3")  # somebody did it by hand
    counter.click(card, "approve")
    refused(counter, card, "maya", "drifted", "points at version 3 already")


def test_in_a_freeze_that_began_nobody_may(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.write_policy(FROZEN)
    counter.click(card, "approve")
    refused(counter, card, "maya", "frozen", "(“the release”): We release today.")
    assert counter.version() == "4"


def test_what_a_rule_forbids_since_then_nobody_may(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.write_policy(FORBIDDEN)
    counter.click(card, "approve")
    refused(counter, card, "maya", "policy", "This function is nobody's to change (“never here”).")
    assert counter.version() == "4"


def test_a_resource_that_another_remediation_holds_is_not_touched_until_it_lets_go(counter: ApprovalCounter) -> None:
    card = counter.ask()
    step = counter.remediation(card.approval.remediation_id).steps[-1]
    lease = run(counter.deps.locks.acquire(resource_key(step), "rem_another", 600))
    assert lease is not None
    counter.click(card, "approve")
    refused(
        counter, card, "maya", "locked", "Another remediation is at work on this resource; wait until that is over."
    )
    assert counter.version() == "4"
    run(counter.deps.locks.release(lease))
    counter.click(card, "approve")
    done(counter)


def test_who_looks_whether_a_resource_is_free_takes_it_from_nobody(counter: ApprovalCounter) -> None:
    """A remediation keeps what it has changed something of, whatever comes of a later question of its own."""
    card = counter.ask()
    remediation = counter.remediation(card.approval.remediation_id)
    step = remediation.steps[-1]
    earlier = step.model_copy(
        update={
            "action": step.action.model_copy(update={"id": "act_earlier"}),
            "status": StepStatus.rolled_back,
            "intended_at": counter.clock(),
            "approval_id": "",
        }
    )
    begun = {"steps": (earlier, step)}
    run(counter.deps.remediations.change(remediation.id, lambda kept: kept.model_copy(update=begun)))
    assert run(counter.deps.locks.acquire(resource_key(step), remediation.id, 600)) is not None
    counter.write_policy(FORBIDDEN)
    counter.click(card, "approve")
    refused(counter, card, "maya", "policy", "never here")
    assert run(counter.deps.locks.acquire(resource_key(step), "rem_another", 1)) is None


def test_a_click_that_was_taken_by_a_worker_that_died_is_written_down_once_and_done(counter: ApprovalCounter) -> None:
    card = counter.ask()
    click = counter.payload(card, "approve")
    at = slack_time(click["actions"][0]["action_ts"])
    run(counter.deps.approvals.approve(card.id, Mark(by=counter.ws.user_id("maya"), at=at)))
    assert counter.ws.deliver(click)
    done(counter)
    entries = run(counter.deps.audit.read(card.approval.incident_id))
    assert [entry.event for entry in entries].count("approval.approved") == 1
    assert counter.refusals(card.id) == []


def test_what_somebody_decided_already_is_decided(counter: ApprovalCounter) -> None:
    card = counter.ask()
    late = counter.payload(card, "approve", "priya")
    counter.click(card, "reject")
    counter.type_reason("maya", "The fix is on its way.")
    counter.ws.wait_for(lambda: "Rejected" in counter.shown(card), 20)
    assert counter.ws.deliver(late)
    refused(counter, card, "priya", "decided", f"This was rejected already, by <@{counter.ws.user_id('maya')}>.")
    assert counter.version() == "4"


def test_what_was_approved_is_used_once(counter: ApprovalCounter) -> None:
    card = counter.ask()
    late = counter.payload(card, "approve", "priya")
    counter.click(card, "approve")
    done(counter)
    counter.point_at("4")
    assert counter.ws.deliver(late)
    refused(counter, card, "priya", "used", "This approval was used already")
    assert counter.version() == "4"


def test_one_person_is_not_two(counter: ApprovalCounter) -> None:
    counter.write_policy(TWO)
    card = counter.ask()
    counter.click(card, "approve", "maya")
    counter.ws.wait_for(lambda: counter.approval(card.id).approved_by, 20)
    counter.click(card, "approve", "maya")
    refused(counter, card, "maya", "twice", "You have approved this already; somebody else has to, too.")
    assert counter.version() == "4"
    counter.click(card, "approve", "priya")
    done(counter)


def test_with_the_switch_off_nobody_may_and_with_it_on_again_the_same_click_counts(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.ws.command("jonas", "alerts", "/watchkeeper", "remediation off")
    counter.told("jonas", "Only those who may approve changes")
    counter.ws.command("maya", "alerts", "/watchkeeper", "remediation off")
    counter.told("maya", "Remediation is off")
    counter.click(card, "approve")
    refused(counter, card, "maya", "switched_off", "Remediation is switched off by")
    assert counter.version() == "4"
    counter.ws.command("priya", "alerts", "/watchkeeper", "remediation on")
    counter.told("priya", "Remediation is on")
    counter.click(card, "approve")
    done(counter)
    said = run(counter.deps.audit.read("remediation"))
    assert [(entry.event, entry.actor) for entry in reversed(said)] == [
        ("approval.click_refused", counter.ws.user_id("jonas")),
        ("remediation.switched_off", counter.ws.user_id("maya")),
        ("remediation.switched_on", counter.ws.user_id("priya")),
    ]


def test_an_action_that_was_changed_in_the_store_is_not_the_one_that_the_card_shows(counter: ApprovalCounter) -> None:
    card = counter.ask()
    remediation = counter.remediation(card.approval.remediation_id)
    action = remediation.steps[-1].action
    other = action.model_copy(update={"parameters": {**action.parameters, "version": "2"}})

    def swapped(kept: Remediation) -> Remediation:
        return with_step(kept, action.id, {"action": other}, counter.clock())

    run(counter.deps.remediations.change(remediation.id, swapped))
    counter.click(card, "approve")
    refused(counter, card, "maya", "changed", "The action is not the one that the card shows any more")
    assert "version 2" in text_of(counter.next_card(card).message)
    assert counter.version() == "4"


def test_what_was_edited_meanwhile_is_not_approved_by_the_old_card(counter: ApprovalCounter) -> None:
    card = counter.ask()
    old = counter.payload(card, "approve", "priya")
    typed = {
        "parameter:alias": {"alias": {"type": "plain_text_input", "value": "live"}},
        "parameter:version": {"version": {"type": "plain_text_input", "value": "2"}},
    }
    assert counter.ws.deliver(counter.submission(card, "edited", typed))
    new = counter.next_card(card)
    assert counter.ws.deliver(old)
    refused(counter, card, "priya", "unknown", "look for a newer card")
    assert counter.version() == "4"
    assert new.approval.payload_hash != card.approval.payload_hash
    assert new.approval.requested_by == counter.ws.user_id("maya")


def test_a_rejection_says_why_and_an_edit_says_something_else(counter: ApprovalCounter) -> None:
    card = counter.ask()
    assert counter.ws.deliver(counter.submission(card, "rejected", {"reason": {"typed": {"value": "  "}}}))
    refused(counter, card, "maya", "no_reason", "Say why it should not be done")
    same = {"parameter:alias": {"alias": {"value": "live"}}, "parameter:version": {"version": {"value": "3"}}}
    assert counter.ws.deliver(counter.submission(card, "edited", same))
    refused(counter, card, "maya", "input", "That is what the card proposes already")
    assert counter.approval(card.id).decision == "pending"


def test_over_socket_mode_a_tampered_click_is_refused_as_over_http(counter: ApprovalCounter) -> None:
    card = counter.ask()
    wrong: dict[str, dict[str, Any]] = {
        "elsewhere": {"team": {"id": "T0ELSEWHER"}},
        "stranger": {"user": {"id": counter.ws.bot_user}},
        "input": {"actions": [{**counter.payload(card, "execute")["actions"][0]}]},
    }
    for parts in wrong.values():
        assert counter.ws.deliver({**counter.payload(card, "approve"), **parts})
    counter.ws.wait_for(lambda: len(counter.refusals(card.id)) == len(wrong), 20)
    assert {entry.detail["refused"] for entry in counter.refusals(card.id)} == set(wrong)
    counter.ws.deliver({"type": "block_actions", "actions": "approve"})
    assert (counter.approval(card.id).decision, counter.version()) == ("pending", "4")
    assert counter.ws.deliver(counter.payload(card, "approve"))
    done(counter)


# What one person does alone is reviewed by another.


def broken(counter: ApprovalCounter, policy: str, user: str = "sofia") -> tuple[Card, dict[str, Any]]:
    """A card whose glass was broken, and the post that says so. `policy`: what is in the way since the card came."""
    card = counter.ask()
    counter.write_policy(policy)
    counter.click(card, "break_glass", user)
    counter.type_reason(user, REASON)
    return card, counter.ws.wait_for(lambda: glass_post(counter, card), 20)


def glass_post(counter: ApprovalCounter, card: Card) -> dict[str, Any] | None:
    said = counter.ws.thread("alerts", card.thread)
    return next((message for message in said if "broke the glass" in text_of(message)), None)


def test_a_broken_glass_calls_who_is_on_call_and_stays_to_be_reviewed_by_somebody_else(
    counter: ApprovalCounter,
) -> None:
    card, post = broken(counter, FROZEN + "rules: [{{name: two people, then: {{needed: 2}}}}]\n")
    done(counter)
    said = text_of(post)
    assert all(word in said for word in ("<!subteam^S0PLATFORM>", REASON, "version 3", "To be reviewed"))
    (review,) = counter.ws.wait_for(lambda: [r for r in run(Reviews(counter.deps).open()) if r.message_ts], 20)
    assert (review.by, review.reason) == (counter.ws.user_id("sofia"), REASON)

    for user, why, words in (
        ("sofia", "self_review", "You broke the glass yourself, so somebody else has to review it."),
        ("jonas", "not_named", "may review this, and you are not among them."),
    ):
        counter.ws.click(user, "alerts", post["ts"], "approval_review")
        counter.type_reason(user, "It was right.")
        counter.told(user, words)
        refusals = [entry for entry in counter.refusals(review.approval_id) if entry.detail["refused"] == why]
        assert [entry.actor for entry in refusals] == [counter.ws.user_id(user)]
    assert len(run(Reviews(counter.deps).open())) == 1

    counter.ws.click("maya", "alerts", post["ts"], "approval_review")
    counter.type_reason("maya", "It was right, and it helped.")
    counter.ws.wait_for(lambda: "Reviewed by" in text_of(glass_post(counter, card) or {}), 20)
    shown = glass_post(counter, card) or {}
    assert "It was right, and it helped." in text_of(shown)
    assert not [block for block in shown["blocks"] if block["type"] == "actions"]
    assert run(Reviews(counter.deps).open()) == []
    (entry,) = [
        each for each in run(counter.deps.audit.read(card.approval.incident_id)) if each.event == "approval.reviewed"
    ]
    assert (entry.actor, entry.detail["why"]) == (counter.ws.user_id("maya"), "It was right, and it helped.")
    assert entry.detail["approval_id"] == review.approval_id


def test_a_call_that_slack_did_not_take_is_made_again_and_holds_nothing_up(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.click(card, "break_glass", "sofia")
    counter.ws.faults.fail("chat.postMessage", "internal_error", times=1)
    counter.type_reason("sofia", REASON)
    done(counter)
    counter.ws.wait_for(lambda: glass_post(counter, card), 20)
    counter.quiet()
    said = counter.ws.thread("alerts", card.thread)
    assert sum("broke the glass" in text_of(message) for message in said) == 1
