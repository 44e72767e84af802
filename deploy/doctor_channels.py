"""The doctor's look at the channels that settings and rules name: Watchkeeper has to be in each."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from slack_sdk import WebClient

from agent.alert_rules import read_rules
from agent.errors import SettingsError
from agent.settings import Settings

NAME = "Alert channels"


def named_channels(settings: Settings) -> list[str]:
    """Those that are watched, and those that rules post to; rules that cannot be read are another check's matter."""
    by_rules: tuple[str, ...] = ()
    with suppress(SettingsError):
        by_rules = read_rules(settings.alert_rules).channels
    return list(dict.fromkeys((*settings.alert_channels, *by_rules)))


def listed_channels(client: WebClient) -> list[dict[str, Any]]:
    """What Slack's conversations.list shows: private channels only to their members. SlackApiError, OSError."""
    kinds = "public_channel,private_channel"
    pages = client.conversations_list(types=kinds, limit=1000, exclude_archived=True)
    return [channel for page in pages for channel in cast("list[dict[str, Any]]", page["channels"])]


def check_channels(settings: Settings, listed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """As keywords of `Check`."""
    wanted = named_channels(settings)
    known = {key: channel for channel in listed for key in (channel["id"], channel["name"])}
    if outside := [name for name in wanted if name in known and not known[name].get("is_member")]:
        return _check("fail", f"not a member of {', '.join(outside)}", "type /invite @watchkeeper there")
    if unknown := [name for name in wanted if name not in known]:
        fix = (
            "create the channel, type /invite @watchkeeper in it if it is private, "
            "or name others in WATCHKEEPER_ALERT_CHANNELS and the rules"
        )
        return _check("warn", f"not found: {', '.join(unknown)}", fix)
    return _check("ok", ", ".join(f"#{name}" for name in wanted))


def _check(status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": NAME, "status": status, "message": message, "fix": fix}
