"""Deciding from the command line: the same rules as for a click, in sentences and in JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.errors import InputError
from deploy.cli import app
from tests.slack_app.approval_counter import POLICY, ApprovalCounter, approval_counter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
FROZEN = POLICY + "freezes: [{{name: the release, during: daily 00:00 - 24:00}}]\n"
PAIRS = POLICY + "rules: [{{name: pairs, then: {{two_pairs: yes}}}}]\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApprovalCounter]:
    with approval_counter(tmp_path_factory.mktemp("counter")) as opened:
        yield opened


@pytest.fixture
def counter(shared: ApprovalCounter, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApprovalCounter]:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(shared.home))
    yield shared
    shared.settle()


def said(*arguments: str) -> str:
    result: Result = CliRunner().invoke(app, ["approvals", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def documents(*arguments: str) -> dict[str, Any]:
    """What `--json` prints, and nothing else."""
    return json.loads(said(*arguments, "--json"))


def test_what_waits_is_listed_for_people_and_for_other_programs(counter: ApprovalCounter) -> None:
    card = counter.ask()
    (listed,) = [each for each in documents("list")["approvals"] if each["id"] == card.id]
    assert (listed["action"], listed["parameters"]) == ("lambda_rollback", {"alias": "live", "version": "3"})
    assert (listed["decision"], listed["needed"]) == ("pending", 1)
    assert card.id in said("list")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("approve", "apr_unknown", "--as", "U0MAYAOKAF"),
            "There is no approval 'apr_unknown'; `watchkeeper approvals",
        ),
        (("approve", "' OR 1=1 --", "--as", "U0MAYAOKAF"), "There is no approval"),
        (("approve", "x" * 10_000, "--as", "U0MAYAOKAF"), "There is no approval"),
        (("reject", "../../etc", "--reason", "no", "--as", "U0MAYAOKAF"), "There is no approval"),
        (("review", "apr_unknown", "--note", "fine", "--as", "U0MAYAOKAF"), "There is nothing to review of"),
        (("approve", "CARD"), "Say who you are: --as with your Slack user id"),
        (("approve", "CARD", "--as", "maya"), "Say who you are"),
        (("approve", "CARD", "--as", "@maya"), "Say who you are"),
        (("approve", "CARD", "--as", "S0PLATFORM"), "Say who you are"),
        (("approve", "CARD", "--as", "U0NOBODY99"), "Slack knows nobody with the id U0NOBODY99"),
        (("approve", "CARD", "--as", "U0WATCHKPR"), "Apps and bots decide nothing"),
        (("approve", "CARD", "--as", "U0JONASBRG"), "may approve this, and you are not among them"),
        (("reject", "CARD", "--reason", "no", "--as", "U0SOFIAREY"), "or whoever asked for it may reject this"),
        (("reject", "CARD", "--reason", " ", "--as", "U0MAYAOKAF"), "Say why it should not be done"),
    ],
)
def test_what_does_not_count_is_one_sentence_that_says_what_to_do(
    counter: ApprovalCounter, arguments: tuple[str, ...], sentence: str
) -> None:
    card = counter.ask()
    with pytest.raises(InputError) as refused:
        said(*(card.id if each == "CARD" else each for each in arguments))
    assert sentence in str(refused.value)
    assert str(refused.value).rstrip().endswith(".")
    assert "\n" not in str(refused.value)
    assert (counter.approval(card.id).decision, counter.version()) == ("pending", "4")


def test_the_policy_of_this_moment_holds_for_the_command_line_too(counter: ApprovalCounter) -> None:
    card, maya = counter.ask(asked_by="maya"), counter.ws.user_id("maya")
    for policy, sentence in ((FROZEN, "Nothing is changed until"), (PAIRS, "somebody else has to approve it")):
        counter.write_policy(policy)
        with pytest.raises(InputError, match=sentence):
            said("approve", card.id, "--as", maya)
    assert {entry.detail["via"] for entry in counter.refusals(card.id)} == {"cli"}
    counter.write_policy()
    approved = documents("approve", card.id, "--as", maya)
    assert (approved["decision"], approved["approved_by"], approved["action"]) == (
        "approved",
        [maya],
        "lambda_rollback",
    )
    counter.ws.wait_for(lambda: counter.version() == "3", 20)
    with pytest.raises(InputError, match="already"):
        said("approve", card.id, "--as", counter.ws.user_id("priya"))


def test_a_rejection_is_told_as_json(counter: ApprovalCounter) -> None:
    card, maya = counter.ask(), counter.ws.user_id("maya")
    rejected = documents("reject", card.id, "--reason", "The fix is on its way.", "--as", maya)
    assert (rejected["decision"], rejected["id"]) == ("rejected", card.id)
    assert counter.approval(card.id).reason == "The fix is on its way."
    assert counter.version() == "4"


def test_what_was_done_by_breaking_the_glass_is_reviewed_by_somebody_else(counter: ApprovalCounter) -> None:
    assert "Nothing waits for a review." in said("reviews")
    card, sofia = counter.ask(), counter.ws.user_id("sofia")
    counter.click(card, "break_glass", "sofia")
    counter.type_reason("sofia", "Customers cannot pay at all.")
    counter.ws.wait_for(lambda: counter.version() == "3", 20)
    (waiting,) = documents("reviews")["reviews"]
    assert (waiting["by"], waiting["reason"]) == (sofia, "Customers cannot pay at all.")
    assert "Customers cannot pay at all." in said("reviews")
    for who, note, sentence in (
        (sofia, "It was right.", "You broke the glass yourself"),
        (counter.ws.user_id("jonas"), "It was right.", "may review this, and you are not among them"),
        (counter.ws.user_id("maya"), "ok", "Say in at least 5 characters what you found."),
    ):
        with pytest.raises(InputError, match=sentence):
            said("review", waiting["approval_id"], "--note", note, "--as", who)
    done = documents("review", waiting["approval_id"], "--note", "It was right.", "--as", counter.ws.user_id("priya"))
    assert (done["reviewed_by"], done["note"]) == (counter.ws.user_id("priya"), "It was right.")
    assert documents("reviews") == {"reviews": []}
    report = CliRunner().invoke(app, ["audit", "report", "--month", f"{counter.clock():%Y-%m}"], catch_exceptions=False)
    assert f"{counter.ws.user_id('priya')}, " in report.output.split("## Break-glass")[1].split("##")[0]
