"""A policy file with mistakes: all of them are told, and nothing may be done until they are mended."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.errors import SettingsError
from agent.safety.policy import Cause, PolicyError, parse_policy, policy_of, read_policy
from agent.settings import Settings
from tests.agent.safety.policy.examples import PRODUCTION, policy, request

DOCUMENTED = Path(__file__).parents[4] / "docs" / "action-policy.md"
WRONG = """
zone: Moon/Base
aprovers: [U0ANNA]
approvers:
  - "@oncall"
  - {who: U0ANNA, where: {tags: {env: dev}}}
  - {who: [], where: {action: lambda_rolback}}
by_itself:
  - {action: [ssm_script], confidence: 0.9}
  - {name: early, action: ecs_restart, confidence: 0.8}
protected:
  - {name: prod, when: {tags: {env: ""}}, then: deny}
rules:
  - {when: {risk: huge}}
  - {name: two, then: {min_approvers: 2}}
freezes:
  - {name: weekend, during: fri 16}
  - {name: holidays}
caps: {affected: {lambdas: 3}, usd_month: much}
limits: {actions: 50}
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "policy.yaml")
    return list(caught.value.mistakes)


def test_every_mistake_is_told_with_its_line_and_what_to_write() -> None:
    said = "\n".join(mistakes(WRONG))

    for wanted in (
        "line 2: zone: Moon/Base is no time zone",
        "line 3: aprovers is not known here; did you mean approvers?",
        "line 5, approvers 1: who: '@oncall' is no id; copy the member's (U…) or the user group's (S…) from Slack",
        "line 6, approvers 2: tags is not known here",
        "line 7, approvers 3: who:",
        "line 7, approvers 3: where.action: lambda_rolback is no kind of action; did you mean lambda_rollback?",
        "line 9, by itself 1: action: ssm_script never runs by itself",
        "line 10, by itself “early”: confidence: Input should be greater than or equal to 0.85",
        "line 12, protection “prod”: when.tags.env: an empty pattern asks for what is not there",
        "line 12, protection “prod”: then.decision is 'deny'; write ask or refuse",
        "line 14, rule 1: name is missing",
        "line 14, rule 1: when.risk is 'huge'; write low, medium or high",
        "line 15, rule “two”: min_approvers is not known here; did you mean needed?",
        "line 17, freeze “weekend”: during: 'fri 16' is no window of time",
        "line 18, freeze “holidays”: during is missing",
        "line 19: caps.affected: lambdas is no kind of action",
        "line 19: caps.usd_month.default: Input should be a valid number",
        "line 20: limits.actions: Input should be less than or equal to 5",
    ):
        assert wanted in said


def test_mistakes_are_told_in_the_order_of_the_file() -> None:
    lines = [int(re.findall(r"\d+", each)[0]) for each in mistakes(WRONG)]

    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "policy.yaml is no YAML: line 1"),
        ("- a", "write names with values"),
        ("approvers: [U1]\napprovers: [U2]", "line 2: approvers is there twice"),
        ("rules:\n- name: a\n- name: a", "line 3, rule “a”: line 2 has this name, too"),
        (
            "approvers: [U1]\nrules: [{name: a, then: {approvers: [U2]}}]",
            "U2 may approve nothing; name it in `approvers`, too",
        ),
    ],
)
def test_what_cannot_be_a_policy_is_no_policy(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_policy(text, "policy.yaml")
    assert said in str(caught.value)


def test_a_broken_file_refuses_everything_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("approvers: [somebody]\nby_itself: [{action: lambda_rollback}]")

    ruling = policy_of(Settings.read(action_policy=file, approvers="U0ANNA")).rule(request())

    assert (ruling.decision, ruling.causes) == ("refuse", (Cause.policy_broken,))
    assert "line 1" in ruling.reasons[0]


def test_a_missing_file_refuses_everything_too(tmp_path: Path) -> None:
    ruling = policy_of(Settings.read(action_policy=tmp_path / "gone.yaml")).rule(request())

    assert ruling.decision == "refuse"
    assert "cannot be read (No such file or directory)" in ruling.reasons[0]


def test_without_a_file_the_setting_names_who_may_approve() -> None:
    ruling = policy_of(Settings.read(approvers="U0ANNA, S0ONCALL")).rule(request())

    assert (ruling.decision, ruling.approvers) == ("ask", ("U0ANNA", "S0ONCALL"))


def test_a_handle_is_no_approver() -> None:
    with pytest.raises(SettingsError, match="'@anna' is no id"):
        Settings.read(approvers="U0ANNA,@anna")


def test_the_file_names_the_approvers_where_it_names_any() -> None:
    assert policy("approvers: [U0BEN]", approvers=("U0ANNA",)).rule(request()).approvers == ("U0BEN",)


def test_what_is_on_board_holds_until_the_file_says_that_it_does_not() -> None:
    own = "approvers: [U0ANNA]\nprotected: [{name: mine, when: {account: '9*'}}]\n"

    assert policy(own).rule(request(tags=PRODUCTION)).two_pairs
    assert not policy(own + "on_board: no").rule(request(tags=PRODUCTION)).two_pairs


def test_another_file_or_other_approvers_are_another_version() -> None:
    versions = {
        policy(text, approvers=who).version
        for text in ("", "approvers: [U1]", "approvers: [U1] # and nobody else")
        for who in ((), ("U2",))
    }

    assert len(versions) == 6
    assert read_policy(None).version == parse_policy(b"", "x").version


def test_a_small_file_that_stands_for_a_huge_one_is_no_policy() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(SettingsError, match="too large"):
        parse_policy("\n".join(lines), "policy.yaml")


def test_an_edit_of_the_file_counts_at_once(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    settings = Settings.read(action_policy=file)
    file.write_text("approvers: [U0ANNA]")
    before = policy_of(settings).rule(request())
    file.write_text("approvers: [U0BEN]")

    assert (before.approvers, policy_of(settings).rule(request()).approvers) == (("U0ANNA",), ("U0BEN",))


def test_the_documented_examples_are_right() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOCUMENTED.read_text("utf-8"), re.S)

    assert len(examples) >= 3
    for example in examples:
        parse_policy(example, "docs/action-policy.md")
