"""Events API payloads, as Slack wraps them, and who gets which."""

import copy
import re
from collections.abc import Collection
from typing import Any

from deploy.local.workspace.delivery import Transport
from deploy.local.workspace.faults import Faults
from deploy.local.workspace.state import JSON, BotApp, Channel, State, new_id

ALL_EVENTS = frozenset(
    [
        "app_home_opened",
        "app_mention",
        "agent_session_stopped",
        "member_joined_channel",
        "message.channels",
        "message.im",
        "reaction_added",
        "reaction_removed",
    ]
)


class EventFeed:
    """Wraps events of the workspace for one app and hands them to its transport.

    The app sees what its bot user is a member of, and its own messages too, exactly as on Slack.
    """

    def __init__(
        self,
        state: State,
        app: BotApp,
        transport: Transport,
        faults: Faults,
        verification_token: str,
        subscriptions: Collection[str] = ALL_EVENTS,
    ) -> None:
        self.subscriptions = frozenset(subscriptions)
        self._state = state
        self._app = app
        self._transport = transport
        self._faults = faults
        self._token = verification_token

    def message(self, channel: Channel, message: JSON) -> None:
        """A new message: `message`, and separately `app_mention` when the app's bot is mentioned."""
        event = {
            **message,
            "channel": channel.id,
            "channel_type": channel.channel_type,
            "event_ts": message["ts"],
        }
        self._send_message_event(channel, event)
        if self._mentions_app(channel, message):
            mention = {key: value for key, value in event.items() if key != "channel_type"}
            self._send("app_mention", {**mention, "type": "app_mention"})

    def message_changed(self, channel: Channel, message: JSON, previous: JSON) -> None:
        event = self._hidden_event(channel, "message_changed") | {"message": message, "previous_message": previous}
        self._send_message_event(channel, event)

    def message_deleted(self, channel: Channel, previous: JSON) -> None:
        event = self._hidden_event(channel, "message_deleted")
        self._send_message_event(channel, event | {"deleted_ts": previous["ts"], "previous_message": previous})

    def reaction(self, event_type: str, user_id: str, name: str, channel: Channel, message: JSON) -> None:
        item = {"type": "message", "channel": channel.id, "ts": message["ts"]}
        event = {"user": user_id, "reaction": name, "item": item, "event_ts": self._state.next_ts()}
        if "user" in message:
            event["item_user"] = message["user"]
        self._send_if_member(channel, event_type, {"type": event_type, **event})

    def member_joined(self, channel: Channel, user_id: str) -> None:
        self._send_if_member(
            channel,
            "member_joined_channel",
            {
                "type": "member_joined_channel",
                "user": user_id,
                "channel": channel.id,
                "channel_type": "C",
                "team": self._state.team_id,
                "event_ts": self._state.next_ts(),
            },
        )

    def home_opened(self, user_id: str, channel: Channel, tab: str, view: JSON | None) -> None:
        event: JSON = {"type": "app_home_opened", "user": user_id, "channel": channel.id, "tab": tab}
        if view is not None and tab == "home":
            event["view"] = view
        self._send("app_home_opened", event | {"event_ts": self._state.next_ts()})

    def agent_session_stopped(self, user_id: str, channel: Channel, thread_ts: str, streams: list[str]) -> None:
        """A person pressed stop; `streams` are the streaming messages that stopped with it."""
        self._send(
            "agent_session_stopped",
            {
                "type": "agent_session_stopped",
                "user": user_id,
                "channel": channel.id,
                "thread_ts": thread_ts,
                "streaming_message_ts": streams,
                "event_ts": self._state.next_ts(),
            },
        )

    def _mentions_app(self, channel: Channel, message: JSON) -> bool:
        if channel.is_im or message.get("user") == self._app.user_id or not self._is_member(channel):
            return False
        mentioned = rf"<@{self._app.user_id}(\|[^>]*)?>"
        return re.search(mentioned, str(message.get("text", ""))) is not None

    def _is_member(self, channel: Channel) -> bool:
        return self._app.user_id in channel.members

    def _hidden_event(self, channel: Channel, subtype: str) -> JSON:
        ts = self._state.next_ts()
        return {
            "type": "message",
            "subtype": subtype,
            "hidden": True,
            "channel": channel.id,
            "channel_type": channel.channel_type,
            "ts": ts,
            "event_ts": ts,
        }

    def _send_message_event(self, channel: Channel, event: JSON) -> None:
        name = "message.im" if channel.is_im else "message.channels"
        self._send_if_member(channel, name, event)

    def _send_if_member(self, channel: Channel, subscription: str, event: JSON) -> None:
        if self._is_member(channel):
            self._send(subscription, event)

    def _send(self, subscription: str, event: JSON) -> None:
        if subscription not in self.subscriptions:
            return
        payload = self._envelope(copy.deepcopy(event))
        for attempt in range(self._faults.redeliveries + 1):
            self._transport.send_event(payload, attempt)

    def _envelope(self, event: JSON) -> JSON:
        authorization: dict[str, Any] = {
            "enterprise_id": None,
            "team_id": self._state.team_id,
            "user_id": self._app.user_id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": self._token,
            "team_id": self._state.team_id,
            "context_team_id": self._state.team_id,
            "context_enterprise_id": None,
            "api_app_id": self._app.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(self._state.clock()),
            "authorizations": [authorization],
            "is_ext_shared_channel": False,
            "event_context": new_id("4-"),
        }
