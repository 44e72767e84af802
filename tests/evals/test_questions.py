"""One question for each scenario, asked as a person would, without the scenario's words."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.models import Claim, Evidence
from deploy.local.account import load_scenario, scenario_names
from deploy.local.scoring import mark
from deploy.once import ask_once
from deploy.terminal import answer_json


@pytest.mark.slow
@pytest.mark.parametrize("name", scenario_names())
def test_a_question_gets_the_answer_of_the_key(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the command does, in this process: its own would spend most of its time on starting."""
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    scenario = load_scenario(name)
    said = answer_json(*asyncio.run(ask_once(scenario.question, name, "simulated")))
    claims = [Claim.model_validate(claim) for claim in said["claims"]]
    evidence = [
        Evidence.model_validate({k: v for k, v in p.items() if k in Evidence.model_fields}) for p in said["evidence"]
    ]
    known = {piece.id for piece in evidence}
    assert said["specialists"]
    assert claims
    assert all(claim.evidence and set(claim.evidence) <= known for claim in claims)
    assert all({"id", "tool", "status", "query", "console_url"} <= set(piece) for piece in said["evidence"])
    text = " ".join([said["answer"], *(claim.text for claim in claims)])
    result = mark(scenario.answer_key, text, scenario.answer_key.nothing_wrong, claims, evidence)
    assert result.right, (result, text)
    assert result.missing_citations == ()


@pytest.mark.slow
def test_the_function_behind_a_cost_spike_is_named(tmp_path: Path) -> None:
    said = _ask("why did our Lambda costs spike?", "lambda-cost-spike", tmp_path)
    assert "media-thumbnailer" in said["answer"]
    assert said["claims"]
    assert said["evidence"]


def _ask(question: str, scenario: str, home: Path) -> dict[str, Any]:
    """What the command prints, in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "AWS_"))}
    command = [sys.executable, "-m", "deploy.cli", "ask", question, "--scenario", scenario, "--json"]
    done = subprocess.run(
        command,
        env=environment | {"WATCHKEEPER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
