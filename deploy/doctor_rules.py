"""The doctor's look at the alert rules."""

from __future__ import annotations

from typing import Any

from agent.alert_rules import read_rules
from agent.errors import SettingsError
from agent.settings import Settings
from deploy.explaining import described

NAME = "Alert rules"


def check_rules(settings: Settings) -> dict[str, Any]:
    """As keywords of `Check`: every mistake in the user's file, and rules that can never match."""
    if settings.alert_rules is None:
        return _check("ok", "none of your own; those on board decide")
    try:
        rules = read_rules(settings.alert_rules)
    except SettingsError as error:
        return _check("fail", str(error), "correct the file, or unset WATCHKEEPER_ALERT_RULES")
    said = f"{settings.alert_rules}: {described(rules)}"
    if rules.unreachable:
        return _check("warn", said, "move the rule that takes everything to the end")
    return _check("ok", said)


def _check(status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": NAME, "status": status, "message": message, "fix": fix}
