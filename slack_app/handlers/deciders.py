"""Who it is that decides, and which user groups they are in: asked of Slack at that moment, never remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, NamedTuple, cast

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from agent.ports import Deps
from agent.safety.approving import Refusal
from agent.safety.policy import policy_of

LOOKUP_SECONDS = 5.0
SLACKBOT = "USLACKBOT"
"""Slack describes it as a person."""
UNKNOWN = ("user_not_found", "user_not_visible", "users_not_found")
NO_GROUP = ("no_such_subteam", "subteam_not_found")
BOT = Refusal("stranger", "Apps and bots decide nothing; a person has to.")
GONE = Refusal("stranger", "This account is deactivated in Slack, so that it decides nothing any more.")
ELSEWHERE = Refusal("stranger", "Who belongs to another workspace decides nothing here.")


class Decider(NamedTuple):
    """As `agent.safety.approving.Click` has them."""

    groups: frozenset[str]
    unsaid: frozenset[str]
    doubt: Refusal | None


async def decider(
    user: str, names: Iterable[str], client: AsyncWebClient, team: str = "", said_team: str = ""
) -> Decider:
    """Of the groups among `names` those that somebody is in. `team`: the card's; `said_team`: the clicker's own."""
    groups = sorted({name for name in names if name.startswith("S")})
    doubt, *members = await asyncio.gather(
        _doubt(user, client, team, said_team), *(_is_in(user, group, client) for group in groups)
    )
    answers = cast("list[bool | None]", members)
    among = frozenset(group for group, answer in zip(groups, answers, strict=True) if answer)
    unsaid = frozenset(group for group, answer in zip(groups, answers, strict=True) if answer is None)
    return Decider(among, unsaid, cast("Refusal | None", doubt))


def approvers_of(deps: Deps) -> set[str]:
    """Everybody whom the policy names for anything."""
    return {name for grant in policy_of(deps.settings).document.approvers for name in grant.who}


async def _doubt(user: str, client: AsyncWebClient, team: str, said_team: str) -> Refusal | None:
    if not user or user == SLACKBOT:
        return BOT
    reply = await _asked(client.users_info(user=user))
    if isinstance(reply, str):
        return _stranger(user) if reply in UNKNOWN else _unsaid(reply)
    known = cast("dict[str, Any]", reply.get("user") or {})
    if known.get("is_bot"):
        return BOT
    if known.get("deleted"):
        return GONE
    own = {str(known.get("team_id") or ""), *((known.get("enterprise_user") or {}).get("teams") or ())}
    foreign = bool(team) and (team not in own - {""} or said_team not in ("", team, *own))
    return ELSEWHERE if known.get("is_stranger") or foreign else None


async def _is_in(user: str, group: str, client: AsyncWebClient) -> bool | None:
    """None when Slack does not say."""
    reply = await _asked(client.usergroups_users_list(usergroup=group))
    if isinstance(reply, str):
        return False if reply in NO_GROUP else None
    return user in cast("list[str]", reply.get("users") or [])


async def _asked(call: Awaitable[Any]) -> Any:
    """Slack's reply; its error, or the network's, as a word."""
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await call
    except SlackApiError as error:
        return str(error.response.get("error"))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return type(error).__name__


def _stranger(user: str) -> Refusal:
    return Refusal("stranger", f"Slack knows nobody with the id {user[:40]}, so that this does not count.")


def _unsaid(why: str) -> Refusal:
    sentence = f"Slack does not say just now who you are ({why}), so nothing was done; try again in a minute."
    return Refusal("unsaid", sentence)
