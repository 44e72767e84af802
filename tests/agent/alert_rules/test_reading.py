"""A rules file with mistakes: all of them are told, with line, rule and what to write instead."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.alert_rules import read_rules
from agent.alert_rules.conditions import When
from agent.alert_rules.patterns import compiled, matches
from agent.alert_rules.reading import parse_document
from agent.errors import SettingsError
from tests.agent.alert_rules.examples import NOON, alert, rules_of

DOCUMENTED = Path(__file__).parents[3] / "docs" / "alert-rules.md"
WRONG = """
zone: Moon/Base
rulez: []
maintenance:
  - name: upgrade
    from: 2026-11-20 12:00
    to: 2026-11-20 11:00
  - weekly: {days: someday}
rules:
  - name: staging
    when: {sevrity: error, severity: eror, labels: {a: b}}
    then: {chanel: x}
  - when: {title: "/(a/", time: 9-5, budget_used: lots}
    then: analyze
  - name: empty
"""


def mistakes(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse_document(text, "rules.yaml")
    return str(caught.value).removesuffix(".").split(": ", 1)[1].split("; line ")


def test_every_mistake_is_told_with_its_line_and_what_to_write() -> None:
    said = "\n".join(mistakes(WRONG))

    for wanted in (
        "line 2: zone: Moon/Base is no time zone; write one such as Europe/Vienna or UTC",
        "3: rulez is not known here; did you mean rules?",
        "5, window “upgrade”: `to` (2026-11-20 11:00) is not after `from` (2026-11-20 12:00)",
        "8, window 2: weekly.days: 'someday' is no day; write mon, tue",
        "8, window 2: name is missing",
        "11, rule “staging”: sevrity is not known here; did you mean severity?",
        "11, rule “staging”: when.severity is 'eror'; write critical, error, warning or info",
        "11, rule “staging”: labels is not known here; did you mean tags?",
        "12, rule “staging”: chanel is not known here; did you mean channel?",
        "13, rule 2: when.title: /(a/ is no expression that RE2 knows (missing ): (a)",
        "13, rule 2: when.time: '9-5' is no span of time; write one such as 09:00-17:00",
        "13, rule 2: when.budget_used: 'lots' is no comparison; write one such as",
        "14, rule 2: then.treatment is 'analyze'; write analyse, pass, digest or drop",
        "15, rule “empty”: then is missing",
    ):
        assert wanted in said


def test_mistakes_are_told_in_the_order_of_the_file() -> None:
    lines = [int(re.sub(r"\D.*", "", each.removeprefix("line "), flags=re.S)) for each in mistakes(WRONG)]

    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "rules.yaml is no YAML: line 1"),
        ("- a", "rules.yaml has one mistake: line 1: the file is"),
        ("rules: everything", "rules is 'everything'; write a list, each entry with a dash"),
        ("rules: [{then: drop, then: pass}]", "then is there twice"),
        ("rules: [{then: {}}]", "say what becomes of it: analyse, pass, digest or drop"),
        ("rules: [{when: hi, then: drop}]", "when is 'hi'; write names with values"),
        ("maintenance: [{name: x}]", "say when: `from` and `to`, or `weekly`"),
        ("maintenance: [{name: x, from: soon, to: later}]", "'soon' is no time; write one such as 2026-11-21 22:00"),
        ("rules: [{when: {days: sunnday}, then: drop}]", "rule 1: when.days: 'sunnday' is no day; write mon, tue"),
        ("rules: [{then: {ticket: jirra}}]", "has one mistake: line 1, rule 1: then.ticket is 'jirra'; write service"),
        ("rules: [{then: {ticket: [a]}}]", "then.ticket is \"['a']\"; write servicenow, jira or pagerduty."),
        ("rules: [{then: {topic: loud}}]", "then.topic is 'loud'; write critical or heartbeat."),
        (
            "rules:\n- {name: a, then: drop}\n- {name: a, then: pass}",
            "line 3, rule “a”: the rule at line 2 has this name",
        ),
        ("\x00", "rules.yaml is no YAML"),
        ("a: " + "[" * 3000, "rules.yaml is no YAML"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_document(text, "rules.yaml")

    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml cannot be read"):
        read_rules(tmp_path / "none.yaml")


def test_an_empty_file_leaves_everything_to_the_rules_on_board(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "# nothing yet\nrules:\nmaintenance:\n")

    assert rules.count == (0, 0)
    assert rules.decide(alert(), "", NOON).rule == "default: warning"


def test_the_documented_file_does_what_it_says(tmp_path: Path) -> None:
    text = DOCUMENTED.read_text(encoding="utf-8").split("```yaml\n", 1)[1].split("```", 1)[0]
    rules = rules_of(tmp_path, text)

    def decided(at: str = "2026-11-20T12:00+01:00", channel: str = "", **fields: Any) -> tuple[str, str]:
        decision = rules.decide(alert(**fields), channel, datetime.fromisoformat(at))
        return decision.rule, decision.treatment

    assert rules.count == (6, 2)
    assert rules.unreachable == ()
    assert decided(system="payments-eu", severity="error") == ("payments page", "analyse")
    assert decided(title="dry run", system="payments", severity="error") == ("default: error", "analyse")
    assert decided("2026-11-21T23:00+01:00", system="payments") == (
        "maintenance: payments database upgrade",
        "digest",
    )
    assert decided("2026-11-22T03:00+01:00", labels={"patch-group": "a"}) == ("maintenance: sunday patching", "drop")
    assert decided(labels={"env": "staging"}, severity="error") == ("staging can wait", "digest")
    assert decided("2026-11-20T23:00+01:00") == ("nightly warnings", "digest")
    assert decided(channel="perf-lab", resource={"id": "api-loadtest-1"}) == ("load tests", "drop")
    assert decided(title="Budget sandbox", description="90 %") == ("small budgets", "pass")
    assert decided(dag_id="orders", resource={"account": "012345678901"}, severity="error") == ("data team", "analyse")


def test_the_documentation_names_every_condition() -> None:
    documented = DOCUMENTED.read_text(encoding="utf-8")
    assert [name for name in When.model_fields if f"`{name}`" not in documented] == []


WORDS = st.sampled_from(
    ["rules", "when", "then", "unless", "maintenance", "weekly", "name", "title", "time", "zone", "drop", "from", "x"]
)
NODES = st.recursive(
    st.one_of(WORDS, st.none(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=20,
)


def refusal(text: str) -> str:
    """The sentence, or "" for what is read."""
    try:
        parse_document(text, "rules.yaml")
    except SettingsError as error:
        return str(error)
    return ""


@given(NODES)
def test_any_document_is_either_read_or_refused_in_one_sentence(document: Any) -> None:
    said = refusal(yaml.safe_dump(document))

    assert not said or said.startswith("rules.yaml ")
    assert "\n" not in said


@given(st.text(max_size=60))
def test_any_text_is_either_read_or_refused(text: str) -> None:
    said = refusal(text)

    assert not said or said.startswith("rules.yaml ")


@given(st.text(max_size=20), st.text(max_size=200))
def test_a_pattern_never_raises_when_it_is_used(pattern: str, title: str) -> None:
    try:
        compiled(pattern)
    except ValueError:
        return
    matches((pattern,), (title, title + "\ud800"))


def test_no_pattern_takes_more_than_linear_time(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "rules: [{name: evil, when: {text: '/(a+)+b.*(c|cc)*$/'}, then: drop}]")

    assert rules.decide(alert(description="a" * 100_000), "", NOON).rule != "evil"
