"""An answer that appears while it is made: streamed where Slack streams, edited in place where it does not.

A stream needs a human recipient and dies after about five minutes, so it is given up for edits well before that.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from slack_sdk.errors import SlackApiError

from agent.models import SlackPlace
from agent.redaction.plain import redact_plain
from slack_app.blocks.progress import Progress, Task, progress_blocks
from slack_app.blocks.text import escape
from slack_app.messenger import LiveMessage, SlackMessenger

log = logging.getLogger(__name__)
STREAM_SECONDS = 220
CHUNK_LIMIT = 9_000
TITLE = "Looking into it"
DONE_TITLE = "What was checked"


class LiveAnswer:
    """The one message that answers one question."""

    def __init__(self, messenger: SlackMessenger, place: SlackPlace, recipient: str, existing_ts: str = "") -> None:
        self._messenger = messenger
        self._place = place
        self._recipient = recipient
        self._progress = Progress()
        self._left_ts = existing_ts
        self._stream_ts = ""
        self._started_at = 0.0
        self._live: LiveMessage | None = None

    @property
    def ts(self) -> str:
        return self._stream_ts or (self._live.ts if self._live else self._left_ts)

    async def follow(self, part: dict[str, Any]) -> None:
        """Show what the graph reports."""
        changed = self._progress.follow(part)
        if changed:
            await self._show(changed)

    async def finish(
        self, chunks: Sequence[str], text: str, closing: Sequence[dict[str, Any]], whole: Sequence[dict[str, Any]]
    ) -> None:
        """Stream the text and close with blocks, or put the whole answer into the edited message."""
        finished = self._progress.finish()
        await self._show(finished)
        if finished and self._stream_ts:
            await self._append([{"type": "plan_update", "title": DONE_TITLE}])
        if self._stream_ts and await self._stream_out(chunks, closing):
            return
        live = self._live or await self._edit_instead()
        await live.finish(text, whole)

    async def _show(self, changed: Sequence[Task]) -> None:
        if not self._stream_ts and not self._live:
            await self._begin()
        if self._stream_ts:
            await self._append([_task_chunk(task) for task in changed])
        elif self._live and self._progress.tasks:
            self._live.show(TITLE, progress_blocks(self._progress, TITLE))

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

    async def _stream_out(self, chunks: Sequence[str], closing: Sequence[dict[str, Any]]) -> bool:
        if sum(map(len, chunks)) > CHUNK_LIMIT:
            return False
        for chunk in chunks:
            if not await self._append([{"type": "markdown_text", "text": chunk}]):
                return False
        try:
            await self._stop(self._stream_ts, closing)
        except SlackApiError as error:
            log.info("the stream could not be closed (%s)", error.response.get("error"))
            return False
        return True

    async def _stop(self, ts: str, blocks: Sequence[dict[str, Any]] = ()) -> None:
        await self._messenger.client.chat_stopStream(
            channel=self._place.channel, ts=ts, blocks=redact_plain(blocks) or None
        )

    async def _edit_instead(self) -> LiveMessage:
        """Go on in the same message. While it is a stream, Slack refuses to have it edited."""
        ts, self._stream_ts = self.ts, ""
        with suppress(SlackApiError):
            await self._stop(ts)
        self._live = LiveMessage(self._messenger, self._place, ts)
        return self._live


def _task_chunk(task: Task) -> dict[str, Any]:
    """The card with its latest detail, which may quote foreign text."""
    chunk = {"type": "task_update", "id": task.id, "title": task.title, "status": task.status}
    return {**chunk, "details": escape(task.details[-1])} if task.details else chunk
