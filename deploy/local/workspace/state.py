"""What the workspace knows: people, apps, channels, messages, files and views.

Messages are kept as plain dictionaries in Slack's wire format, because that is how every reader wants them.
"""

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deploy.local.workspace.errors import SlackError

JSON = dict[str, Any]
"""A JSON object in Slack's wire format."""

ID_ALPHABET = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """An opaque id such as `F7K2M9QX0A`."""
    return prefix + "0" + "".join(secrets.choice(ID_ALPHABET) for _ in range(9))


@dataclass
class User:
    """A person, or an app's bot user (then `app_id` and `bot_id` are set)."""

    id: str
    name: str
    real_name: str
    title: str = ""
    email: str = ""
    tz: str = "Etc/UTC"
    tz_offset: int = 0
    avatar_color: str = "#4a154b"
    app_id: str | None = None
    bot_id: str | None = None
    deleted: bool = False
    team_id: str = ""
    """Of another workspace, of which channels are shared; empty for this one's own people."""

    @property
    def is_bot(self) -> bool:
        return self.bot_id is not None


@dataclass
class BotApp:
    """An installed app. Apps that only post through incoming webhooks have no bot user."""

    app_id: str
    bot_id: str
    name: str
    icon_emoji: str = ":robot_face:"
    user_id: str | None = None


@dataclass
class Channel:
    """A public channel, or the direct messages between the app and one person (`user`)."""

    id: str
    name: str
    topic: str = ""
    purpose: str = ""
    creator: str = ""
    created: int = 0
    user: str | None = None
    members: list[str] = field(default_factory=list[str])
    messages: dict[str, JSON] = field(default_factory=dict[str, JSON])
    ephemerals: dict[str, JSON] = field(default_factory=dict[str, JSON])
    last_read: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def is_im(self) -> bool:
        return self.user is not None

    @property
    def channel_type(self) -> str:
        return "im" if self.is_im else "channel"

    def top_level(self) -> list[JSON]:
        """Messages outside threads, and replies that were also sent to the channel; oldest first."""
        return [m for m in self.messages.values() if not is_reply(m) or m.get("subtype") == "thread_broadcast"]

    def thread(self, root_ts: str) -> list[JSON]:
        """The root message and its replies, oldest first."""
        return [m for ts, m in self.messages.items() if ts == root_ts or m.get("thread_ts") == root_ts]

    def unread_by(self, user_id: str) -> int:
        last = self.last_read.get(user_id, "")
        return sum(1 for m in self.top_level() if m["ts"] > last and m.get("user") != user_id)


@dataclass
class UserGroup:
    id: str
    handle: str
    name: str
    users: list[str]


@dataclass
class StoredFile:
    id: str
    name: str
    title: str
    mimetype: str
    content: bytes = b""
    uploaded: bool = False
    shared: bool = False
    size: int = 0


@dataclass
class IncomingWebhook:
    url_path: str
    channel_id: str
    app: BotApp


def is_reply(message: JSON) -> bool:
    return "thread_ts" in message and message["thread_ts"] != message["ts"]


class State:
    """The whole workspace, in memory. Lookups raise Slack's own error codes."""

    def __init__(self, team_id: str, team_name: str, clock: Callable[[], float] = time.time) -> None:
        self.team_id = team_id
        self.team_name = team_name
        self.clock = clock
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.apps: dict[str, BotApp] = {}
        self.groups: dict[str, UserGroup] = {}
        self.files: dict[str, StoredFile] = {}
        self.webhooks: dict[str, IncomingWebhook] = {}
        self._last_ts = 0

    def next_ts(self) -> str:
        """A message timestamp: seconds with six decimals, never the same twice."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def channel(self, reference: object) -> Channel:
        """By id, by `#name`, or (direct messages) by the person's user id."""
        wanted = str(reference or "")
        if wanted in self.channels:
            return self.channels[wanted]
        for channel in self.channels.values():
            if channel.user == wanted or (not channel.is_im and channel.name == wanted.removeprefix("#")):
                return channel
        raise SlackError("channel_not_found")

    def user(self, reference: object) -> User:
        """By id or by handle."""
        wanted = str(reference or "")
        if wanted in self.users:
            return self.users[wanted]
        for user in self.users.values():
            if user.name == wanted.removeprefix("@"):
                return user
        raise SlackError("user_not_found")

    def message(self, channel: Channel, ts: object) -> JSON:
        message = channel.messages.get(str(ts))
        if message is None:
            raise SlackError("message_not_found")
        return message

    def shown_message(self, channel: Channel, ts: object) -> JSON:
        """A message that somebody can see and click in: a posted one, or an ephemeral one."""
        return channel.ephemerals.get(str(ts)) or self.message(channel, ts)

    def app_by_bot_id(self, bot_id: object) -> BotApp:
        for app in self.apps.values():
            if app.bot_id == bot_id:
                return app
        raise SlackError("bot_not_found")
