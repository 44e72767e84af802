"""`watchkeeper triage explain | check`, as a shell calls it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from agent.settings import Settings
from deploy.cli import app, main
from deploy.doctor_rules import check_rules

RULES = """
rules:
  - name: staging is quiet
    when: {title: "*staging*"}
    then: drop
  - name: data team
    when: {title: "*orders*"}
    then: {treatment: analyse, channel: data-alerts, topic: critical, ticket: jira, escalate_to: S0DATA}
"""
ALARM = {
    "AlarmName": "orders errors",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:orders errors",
    "NewStateValue": "ALARM",
    "StateChangeTime": "2026-11-20T12:00:00.000+0000",
}


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    monkeypatch.setenv("WATCHKEEPER_ALERT_RULES", str(path))
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    return path


@pytest.fixture
def alarm(tmp_path: Path) -> str:
    path = tmp_path / "alarm.json"
    path.write_text(json.dumps(ALARM))
    return str(path)


def run(*arguments: str) -> int:
    """The exit code of `watchkeeper …`."""
    result = app(arguments, standalone_mode=False)
    return int(result or 0)


def explained(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    run("triage", "explain", *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_it_says_which_rule_decides_and_why_none_above_it_does(
    rules: Path, alarm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (told,) = explained(capsys, alarm)

    assert (told["rule"], told["line"], told["treatment"]) == ("data team", 6, "analyse")
    assert told["reason"] == "The rule “data team” has it analysed."
    assert told["told_in"] == "a message in #data-alerts"
    assert (told["topic"], told["ticket"], told["escalate_to"]) == ("critical", "jira", "S0DATA")
    (above,) = told["not_taken_by"]
    assert above == {
        "name": "staging is quiet",
        "line": 3,
        "failed": "title is orders errors, not *staging*",
    }
    assert told["incident"]
    assert told["fingerprint"]


def test_a_slack_post_is_told_in_its_own_thread(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "post.json"
    path.write_text(json.dumps({"ts": "1763640000.000100", "channel": "C0OPS", "text": "ALARM: orders are late"}))

    assert explained(capsys, str(path))[0]["told_in"] == "the thread of its post in #C0OPS"


def test_people_read_the_same(rules: Path, alarm: str, capsys: pytest.CaptureFixture[str]) -> None:
    run("triage", "explain", alarm, "--channel", "#alerts")

    shown = capsys.readouterr().out
    assert shown.startswith("orders errors (")
    assert "decided by   data team (line 6)\n  why          The rule “data team” has it analysed." in shown
    assert "told in      the thread of its post in #alerts" in shown
    assert "staging is quiet: title is orders errors, not *staging*" in shown


def test_several_alerts_show_how_they_are_grouped(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [json.dumps({**ALARM, "AlarmName": name}) for name in ("staging cpu", "cart errors")]
    path = tmp_path / "alarms.ndjson"
    path.write_text("\n".join(lines))

    dropped, analysed = explained(capsys, str(path))

    assert (dropped["treatment"], dropped["told_in"]) == ("drop", "nowhere; it is only counted")
    assert (analysed["rule"], analysed["line"]) == ("default: error", None)
    assert analysed["told_in"] == "a message in #alerts"


def test_the_time_decides_where_a_rule_says_so(tmp_path: Path, alarm: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "night.yaml"
    path.write_text("rules: [{name: night, when: {time: 22:00-06:00}, then: digest}]")
    given = (alarm, "--rules", str(path), "--at")

    assert explained(capsys, *given, "2026-11-20T23:00:00Z")[0]["told_in"] == "the digest of #alerts"
    assert explained(capsys, *given, "2026-11-20T12:00:00Z")[0]["rule"].startswith("default")


def test_an_alert_comes_from_stdin_too(
    rules: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("The orders pipeline failed: out of memory"))

    assert explained(capsys, "-")[0]["rule"] == "data team"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("explain", "nowhere.json"), "nowhere.json cannot be read"),
        (("explain", "{alarm}", "--at", "soon"), "--at: 'soon' is not a time"),
        (("check", "nowhere.yaml"), "nowhere.yaml cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    arguments: tuple[str, ...],
    said: str,
    alarm: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["watchkeeper", "triage", *(each.format(alarm=alarm) for each in arguments)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_right_file_is_counted(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("triage", "check")

    assert capsys.readouterr().out.splitlines()[0] == f"{rules}: 2 rules, 0 maintenance windows"


def test_each_mistake_has_a_line_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("rules:\n- then: drpo\n- then: {ticket: jirra}\n")
    monkeypatch.setattr("sys.argv", ["watchkeeper", "triage", "check", str(wrong)])
    with pytest.raises(SystemExit):
        main()

    head, first, second = capsys.readouterr().err.splitlines()
    assert head == f"watchkeeper: {wrong} has 2 mistakes:"
    assert first == "  line 2, rule 1: then.treatment is 'drpo'; write analyse, pass, digest or drop"
    assert second == "  line 3, rule 2: then.ticket is 'jirra'; write servicenow, jira or pagerduty"


def test_what_only_slack_and_the_settings_know_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = tmp_path / "rules.yaml"
    named.write_text("rules: [{then: {channel: '#payments-oncall', ticket: jira}}]")
    run("triage", "check", str(named))

    _, ticket, channel = capsys.readouterr().out.splitlines()
    assert "tickets in jira are not set up" in ticket
    assert "#payments-oncall" in channel
    assert "watchkeeper doctor" in channel


def test_a_file_that_was_named_is_not_blamed_on_the_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["watchkeeper", "triage", "check", "nowhere.yaml"])
    with pytest.raises(SystemExit):
        main()
    assert "WATCHKEEPER_ALERT_RULES" not in capsys.readouterr().err


def test_without_a_file_there_is_nothing_to_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WATCHKEEPER_ALERT_RULES", raising=False)
    monkeypatch.setattr("sys.argv", ["watchkeeper", "triage", "check"])

    with pytest.raises(SystemExit):
        main()

    assert "name one, or set WATCHKEEPER_ALERT_RULES" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (RULES, "ok", "2 rules, 0 maintenance windows"),
        ("rules: [{then: drpo}]", "fail", "line 1, rule 1: then.treatment is 'drpo'"),
        ("rules: [{name: a, then: pass}, {name: b, then: drop}]", "warn", "“b” never matches, because “a” takes"),
    ],
)
def test_the_doctor_reads_the_rules(rules: Path, text: str, status: str, said: str) -> None:
    rules.write_text(text)
    found = check_rules(Settings.read())

    assert found["status"] == status
    assert said in found["message"]


def test_the_doctor_wants_no_rules_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WATCHKEEPER_ALERT_RULES", raising=False)

    assert check_rules(Settings.read())["status"] == "ok"
