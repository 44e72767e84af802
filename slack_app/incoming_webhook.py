"""Slack by an incoming webhook alone: messages can be posted, and nothing else. For one-shot mode (docs/tickets.md).

An incoming webhook gives no `ts`, so nothing can be edited, found again or answered to; buttons would lead nowhere.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from typing import Any, cast

import httpx
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from agent.errors import RetryLater, SettingsError
from agent.models import SlackPlace
from agent.redaction import redact
from agent.redaction.plain import redact_plain
from agent.secret_references import other_than
from agent.settings import Settings
from slack_app.blocks.paging import pages
from slack_app.blocks.text import cut
from slack_app.messenger import REFUSED_BLOCKS, SlackMessenger
from slack_app.outgoing import cleaned
from tools.json_api import TIMEOUT_SECONDS, TOO_MANY, retry_after

GONE = (403, 404, 410)
"""Revoked, or its channel is archived: only a new webhook helps."""
TEXT_CHARS = 39_000
MESSAGE_CHARS = 11_000
"""Of a message's blocks as JSON; Slack refuses somewhat more."""
LATER_SECONDS = 10.0
CLICKED = ("actions", "context_actions", "input")
Block = dict[str, Any]


class NoWebApi(AsyncWebClient):
    """Slack's Web API where there is no token for it: refuses everything, and sends nothing."""

    async def api_call(self, api_method: str, **_: Any) -> Any:
        raise SlackApiError(f"{api_method} needs a bot token", {"ok": False, "error": "not_authed"})


class WebhookMessenger(SlackMessenger):
    """Posts by the webhook of a topic; whatever place a caller names, its channel is the webhook's own."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(NoWebApi(token=""))
        named = {
            "": settings.slack_webhook_url,
            "critical": settings.slack_webhook_critical_url,
            "heartbeat": settings.slack_webhook_heartbeat_url,
        }
        self._urls = {topic: url for topic, url in named.items() if url is not None}

    async def say(self, topic: str, text: str, blocks: Sequence[Block] = ()) -> None:
        """One message. Blocks that Slack refuses are sent as their text. RetryLater while Slack is busy or down.

        SettingsError when the webhook is gone.
        """
        url = self._urls.get(topic) or self._urls[""]
        shown = without_buttons(cast("Sequence[Block]", redact_plain(blocks)))
        try:
            await _post(url, redact(text), shown)
        except SlackApiError as error:
            if not shown or error.response.get("error") not in REFUSED_BLOCKS:
                raise
            await _post(url, text_of(shown), ())

    async def team_id(self) -> str:
        return ""

    async def channel_id(self, channel: str) -> str:
        return channel

    async def find_marked(self, place: SlackPlace, mark: str, after: float) -> str:
        return ""

    async def find_own(self, place: SlackPlace, after_ts: str, known: Collection[str] = ()) -> str:
        return ""

    async def _post_one(self, place: SlackPlace, text: str, blocks: Sequence[Block], mark: str = "") -> str:
        await self.say("", text, blocks)
        return ""


def without_buttons(blocks: Sequence[Block]) -> list[Block]:
    kept = [block for block in blocks if block.get("type") not in CLICKED]
    return [{name: part for name, part in block.items() if name != "accessory"} for block in kept]


def messages(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks of each message, with all of Slack's limits kept."""
    found: list[list[Block]] = []
    for page in pages(without_buttons(blocks)):
        size = MESSAGE_CHARS + 1
        for block in page:
            length = len(json.dumps(block, ensure_ascii=False))
            if size + length > MESSAGE_CHARS:
                found.append([])
                size = 0
            found[-1].append(block)
            size += length
    return found


def text_of(blocks: Sequence[Block]) -> str:
    """Everything that the blocks say, a line for each."""
    lines = (" ".join(_strings(block)) for block in blocks)
    return cut("\n".join(line for line in lines if line), TEXT_CHARS)


def _strings(node: Any) -> list[str]:
    if isinstance(node, list):
        return [text for item in cast("list[Any]", node) for text in _strings(item)]
    if not isinstance(node, dict):
        return []
    known = cast("dict[str, Any]", node)
    text = known.get("text")
    return ([text] if isinstance(text, str) else _strings(text)) + [
        each for name in ("elements", "fields", "rows") for each in _strings(known.get(name))
    ]


async def _post(secret: SecretStr, text: str, blocks: Sequence[Block]) -> None:
    """By the webhook that is there now, if the one that was known is gone."""
    url = secret.get_secret_value()
    try:
        await _send(url, text, blocks)
    except SettingsError:
        other = await asyncio.to_thread(other_than, secret, url)
        if other is None:
            raise
        await _send(other, text, blocks)


async def _send(url: str, text: str, blocks: Sequence[Block]) -> None:
    said = {"text": cut(text, TEXT_CHARS), **({"blocks": list(blocks)} if blocks else {})}
    body = cleaned("chat.postMessage", said)
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as http:
            answer = await http.post(url, json=body)
    except httpx.HTTPError as error:
        raise RetryLater(f"Slack's incoming webhook does not answer ({type(error).__name__}).", LATER_SECONDS) from None
    status, said = answer.status_code, answer.text[:100].strip()
    if status == TOO_MANY or answer.is_server_error:
        raise RetryLater(f"Slack is busy ({status}).", retry_after(answer) or LATER_SECONDS)
    if status in GONE:
        raise SettingsError(
            f"Slack refuses the incoming webhook ({said}); make a new one and set WATCHKEEPER_SLACK_WEBHOOK_URL "
            "(or the topic's) to it."
        )
    if not answer.is_success:
        raise SlackApiError("The incoming webhook refused a message.", {"ok": False, "error": said})
