"""Fixes that do not help, make things worse, or fail half way: over Slack's wire and AWS', all parts real."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.account import SimulatedAccount, load_scenario
from deploy.local.account.faults import Fault
from deploy.local.account.schema.reactions import Reaction
from deploy.local.workspace.background import RunningWorkspace
from tests.e2e.remediation_stage import CARD_SECONDS, FUNCTION, SCENARIO, MovedClock, Stage, opened_stage
from tests.e2e.service import text_of
from tests.tools.actions.account import person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
STEP_SECONDS = 15
POLICY = """
approvers: [{maya}]
by_itself:
  - {{name: rollbacks of vouchers, action: lambda_rollback, where: {{resource: voucher-*}}}}
"""
WORSE = {
    "name": "worse",
    "when": {"operation": "lambda:UpdateAlias", "request": {"FunctionName": FUNCTION, "FunctionVersion": "3"}},
    "metrics": [
        {
            "namespace": "AWS/Lambda",
            "name": "Errors",
            "dimensions": {"FunctionName": FUNCTION},
            "ends": False,
            "events": [{"from": "0m", "add": 40}],
        }
    ],
}


@pytest.fixture
def turns(
    moving_account: SimulatedAccount,
    moved_clock: MovedClock,
    workspace: RunningWorkspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Generator[Stage]:
    with opened_stage(moving_account, moved_clock, workspace, tmp_path, monkeypatch, POLICY) as opened:
        yield opened


def test_what_does_not_help_is_undone_and_the_next_fix_is_found_by_what_was_learnt(turns: Stage) -> None:
    """The release looks like the cause, and is not. The policy lets aliases be moved, and moved back, by themselves."""
    card = turns.fire("two-suspects", "Point the alias", "being watched")
    assert "rollbacks of vouchers" in text_of(card)  # the rule that lets it run by itself
    assert _alias("voucher-redeem") == "2"

    turns.soon(lambda: _alias("voucher-redeem") == "3", STEP_SECONDS)
    turns.title = "Switch the table voucher-redemptions"
    asked = turns.card("Approval needed")
    assert asked["ts"] == card["ts"]
    assert all(words in text_of(asked) for words in ("it did not help", "rolled back"))
    turns.living("voucher-redemptions gets more traffic than its capacity")

    turns.click(asked, "approve")
    turns.card("being watched")
    assert _table("voucher-redemptions") == "PAY_PER_REQUEST"
    turns.soon(lambda: turns.reply(turns.title, "It helped"), STEP_SECONDS)
    turns.living("resolved")


def test_what_makes_things_worse_is_taken_back_as_soon_as_somebody_says_so(stage: Stage) -> None:
    scenario = load_scenario(SCENARIO).model_copy(update={"reactions": (Reaction.model_validate(WORSE),)})
    card = stage.fire(scenario)
    stage.click(card, "approve")
    stage.card("being watched")
    back = stage.soon(lambda: stage.reply("at version 4", "Approval needed"))  # slower: the question expires, too
    assert stage.version() == "3"
    assert "it made things worse" in text_of(back)
    assert "undoes what was done before" in text_of(back)

    stage.click(back, "approve")
    called = stage.ws.wait_for(lambda: stage.reply("<!subteam^S0PLATFORM>", "a person has to look"), CARD_SECONDS)
    assert stage.version() == "4"
    assert all(words in text_of(called) for words in ("at version 3", "It made things worse", "Rolled back"))


def test_what_fails_says_why_and_how_the_account_is_and_calls_a_person(stage: Stage) -> None:
    card = stage.fire()
    stage.account.put(Fault("lambda:UpdateAlias", code="ServiceException", status=500))
    stage.click(card, "approve")
    failed = text_of(stage.card("It failed"))
    assert "ServiceException" in failed
    assert "nothing was changed: version is 4" in failed
    stage.ws.wait_for(lambda: stage.reply("<!subteam^S0PLATFORM>", "a person has to look"), CARD_SECONDS)
    assert stage.version() == "4"


def test_an_action_of_which_the_second_call_fails_has_done_nothing(stage: Stage) -> None:
    """The restart of a function reads its variables and then writes them back."""
    card = stage.fire("lambda-stale-secret", "Restart")
    before = _configuration("fx-rates-reader")
    stage.account.put(Fault("lambda:UpdateFunctionConfiguration", code="InvalidParameterValueException"))
    stage.click(card, "approve")
    failed = text_of(stage.card("It failed"))
    assert "InvalidParameterValueException" in failed
    assert "nothing was changed" in failed
    stage.ws.wait_for(lambda: stage.reply("<!subteam^S0PLATFORM>", "a person has to look"), CARD_SECONDS)
    assert _configuration("fx-rates-reader") == before


def _alias(function: str) -> str:
    return person()("lambda").get_alias(FunctionName=function, Name="live")["FunctionVersion"]


def _table(name: str) -> str:
    return person()("dynamodb").describe_table(TableName=name)["Table"]["BillingModeSummary"]["BillingMode"]


def _configuration(function: str) -> dict[str, Any]:
    found = person()("lambda").get_function_configuration(FunctionName=function)
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}
