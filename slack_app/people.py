"""Who is asking: name and time zone from Slack, looked up once an hour for each person."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import Any, cast
from zoneinfo import ZoneInfo

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from agent.models import Asker
from slack_app.blocks.text import escape

log = logging.getLogger(__name__)
KEPT_SECONDS = 3600.0
REFUSED_SECONDS = 300.0
"""How long a refusal (a missing scope, Slack unreachable) is believed before it is tried again."""
LOOKUP_SECONDS = 3.0
REFUSED = ("missing_scope", "not_allowed_token_type", "no_permission", "access_denied")
"""What waiting does not help against."""
_GROUP_ID, _USER_ID = re.compile(r"S[A-Z0-9]{6,}"), re.compile(r"[UW][A-Z0-9]{6,}")


class People:
    """`await people.asker("U123")`. Somebody whom Slack does not describe is an id in UTC."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: dict[str, tuple[Asker, float]] = {}

    async def asker(self, user: str) -> Asker:
        known = self._known.get(user)
        if known and known[1] > time.monotonic():
            return known[0]
        asker, seconds = await self._look_up(user)
        self._known[user] = (asker, time.monotonic() + seconds)
        return asker

    async def name(self, user: str) -> str:
        """What people call somebody; "somebody" when Slack does not say."""
        return (await self.asker(user)).name or "somebody"

    async def mention(self, name: str, patient: bool = False) -> str:
        """Calls a user group or a person: by id (`S…`, `U…`) or by the group's handle; what nobody has is dead text.

        `patient`: raises when Slack cannot be asked now, rather than calling nobody.
        """
        if _USER_ID.fullmatch(name):
            return f"<@{name}>"
        group = name if _GROUP_ID.fullmatch(name) else await self._group(name, patient)
        return f"<!subteam^{group}>" if group else escape(name)

    async def _group(self, handle: str, patient: bool) -> str:
        """The id of the user group with this handle; "" when Slack knows none."""
        try:
            reply = await self._client.usergroups_list()
        except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            if patient and _reason(error) not in REFUSED:
                raise
            log.warning("usergroups.list is refused (%s): %s cannot be called", _reason(error), handle)
            return ""
        groups = cast("list[dict[str, Any]]", reply.get("usergroups") or [])
        return next((str(group["id"]) for group in groups if group.get("handle") == handle.lstrip("@")), "")

    async def _look_up(self, user: str) -> tuple[Asker, float]:
        if not user:
            return Asker(), REFUSED_SECONDS
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                reply = await self._client.users_info(user=user)
        except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("users.info is refused (%s): times are taken as UTC, names are unknown", _reason(error))
            return Asker(user=user), REFUSED_SECONDS
        described = cast("dict[str, Any]", reply.get("user") or {})
        return Asker(user=user, name=_name(described), zone=_zone(str(described.get("tz") or ""))), KEPT_SECONDS


def _name(described: dict[str, Any]) -> str:
    profile = described.get("profile") or {}
    return str(profile.get("real_name") or profile.get("display_name") or described.get("name") or "")


def _zone(name: str) -> str:
    """The zone, if this machine knows it too."""
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or the name of a folder
        return "UTC"


def _reason(error: Exception) -> str:
    return str(error.response.get("error")) if isinstance(error, SlackApiError) else type(error).__name__
