"""Buttons. Links are buttons to Slack too, and must be acknowledged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from agent.models import JobKind
from slack_app.blocks.buttons import CLARIFY, FEEDBACK, SHOW_EVIDENCE
from slack_app.blocks.ownership import ACTION, ACTIONS, FIX
from slack_app.blocks.passed import ANALYSE
from slack_app.blocks.views import comment_view, notice_view
from slack_app.intake import Intake
from slack_app.listeners.clicks import clicked, open_view, owned, whisper

LOADING = "One moment: looking the evidence up…"
TOO_LATE = "Slack took too long to open the window; please press the button again."
CHOSEN = "Somebody chose already."

Ack = Callable[[], None]


def register(app: App, intake: Intake) -> None:
    app.action(re.compile(r"^link:"))(_acknowledge)

    @app.action(SHOW_EVIDENCE)
    def on_show_evidence(ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        click = clicked(body)
        view_id = open_view(client, body, notice_view("Evidence", LOADING))
        if not view_id:
            whisper(client, click, TOO_LATE)
            return
        intake.quick(JobKind.evidence, view_id, {**click, "view_id": view_id, "asked_ts": str(action["value"])})

    @app.action(FEEDBACK)
    def on_feedback(ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        verdict, _, asked_ts = str(action["value"]).partition("|")
        judged = {**clicked(body), "asked_ts": asked_ts, "good": verdict == "good", "comment": ""}
        judged["at"] = str(action["action_ts"])
        intake.quick(JobKind.feedback, f"{judged['user']}:{action['action_ts']}", judged)
        if verdict == "bad":
            open_view(client, body, comment_view(json.dumps(judged)))

    @app.action(re.compile(rf"^{ANALYSE}(:\d+)?$"))
    def on_analyse(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        asked = {"incident": str(action["value"]), "why": "asked", "user": clicked(body)["user"]}
        intake.quick(JobKind.analysis, f"{asked['incident']}:{action['action_ts']}", asked)

    @app.action(re.compile(rf"^{ACTION}"))
    def on_ownership(ack: Ack, body: dict[str, Any], action: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        incident, name, value = owned(action)
        if incident and name == FIX:
            wanted = {**clicked(body), "fix": incident, "at": str(action["action_ts"])}
            intake.quick(JobKind.verify, f"fix:{incident}:{wanted['user']}:{wanted['at']}", wanted)
        elif incident and name in ACTIONS:
            done = {**clicked(body), "incident": incident, "action": name, "value": value}
            done["at"] = str(action["action_ts"])
            intake.quick(JobKind.ownership, f"{incident}:{done['user']}:{done['at']}", done)

    @app.action(re.compile(rf"^{CLARIFY}\d+$"))
    def on_choice(ack: Ack, body: dict[str, Any], action: dict[str, Any], client: WebClient) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        message, click = body.get("message") or {}, clicked(body)
        shown = {"shown": str(message.get("text", "")), "blocks": message.get("blocks") or []}
        chosen = {"choice": str(action["value"]), "action_ts": str(action["action_ts"])}
        if not intake.choice({**click, **shown, **chosen}):
            whisper(client, click, CHOSEN)


def _acknowledge(ack: Ack) -> None:
    ack()
