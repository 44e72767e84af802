"""Which channels' posts are analysed: settings name them, and Slack says which channel has which name."""

from __future__ import annotations

from typing import Any, cast

import aiohttp
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

REFUSALS = ("channel_not_found", "missing_scope", "not_in_channel", "no_permission", "access_denied")
"""What Slack says of a channel that we may not see. Anything else (`ratelimited`, an outage) says nothing of it."""


def channel_name(client: WebClient, channel: str) -> str | None:
    """A channel's name; "" when Slack does not show it to us, None when Slack did not answer."""
    try:
        return _name(cast("dict[str, Any]", client.conversations_info(channel=channel).data))
    except SlackApiError as error:
        return _refused(error)
    except (OSError, TimeoutError):
        return None


async def is_watched(client: AsyncWebClient, channel: str, watched: tuple[str, ...]) -> bool | None:
    """Whether a channel is one of those, by id or name; None when Slack did not answer."""
    if not watched or channel in watched:
        return bool(watched)
    try:
        reply = await client.conversations_info(channel=channel)
        name = _name(cast("dict[str, Any]", reply.data))
    except SlackApiError as error:
        name = _refused(error)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
    return None if name is None else name in watched


def _name(reply: dict[str, Any]) -> str:
    return str((reply.get("channel") or {}).get("name", ""))


def _refused(error: SlackApiError) -> str | None:
    return "" if error.response.get("error") in REFUSALS else None
