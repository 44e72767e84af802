"""Shows things in Slack: posts, edits in place, streams to the person who asked, and copes with what Slack refuses."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Sequence
from typing import Any, cast

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from agent.models import SlackPlace
from agent.redaction import redact
from agent.redaction.plain import redact_plain
from slack_app.blocks.figures import without_charts, without_tables
from slack_app.blocks.paging import pages
from slack_app.blocks.text import cut, pieces

log = logging.getLogger(__name__)
SECONDS_BETWEEN_EDITS = 1.2
TEXT_LIMIT = 4000
PAGE = 200
REFUSED_BLOCKS = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long")

Part = tuple[str, list[dict[str, Any]]]
"""One message: its text and its blocks."""


def web_client(token: str, api_url: str) -> AsyncWebClient:
    """A Slack client that waits when told to slow down."""
    client = AsyncWebClient(token=token, base_url=api_url)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=5))
    return client


class SlackMessenger:
    """The Messenger port over Slack's Web API. Nothing is unfurled and no names are linked."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.client = client
        self._me: dict[str, str] = {}

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

    async def update(self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> None:
        """Replace a message's content; what does not fit follows in the thread."""
        await self.update_all(place, ts, text, blocks)

    async def update_all(
        self, place: SlackPlace, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()
    ) -> list[str]:
        """As `update`; returns the ts of the messages that follow."""
        (words, first), *rest = _messages(text, blocks)

        async def send(shown: Sequence[dict[str, Any]]) -> None:
            await self.client.chat_update(
                channel=place.channel, ts=ts, text=words, blocks=list(shown), unfurl_links=False
            )

        await _or_as_text(send, first)
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
            content=redact(text),
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

    async def _post_one(self, place: SlackPlace, text: str, blocks: Sequence[dict[str, Any]]) -> str:
        ts = ""

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


class LiveMessage:
    """One message edited in place, at most once in 1.2 s; edits in between are merged into the next one.

    `show` returns at once; `finish` sends the last content for certain.
    """

    def __init__(self, messenger: SlackMessenger, place: SlackPlace, ts: str) -> None:
        self.ts = ts
        self._messenger = messenger
        self._place = place
        self._next: Part | None = None
        self._sender: asyncio.Task[None] | None = None
        self._sent_at = time.monotonic()

    def show(self, text: str, blocks: Sequence[dict[str, Any]]) -> None:
        self._next = (text, list(blocks))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_soon())

    async def finish(self, text: str, blocks: Sequence[dict[str, Any]]) -> list[str]:
        """Returns the ts of the messages that follow where one is too little."""
        self._next = None
        if self._sender is not None:
            await self._sender
        await self._wait()
        pages = await self._messenger.update_all(self._place, self.ts, text, blocks)
        self._sent_at = time.monotonic()
        return pages

    def _take(self) -> Part | None:
        newest, self._next = self._next, None
        return newest

    async def _send_soon(self) -> None:
        """Until there is nothing newer: what is shown while an edit is under way is the next edit."""
        while self._next is not None:
            await self._wait()
            newest = self._take()
            if newest is None:
                return
            try:
                await self._messenger.update(self._place, self.ts, *newest)
            except Exception as error:  # progress is a nicety; only the last edit has to arrive
                log.warning("a progress edit failed: %s", error)
            self._sent_at = time.monotonic()

    async def _wait(self) -> None:
        await asyncio.sleep(max(0.0, SECONDS_BETWEEN_EDITS - (time.monotonic() - self._sent_at)))
