"""Streaming messages: started, appended to in pieces, stopped, or timed out."""

import asyncio
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.faults import Faults
from deploy.local.workspace.mrkdwn import rich_text
from deploy.local.workspace.state import JSON, BotApp, Channel, new_id
from deploy.local.workspace.timeline import Timeline

MARKDOWN_LIMIT = 12_000
TASK_STATUSES = ("pending", "in_progress", "complete", "error")


@dataclass
class Stream:
    """What has been streamed so far, in the order in which it appeared."""

    channel: Channel
    message: JSON
    display_mode: str
    parts: list[JSON] = field(default_factory=list[JSON])
    tasks: dict[str, JSON] = field(default_factory=dict[str, JSON])
    plan: JSON | None = None
    timer: asyncio.TimerHandle | None = None

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in self.parts if part["type"] == "markdown")

    def add_text(self, text: str) -> None:
        if not text:
            return
        if len(self.text) + len(text) > MARKDOWN_LIMIT:
            raise SlackError("msg_too_long")
        if self.parts and self.parts[-1]["type"] == "markdown":
            self.parts[-1]["text"] += text
        else:
            self.parts.append({"type": "markdown", "block_id": new_id("b"), "text": text})

    def add_chunk(self, chunk: JSON) -> None:
        match chunk.get("type"):
            case "markdown_text" if isinstance(chunk.get("text"), str):
                self.add_text(chunk["text"])
            case "task_update" if _is_task(chunk):
                self._update_task(chunk)
            case "plan_update" if _is_words(chunk.get("title")):
                self._plan_block()["title"] = chunk["title"]
            case "blocks" if isinstance(chunk.get("blocks"), list):
                self.parts.extend(chunk["blocks"])
            case _:
                raise SlackError("invalid_chunks")

    def _update_task(self, chunk: JSON) -> None:
        task = self.tasks.get(chunk["id"])
        if task is None:
            task = {"type": "task_card", "task_id": chunk["id"], "block_id": new_id("b")}
            self.tasks[chunk["id"]] = task
            if self.display_mode == "plan":
                self._plan_block()["tasks"].append(task)
            else:
                self.parts.append(task)
        task |= {"title": chunk["title"], "status": chunk["status"]}
        for key in ("details", "output"):
            if chunk.get(key):
                task[key] = rich_text(chunk[key])
        if chunk.get("sources"):
            task["sources"] = chunk["sources"]

    def _plan_block(self) -> JSON:
        if self.plan is None:
            self.plan = {"type": "plan", "block_id": new_id("b"), "title": "Working on it", "tasks": []}
            self.parts.append(self.plan)
        return self.plan


def _is_words(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_task(chunk: JSON) -> bool:
    named = _is_words(chunk.get("id")) and _is_words(chunk.get("title"))
    described = all(isinstance(chunk.get(key, ""), str) for key in ("details", "output"))
    return named and described and chunk.get("status") in TASK_STATUSES


Feed = Callable[[Stream], None]
"""Adds one call's pieces to a stream. Raises SlackError."""


class Streams:
    """The messages that are being streamed now."""

    def __init__(self, timeline: Timeline, faults: Faults) -> None:
        self._timeline = timeline
        self._faults = faults
        self._active: dict[str, Stream] = {}

    def start(
        self,
        app: BotApp,
        channel: Channel,
        thread_ts: str | None,
        content: JSON,
        mode: str,
        feed: Feed,
    ) -> JSON:
        """Open a stream; `feed` puts the first pieces in. Returns the new message."""
        draft = Stream(channel, {}, mode)
        feed(draft)
        shown: JSON = {"text": draft.text, "blocks": list(draft.parts), "streaming": True}
        draft.message = self._timeline.post_as_app(app, channel, content | shown, thread_ts)
        loop = asyncio.get_running_loop()
        draft.timer = loop.call_later(self._faults.stream_lifetime, self._expire, draft)
        self._active[draft.message["ts"]] = draft
        return draft.message

    def append(self, app: BotApp, channel: Channel, ts: str, feed: Feed) -> None:
        stream = self._find(app, channel, ts)
        self._add(stream, feed)
        self._timeline.grow(channel, stream.message, {"text": stream.text, "blocks": list(stream.parts)})

    def stop(
        self,
        app: BotApp,
        channel: Channel,
        ts: str,
        feed: Feed,
        blocks: list[JSON],
        metadata: JSON | None,
    ) -> JSON:
        """Close a stream; `blocks` go below what was streamed. Sends `message_changed`."""
        stream = self._find(app, channel, ts)
        self._add(stream, feed)
        return self._finish(stream, blocks, metadata)

    def stop_by_person(self, channel: Channel, thread_ts: str) -> list[str]:
        """The stop button: end the streams of a thread and return their timestamps."""
        stopped = [s for s in self._active.values() if s.channel is channel and s.message.get("thread_ts") == thread_ts]
        for stream in stopped:
            self._finish(stream, [], None)
        return [stream.message["ts"] for stream in stopped]

    @staticmethod
    def _add(stream: Stream, feed: Feed) -> None:
        """All of one call's pieces, or none when one of them is refused."""
        attempt = Stream(
            stream.channel,
            stream.message,
            stream.display_mode,
            *copy.deepcopy((stream.parts, stream.tasks, stream.plan)),
        )
        feed(attempt)
        stream.parts, stream.tasks, stream.plan = attempt.parts, attempt.tasks, attempt.plan

    def is_active(self, ts: str) -> bool:
        return ts in self._active

    def _find(self, app: BotApp, channel: Channel, ts: str) -> Stream:
        message = channel.messages.get(ts)
        if message is None:
            raise SlackError("message_not_found")
        if message.get("bot_id") != app.bot_id:
            raise SlackError("message_not_owned_by_app")
        if ts not in self._active:
            raise SlackError("message_not_in_streaming_state")
        return self._active[ts]

    def _expire(self, stream: Stream) -> None:
        if stream.message["ts"] in self._active:
            self._finish(stream, [], None)

    def _finish(self, stream: Stream, blocks: list[JSON], metadata: JSON | None) -> JSON:
        del self._active[stream.message["ts"]]
        if stream.timer is not None:
            stream.timer.cancel()
        changes: JSON = {"text": stream.text, "blocks": [*stream.parts, *blocks], "streaming": None}
        if metadata:
            changes["metadata"] = metadata
        return self._timeline.update(stream.channel, stream.message, changes)
