"""From an alert to a changed and checked account by a click: over Slack's wire and AWS', all parts real."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.errors import InputError
from deploy.cli import app
from tests.e2e.remediation_stage import CARD_SECONDS, FUNCTION, Stage
from tests.e2e.service import text_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_what_is_approved_is_done_watched_and_the_incident_closed(stage: Stage) -> None:
    card = stage.fire()
    assert stage.version() == "4"
    said = text_of(card)
    assert all(word in said for word in ("lambda_rollback", FUNCTION, "Before", "After", "May be approved by"))
    stage.living("Waits for approval")

    stage.click(card, "approve", "sofia")
    stage.whisper("sofia", "you are not among them")
    assert stage.version() == "4"

    stage.click(card, "dry_run")
    stage.whisper("maya", "Dry run")

    stage.click(card, "approve", "liwei")  # named by the group that she is in
    watched = stage.card("being watched")
    assert stage.version() == "3"
    assert "Approved by" in text_of(watched)
    assert not [block for block in watched["blocks"] if block["type"] == "actions"]

    stage.soon(lambda: stage.reply("Point the alias", "It helped"))
    stage.living("resolved")


def test_what_is_rejected_with_a_reason_is_not_done(stage: Stage) -> None:
    card = stage.fire()
    stage.click(card, "reject")
    typed = {"type": "plain_text_input", "value": "The fix is on its way."}
    stage.ws.submit_modal("maya", {"reason": {"typed": typed}})
    assert "The fix is on its way." in text_of(stage.card("Rejected by"))
    assert stage.version() == "4"


def test_what_nobody_decides_expires_and_calls_who_is_on_call(stage: Stage) -> None:
    stage.fire()
    stage.clock.ahead += timedelta(minutes=31)
    stage.card("Nobody decided before")
    called = stage.ws.wait_for(lambda: stage.reply("<!subteam^S0PLATFORM>", "a person has to look"), CARD_SECONDS)
    assert "Expired" in text_of(called)
    assert stage.version() == "4"


def test_what_is_edited_is_asked_anew_with_what_was_typed(stage: Stage) -> None:
    card = stage.fire()
    before = {button["value"] for block in card["blocks"] if block["type"] == "actions" for button in block["elements"]}
    stage.click(card, "edit")
    stage.ws.wait_for(lambda: stage.ws.open_modals("maya")[-1].get("callback_id") == "approval_edited", CARD_SECONDS)
    fields = {
        "parameter:alias": {"alias": {"type": "plain_text_input", "value": "live"}},
        "parameter:version": {"version": {"type": "plain_text_input", "value": "2"}},
    }
    stage.ws.submit_modal("maya", fields)
    edited = stage.card("version 2")
    after = {
        button["value"] for block in edited["blocks"] if block["type"] == "actions" for button in block["elements"]
    }
    assert len(after) == 1
    assert after.isdisjoint(before)
    assert edited["ts"] == card["ts"]
    assert f"Asked by∗ <@{stage.ws.user_id('maya')}>" in text_of(edited).replace("*", "∗")

    stage.click(edited, "approve", "liwei")
    stage.card("being watched")
    assert stage.version() == "2"


def test_the_command_line_decides_under_the_same_rules(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    stage.fire()
    (asked,) = json.loads(_said("list", "--json"))["approvals"]
    assert (asked["action"], asked["target"]) == ("lambda_rollback", FUNCTION)
    with pytest.raises(InputError, match="you are not among them"):
        _said("approve", asked["id"], "--as", stage.ws.user_id("priya"))
    assert stage.version() == "4"
    assert "It is approved" in _said("approve", asked["id"], "--as", stage.ws.user_id("maya"))
    stage.card("being watched")
    assert stage.version() == "3"


def test_with_the_switch_off_nobody_can_approve(stage: Stage) -> None:
    card = stage.fire()
    stage.ws.command("priya", "alerts", "/watchkeeper", "remediation off")
    stage.whisper("priya", "you are not among them")
    stage.ws.command("maya", "alerts", "/watchkeeper", "remediation off")
    stage.whisper("maya", "Remediation is off")
    stage.click(card, "approve")
    stage.whisper("maya", "Remediation is switched off")
    assert stage.version() == "4"


def test_whoever_may_break_the_glass_needs_nobody_else_and_says_why(stage: Stage) -> None:
    card = stage.fire()
    for user, reason in (("priya", "Customers cannot pay at all."), ("sofia", "Customers cannot pay at all.")):
        stage.click(card, "break_glass", user)
        typed = {"type": "plain_text_input", "value": reason}
        stage.ws.submit_modal(user, {"reason": {"typed": typed}})
        if user == "priya":
            stage.whisper("priya", "does not let you break the glass")
            assert stage.version() == "4"
    assert "the glass was broken" in text_of(stage.card("being watched"))
    assert stage.version() == "3"
    assert stage.reply("<!subteam^S0PLATFORM>", "broke the glass")


def _said(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["approvals", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output
