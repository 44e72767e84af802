"""What the policy rules: refuse, ask or by itself, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from agent.models import Remediation, Resource, Risk, Step, StepStatus
from agent.safety.policy import KINDS, Cause, PolicyRequest, Ruling, counted
from tests.agent.safety.policy.examples import NOW, PRODUCTION, action, glass, policy, preview, request
from tools.actions.catalog import ACTIONS

ALONE = "approvers: [U0ANNA]\nby_itself: [{name: quiet, action: 'lambda_*'}]\n"
FRIDAY_NIGHT = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
FROZEN = "approvers: [U0ANNA]\nfreezes: [{name: weekend, during: 'fri 16:00 - mon 08:00 Europe/Berlin'}]\n"


def ruled(text: str, asked: PolicyRequest | None = None, **more: Any) -> Ruling:
    return policy(text, **more).rule(asked or request())


def test_by_default_nothing_runs_by_itself_and_nobody_may_approve() -> None:
    for kind in KINDS:
        ruling = ruled("", request(kind, confidence=1.0))
        assert (ruling.decision, ruling.causes, ruling.approvers) == ("refuse", (Cause.nobody,), ())
    assert "name approvers in the action policy or in WATCHKEEPER_APPROVERS" in ruled("").reasons[0]


def test_an_empty_list_is_nobody_and_not_everybody() -> None:
    assert ruled("approvers: []").decision == "refuse"
    narrowed = ruled("approvers: [U0ANNA]\nrules: [{name: stop, then: {approvers: []}}]")
    assert (narrowed.decision, narrowed.causes, narrowed.rule) == ("refuse", (Cause.nobody,), "stop")


def test_the_policy_knows_every_kind_that_there_is() -> None:
    assert set(ACTIONS) - set(KINDS) == set(), "each action is named in agent/safety/policy/kinds.py"


def test_a_kind_that_nobody_knows_is_refused() -> None:
    for kind in ("iam_admin", "", "LAMBDA_ROLLBACK", "lambda_rollback "):
        assert ruled(ALONE, request(kind)).causes == (Cause.unknown_kind,)


def test_approvers_may_be_named_for_what_where_and_when() -> None:
    text = """
    zone: Europe/Vienna
    approvers:
      - {who: U0PAY, where: {resource: "payments-*"}}
      - {who: U0LAMBDA, where: {action: "lambda_*", account: "123456789012", region: "eu-*"}}
      - {who: S0DAY, where: {during: "weekdays 09:00 - 17:00"}}
      - {who: U0DEV, where: {environment: dev}}
    """
    assert ruled(text).approvers == ("U0LAMBDA", "S0DAY")
    assert ruled(text, request(now=FRIDAY_NIGHT)).approvers == ("U0LAMBDA",)
    assert ruled(text, request("ecs_scale", environment="dev", tags={"env": "dev"})).approvers == ("S0DAY", "U0DEV")


def test_where_something_is_unknown_nobody_is_permitted_by_it() -> None:
    text = "approvers: [{who: U0EU, where: {region: 'eu-*'}}, {who: U0DEV, where: {environment: dev}}]"
    nowhere = request(action=action(target=Resource(id="checkout")))

    ruling = ruled(text, nowhere)

    assert (ruling.decision, ruling.causes) == ("refuse", (Cause.nobody,))
    assert ruled(text, request(environment="dev", tags={"env": "prod"})).approvers == ("U0EU",)


@pytest.mark.parametrize(
    ("confidence", "decision"),
    [(1.0, "by_itself"), (0.85, "by_itself"), (0.8499, "ask"), (0.5, "ask"), (0.4999, "refuse"), (0.0, "refuse")],
)
def test_confidence_decides_between_alone_asked_and_escalated(confidence: float, decision: str) -> None:
    ruling = ruled(ALONE, request(confidence=confidence))

    assert ruling.decision == decision
    assert ruling.escalate is (decision == "refuse")


def test_a_share_just_below_the_line_is_not_told_as_the_line() -> None:
    assert "only 49.9 % sure" in ruled(ALONE, request(confidence=0.49999)).reasons[0]


def test_a_person_who_wants_it_is_asked_at_any_confidence_and_never_passed_by() -> None:
    assert ruled(ALONE, request(confidence=0.1, asked_by_person=True, requester="U0ANNA")).decision == "ask"


def test_a_file_may_ask_for_more_confidence() -> None:
    text = "approvers: [U0ANNA]\nby_itself: [{action: lambda_rollback, confidence: 0.95}]"

    assert ruled(text, request(confidence=0.94)).decision == "ask"
    assert ruled(text, request(confidence=0.95)).decision == "by_itself"


@pytest.mark.parametrize(
    "asked",
    [
        request("ssm_script"),
        request(action=action(risk=Risk.high)),
        request(action=action(reversible=False)),
        request(tags=PRODUCTION),
        request(tags={"Environment": "PROD-eu"}),
        request(tags={"Stage ": "live"}),
        request(tags=None),
        request(tags={}),
        request(tags={"env": ""}),
    ],
)
def test_what_never_runs_by_itself(asked: PolicyRequest) -> None:
    text = "approvers: [U0ANNA, U0BEN]\nby_itself: [{action: ['*']}]"

    assert ruled(text, asked).decision == "ask"


def test_what_cannot_be_undone_runs_by_itself_when_it_is_named_in_full() -> None:
    text = "approvers: [U0ANNA]\nby_itself: [{action: [lambda_restart]}]"

    assert (
        ruled(text, request("lambda_restart", action=action("lambda_restart", reversible=False))).rule == "by_itself 1"
    )


def test_tags_that_could_not_be_read_count_as_protected() -> None:
    assert ruled("approvers: [U0ANNA, U0BEN]", request(tags=None)).two_pairs
    assert not ruled("approvers: [U0ANNA, U0BEN]").two_pairs


def test_an_environment_is_doubtful_while_the_tags_are_not_read() -> None:
    text = "approvers: [U0ANNA]\nrules: [{name: live, when: {environment: prod}, then: refuse}]"

    found = [ruled(text, request(environment="dev", tags=tags)) for tags in ({"env": "dev"}, {"env": "prod"}, None)]

    assert [ruling.decision for ruling in found] == ["ask", "refuse", "refuse"]


def test_of_several_rules_all_hold() -> None:
    text = """
    approvers: [U0ANNA, U0BEN, U0CLEO, S0ONCALL]
    rules:
      - {name: two, then: {needed: 2, approvers: [U0ANNA, U0BEN, U0CLEO]}}
      - {name: others, then: {two_pairs: yes, approvers: [U0BEN, U0CLEO, S0ONCALL]}}
    """
    ruling = ruled(text)

    assert (ruling.approvers, ruling.needed, ruling.two_pairs) == (("U0BEN", "U0CLEO"), 2, True)
    assert ruling.rule == "two, others"


def test_high_risk_needs_two_of_those_who_may() -> None:
    ruling = ruled("approvers: [U0ANNA, U0BEN]", request(action=action(risk=Risk.high)))

    assert (ruling.decision, ruling.needed, ruling.two_pairs) == ("ask", 2, True)


def test_more_people_than_there_are_is_nobody() -> None:
    high = action(risk=Risk.high)
    alone = ruled("approvers: [U0ANNA]", request(action=high))
    own = ruled("approvers: [U0ANNA, U0BEN]", request(action=high, requester="U0BEN"))

    assert [ruling.causes for ruling in (alone, own)] == [(Cause.nobody,)] * 2
    assert "It needs the consent of 2 others, and only 1 may give it." in own.reasons
    assert ruled("approvers: [U0ANNA, S0ONCALL]", request(action=high)).decision == "ask"


def test_a_rule_may_forbid_with_its_reason() -> None:
    text = (
        "approvers: [U0ANNA]\nrules: [{name: ledger, when: {resource: check*}, then: refuse, reason: It is audited.}]"
    )
    ruling = ruled(text)

    assert (ruling.decision, ruling.causes, ruling.rule) == ("refuse", (Cause.forbidden,), "ledger")
    assert ruling.reasons == ("It is audited (“ledger”).",)


def test_in_a_freeze_nothing_is_changed_and_its_end_is_told() -> None:
    ruling = ruled(FROZEN, request(now=FRIDAY_NIGHT))

    assert (ruling.decision, ruling.causes) == ("refuse", (Cause.frozen,))
    assert ruling.frozen_until == datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert ruling.reasons[0] == "Nothing is changed until Mon 23 Nov 08:00 CET (“weekend”)."
    assert ruled(FROZEN).decision == "ask"


def test_a_freeze_of_production_freezes_what_may_be_production() -> None:
    text = "approvers: [U0ANNA]\nfreezes: [{name: f, during: daily 00:00 - 24:00, when: {tags: {env: prod*}}}]"

    assert ruled(text).decision == "ask"
    assert [ruled(text, request(tags=tags)).decision for tags in (PRODUCTION, None)] == ["refuse", "refuse"]


@pytest.mark.parametrize(
    ("asked", "cause", "said"),
    [
        (request(preview=preview(affected=21)), Cause.too_large, "touches 21 resources; the policy allows 20"),
        (request(preview=preview(usd_month=501)), Cause.too_large, "about 501 USD a month; the policy allows 500"),
        (request(preview=preview(usd_month=float("nan"))), Cause.too_large, "USD a month"),
        (request(actions_so_far=5), Cause.too_many, "There are 5 actions of this incident; the policy allows 5"),
        (request(running=1), Cause.too_many, "There is one action at this moment; the policy allows 1 at once"),
        (request(preview=preview(problems=("It is gone.",))), Cause.not_possible, "It is gone."),
        (request(kill_switch="U0BOSS"), Cause.kill_switch, "switched off by U0BOSS"),
    ],
)
def test_limits_are_refusals(asked: PolicyRequest, cause: Cause, said: str) -> None:
    for text in (ALONE, ALONE + "break_glass: {who: U0BOSS}"):
        ruling = ruled(text, asked)
        assert (ruling.decision, ruling.causes) == ("refuse", (cause,))
        assert said in ruling.reasons[0]


def test_an_action_counts_from_its_intent_on_however_it_ended() -> None:
    def step(number: int, status: StepStatus, begun: bool = True) -> Step:
        return Step(action=action(id=f"act_{number}"), status=status, intended_at=NOW if begun else None)

    statuses = (StepStatus.failed, StepStatus.rolled_back, StepStatus.executing, StepStatus.no_effect)
    steps = tuple(step(number, status) for number, status in enumerate(statuses))
    first = Remediation(id="rem_1", incident_id="inc_1", steps=steps, created_at=NOW, updated_at=NOW)
    waits = first.model_copy(update={"id": "rem_2", "steps": (step(9, StepStatus.awaiting, begun=False),)})

    assert counted([first, waits]) == (4, 1)
    assert counted([first, waits], but="act_2") == (3, 0)


def test_caps_are_by_kind() -> None:
    text = "approvers: [U0ANNA]\ncaps: {affected: {lambda_rollback: 2}}"

    assert ruled(text, request(preview=preview(affected=3))).causes == (Cause.too_large,)
    assert ruled(text, request("lambda_config", preview=preview(affected=3))).decision == "ask"


def test_other_accounts_and_regions_may_be_out_of_bounds() -> None:
    text = "approvers: [U0ANNA]\nlimits: {accounts: ['123456789012'], regions: ['eu-*']}"

    assert ruled(text).decision == "ask"
    away = request(action=action(target=Resource(id="checkout", account="210987654321")))
    assert ruled(text, away).causes == (Cause.place, Cause.place)
    assert "in the account 210987654321" in ruled(text, away).reasons[0]
    assert "in an unknown region" in ruled(text, away).reasons[1]


def test_the_kill_switch_of_the_settings_stops_everything() -> None:
    ruling = ruled(ALONE, kill_switch=True)

    assert (ruling.decision, ruling.causes) == ("refuse", (Cause.kill_switch,))
    assert "WATCHKEEPER_KILL_SWITCH" in ruling.reasons[0]


GLASS = FROZEN + "break_glass: {who: [U0BOSS], where: {action: 'lambda_*'}}\n"


def test_a_broken_glass_does_away_with_freezes_doubt_and_the_consent_of_others() -> None:
    asked = request(now=FRIDAY_NIGHT, confidence=0.1, tags=PRODUCTION, action=action(risk=Risk.high), glass=glass())
    ruling = ruled(GLASS, asked)

    assert (ruling.decision, ruling.approvers, ruling.needed, ruling.two_pairs) == ("ask", ("U0BOSS",), 1, False)
    assert ruling.break_glass
    assert "nobody else answers" in ruling.reasons[0]


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        (request(glass=glass(by="U0ANNA")), Cause.glass),
        (request(glass=glass(reason="  because \n          ")), Cause.glass),
        (request("ecs_scale", glass=glass()), Cause.glass),
        (request("iam_admin", glass=glass()), Cause.unknown_kind),
        (request(kill_switch="U0BEN", glass=glass()), Cause.kill_switch),
        (request(actions_so_far=5, glass=glass()), Cause.too_many),
        (request(preview=preview(affected=1000), glass=glass()), Cause.too_large),
        (request(preview=preview(problems=("It is gone.",)), glass=glass()), Cause.not_possible),
        (request(action=action(target=Resource(id="ledger")), glass=glass()), Cause.forbidden),
    ],
)
def test_what_a_broken_glass_never_does_away_with(asked: PolicyRequest, cause: Cause) -> None:
    ruling = ruled(GLASS + "rules: [{name: never, when: {resource: ledger}, then: refuse}]", asked)

    assert ruling.decision == "refuse"
    assert cause in ruling.causes


def test_without_a_word_about_it_nobody_may_break_the_glass() -> None:
    assert ruled(ALONE, request(glass=glass(by="U0ANNA"))).causes == (Cause.glass,)


def test_a_ruling_depends_on_nothing_but_what_it_is_given() -> None:
    assert ruled(ALONE, request(now=NOW)) == ruled(ALONE, request(now=NOW))
