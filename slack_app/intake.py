"""From a Slack event to a job, which is all that listeners do: plain rules, one write, done in milliseconds."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.models import Job, JobKind, SlackPlace, Urgency, new_id
from agent.ports import Clock, Queue, Sealer
from agent.ports.sealing import NobodysSealer
from agent.redaction import redact
from agent.redaction.plain import redact_plain
from slack_app.phrases import command_in, is_stop
from slack_app.urgency import urgency_of

log = logging.getLogger(__name__)
Event = Mapping[str, Any]
HEARD_SUBTYPES = ("", "bot_message", "file_share", "me_message", "thread_broadcast")
"""What people and apps say. Every other subtype is Slack talking about the channel: joins, topics, pins, deletions."""
NAME_KEPT, REFUSAL_KEPT = timedelta(days=1), timedelta(minutes=5)
"""A channel may be renamed, and the app be given a right or a seat that it lacked."""
MAX_SAID_CHARS, _BEGINNING = 8000, 6000
"""Of a message of somebody, and of its first part where the middle is left out."""
MAX_RUN_CHARS = 3
_PADDING = re.compile(r"\s{8,}|([^\w\s])\1{7,}")
_TO_SOMEBODY = re.compile(r"\s*<@[UW]")


@dataclass(frozen=True)
class Identity:
    """Who Watchkeeper is in a workspace, from auth.test."""

    team_id: str
    bot_user_id: str
    bot_id: str
    app_id: str = ""


RequestStop = Callable[[SlackPlace, datetime, str], None]
"""Asks for a run to be stopped: its thread, when somebody wanted that, and who."""


@dataclass
class Intake:
    """Turns events into jobs. `channel_name` looks a channel up in Slack, once for each channel.

    It gives "" for a channel that Slack does not show, which is believed for a while, and None when Slack did not say:
    then the worker finds out whether the channel is watched, and no alert is lost.
    `request_stop` does not go through the queue: a stop must not wait behind the work that it stops.
    """

    queue: Queue
    clock: Clock
    identity: Identity
    alert_channels: tuple[str, ...]
    channel_name: Callable[[str], str | None]
    request_stop: RequestStop
    lighten: Callable[[Job], Job] = lambda job: job
    """Puts what is too large for the queue elsewhere."""
    sealer: Sealer = field(default_factory=NobodysSealer)
    """Encrypts what is queued and must not be read."""
    _names: dict[str, tuple[str, datetime]] = field(default_factory=dict[str, tuple[str, datetime]])
    """The name of each channel, and until when it is believed."""

    def message(self, event: Event) -> bool:
        """A `message` event of any subtype. True when it became a job."""
        subtype = str(event.get("subtype") or "")
        if subtype == "message_changed":
            return self._edited(event)
        if subtype not in HEARD_SUBTYPES or self._own(event):
            return False
        if _from_bot(event):
            return _top_level(event) and self._alert(event, str(event["channel"]))
        if event.get("channel_type") == "im":
            return self.mention(event)
        text = str(event.get("text", ""))
        if self._mentioned.search(text):
            return self.mention(event)
        if not _top_level(event) and not _TO_SOMEBODY.match(text):
            return self._said(event, implicit=True)  # the worker knows whether the thread is one of ours
        return False

    def mention(self, event: Event) -> bool:
        """An `app_mention`, or a message that amounts to one. Mentions by bots are ignored: they could loop."""
        if _from_bot(event) or self._own(event):
            return False
        return self._said(event, implicit=False)

    def stop(self, event: Event) -> bool:
        """The stop button: an `agent_session_stopped` event."""
        ts = str(event.get("event_ts") or self.clock().timestamp())
        return self._stop(str(event["channel"]), str(event["thread_ts"]), ts, str(event.get("user", "")), "button")

    def stop_all(self, channel: str, user: str) -> None:
        """`/watchkeeper stop`: everything that this person asked in the channel."""
        place = SlackPlace(team=self.identity.team_id, channel=channel, thread_ts="")
        self.request_stop(everything_of(user, place), self.clock(), user)

    def choice(self, clicked: Event) -> bool:
        """A choice under a question back becomes what its clicker says next. False when one was taken already."""
        key = f"choice:{self.identity.team_id}:{clicked['channel']}:{clicked['message_ts']}"
        question = {"text": clicked["choice"], "implicit": False, "ts": clicked["action_ts"]}
        question["answers_ts"] = clicked["message_ts"]
        return self._enqueue(JobKind.mention, key, {**clicked, **question})

    def quick(self, kind: JobKind, unique: str, payload: Mapping[str, Any]) -> bool:
        """A job that takes no analysis: feedback, evidence to show, a command."""
        return self._enqueue(kind, f"{kind}:{self.identity.team_id}:{unique}", dict(payload))

    def watches(self, channel: str) -> bool | None:
        """Whether posts in a channel are analysed; None when Slack did not tell its name."""
        if not self.alert_channels:
            return False
        if channel in self.alert_channels:
            return True
        name = self._name(channel)
        return None if name is None else name in self.alert_channels

    def _name(self, channel: str) -> str | None:
        known = self._names.get(channel)
        if known and known[1] > self.clock():
            return known[0]
        name = self.channel_name(channel)
        if name is not None:
            self._names[channel] = (name, self.clock() + (NAME_KEPT if name else REFUSAL_KEPT))
        return name

    def _alert(self, event: Event, channel: str, edit: str = "") -> bool:
        """A post of an app, if its channel is watched or may be."""
        watched = self.watches(channel)
        if watched is False:
            return False
        key = f"alert:{self.identity.team_id}:{channel}:{event['ts']}" + (f":{edit}" if edit else "")
        alert = {"event": dict(event), "channel": channel, "edit": bool(edit), "unsure": watched is None}
        if channel in self._names:
            alert["channel_name"] = self._names[channel][0]
        return self._enqueue(JobKind.alert, key, alert)

    def _edited(self, event: Event) -> bool:
        """An edit by a monitoring app updates its alert; people's and own edits are nothing new."""
        message = event.get("message") or {}
        channel = str(event.get("channel", ""))
        if not _from_bot(message) or self._own(message) or not _top_level(message):
            return False
        edited = str((message.get("edited") or {}).get("ts") or event.get("event_ts") or event.get("ts", ""))
        return self._alert(message, channel, edit=edited)

    def _said(self, event: Event, *, implicit: bool) -> bool:
        """A person's words: an order to stop, a command, or a question."""
        text = bounded(html.unescape(self._mentioned.sub("", str(event.get("text", ""))))).strip()
        channel, ts, user = str(event["channel"]), str(event["ts"]), str(event.get("user", ""))
        thread_ts = str(event.get("thread_ts") or ts)
        if not text and thread_ts != ts and not self._mentioned.search(str(event.get("text", ""))):
            return False  # a picture among people asks nothing
        if is_stop(text):
            return self._stop(channel, thread_ts, ts, user, "implicit" if implicit else "reply")
        where = {"channel": channel, "user": user, "ts": ts, "thread_ts": thread_ts}
        if not implicit and (command := command_in(text)):
            return self.quick(JobKind.command, f"{channel}:{ts}", {**where, "text": command})
        key = f"mention:{self.identity.team_id}:{channel}:{ts}"
        return self._enqueue(JobKind.mention, key, {**where, "text": text, "implicit": implicit})

    def _stop(self, channel: str, thread_ts: str, ts: str, user: str, how: str) -> bool:
        """In a thread, what runs there; outside of threads, what this person asked in the channel."""
        place = SlackPlace(team=self.identity.team_id, channel=channel, thread_ts=thread_ts)
        self.request_stop(place if thread_ts != ts else everything_of(user, place), slack_time(ts), user)
        payload = {"channel": channel, "thread_ts": thread_ts, "ts": ts, "user": user, "how": how}
        return self.quick(JobKind.stop, f"{channel}:{ts}", payload)

    @property
    def _mentioned(self) -> re.Pattern[str]:
        return re.compile(rf"<@{re.escape(self.identity.bot_user_id)}(?:\|[^>]*)?>")

    def _enqueue(self, kind: JobKind, key: str, payload: dict[str, Any]) -> bool:
        """Queue it without the secrets that people and monitoring apps paste: nothing after the queue sees them.

        What people do comes before all alerts but the critical ones: they wait for it.
        """
        plain = redact_plain({"team": self.identity.team_id, **payload})
        job = Job(
            id=new_id("job"),
            kind=kind,
            idempotency_key=key,
            payload=plain,
            urgency=urgency_of(json.dumps(plain)) if kind is JobKind.alert else Urgency.critical,
            created_at=self.clock(),
        )
        return self.queue.send(self.lighten(job))

    def _own(self, event: Event) -> bool:
        own = self.identity
        return bool(
            (own.bot_user_id and event.get("user") == own.bot_user_id)
            or (own.bot_id and event.get("bot_id") == own.bot_id)
            or (own.app_id and event.get("app_id") == own.app_id and event.get("bot_id"))
        )


def bounded(text: str) -> str:
    """What somebody said without long padding, and its middle left out where it is very long.

    It is read by many patterns, some of which take time that grows with the square of a run.
    """
    short = _PADDING.sub(lambda run: "\n" if "\n" in run[0] else run[0][:MAX_RUN_CHARS] if run[1] else " ", text)
    if len(short) <= MAX_SAID_CHARS:
        return short
    plain = redact(short)  # before it is cut: half a secret is not known for one
    return plain if len(plain) <= MAX_SAID_CHARS else f"{plain[:_BEGINNING]} … {plain[_BEGINNING - MAX_SAID_CHARS :]}"


def everything_of(user: str, place: SlackPlace) -> SlackPlace:
    """Where stop requests keep somebody's order to end all that they asked in a channel."""
    return place.model_copy(update={"thread_ts": f"by:{user}"})


def slack_time(ts: str) -> datetime:
    """When a message was written. Comparing these needs no two clocks to agree."""
    return datetime.fromtimestamp(float(ts), UTC)


def _from_bot(event: Event) -> bool:
    return bool(event.get("bot_id")) or event.get("subtype") == "bot_message"


def _top_level(event: Event) -> bool:
    return not event.get("thread_ts") or event.get("thread_ts") == event.get("ts")
