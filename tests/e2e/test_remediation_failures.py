"""When something that a change needs is out of order, nothing is changed, somebody is told why, and what was in order
again afterwards takes the same click."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.account.faults import Fault
from deploy.local.workspace.errors import WorkspaceError
from tests.contracts.emulators import emulator
from tests.slack_app.approval_counter import ApprovalCounter, Card, approval_counter, run
from tests.tools.actions.account import person
from tests.wire import Wire, throttled
from tools.stores.dynamodb.approvals import DynamoApprovalStore
from tools.stores.dynamodb.table import Connection
from tools.stores.dynamodb.tables import create_tables

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
DENIED = {"__type": "com.amazon.coral.service#AccessDeniedException", "message": "no identity-based policy allows it"}
ASSUME = "sts:AssumeRole"
MANY = 1000


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApprovalCounter]:
    with approval_counter(tmp_path_factory.mktemp("counter")) as opened:
        yield opened


@pytest.fixture
def counter(shared: ApprovalCounter) -> Iterator[ApprovalCounter]:
    yield shared
    shared.account.heal()
    shared.settle()


def refused(counter: ApprovalCounter, card: Card, words: str, user: str = "maya") -> None:
    """A click is answered by why it cannot count; nothing was done, and the card stays as it is."""
    known = len(counter.ws.whispers(user, "alerts"))
    counter.click(card, "approve", user)
    counter.ws.wait_for(lambda: len(counter.ws.whispers(user, "alerts")) > known, 30)
    said = counter.told(user, words)
    assert said.endswith(".")
    assert counter.approval(card.id).decision == "pending"
    assert counter.version() == "4"


def counts(counter: ApprovalCounter, card: Card, user: str = "maya") -> None:
    """The same click as before."""
    counter.click(card, "approve", user)
    counter.ws.wait_for(lambda: counter.version() == "3", 30)


def test_without_a_policy_that_can_be_read_nothing_is_changed(counter: ApprovalCounter) -> None:
    card, path = counter.ask(), counter.policy
    as_it_was = path.read_text("utf-8")

    def as_a_folder() -> None:
        path.unlink()
        path.mkdir()

    broken: dict[str, Callable[[], object]] = {
        "There is no action policy to go by": lambda: path.write_text("approvers: [", "utf-8"),
        "did you mean": lambda: path.write_text(as_it_was.replace("approvers", "aprovers"), "utf-8"),
        "Nobody may approve anything: name approvers": lambda: path.write_text("approvers: []\n", "utf-8"),
        "(No such file or directory)": path.unlink,
        "(Is a directory)": as_a_folder,
    }
    for words, breaking in broken.items():
        breaking()
        refused(counter, card, words)
        if path.is_dir():
            path.rmdir()
        path.write_text(as_it_was, "utf-8")
    assert len(counter.refusals(card.id)) == len(broken)
    counts(counter, card)


def test_without_credentials_to_change_anything_nobodys_word_is_used_up(counter: ApprovalCounter) -> None:
    card = counter.ask()
    for fault, words in (
        (Fault(ASSUME, code="AccessDenied", status=403), "may not be assumed, so nothing was changed: allow sts"),
        (Fault(ASSUME, code="PackedPolicyTooLarge", status=400), "(PackedPolicyTooLarge), so nothing was changed"),
    ):
        counter.account.put(fault)
        refused(counter, card, words)
        counter.account.heal()
    counts(counter, card)


def test_a_role_that_was_deleted_is_said(counter: ApprovalCounter) -> None:
    card = counter.ask()
    iam, name = person()("iam"), counter.account.executor_role_arn.rpartition("/")[2]
    found = iam.get_role(RoleName=name)["Role"]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
    refused(counter, card, "may not be assumed, so nothing was changed")
    assert [entry.detail["refused"] for entry in counter.refusals(card.id)] == ["no_role"]
    assert found["Arn"] == counter.account.executor_role_arn
    counter.account.load(counter.scenario, datetime.now(UTC))  # the role is there again


def test_without_a_role_the_card_waits_for_a_start_with_one(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.start(executor_role_arn="")
    refused(counter, card, "set WATCHKEEPER_EXECUTOR_ROLE_ARN")
    counter.start()
    counts(counter, card)


def test_an_account_that_cannot_be_read_is_not_changed(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.account.put(Fault("lambda:GetAlias*", code="AccessDeniedException", status=403))
    counter.click(card, "approve")
    counter.told("maya", "It cannot be looked at first (denied")
    counter.click(card, "dry_run")
    counter.told("maya", "Nothing was changed.")
    counter.account.heal()
    assert counter.approval(card.id).decision == "pending"
    assert [entry.detail["refused"] for entry in counter.refusals(card.id)] == ["unreadable"]
    counts(counter, card)


def test_while_slack_does_not_say_who_is_in_a_group_only_who_is_named_by_name_counts(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.ws.faults.fail("usergroups.users.list", "internal_error", times=1)
    refused(counter, card, "Slack does not say just now who is in <!subteam^S0PLATFORM>", "liwei")
    counter.ws.faults.fail("users.info", "internal_error", times=1)
    refused(counter, card, "Slack does not say just now who you are (internal_error)", "liwei")
    assert {entry.detail["refused"] for entry in counter.refusals(card.id)} == {"unsaid"}
    counter.ws.faults.fail("usergroups.users.list", "internal_error", times=1)
    counts(counter, card, "maya")


def test_a_store_that_was_moved_away_is_said_and_the_same_click_counts_when_it_is_back(
    counter: ApprovalCounter,
) -> None:
    card = counter.ask()
    with moved_away(counter.home / "watchkeeper.db"):
        counter.click(card, "approve")
        said = counter.told("maya", "it was moved away; put it back, or start again.")
        assert said.startswith("Nothing was done:")
    assert counter.version() == "4"
    counts(counter, card)


def test_a_click_that_cannot_be_kept_is_not_lost_without_a_word(counter: ApprovalCounter) -> None:
    card = counter.ask()
    counter.click(card, "reject")
    with moved_away(counter.home / "queue.db"):
        counter.click(card, "approve")
        counter.told("maya", "Nothing was done, because your click could not be kept")
        answer = counter.type_reason("maya", "The fix is on its way.")
        assert "could not be kept" in answer["errors"]["reason"]
    assert counter.approval(card.id).decision == "pending"
    assert counter.version() == "4"
    counts(counter, card)


def test_a_store_that_is_locked_keeps_a_click_and_judges_it_when_it_is_free(counter: ApprovalCounter) -> None:
    card = counter.ask()
    held = sqlite3.connect(counter.home / "watchkeeper.db", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    counter.click(card, "approve")
    said = counter.told("maya", "another process held it for too long")
    assert said.startswith("Nothing was done yet:")
    assert counter.version() == "4"
    held.execute("ROLLBACK")
    held.close()
    counter.clock.ahead += timedelta(seconds=20)
    counter.ws.wait_for(lambda: counter.version() == "3", 30)
    assert len(counter.approval(card.id).approved_by) == 1


@contextmanager
def moved_away(path: Path) -> Generator[None]:
    away = path.with_name("away")
    path.rename(away)
    try:
        yield
    finally:
        away.rename(path)


@pytest.fixture
def refusing(counter: ApprovalCounter) -> Iterator[Wire]:
    """Approvals are in DynamoDB, whose wire tests can cut."""
    client = emulator("moto").client("dynamodb", retries={"total_max_attempts": 1})
    create_tables(client, "failures-")
    kept = Connection(client, "failures-", counter.clock)
    counter.start({"approvals": DynamoApprovalStore(kept, counter.clock)})
    yield Wire(client)
    counter.settle()
    counter.start()
    kept.close()


def test_a_dynamodb_that_refuses_is_said_and_the_same_click_counts_when_it_answers(
    counter: ApprovalCounter, refusing: Wire
) -> None:
    card = counter.ask()
    for body, words in ((DENIED, "allow dynamodb:GetItem"), (throttled(), "AWS throttles it even after retries")):
        refusing.answer(400, body, times=MANY)
        counter.click(card, "approve")
        assert counter.told("maya", words).startswith("Nothing was done:")
        refusing.mend()
        assert counter.version() == "4"
    counts(counter, card)


def test_what_slack_cannot_reach_is_not_changed(counter: ApprovalCounter) -> None:
    """Slack shows who clicked that nothing answered; a click is delivered once, so that nothing comes of it later."""
    card = counter.ask()
    counter.stop()
    with pytest.raises(WorkspaceError, match="did not answer"):
        counter.click(card, "approve")
    counter.start()
    counter.quiet()
    assert (counter.version(), counter.approval(card.id).decision) == ("4", "pending")
    assert run(counter.deps.queue.dead_letters()) == []
