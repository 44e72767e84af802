"""Which rule decides, and what is said about it."""

from __future__ import annotations

import logging
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.alert_rules import louder, read_rules
from agent.models import AlertStatus, Decision
from tests.agent.alert_rules.examples import NOON, alert, rules_of

QUIET_STAGING = """
rules:
  - name: staging is quiet
    when: {tags: {env: "stag*"}}
    then: drop
  - name: payments
    when: {system: payments}
    then: {treatment: analyse, channel: "#payments", topic: critical, ticket: jira, escalate_to: S0PAY}
    reason: Payments matter.
  - when: {source: datadog}
    then: digest
"""


def test_the_first_rule_that_matches_decides(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, QUIET_STAGING)

    staged = rules.decide(alert(system="payments", labels={"Env": "Staging"}), "alerts", NOON)
    decided = rules.decide(alert(system="payments"), "alerts", NOON)

    assert (staged.treatment, staged.rule) == ("drop", "staging is quiet")
    assert staged.reason == "The rule “staging is quiet” drops it."
    assert decided == Decision(
        treatment="analyse",
        rule="payments",
        reason="Payments matter.",
        channel="payments",
        topic="critical",
        ticket="jira",
        escalate_to="S0PAY",
    )
    assert rules.decide(alert(), "alerts", NOON).rule == "rule 3"


def test_what_no_rule_takes_is_decided_on_board(tmp_path: Path) -> None:
    decision = rules_of(tmp_path, QUIET_STAGING).decide(alert(source="grafana", severity="error"), "", NOON)

    assert (decision.treatment, decision.rule) == ("analyse", "default: error")


def test_a_rule_that_only_names_a_channel_leaves_the_treatment_to_those_on_board(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "rules: [{name: data, then: {channel: '#data'}}]")

    assert [rules.decide(alert(severity=s), "", NOON).treatment for s in ("error", "info")] == ["analyse", "pass"]
    assert rules.decide(alert(), "", NOON).channel == "data"
    assert rules.channels == ("data",)


def test_an_explanation_says_why_nothing_above_took_the_alert(tmp_path: Path) -> None:
    told = rules_of(tmp_path, QUIET_STAGING).explain(alert(labels={"env": "prod"}), "alerts", NOON)

    assert [(each.name, each.line, each.failed) for each in told.above] == [
        ("staging is quiet", 3, "tags.env is prod, not stag*"),
        ("payments", 6, "system is not said, not payments"),
    ]
    assert (told.decision.rule, told.line) == ("rule 3", 10)


def test_unless_lets_an_alert_go_on_to_the_next_rule(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "rules: [{name: all, unless: {severity: error}, then: digest}]")

    assert rules.decide(alert(), "", NOON).treatment == "digest"
    told = rules.explain(alert(severity="error"), "", NOON)
    assert (told.decision.treatment, told.above[0].failed) == ("analyse", "its `unless` holds")


@pytest.mark.parametrize(
    ("condition", "fields", "wanted"),
    [
        ("source: [grafana, data*]", {}, True),
        ("source: DataDog", {}, True),
        ("source: data", {}, False),
        ("at_least: warning", {"severity": "info"}, False),
        ("severity: [info, warning]", {}, True),
        ("status: resolved", {}, False),
        ("service: lambda", {"resource": {"service": "lambda"}}, True),
        ("resource: 'arn:aws:*:fn-?'", {"resource": {"id": "x", "arn": "arn:aws:lambda:eu:fn-1"}}, True),
        ("type: function", {"resource": {"type": "function"}}, True),
        ("account: 012345670123", {"resource": {"account": "012345670123"}}, True),
        ("region: eu-*", {"resource": {"region": "us-east-1"}}, False),
        ("metric: Errors", {"metric": "errors"}, True),
        ("dag: '*'", {}, False),
        ("dag: ''", {}, True),
        ("task: load", {"task_id": "load"}, True),
        ("title: checkout*", {}, True),
        ("title: slow", {}, False),
        ("title: /slow$/", {}, True),
        ("text: /out of memory/", {"description": "It ran\nOUT OF MEMORY."}, True),
        ("tags: {team: data, env: prod}", {"labels": {"team": "data", "env": "dev"}}, False),
        ("tags: {team: '*'}", {"labels": {"Team": "data"}}, True),
        ("title: 'a.c'", {"title": "abc"}, False),
        ("title: '*\U0001f525*'", {"title": "it is on \U0001f525 here"}, True),
    ],
)
def test_conditions_compare_the_alerts_own_fields(
    tmp_path: Path, condition: str, fields: dict[str, Any], wanted: bool
) -> None:
    rules = rules_of(tmp_path, f"rules:\n  - name: it\n    when: {{{condition}}}\n    then: drop\n")

    assert (rules.decide(alert(**fields), "", NOON).rule == "it") is wanted


@pytest.mark.parametrize("channel", ["perf-lab", "C0PERF", ("C0PERF", "perf-lab"), "#perf-lab"])
def test_a_channel_is_known_by_its_name_and_its_id(tmp_path: Path, channel: str | tuple[str, ...]) -> None:
    rules = rules_of(tmp_path, "rules: [{name: perf, when: {channel: ['#perf-lab', C0PERF]}, then: drop}]")

    assert rules.decide(alert(), channel, NOON).rule == "perf"
    assert rules.decide(alert(), "", NOON).rule != "perf"


@pytest.mark.parametrize(
    ("condition", "local", "wanted"),
    [
        ("time: 22:00-06:00, days: fri", "2026-11-20T23:30", True),
        ("time: 22:00-06:00, days: fri", "2026-11-21T05:59", True),
        ("time: 22:00-06:00, days: fri", "2026-11-21T06:00", False),
        ("time: 22:00-06:00, days: fri", "2026-11-20T05:00", False),
        ("time: ['08:00-09:00', '12:00-24:00']", "2026-11-20T23:59", True),
        ("time: ['08:00-09:00', '12:00-24:00']", "2026-11-20T11:59", False),
        ("days: weekend", "2026-11-21T00:00", True),
        ("days: sun-tue", "2026-11-23T10:00", True),
        ("days: sun-tue", "2026-11-25T10:00", False),
        ("business_hours: true", "2026-11-20T16:59", True),
        ("business_hours: true", "2026-11-20T17:00", False),
        ("business_hours: false", "2026-11-21T12:00", True),
        ("business_hours: false", "2026-11-20T12:00", False),
    ],
)
def test_times_are_those_of_the_files_zone(tmp_path: Path, condition: str, local: str, wanted: bool) -> None:
    text = f"zone: Europe/Vienna\nrules:\n  - name: it\n    when: {{{condition}}}\n    then: digest\n"
    at = datetime.fromisoformat(f"{local}+01:00")

    assert (rules_of(tmp_path, text).decide(alert(), "", at).rule == "it") is wanted


def test_a_rule_may_have_a_zone_of_its_own(tmp_path: Path) -> None:
    text = "rules: [{name: night, when: {time: 22:00-06:00, zone: Asia/Tokyo}, then: digest}]"

    assert rules_of(tmp_path, text).decide(alert(), "", NOON + timedelta(hours=3)).rule == "night"


MAINTENANCE = """
zone: Europe/Vienna
maintenance:
  - name: upgrade
    from: 2026-11-20 12:30
    to: 2026-11-20 14:00
    when: {system: payments}
  - name: patching
    weekly: {days: sun, time: 02:00-04:00}
    effect: drop
rules:
  - name: payments
    when: {system: payments}
    then: analyse
"""


def test_maintenance_comes_before_every_rule_while_it_lasts(tmp_path: Path) -> None:
    rules, payments = rules_of(tmp_path, MAINTENANCE), alert(system="payments")

    within = rules.decide(payments, "", NOON)
    told = rules.explain(payments, "", NOON + timedelta(hours=1))

    assert (within.treatment, within.rule) == ("digest", "maintenance: upgrade")
    assert within.reason == "Maintenance “upgrade” until 20 Nov 14:00 (Europe/Vienna): this was to be expected."
    assert (told.decision.rule, told.above[0].failed) == ("payments", "it is not open at 20 Nov 13:00 UTC")


def test_maintenance_makes_nothing_louder_and_keeps_the_channel(tmp_path: Path) -> None:
    text = """
    maintenance: [{name: all day, weekly: {days: daily}}]
    rules:
      - {name: noise, when: {title: noise}, then: drop}
      - {name: data, when: {system: data}, then: {channel: data-alerts}}
    """
    rules = rules_of(tmp_path, text)

    told = rules.explain(alert("noise"), "", NOON)

    assert (told.decision.rule, told.above[0].failed) == ("noise", "the rules are quieter still")
    assert rules.decide(alert(system="data"), "", NOON).channel == "data-alerts"
    assert rules.decide(alert(system="data"), "", NOON).treatment == "digest"


def test_a_weekly_window_drops_what_comes_in_it(tmp_path: Path) -> None:
    rules, sunday = rules_of(tmp_path, MAINTENANCE), datetime.fromisoformat("2026-11-22T02:00+01:00")

    assert rules.decide(alert(), "", sunday).treatment == "drop"
    assert rules.decide(alert(), "", sunday + timedelta(hours=2)).treatment == "pass"


def test_the_end_of_an_alert_is_not_held_back_by_the_time(tmp_path: Path) -> None:
    """Its incident began before, and would never end."""
    text = MAINTENANCE + "  - {name: night, when: {time: 00:00-24:00}, then: drop}\n"
    over = alert(status=AlertStatus.resolved)
    sunday = datetime.fromisoformat("2026-11-22T03:00+01:00")

    told = rules_of(tmp_path, text).explain(over, "", sunday)

    assert told.decision.rule == "default: resolved"
    assert {each.name for each in told.above} >= {"maintenance: patching", "night"}


def test_what_is_dropped_at_any_time_is_dropped_when_it_is_over_too(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "rules: [{then: drop}]")

    assert rules.decide(alert(status=AlertStatus.resolved), "", NOON).treatment == "drop"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "rules: [{then: drop}]")
    assert rules.decide(alert(), "", NOON).treatment == "drop"

    _write_later(tmp_path / "rules.yaml", "rules: [{then: digest}]")

    assert rules.decide(alert(), "", NOON).treatment == "digest"


def test_a_file_that_became_wrong_or_is_gone_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rules, path = rules_of(tmp_path, "rules: [{then: drop}]"), tmp_path / "rules.yaml"
    _write_later(path, "rules: [{then: drpo}]")

    with caplog.at_level(logging.ERROR):
        decided = [rules.decide(alert(), "", NOON).treatment for _ in range(3)]
        path.unlink()
        decided.append(rules.decide(alert(), "", NOON).treatment)

    assert decided == ["drop"] * 4
    assert [record.message.count("drpo") for record in caplog.records] == [1, 0]


def _write_later(path: Path, text: str) -> None:
    """With another time of change, whatever the file system's clock can tell apart."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 10))


def test_the_louder_of_two_decisions_is_kept() -> None:
    quiet, loud = (Decision(treatment=t, rule=t, reason="") for t in ("digest", "analyse"))

    assert louder(quiet, loud) is loud
    assert louder(loud, quiet) is loud


def test_rules_below_one_that_takes_everything_are_told(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "rules: [{name: a, then: pass}, {name: b, when: {source: x}, then: drop}]")

    assert rules.unreachable == (("b", "a"),)
    assert read_rules(None).unreachable == ()
