"""What an agent shows around its messages: status lines, suggested prompts, sessions."""

import asyncio
from typing import Any, cast

from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.events import EventFeed
from deploy.local.workspace.live import LiveFeed
from deploy.local.workspace.state import JSON, Channel, User
from deploy.local.workspace.streams import Streams

STATUS_SECONDS = 120.0
MAX_PROMPTS = 4
MAX_TITLE = 200
SESSION_STATUSES = ("active", "processing", "suspended", "closed")

ThreadKey = tuple[str, str]


class Assistant:
    """Per-thread agent state, kept apart from messages."""

    def __init__(self, live: LiveFeed, events: EventFeed, streams: Streams) -> None:
        self._live = live
        self._events = events
        self._streams = streams
        self._statuses: dict[ThreadKey, tuple[str, asyncio.TimerHandle]] = {}
        self._sessions: dict[ThreadKey, JSON] = {}
        self.prompts: dict[str, JSON] = {}

    def status(self, channel: Channel, thread_ts: str) -> str | None:
        found = self._statuses.get((channel.id, thread_ts))
        return found[0] if found else None

    def statuses(self, channel: Channel) -> dict[str, str]:
        """The status lines in a channel's threads, by the thread's ts."""
        return {ts: text for (place, ts), (text, _) in self._statuses.items() if place == channel.id}

    def set_status(self, channel: Channel, thread_ts: str, text: str) -> None:
        """Show a line such as `is reading the logs…`. Lapses after two minutes; an empty text clears it."""
        key = (channel.id, thread_ts)
        previous = self._statuses.pop(key, None)
        if previous is not None:
            previous[1].cancel()
        if text:
            timer = asyncio.get_running_loop().call_later(STATUS_SECONDS, self.set_status, channel, thread_ts, "")
            self._statuses[key] = (text, timer)
        elif previous is None:
            return
        self._live.publish("status", channel=channel.id, thread_ts=thread_ts, text=text or None)

    def set_prompts(self, channel: Channel, title: str, prompts: list[JSON]) -> None:
        if len(prompts) > MAX_PROMPTS:
            raise SlackError("too_many_prompts")
        if not prompts or not all(_is_prompt(prompt) for prompt in prompts):
            raise SlackError("invalid_arguments")
        self.prompts[channel.id] = {"title": title, "prompts": prompts}
        self._live.publish("suggested_prompts", channel=channel.id, title=title, prompts=prompts)

    def session(self, channel: Channel, thread_ts: str) -> JSON | None:
        return self._sessions.get((channel.id, thread_ts))

    def set_session_status(self, channel: Channel, thread_ts: str, status: str, title: str = "") -> JSON:
        """Create or move an agent session. `processing` is what shows the stop button."""
        if status not in SESSION_STATUSES:
            raise SlackError("invalid_status")
        session = self._sessions.setdefault((channel.id, thread_ts), {"title": title[:MAX_TITLE]})
        session["status"] = status
        self._live.publish("session", channel=channel.id, thread_ts=thread_ts, **session)
        return session

    def set_title(self, channel: Channel, thread_ts: str, title: str) -> None:
        session = self._sessions.setdefault((channel.id, thread_ts), {"status": "active"})
        session["title"] = title[:MAX_TITLE]
        self._live.publish("session", channel=channel.id, thread_ts=thread_ts, **session)

    def stop(self, user: User, channel: Channel, thread_ts: str) -> None:
        """The stop button. Slack ends the streams and tells the app, which then changes the session itself."""
        stopped = self._streams.stop_by_person(channel, thread_ts)
        self._events.agent_session_stopped(user.id, channel, thread_ts, stopped)


def _is_prompt(value: Any) -> bool:
    prompt = cast(JSON, value) if isinstance(value, dict) else {}
    return bool(prompt.get("title") and prompt.get("message"))
