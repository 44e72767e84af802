"""What people and apps said above a question in a thread that is not Watchkeeper's: an alert, a remark, a log line."""

from __future__ import annotations

import asyncio
import html
from collections import deque
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from agent.models import ChatMessage, Conversation, SlackPlace
from agent.redaction import redact
from agent.sources.slack_post import post_text
from slack_app.blocks.text import cut
from slack_app.handlers.desk import Desk
from slack_app.handlers.waiting import has_analysis
from slack_app.intake import HEARD_SUBTYPES, slack_time

MAX_REPLIES = 5
ROOT_CHARS, REPLY_CHARS = 1000, 200
"""At most 2,000 characters together; the post above the thread is what most questions there are about."""
APP_CHARS = 60

Message = dict[str, Any]


async def said_above(desk: Desk, place: SlackPlace, thread: Conversation | None, before_ts: str) -> list[ChatMessage]:
    """The thread's first message and the last few by others before a question, as turns that nobody answered.

    Nothing where the thread's own turns tell what it is about, and where Slack does not show what was said.
    """
    known = {turn.ts for turn in thread.messages} if thread else set[str]()
    if place.thread_ts in {before_ts, *known} or has_analysis(thread):
        return []
    root, replies = list[Message](), deque[Message](maxlen=MAX_REPLIES)
    try:
        async for message in desk.messenger.replies(place, before=before_ts):
            if float(message["ts"]) >= float(before_ts) or not await _is_new(message, known, desk):
                continue
            (root if message["ts"] == place.thread_ts else replies).append(message)
    except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
        return []
    shown = [(message, ROOT_CHARS) for message in root[:1]] + [(message, REPLY_CHARS) for message in replies]
    turns = await asyncio.gather(*(_turn(message, limit, desk) for message, limit in shown))
    return [turn for turn in turns if turn.text]


async def _is_new(message: Message, known: set[str], desk: Desk) -> bool:
    """Said by somebody else, and no turn of the conversation."""
    heard = str(message.get("subtype") or "") in HEARD_SUBTYPES
    return heard and message["ts"] not in known and message.get("user") != await desk.messenger.user_id()


async def _turn(message: Message, limit: int, desk: Desk) -> ChatMessage:
    user, ts = str(message.get("user", "")), str(message["ts"])
    if message.get("bot_id"):
        profile = message.get("bot_profile") or {}
        app = cut(str(message.get("username") or profile.get("name") or "an app"), APP_CHARS)
        text, name = f"post by {app}: {post_text(message)}", ""
    else:
        text, name = html.unescape(str(message.get("text", ""))), (await desk.people.asker(user)).name
    said = cut(redact(text).strip(), limit)
    return ChatMessage(role="user", text=said, author=user, author_name=name, ts=ts, at=slack_time(ts))
