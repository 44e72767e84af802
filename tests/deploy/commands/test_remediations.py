"""`watchkeeper remediations`, run as it is run at a prompt."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.errors import InputError
from agent.models import ActionResult, Difference, Mark, Remediation, RemediationStatus, StepStatus, Verification
from deploy.cli import app
from tests.contracts.adapters import wall_clock
from tests.slack_app.remediation_desk import approval, remediation
from tools.stores.sqlite import open_stores

NOW = wall_clock().replace(microsecond=0)


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for people, and an earlier one of the same incident that helped."""
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    before = NOW - timedelta(hours=2)
    waits = remediation("inc_1", StepStatus.awaiting, RemediationStatus.awaiting_approval, NOW)
    helped = remediation("inc_1", StepStatus.helped, RemediationStatus.succeeded, before)
    (step,) = helped.steps
    assert step.preview is not None
    step = step.model_copy(
        update={
            "approval_id": "apr_0",
            "preview": step.preview.model_copy(
                update={"differences": (Difference(field="version", before="4", after="3"),)}
            ),
            "result": ActionResult(succeeded=True, message="It points at 3.", at=before),
            "verification": Verification(outcome="helped", seen="The alarm is OK."),
        }
    )
    helped = helped.model_copy(update={"id": "rem_0", "steps": (step,), "learnt": ("Version 4 is broken.",)})
    asyncio.run(_save(tmp_path, [waits, helped]))


async def _save(home: Path, found: list[Remediation]) -> None:
    stores = open_stores(home / "watchkeeper.db", wall_clock)
    for given in found:
        await stores.remediations.create(given)
        asked = approval("inc_1", NOW).model_copy(update={"id": given.steps[0].approval_id})
        await stores.approvals.save(asked)
    await stores.approvals.approve("apr_0", Mark(by="U0MAYA", at=NOW))
    stores.close()


def _said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["remediations", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_what_is_open_is_listed_and_what_is_over_when_asked_for() -> None:
    assert "rem_1" in _said("list")
    assert "rem_0" not in _said("list")
    listed = json.loads(_said("list", "--all", "--json"))["remediations"]
    assert [(each["id"], each["status"], each["step"]) for each in listed] == [
        ("rem_1", "awaiting_approval", "awaiting"),
        ("rem_0", "succeeded", "helped"),
    ]
    assert [each["id"] for each in json.loads(_said("list", "--incident", "inc_1", "--json"))["remediations"]] == [
        "rem_1",
        "rem_0",
    ]
    assert "There is no such remediation." in _said("list", "--incident", "inc_2")


def test_one_is_shown_with_its_steps_its_approval_and_what_was_seen() -> None:
    said = _said("show", "rem_0")
    for words in (
        "lambda_rollback checkout",
        "alias=live, version=3",
        "version: 4 -> 3",
        "approved: U0MAYA",
        "It points at 3.",
        "The alarm is OK.",
        "learnt: Version 4 is broken.",
    ):
        assert words in said
    shown = json.loads(_said("show", "rem_0", "--json"))
    (step,) = shown["steps"]
    assert step["approval"]["approved_by"][0]["by"] == "U0MAYA"
    assert "token" not in step


def test_an_incidents_id_shows_its_newest_and_an_unknown_one_is_a_sentence() -> None:
    assert "rem_1: awaiting_approval" in _said("show", "inc_1")
    with pytest.raises(InputError, match="There is no remediation rem_9"):
        _said("show", "rem_9")
