"""`watchkeeper policy check | explain`, and what the doctor says of the policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.errors import InputError
from agent.settings import Settings
from deploy.cli import app
from deploy.doctor_policy import check_policy

ROLE = "arn:aws:iam::123456789012:role/watchkeeper-executor"
POLICY = """
approvers: [U0ANNA, S0ONCALL]
by_itself: [{name: quiet, action: lambda_rollback}]
freezes: [{name: weekend, during: "fri 16:00 - mon 08:00 Europe/Berlin"}]
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["policy", *arguments])


def explained(file: Path, *arguments: str) -> str:
    result = run("explain", *arguments, "--policy", str(file))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_check_says_what_a_right_file_has(file: Path) -> None:
    assert run("check", str(file)).stdout == (
        f"{file}: 2 approvers, 1 protection, 2 rules, 1 freeze; may run by itself: lambda_rollback\n"
    )


def test_check_lists_every_mistake_on_its_line(file: Path) -> None:
    file.write_text("approvers: [anna]\nfreezes: [{name: x, during: never}]\n")

    error = run("check", str(file)).exception

    assert isinstance(error, InputError)
    first, *mistakes = str(error).splitlines()
    assert first == f"{file} has 2 mistakes:"
    assert [each.strip()[:6] for each in mistakes] == ["line 1", "line 2"]


def test_check_without_a_file_says_how_to_name_one() -> None:
    assert "WATCHKEEPER_ACTION_POLICY" in str(run("check").exception)


def test_explain_says_who_may_approve_and_why(file: Path) -> None:
    said = explained(file, "lambda_rollback", "--tag", "env=prod", "--at", "2026-11-18T10:00:00Z")

    assert said.splitlines()[:4] == [
        "lambda_rollback needs approval (by: production)",
        "  Who may approve: U0ANNA, S0ONCALL",
        "  It needs the consent of one person, whoever asked for it aside.",
        "  It is production, or its tags do not say what it is (“production”).",
    ]


def test_explain_says_what_runs_by_itself_and_until_when_it_is_frozen(file: Path) -> None:
    asked = ("lambda_rollback", "--tag", "env=dev")

    assert "runs by itself (by: quiet)" in explained(file, *asked, "--at", "2026-11-18T10:00:00Z")
    assert "until Mon 23 Nov 08:00 CET (“weekend”)" in explained(file, *asked, "--at", "2026-11-21T10:00:00Z")


def test_explain_as_json_is_the_ruling(file: Path) -> None:
    told = json.loads(explained(file, "ssm_script", "--risk", "high", "--at", "2026-11-18T10:00:00Z", "--json"))

    assert (told["decision"], told["needed"], told["two_pairs"]) == ("ask", 2, True)


def test_explain_refuses_what_no_kind_is(file: Path) -> None:
    assert "does not know the action iam_admin" in explained(file, "iam_admin")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tag", "prod"), "--tag is a name and a value such as env=prod, not 'prod'"),
        (("--risk", "huge"), "--risk is one of low, medium, high, not 'huge'"),
        (("--at", "someday"), "--at: "),
    ],
)
def test_explain_says_which_option_is_wrong(arguments: tuple[str, str], said: str) -> None:
    assert said in str(run("explain", "lambda_rollback", *arguments).exception)


def test_the_doctor_says_that_nobody_may_approve(file: Path) -> None:
    without = check_policy(Settings.read())
    with_role = check_policy(Settings.read(executor_role_arn=ROLE))

    assert (without["status"], with_role["status"]) == ("ok", "warn")
    assert with_role["message"] == "nobody may approve a change; nothing runs by itself"
    assert "WATCHKEEPER_APPROVERS" in with_role["fix"]


def test_the_doctor_says_what_a_policy_has_and_that_it_is_switched_off(file: Path) -> None:
    assert check_policy(Settings.read(action_policy=file))["message"].startswith("2 approvers, 1 protection")
    off = check_policy(Settings.read(action_policy=file, kill_switch=True, executor_role_arn=ROLE))
    assert (off["status"], off["message"]) == ("warn", "remediation is switched off: nothing may be changed")


def test_the_doctor_fails_a_broken_file(file: Path) -> None:
    file.write_text("approvers: [anna]")

    failed = check_policy(Settings.read(action_policy=file))

    assert failed["status"] == "fail"
    assert "'anna' is no id" in failed["message"]
