"""An answer that appears while it is made: streamed where Slack streams, edited in place where it does not.

A stream needs a human recipient and dies after about five minutes, so it is given up for edits well before that.

    async with LiveAnswer(messenger, place, user) as live:
        await live.begin()          # something to see, before any work
        await live.follow(part)     # cards for what the graph reports
        await live.finish(...)

However the context is left, no stream stays open.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Self

from slack_sdk.errors import SlackApiError

from agent.models import SlackPlace
from agent.redaction.plain import redact_plain
from slack_app.blocks.paging import pages
from slack_app.blocks.progress import Progress, Task, progress_blocks
from slack_app.blocks.text import escape
from slack_app.live_message import LiveMessage
from slack_app.messenger import SlackMessenger

log = logging.getLogger(__name__)
STREAM_SECONDS = 220
CHUNK_LIMIT = 9_000
STATUS = "is looking into it…"
TITLE = "Looking into it"
DONE_TITLE = "What was checked"
STOPPED_TITLE = "Stopped"
CONTINUED = "(continued)"
NOT_EDITABLE = ("streaming_state_conflict", "message_not_found", "cant_update_message", "edit_window_closed")
"""A stream that Slack would not close, and a message that somebody deleted meanwhile."""

Block = dict[str, Any]


async def nobody_is_told(ts: str) -> None:
    """For a LiveAnswer that nobody has to find again."""


class LiveAnswer:
    """The one message that answers one question."""

    def __init__(
        self,
        messenger: SlackMessenger,
        place: SlackPlace,
        recipient: str,
        existing_ts: str = "",
        begun: Callable[[str], Awaitable[None]] = nobody_is_told,
    ) -> None:
        """`existing_ts`: the message that an earlier attempt left. `begun` is told the ts of a new one."""
        self.pages: list[str] = []
        self._messenger = messenger
        self._place = place
        self._recipient = recipient
        self._progress = Progress()
        self._left_ts = existing_ts
        self._stream_ts = ""
        self._closed = False
        self._started_at = 0.0
        self._live: LiveMessage | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._tell_begun = begun

    @property
    def ts(self) -> str:
        return self._stream_ts or (self._live.ts if self._live else self._left_ts)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """After a failure the cards say that they were not finished."""
        with suppress(SlackApiError, OSError, TimeoutError):
            if self._beginning is not None:
                await self._beginning
            if self._stream_ts and not self._closed:
                await self._append([_task_chunk(task) for task in self._progress.stop(failed=True)])
                if self._stream_ts:
                    await self._edit_instead()

    async def begin(self) -> None:
        """Something to see within the first second: Slack's status, or a card where Slack refuses to show one."""
        if not await self._messenger.set_status(self._place, STATUS):
            await self._show(self._progress.begin())

    async def follow(self, part: dict[str, Any]) -> None:
        """Show what the graph reports."""
        changed = self._progress.follow(part)
        if changed:
            await self._show(changed)

    async def finish(
        self,
        chunks: Sequence[str],
        text: str,
        closing: Sequence[Block],
        whole: Sequence[Block],
        *,
        complete: bool = True,
    ) -> None:
        """Stream the text and close with blocks, or put the whole answer into the edited message.

        Not `complete`: somebody stopped it, and the cards say which looks were not finished.
        """
        finished = self._progress.finish() if complete else self._progress.stop()
        await self._show(finished)
        if finished and self._stream_ts:
            await self._append([{"type": "plan_update", "title": DONE_TITLE if complete else STOPPED_TITLE}])
        if self._stream_ts and await self._stream_out(chunks, closing):
            return
        live = self._live or await self._edit_instead()
        try:
            self.pages += await live.finish(text, whole)
        except SlackApiError as error:
            if error.response.get("error") not in NOT_EDITABLE:
                raise
            log.warning("the message cannot be edited (%s); the answer follows it", error.response.get("error"))
            self.pages += await self._messenger.post_all(self._place, text, whole)

    async def _show(self, changed: Sequence[Task]) -> None:
        await self._begun()
        if self._stream_ts:
            await self._append([_task_chunk(task) for task in changed])
        elif self._live and self._progress.tasks:
            self._live.show(TITLE, progress_blocks(self._progress, TITLE))

    async def _begun(self) -> None:
        """Begin once. Who is cancelled meanwhile leaves no message behind that nobody knows of."""
        if self._stream_ts or self._live:
            return
        if self._beginning is None or (self._beginning.done() and self._beginning.exception()):
            self._beginning = asyncio.create_task(self._begin())
        await asyncio.shield(self._beginning)

    async def _begin(self) -> None:
        """A stream, or the message that an earlier attempt left."""
        if self._left_ts:
            await self._edit_instead()
            return
        try:
            reply = await self._messenger.client.chat_startStream(
                channel=self._place.channel,
                thread_ts=self._place.thread_ts,
                recipient_user_id=self._recipient,
                recipient_team_id=self._place.team or await self._messenger.team_id(),
                task_display_mode="plan",
            )
            self._stream_ts, self._started_at = str(reply["ts"]), time.monotonic()
        except SlackApiError as error:
            log.info("streaming refused (%s); editing in place instead", error.response.get("error"))
            ts = await self._messenger.post(self._place, TITLE)
            self._live = LiveMessage(self._messenger, self._place, ts)
        await self._tell_begun(self.ts)

    async def _append(self, chunks: list[dict[str, Any]]) -> bool:
        """False when the stream is over; from then on the message is edited."""
        if not chunks:
            return True
        if time.monotonic() - self._started_at < STREAM_SECONDS:
            try:
                await self._messenger.client.chat_appendStream(
                    channel=self._place.channel, ts=self._stream_ts, chunks=redact_plain(chunks)
                )
                return True
            except SlackApiError as error:
                log.info("the stream ended early (%s)", error.response.get("error"))
        await self._edit_instead()
        return False

    async def _stream_out(self, chunks: Sequence[str], closing: Sequence[Block]) -> bool:
        if sum(map(len, chunks)) > CHUNK_LIMIT:
            return False
        first, *rest = pages(closing) or [[]]
        for chunk in chunks:
            if not await self._append([{"type": "markdown_text", "text": chunk}]):
                return False
        try:
            await self._stop(self._stream_ts, first)
        except SlackApiError as error:
            log.info("the stream could not be closed (%s)", error.response.get("error"))
            return False
        self._closed = True
        for share in rest:
            self.pages += await self._messenger.post_all(self._place, CONTINUED, share)
        return True

    async def _stop(self, ts: str, blocks: Sequence[Block] = ()) -> None:
        await self._messenger.client.chat_stopStream(
            channel=self._place.channel, ts=ts, blocks=redact_plain(blocks) or None
        )

    async def _edit_instead(self) -> LiveMessage:
        """Go on in the same message. While it is a stream, Slack refuses to have it edited."""
        ts, self._stream_ts = self.ts, ""
        self._live = live = LiveMessage(self._messenger, self._place, ts)  # even if it is cancelled while it waits
        with suppress(SlackApiError):
            await self._stop(ts)
        return live


def _task_chunk(task: Task) -> dict[str, Any]:
    """The card with its latest detail, which may quote foreign text."""
    chunk = {"type": "task_update", "id": task.id, "title": task.title, "status": task.status}
    return {**chunk, "details": escape(task.details[-1])} if task.details else chunk
