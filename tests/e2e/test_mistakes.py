"""What a person sees who has set something wrong: one clear sentence, and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.workspace.background import running_workspace

TOKEN = "-".join(["xoxb", "not", "real"])
NOBODY_LISTENS = "http://127.0.0.1:9/"


def _run(*arguments: str, home: Path, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "AWS_"))}
    environment |= {f"WATCHKEEPER_{name}": value for name, value in settings.items()}
    environment.setdefault("WATCHKEEPER_HOME", str(home))
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (["run"], {"SLACK_BOT_TOKEN": TOKEN}, "WATCHKEEPER_SLACK_APP_TOKEN"),
        (["run"], {"SLACK_APP_TOKEN": TOKEN}, "WATCHKEEPER_SLACK_BOT_TOKEN is not set"),
        (
            ["run", "--aws", "real"],
            {"SLACK_BOT_TOKEN": TOKEN, "SLACK_APP_TOKEN": TOKEN, "SLACK_API_URL": NOBODY_LISTENS},
            "cannot be reached",
        ),
        (["run"], {"LLM": "gpt"}, "WATCHKEEPER_LLM"),
        (["run"], {"LLM": "openai"}, "WATCHKEEPER_LLM_API_KEY"),
        (["run"], {"WORKERS": "many"}, "WATCHKEEPER_WORKERS"),
        (["run", "--aws", "mars"], {}, "simulated or real"),
        (["ask", "why?", "--scenario", "nope"], {}, "nope"),
        (["ask", "  "], {}, "Ask something"),
        (["alert", "no-such-file.json"], {}, "cannot be read"),
        (["ask", "why?", "--scenario", "lambda-cost-spike"], {"LLM": "vllm:some-model"}, "WATCHKEEPER_LLM_BASE_URL"),
    ],
)
def test_a_mistake_gets_one_sentence(arguments: list[str], settings: dict[str, str], says: str, tmp_path: Path) -> None:
    done = _run(*arguments, home=tmp_path, **settings)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout.strip() == "" or "Preparing" in done.stdout


@pytest.mark.slow
def test_a_broken_scenario_file_is_named_with_the_field_that_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: broken\ntitle: 3\nnonsense: true\n")
    done = _run("ask", "why?", "--scenario", str(broken), home=tmp_path)
    assert done.returncode != 0
    assert "broken.yaml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_unreachable_model_is_answered_for_by_the_offline_analyst(tmp_path: Path) -> None:
    done = _run(
        "ask",
        "why did our Lambda costs spike?",
        "--scenario",
        "lambda-cost-spike",
        "--json",
        home=tmp_path,
        LLM="vllm:some-model",
        LLM_BASE_URL=NOBODY_LISTENS,
    )
    assert done.returncode == 0, done.stderr
    assert "media-thumbnailer" in done.stdout
    assert '"degraded": ""' not in done.stdout
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.slow
def test_an_alert_that_is_not_json_is_still_analysed(tmp_path: Path) -> None:
    text = "[Triggered] checkout-submit-order errors are high"
    done = _run("alert", "-", "--scenario", "lambda-errors-after-deploy", "--json", home=tmp_path, stdin=text)
    assert done.returncode == 0, done.stderr
    assert "checkout-submit-order" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["BOT", "APP"])
def test_a_wrong_token_is_named(wrong: str, tmp_path: Path) -> None:
    with running_workspace() as workspace:
        tokens = {"SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_APP_TOKEN": workspace.app_token}
        settings = {**tokens, f"SLACK_{wrong}_TOKEN": TOKEN, "SLACK_API_URL": workspace.api_url}
        done = _run("run", "--aws", "real", home=tmp_path, **settings)
    assert done.returncode != 0
    assert f"WATCHKEEPER_SLACK_{wrong}_TOKEN: Slack refuses it" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.slow
def test_the_doctor_finds_all_well_with_the_local_workspace(tmp_path: Path) -> None:
    with running_workspace() as workspace:
        done = _run(
            "doctor",
            "--json",
            home=tmp_path,
            SLACK_BOT_TOKEN=workspace.bot_token,
            SLACK_APP_TOKEN=workspace.app_token,
            SLACK_API_URL=workspace.api_url,
        )
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert {check["status"] for check in checks.values()} <= {"ok", "warn"}, checks
    assert "granted" in checks["Slack scopes"]["message"]
    assert "Socket Mode opens" in checks["Slack app token"]["message"]


@pytest.mark.slow
def test_the_doctor_says_how_to_mend_a_wrong_token(tmp_path: Path) -> None:
    with running_workspace() as workspace:
        done = _run(
            "doctor", home=tmp_path, SLACK_BOT_TOKEN=TOKEN, SLACK_APP_TOKEN=TOKEN, SLACK_API_URL=workspace.api_url
        )
    assert done.returncode == 1
    assert "invalid_auth" in done.stdout
    assert "xoxb-" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "settings", "stdin", "says"),
    [
        (["run", "--port", "99999"], {}, "", "65535"),
        (["run", "--first-alert", "nope"], {}, "", "nope"),
        (["scenarios"], {"LOG_LEVEL": "nonsense"}, "", "WATCHKEEPER_LOG_LEVEL"),
        (["alert", "-"], {}, '{"AlarmName":"x"', "looks like JSON but is broken"),
        (["alert", "-"], {}, "", "is empty"),
    ],
)
def test_a_wrong_input_gets_one_sentence_too(
    arguments: list[str], settings: dict[str, str], stdin: str, says: str, tmp_path: Path
) -> None:
    done = _run(*arguments, home=tmp_path, stdin=stdin, **settings)
    assert done.returncode != 0
    assert says in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
