"""A whole remediation over Slack's wire and AWS', with time moved by hand: what tests of it share."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.ports import Deps
from deploy.local.account import SimulatedAccount
from deploy.local.account.scenario import Scenario
from deploy.local.workspace.background import RunningWorkspace
from deploy.local.workspace.block_kit import validate_blocks
from tests.e2e.service import PATIENT, fire, replies, running_service, text_of
from tests.tools.actions.account import person

SCENARIO, FUNCTION = "lambda-errors-after-deploy", "checkout-submit-order"
TITLE = "Point the alias"
CARD_SECONDS = 120
LOOK_SECONDS = 0.1
POLICY = """
approvers:
  - who: [{maya}, S0PLATFORM]
break_glass:
  who: [{sofia}]
"""


class MovedClock:
    """The account's and the service's; tests set it forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Stage:
    """An alert of which people see the card."""

    def __init__(
        self, ws: RunningWorkspace, account: SimulatedAccount, clock: MovedClock, deps: Deps, policy: Path
    ) -> None:
        self.ws, self.account, self.clock, self.deps, self.policy = ws, account, clock, deps, policy
        self.ts = ""
        self.title = TITLE

    def fire(
        self, scenario: str | Scenario = SCENARIO, title: str = TITLE, says: str = "Approval needed"
    ) -> dict[str, Any]:
        """The card, once it says so. `title`: how it names the action, in its first words."""
        self.title = title
        self.ts = fire(scenario, self.account, self.ws)
        return self.card(says)

    def card(self, words: str, seconds: float = CARD_SECONDS) -> dict[str, Any]:
        """The card, once it says so; and it is one that Slack takes."""
        return self.ws.wait_for(lambda: self.reply(self.title, words, without="🔧"), seconds)

    def living(self, words: str, seconds: float = CARD_SECONDS) -> dict[str, Any]:
        return self.ws.wait_for(lambda: self.reply("🔧", words), seconds)

    def click(self, card: dict[str, Any], button: str, user: str = "maya") -> None:
        self.ws.click(user, "alerts", card["ts"], f"approval_{button}")

    def whisper(self, user: str, words: str) -> None:
        """Waits until only this person is told so."""
        self.ws.wait_for(lambda: any(words in text_of(told) for told in self.ws.whispers(user, "alerts")), CARD_SECONDS)

    def soon(self, shown: Callable[[], Any], seconds: float = 5) -> Any:
        """Lets time pass, `seconds` at each look of which there are ten in a second, until it is shown.

        Faster, a question would have expired on a busy machine by the time that anybody sees it.
        """

        def moved() -> Any:
            time.sleep(LOOK_SECONDS)
            self.clock.ahead += timedelta(seconds=seconds)
            return shown()

        return self.ws.wait_for(moved, CARD_SECONDS)

    def version(self) -> str:
        """What the alias points at."""
        return person()("lambda").get_alias(FunctionName=FUNCTION, Name="live")["FunctionVersion"]

    def reply(self, *words: str, without: str = "\0") -> dict[str, Any] | None:
        """The first one in the thread that says all of it. `without`: what the incident's own message says."""
        for message in replies(self.ws, "alerts", self.ts):
            if all(word in text_of(message) for word in words) and without not in text_of(message):
                assert validate_blocks(message.get("blocks") or []) == []
                return message
        return None


@contextmanager
def opened_stage(
    account: SimulatedAccount,
    clock: MovedClock,
    workspace: RunningWorkspace,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    policy: str = POLICY,
    **settings: Any,
) -> Generator[Stage]:
    """The service over both wires; the account is empty again afterwards.

    `policy` may name {maya}, {sofia} … by their Slack ids.
    """
    clock.ahead = timedelta()
    for name, value in account.environment(read_only=True).items():
        monkeypatch.setenv(name, value)
    written = home / "policy.yaml"
    people = {name: workspace.user_id(name) for name in ("maya", "sofia", "liwei", "priya")}
    written.write_text(policy.format(**people), "utf-8")
    given: dict[str, Any] = {
        **PATIENT,
        "action_policy": written,
        "executor_role_arn": account.executor_role_arn,
        "oncall_group": "S0PLATFORM",
        "channel_messages_per_minute": 600,
    }
    try:
        with running_service(workspace, home, {"clock": clock}, **(given | settings)) as deps:
            yield Stage(workspace, account, clock, deps, written)
    finally:
        account.reset()
