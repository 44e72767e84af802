"""One Web API call: its arguments and who makes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deploy.local.workspace.content import as_json
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.state import JSON, BotApp, Channel, User
from deploy.local.workspace.workspace import Workspace

Method = Callable[["Call"], JSON]
"""A Web API method: takes a call, returns the answer without `ok`, or raises SlackError."""


@dataclass(frozen=True)
class Call:
    """`args` as the app sent them (form values are strings); `app` is whose token it is."""

    workspace: Workspace
    app: BotApp
    args: JSON

    @property
    def bot(self) -> User:
        return self.workspace.state.user(self.app.user_id)

    def text(self, name: str, default: str = "") -> str:
        value = self.args.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> Any:
        """The argument, else `invalid_arguments` with Slack's wording."""
        value = self.args.get(name)
        if value is None or value == "":
            raise SlackError.with_messages("invalid_arguments", [f"missing required field: {name}"])
        return value

    def flag(self, name: str) -> bool:
        return str(self.args.get(name, "")).lower() in ("1", "true")

    def json(self, name: str, default: Any = None) -> Any:
        """An argument that form calls carry as a JSON string."""
        value = self.args.get(name)
        return default if value is None or value == "" else as_json(value, "invalid_arguments")

    def channel(self, name: str = "channel") -> Channel:
        """The channel, wherever it is; `channel_not_found` for ids the app cannot see."""
        channel = self.workspace.state.channel(self.args.get(name))
        if channel.is_im and self.app.user_id not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    def joined_channel(self, name: str = "channel") -> Channel:
        channel = self.channel(name)
        if self.app.user_id not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str = "ts") -> JSON:
        return self.workspace.state.message(channel, self.args.get(name))
