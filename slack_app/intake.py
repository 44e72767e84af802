"""From a Slack event to a job, which is all that listeners do: plain rules, one write, done in milliseconds."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.models import Job, JobKind, new_id
from agent.ports import Clock, Queue
from agent.redaction.plain import redact_plain

log = logging.getLogger(__name__)
Event = Mapping[str, Any]
HEARD_SUBTYPES = ("", "bot_message", "file_share", "me_message", "thread_broadcast")
"""What people and apps say. Every other subtype is Slack talking about the channel: joins, topics, pins, deletions."""


@dataclass(frozen=True)
class Identity:
    """Who Watchkeeper is in a workspace, from auth.test."""

    team_id: str
    bot_user_id: str
    bot_id: str
    app_id: str = ""


@dataclass
class Intake:
    """Turns events into jobs. `channel_name` looks a channel up in Slack, once for each channel."""

    queue: Queue
    clock: Clock
    identity: Identity
    alert_channels: tuple[str, ...]
    channel_name: Callable[[str], str]
    _watched: dict[str, bool] = field(default_factory=dict[str, bool])

    def message(self, event: Event) -> bool:
        """A `message` event of any subtype. True when it became a job."""
        subtype = str(event.get("subtype") or "")
        if subtype == "message_changed":
            return self._edited(event)
        if subtype not in HEARD_SUBTYPES or self._own(event):
            return False
        if _from_bot(event):
            return (
                _top_level(event) and self.watches(str(event["channel"])) and self._alert(event, str(event["channel"]))
            )
        if event.get("channel_type") == "im":
            return self.mention(event)
        if self._mentioned.search(str(event.get("text", ""))):
            return self.mention(event)
        if event.get("thread_ts") and event.get("thread_ts") != event.get("ts"):
            return self._question(event, implicit=True)  # the worker knows whether the thread is one of ours
        return False

    def mention(self, event: Event) -> bool:
        """An `app_mention`, or a message that amounts to one. Mentions by bots are ignored: they could loop."""
        if _from_bot(event) or self._own(event):
            return False
        return self._question(event, implicit=False)

    def watches(self, channel: str) -> bool:
        """Whether posts in a channel are analysed. An unknown channel is looked up once."""
        if channel not in self._watched:
            self._watched[channel] = channel in self.alert_channels or self.channel_name(channel) in self.alert_channels
        return self._watched[channel]

    def _alert(self, event: Event, channel: str, edit: str = "") -> bool:
        key = f"alert:{self.identity.team_id}:{channel}:{event['ts']}" + (f":{edit}" if edit else "")
        return self._enqueue(JobKind.alert, key, {"event": dict(event), "channel": channel, "edit": bool(edit)})

    def _edited(self, event: Event) -> bool:
        """An edit by a monitoring app updates its alert; people's and own edits are nothing new."""
        message = event.get("message") or {}
        channel = str(event.get("channel", ""))
        if not _from_bot(message) or self._own(message) or not _top_level(message) or not self.watches(channel):
            return False
        edited = str((message.get("edited") or {}).get("ts") or event.get("event_ts") or event.get("ts", ""))
        return self._alert(message, channel, edit=edited)

    def _question(self, event: Event, *, implicit: bool) -> bool:
        key = f"mention:{self.identity.team_id}:{event['channel']}:{event['ts']}"
        question = html.unescape(self._mentioned.sub("", str(event.get("text", "")))).strip()
        payload = {
            "channel": event["channel"],
            "user": event.get("user", ""),
            "ts": event["ts"],
            "thread_ts": event.get("thread_ts") or event["ts"],
            "text": question,
            "implicit": implicit,
        }
        return self._enqueue(JobKind.mention, key, payload)

    @property
    def _mentioned(self) -> re.Pattern[str]:
        return re.compile(rf"<@{re.escape(self.identity.bot_user_id)}(?:\|[^>]*)?>")

    def _enqueue(self, kind: JobKind, key: str, payload: dict[str, Any]) -> bool:
        """Queue it without the secrets that people and monitoring apps paste: nothing after the queue sees them."""
        plain = redact_plain(payload)
        job = Job(id=new_id("job"), kind=kind, idempotency_key=key, payload=plain, created_at=self.clock())
        return self.queue.send(job)

    def _own(self, event: Event) -> bool:
        own = self.identity
        return bool(
            (own.bot_user_id and event.get("user") == own.bot_user_id)
            or (own.bot_id and event.get("bot_id") == own.bot_id)
            or (own.app_id and event.get("app_id") == own.app_id and event.get("bot_id"))
        )


def _from_bot(event: Event) -> bool:
    return bool(event.get("bot_id")) or event.get("subtype") == "bot_message"


def _top_level(event: Event) -> bool:
    return not event.get("thread_ts") or event.get("thread_ts") == event.get("ts")
