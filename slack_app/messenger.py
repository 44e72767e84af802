"""Shows things in Slack: posts, edits in place, streams to the person who asked, and copes with what Slack refuses."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Sequence
from typing import Any, cast

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from agent.models import SlackPlace
from agent.redaction import redact
from agent.redaction.plain import redact_plain
from agent.visible import visible
from slack_app.blocks.figures import without_charts, without_tables
from slack_app.blocks.paging import pages
from slack_app.blocks.text import cut, pieces
from slack_app.guarded_client import GuardedClient
from slack_app.repeating import RepeatWhatIsSafe

log = logging.getLogger(__name__)
SECONDS_BETWEEN_EDITS = 1.2
TEXT_LIMIT = 4000
PAGE = 200
REFUSED_BLOCKS = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long")
MARK = "watchkeeper_incident"
"""`event_type` of the metadata by which a message of an incident is found again."""
MARKED_PAGES = 5
CLOCKS_APART_SECONDS = 86_400.0
"""By how much this machine's clock may be, or have been, ahead of Slack's."""
PACED = 1000
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{6,}")

Part = tuple[str, list[dict[str, Any]]]
"""One message: its text and its blocks."""


def web_client(token: SecretStr | str, api_url: str, *, only_in_jobs: bool = False) -> AsyncWebClient:
    """A Slack client that waits when told to slow down, says nothing twice, and nothing that may not be said."""
    secret = SecretStr(token) if isinstance(token, str) else token
    client = GuardedClient(secret, api_url, only_in_jobs=only_in_jobs)
    client.retry_handlers[:] = [RepeatWhatIsSafe(), AsyncRateLimitErrorRetryHandler(max_retry_count=5)]
    return client


class SlackMessenger:
    """The Messenger port over Slack's Web API. Nothing is unfurled and no names are linked."""

    def __init__(self, client: AsyncWebClient, seconds_between_edits: float = SECONDS_BETWEEN_EDITS) -> None:
        self.client = client
        self._pace = seconds_between_edits
        self._me: dict[str, str] = {}
        self._channels: dict[str, str] = {}
        self._private: dict[str, bool] = {}
        self._links: dict[tuple[str, str], str] = {}
        self._edited: dict[tuple[str, str], float] = {}

    async def team_id(self) -> str:
        """The workspace that the token is for."""
        return (await self._who_am_i())["team_id"]

    async def user_id(self) -> str:
        """Watchkeeper's own."""
        return (await self._who_am_i())["user_id"]

    async def _who_am_i(self) -> dict[str, str]:
        """auth.test, asked once."""
        if not self._me:
            reply = await self.client.auth_test()
            self._me = {name: str(reply[name]) for name in ("team_id", "user_id")}
        return self._me

    async def post(self, place: SlackPlace, text: str, blocks: Sequence[dict[str, Any]] = ()) -> str:
        """Post into the thread, or into the channel; what does not fit follows. Returns the first message's ts."""
        return (await self.post_all(place, text, blocks))[0]

    async def post_all(self, place: SlackPlace, text: str, blocks: Sequence[dict[str, Any]] = ()) -> list[str]:
        """As `post`; returns the ts of every message that it took."""
        return [await self._post_one(place, words, shown) for words, shown in _messages(text, blocks)]

    async def post_marked(self, place: SlackPlace, mark: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> str:
        """One message that `find_marked` finds again by its mark, whatever else stands around it."""
        (words, shown), *_ = _messages(text, blocks)
        return await self._post_one(place, words, shown, mark)

    async def find_marked(self, place: SlackPlace, mark: str, after: float) -> str:
        """The ts of the message with this mark, in the thread or (without one) the channel; "" if there is none.

        `after`: when it may have been posted at the earliest, on a clock that need not be Slack's.
        """
        cursor = ""
        oldest = f"{after - CLOCKS_APART_SECONDS:.6f}"
        where: dict[str, Any] = {"channel": place.channel, "oldest": oldest, "limit": PAGE}
        where["include_all_metadata"] = True
        for _ in range(MARKED_PAGES):
            if place.thread_ts:
                reply = await self.client.conversations_replies(**where, ts=place.thread_ts, cursor=cursor or None)
            else:
                reply = await self.client.conversations_history(**where, cursor=cursor or None)
            for message in cast("list[dict[str, Any]]", reply.get("messages") or []):
                metadata = message.get("metadata") or {}
                payload = metadata.get("event_payload") or {}
                if metadata.get("event_type") == MARK and payload.get("mark") == mark:
                    return str(message["ts"])
            cursor = str((reply.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return ""

    async def edit(self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> None:
        """Replace one message's content, at least `seconds_between_edits` after this process did so last."""
        key = (place.channel, ts)
        await asyncio.sleep(max(0.0, self._edited.get(key, 0.0) + self._pace - time.monotonic()))
        (words, shown), *_ = _messages(text, blocks)
        await self._update_one(place, ts, words, shown)
        self._edited[key] = time.monotonic()
        while len(self._edited) > PACED:
            del self._edited[next(iter(self._edited))]

    async def channel_id(self, channel: str) -> str:
        """Of a channel's name, or of what is an id already; "" when Slack lists no such channel."""
        name = channel.lstrip("#")
        if _CHANNEL_ID.fullmatch(name):
            return name
        cursor = ""
        while name not in self._channels:
            reply = await self.client.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=1000, cursor=cursor or None
            )
            listed = cast("list[dict[str, Any]]", reply.get("channels") or [])
            self._channels |= {str(known.get("name")): str(known["id"]) for known in listed}
            cursor = str((reply.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return self._channels.get(name, "")

    async def is_private(self, channel: str) -> bool:
        """Whether only some people may see a channel; yes when Slack does not tell. Asked once for each."""
        if channel not in self._private:
            try:
                reply = await self.client.conversations_info(channel=channel)
            except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
                return True
            described = cast("dict[str, Any]", reply.get("channel") or {})
            self._private[channel] = bool(described.get("is_private", True))
        return self._private[channel]

    async def permalink(self, channel: str, ts: str) -> str:
        """The address of a message; "" when Slack does not tell. Asked once for each."""
        key = (channel, ts)
        if key not in self._links:
            try:
                reply = await self.client.chat_getPermalink(channel=channel, message_ts=ts)
            except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError):
                return ""
            self._links[key] = str(reply.get("permalink") or "")
            while len(self._links) > PACED:
                del self._links[next(iter(self._links))]
        return self._links.get(key, "")

    async def update(self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> None:
        """Replace a message's content; what does not fit follows in the thread."""
        await self.update_all(place, ts, text, blocks)

    async def update_all(
        self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()
    ) -> list[str]:
        """As `update`; returns the ts of the messages that follow."""
        (words, first), *rest = _messages(text, blocks)
        await self._update_one(place, ts, words, first)
        return [await self._post_one(place, words, shown) for words, shown in rest]

    async def find_own(self, place: SlackPlace, after_ts: str, known: Collection[str] = ()) -> str:
        me = await self.user_id()
        async for message in self.replies(place, after=after_ts):
            ts = str(message["ts"])
            own = message.get("user") == me and not message.get("files")  # no answer begins with a file
            if own and float(ts) > float(after_ts) and ts not in known:
                return ts
        return ""

    async def replies(self, place: SlackPlace, after: str = "", before: str = "") -> AsyncGenerator[dict[str, Any]]:
        """A thread's messages in a range, oldest first, however long it is; the root comes always, maybe repeatedly."""
        cursor = ""
        while True:
            reply = await self.client.conversations_replies(
                channel=place.channel,
                ts=place.thread_ts,
                oldest=after or None,
                latest=before or None,
                limit=PAGE,
                cursor=cursor or None,
            )
            for message in cast("list[dict[str, Any]]", reply.get("messages") or []):
                yield message
            cursor = str((reply.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return

    async def upload(self, place: SlackPlace, name: str, text: str, comment: str = "") -> None:
        """A file in the thread, for what is too long for messages."""
        await self.client.files_upload_v2(
            channel=place.channel,
            thread_ts=place.thread_ts,
            filename=name,
            title=name,
            content=redact(visible(text)),
            initial_comment=redact(comment) or None,
        )

    async def set_status(self, place: SlackPlace, text: str) -> bool:
        """The line under the thread while an answer is coming; False where Slack shows none."""
        try:
            await self.client.assistant_threads_setStatus(
                channel_id=place.channel, thread_ts=place.thread_ts, status=redact(text)
            )
        except SlackApiError as error:
            log.debug("setStatus refused: %s", error.response.get("error"))
            return False
        return True

    async def _update_one(self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        async def send(shown: Sequence[dict[str, Any]]) -> None:
            await self.client.chat_update(
                channel=place.channel, ts=ts, text=text, blocks=list(shown), unfurl_links=False
            )

        await _or_as_text(send, blocks)

    async def _post_one(self, place: SlackPlace, text: str, blocks: Sequence[dict[str, Any]], mark: str = "") -> str:
        ts = ""
        metadata = {"event_type": MARK, "event_payload": {"mark": mark}} if mark else None

        async def send(shown: Sequence[dict[str, Any]]) -> None:
            nonlocal ts
            reply = await self.client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread_ts or None,
                text=text,
                blocks=list(shown) or None,
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
                metadata=metadata,
            )
            ts = str(reply["ts"])

        await _or_as_text(send, blocks)
        return ts


async def _or_as_text(
    send: Callable[[Sequence[dict[str, Any]]], Awaitable[None]], blocks: Sequence[dict[str, Any]]
) -> None:
    """Send with blocks; without charts, without tables, and at last as text alone when Slack refuses them."""
    for shown in _plainer(blocks):
        try:
            await send(shown)
            return
        except SlackApiError as error:
            if not shown or error.response.get("error") not in REFUSED_BLOCKS:
                raise
            reason = error.response.get("response_metadata") or error.response.get("error")
            log.error("Slack refused blocks: %s", reason)


def _plainer(blocks: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """The blocks, and what to try instead, each once: an ugly answer beats none."""
    yield blocks
    kinds = {block.get("type") for block in blocks}
    if "data_visualization" in kinds:
        yield without_charts(blocks)
    if kinds & {"data_visualization", "table"}:
        yield without_tables(blocks)
    if blocks:
        yield ()


def _messages(text: str, blocks: Sequence[dict[str, Any]]) -> list[Part]:
    """The messages that it takes: blocks with the text as their fallback, or the text alone. No secret is in them."""
    text, blocks = redact(text), cast("Sequence[dict[str, Any]]", redact_plain(blocks))
    if not blocks:
        return [(part, []) for part in pieces(text, TEXT_LIMIT)] or [(text, [])]
    shares = enumerate(pages(blocks))
    return [(cut(text, TEXT_LIMIT) if not number else "(continued)", share) for number, share in shares]
