"""Whose click counts: everything is looked at again when it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.consent import approve
from agent.models import Approval, Mark, SlackPlace
from agent.safety.approving import Click, Present, Refusal, may_approve, may_reject
from agent.safety.policy import Cause, Ruling
from tests.agent.safety.policy.examples import NOW, action, glass, policy, preview, request

PLACE = SlackPlace(team="T1", channel="C1", thread_ts="1.0")
EXPIRES = NOW + timedelta(minutes=30)
ACTION, PREVIEW = action(), preview()
HASH = ACTION.payload_hash("inc_1")


def approval(**changes: Any) -> Approval:
    usual: dict[str, Any] = {
        "id": "apr_1",
        "incident_id": "inc_1",
        "remediation_id": "rem_1",
        "action_id": ACTION.id,
        "payload_hash": HASH,
        "state": PREVIEW.state,
        "requested_by": "U0ANNA",
        "approvers": ("U0ANNA", "U0BEN", "S0ONCALL"),
        "place": PLACE,
        "message_ts": "2.0",
        "created_at": NOW,
        "expires_at": EXPIRES,
    }
    return Approval(**usual | changes)


def click(by: str = "U0BEN", **changes: Any) -> Click:
    return replace(Click(by=by, at=NOW + timedelta(minutes=1), place=PLACE, message_ts="2.0"), **changes)


def ruling(text: str = "approvers: [U0ANNA, U0BEN, S0ONCALL]", **changes: Any) -> Ruling:
    return policy(text).rule(request(**changes))


PRESENT = Present(ruling=ruling(), payload_hash=HASH, state=PREVIEW.state)


def present(**changes: Any) -> Present:
    return replace(PRESENT, **changes)


def refused(refusal: Refusal | None) -> Refusal:
    assert refusal is not None
    assert refusal.sentence.endswith(".")
    return refusal


def test_whoever_is_named_may_approve_by_name_or_by_group() -> None:
    assert may_approve(approval(), click(), PRESENT) is None
    assert may_approve(approval(), click("U0NEW", groups=frozenset({"S0ONCALL"})), PRESENT) is None
    assert may_approve(approval(), click("U0ANNA"), PRESENT) is None


ORDINARY = "approvers: [U0ANNA, U0BEN, S0ONCALL]\n"
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("card", "by", "now", "why"),
    [
        (approval(), click("U0EVE"), PRESENT, "not_named"),
        (approval(), click("S0ONCALL"), present(ruling=ruling("approvers: [U0ANNA, U0BEN]")), "not_named"),
        (approval(), click("U0NEW", groups=frozenset()), PRESENT, "not_named"),
        (approval(), click("U0NEW", groups=frozenset({"S0OTHER", "U0BEN"})), PRESENT, "not_named"),
        (approval(approvers=()), click(), PRESENT, "not_named"),
        (approval(), click(), present(ruling=ruling("approvers: [U0ANNA]")), "not_named"),
        (approval(two_pairs=True), click("U0ANNA"), PRESENT, "self_approval"),
        (
            approval(),
            click("U0ANNA"),
            present(ruling=ruling(ORDINARY + "rules: [{name: pairs, then: {two_pairs: yes}}]")),
            "self_approval",
        ),
        (approval(decision="approved", decided_by="U0BEN"), click(), PRESENT, "decided"),
        (approval(decision="rejected", decided_by="U0BEN"), click(), PRESENT, "decided"),
        (approval(decision="superseded"), click(), PRESENT, "decided"),
        (approval(decision="approved", claimed_by="exec-1"), click(), PRESENT, "used"),
        (approval(decision="expired"), click(), PRESENT, "expired"),
        (approval(), click(at=EXPIRES), PRESENT, "expired"),
        (approval(), click(at=EXPIRES + SECOND), PRESENT, "expired"),
        (approval(), click(), present(payload_hash=action("ecs_scale").payload_hash("inc_1")), "changed"),
        (approval(), click(), present(payload_hash=ACTION.payload_hash("inc_2")), "changed"),
        (approval(payload_hash=""), click(), present(payload_hash=""), "changed"),
        (approval(), click(), present(state=preview(before={"version": "43"}).state), "drifted"),
        (approval(), click(), present(locked=True), "locked"),
        (
            approval(),
            click(),
            present(ruling=ruling(ORDINARY + "freezes: [{name: f, during: 2026-11-18 - 2026-11-18}]")),
            "frozen",
        ),
        (approval(), click(), present(ruling=ruling(kill_switch="U0BOSS")), "switched_off"),
        (approval(), click(), present(ruling=ruling(ORDINARY + "rules: [{name: no, then: refuse}]")), "policy"),
        (approval(), click(), present(ruling=ruling(ORDINARY + "rules: [{name: 2, then: {needed: 2}}]")), "policy"),
        (approval(), click(place=PLACE.model_copy(update={"channel": "C2"})), PRESENT, "elsewhere"),
        (approval(), click(place=PLACE.model_copy(update={"team": "T2"})), PRESENT, "elsewhere"),
        (approval(), click(message_ts="2.1"), PRESENT, "elsewhere"),
        (approval(), click(place=None), PRESENT, "elsewhere"),
        (approval(message_ts=""), click(message_ts=""), PRESENT, "elsewhere"),
        (approval(place=None), click(place=None), PRESENT, "elsewhere"),
        (None, click(), PRESENT, "unknown"),
    ],
)
def test_each_thing_that_is_wrong_is_a_refusal_of_its_own(
    card: Approval | None, by: Click, now: Present, why: str
) -> None:
    assert refused(may_approve(card, by, now)).why == why


def test_a_second_before_it_expires_it_counts() -> None:
    assert may_approve(approval(), click(at=EXPIRES - SECOND), PRESENT) is None


def test_of_two_people_each_counts_once() -> None:
    two = approval(needed=2, approved_by=(Mark(by="U0BEN", at=NOW),))

    assert refused(may_approve(two, click("U0BEN"), PRESENT)).why == "twice"
    assert may_approve(two, click("U0ANNA"), PRESENT) is None


def test_the_command_line_has_no_place_and_keeps_every_other_rule() -> None:
    typed = click(via="cli", place=None, message_ts="")

    assert may_approve(approval(), typed, PRESENT) is None
    assert refused(may_approve(approval(), replace(typed, by="U0EVE"), PRESENT)).why == "not_named"
    assert refused(may_approve(approval(), replace(typed, at=EXPIRES), PRESENT)).why == "expired"


def test_a_refusal_tells_people_what_they_can_do() -> None:
    sentence = refused(may_approve(approval(), click("U0EVE"), PRESENT)).sentence

    assert sentence == "Only <@U0ANNA>, <@U0BEN>, <!subteam^S0ONCALL> may approve this, and you are not among them."
    frozen = ruling(ORDINARY + "freezes: [{name: audit, during: 2026-11-18 - 2026-11-18}]")
    assert (
        "until Thu 19 Nov 00:00 UTC (“audit”)" in refused(may_approve(approval(), click(), present(ruling=frozen)))[1]
    )
    assert (
        "approved already, by <@U0BEN>"
        in refused(may_approve(approval(decision="approved", decided_by="U0BEN"), click(), PRESENT)).sentence
    )


def test_the_glass_counts_only_for_the_card_for_which_it_was_broken() -> None:
    text = ORDINARY + "break_glass: {who: U0BOSS}\nfreezes: [{name: f, during: daily 00:00 - 24:00}]"
    broken = present(ruling=ruling(text, glass=glass()))
    card = approval(break_glass=True, approvers=broken.ruling.approvers, requested_by="U0BOSS")

    assert may_approve(card, click("U0BOSS"), broken) is None
    assert refused(may_approve(card, click("U0BOSS"), present(ruling=ruling(text)))).why == "frozen"
    ordinary = approval(approvers=("U0BOSS",))
    assert refused(may_approve(ordinary, click("U0BOSS"), broken)).why == "policy"
    assert refused(may_approve(card, click("U0BEN"), broken)).why == "not_named"


def test_who_may_approve_or_asked_for_it_may_reject_it_even_when_nothing_may_be_done() -> None:
    card = approval(approvers=("U0BEN",), two_pairs=True)

    assert may_reject(card, click("U0BEN")) is None
    assert may_reject(card, click("U0ANNA")) is None
    assert refused(may_reject(card, click("U0EVE"))).why == "not_named"
    assert refused(may_reject(card, click(at=EXPIRES))).why == "expired"
    assert refused(may_reject(card, click(message_ts="9.9"))).why == "elsewhere"
    assert refused(may_reject(None, click())).why == "unknown"


def test_what_may_be_approved_is_what_the_store_accepts() -> None:
    at = datetime(2026, 11, 18, 10, 1, tzinfo=UTC)
    for card in (approval(), approval(decision="rejected"), approval(expires_at=at)):
        counted = approve(card, Mark(by="U0BEN", at=at), at)
        assert (may_approve(card, click(at=at), PRESENT) is None) is (counted is not None)


def test_a_ruling_that_refuses_has_its_reason_told_whatever_it_is() -> None:
    broken = Ruling(
        decision="refuse", reasons=("The file is broken.",), causes=(Cause.policy_broken,), policy_version=""
    )

    assert refused(may_approve(approval(), click(), present(ruling=broken))) == ("policy", "The file is broken.")
