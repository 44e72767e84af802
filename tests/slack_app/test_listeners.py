"""The manifest asks Slack for what the listeners handle, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from deploy.local.workspace.team import SCOPES
from slack_app.blocks.help import suggested_prompts
from slack_app.listeners import actions, approvals, commands, events, home, views

MANIFEST: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "slack_app" / "manifest.yaml").read_text(encoding="utf-8")
)
ON_MESSAGE = {"message.channels", "message.groups", "message.im"}


class Wiring:
    """Stands where Bolt's App does while listeners register, and writes down what they listen to."""

    def __init__(self) -> None:
        self.heard: dict[str, set[str]] = {"event": set(), "action": set(), "view": set(), "command": set()}

    def __getattr__(self, kind: str) -> Any:
        def listen(to: Any) -> Any:
            self.heard[kind].add(getattr(to, "pattern", to))
            return lambda function: function

        return listen


def _heard() -> dict[str, set[str]]:
    wiring: Any = Wiring()
    for module in (events, actions, approvals, views, commands, home):
        module.register(wiring, None)  # pyright: ignore[reportArgumentType] -- nothing is called while wiring
    return wiring.heard


def test_the_manifest_subscribes_to_the_events_that_are_handled() -> None:
    asked = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    assert asked - ON_MESSAGE | {"message"} == _heard()["event"]
    assert asked >= ON_MESSAGE


def test_the_manifest_names_the_command_that_is_handled_and_says_how_to_use_it() -> None:
    (command,) = MANIFEST["features"]["slash_commands"]
    assert {command["command"]} == _heard()["command"]
    for name in commands.BY_THE_WORKER:
        assert name in command["usage_hint"]


def test_every_button_and_modal_has_a_listener() -> None:
    heard = _heard()
    incidents = {"^incident_", r"^analyse_alert(:\d+)?$"}
    answers = {"^link:", "show_evidence", "answer_feedback", r"^clarify_\d+$"}
    assert heard["action"] == answers | incidents | {"^approval_"}
    approvals_of = {"approval_rejected", "approval_edited", "approval_glass", "approval_reviewed"}
    assert heard["view"] == {"feedback_comment"} | approvals_of


def test_the_local_workspace_grants_what_the_manifest_asks_for() -> None:
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) <= set(SCOPES)
    assert "users:read" in MANIFEST["oauth_config"]["scopes"]["bot"]


def test_the_agent_view_suggests_the_same_questions_before_and_after_it_is_opened() -> None:
    assert MANIFEST["features"]["agent_view"]["suggested_prompts"] == suggested_prompts()
