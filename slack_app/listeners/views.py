"""Modals that people send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from slack_bolt import App

from agent.models import JobKind
from slack_app.blocks.views import COMMENT_ACTION, COMMENT_BLOCK, COMMENT_VIEW
from slack_app.intake import Intake

AFTER_THE_CLICK = 0.001
"""Seconds. The words come after the click that opened the modal, whatever this machine's clock says."""


def register(app: App, intake: Intake) -> None:
    @app.view(COMMENT_VIEW)
    def on_comment(ack: Callable[[], None], view: dict[str, Any]) -> None:  # pyright: ignore[reportUnusedFunction] -- Bolt calls it
        ack()
        words = str(view["state"]["values"].get(COMMENT_BLOCK, {}).get(COMMENT_ACTION, {}).get("value") or "").strip()
        if words:
            judged = json.loads(view["private_metadata"])
            judged["at"] = f"{max(intake.clock().timestamp(), float(judged['at']) + AFTER_THE_CLICK):.6f}"
            intake.quick(JobKind.feedback, f"{judged['user']}:{view['id']}", {**judged, "comment": words})
