"""The workspace: its state and every service around it, built in one place."""

import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from deploy.local.workspace.assistant import Assistant
from deploy.local.workspace.delivery import Timing, Transport
from deploy.local.workspace.events import ALL_EVENTS, EventFeed
from deploy.local.workspace.faults import Faults
from deploy.local.workspace.http_delivery import HttpDelivery
from deploy.local.workspace.interactions import Interactions
from deploy.local.workspace.live import LiveFeed
from deploy.local.workspace.response_urls import ResponseUrls
from deploy.local.workspace.socket_mode import SocketMode
from deploy.local.workspace.state import JSON, BotApp, Channel, IncomingWebhook, State, is_reply, new_id
from deploy.local.workspace.streams import Streams
from deploy.local.workspace.team import TEAM_ID, TEAM_NAME, WATCHKEEPER_APP, default_state
from deploy.local.workspace.timeline import Timeline
from deploy.local.workspace.triggers import Triggers
from deploy.local.workspace.views import Views

Fire = Callable[[str], Awaitable[None]]
"""Fires a scenario by name. An exception's message is what the page shows."""

LOCAL = "local"


@dataclass(frozen=True)
class ScenarioEntry:
    """A scenario in the page's menu."""

    name: str
    title: str
    description: str


@dataclass(frozen=True)
class ApiCall:
    """One Web API call as it was answered; kept for tests and for the doctor."""

    method: str
    args: JSON
    error: str | None


class Workspace:
    """A Slack workspace for one app. Secrets that are not given are made up afresh.

    `events_url` set: signed HTTP delivery there; otherwise Socket Mode.
    """

    def __init__(
        self,
        *,
        signing_secret: str | None = None,
        bot_token: str | None = None,
        app_token: str | None = None,
        scenarios: Sequence[ScenarioEntry] = (),
        fire: Fire | None = None,
        events_url: str | None = None,
        timing: Timing | None = None,
        subscriptions: Collection[str] = ALL_EVENTS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.signing_secret = signing_secret or secrets.token_hex(16)
        self.bot_token = bot_token or "-".join(("xoxb", LOCAL, secrets.token_hex(12)))
        self.app_token = app_token or "-".join(("xapp", "1", WATCHKEEPER_APP, LOCAL, secrets.token_hex(12)))
        self.scenarios = tuple(scenarios)
        self.fire = fire
        self.base_url = ""
        self.calls: list[ApiCall] = []
        self.faults = Faults()
        self.live = LiveFeed()
        self.state = default_state(State(TEAM_ID, TEAM_NAME, clock))
        self.app = self.state.apps[WATCHKEEPER_APP]
        self.socket_mode = SocketMode(self.app.app_id, timing or Timing(), self._announce_connection)
        self.transport: Transport = (
            HttpDelivery(events_url, self.signing_secret, timing or Timing()) if events_url else self.socket_mode
        )
        verification = secrets.token_hex(12)
        self.events = EventFeed(self.state, self.app, self.transport, self.faults, verification, subscriptions)
        self.timeline = Timeline(self.state, self.events, self.live)
        self.streams = Streams(self.timeline, self.faults)
        self.assistant = Assistant(self.live, self.events, self.streams)
        self.views = Views(self.state, self.app, self.live)
        self.triggers = Triggers(clock)
        self.response_urls = ResponseUrls(self.state, self.app, self.timeline, self.faults, lambda: self.base_url)
        self.interactions = Interactions(
            self.state,
            self.app,
            self.transport,
            self.timeline,
            self.views,
            self.triggers,
            self.response_urls,
            self.faults,
            verification,
        )

    def permalink(self, channel: Channel, message: JSON) -> str:
        link = f"{self.base_url}/archives/{channel.id}/p{message['ts'].replace('.', '')}"
        return f"{link}?thread_ts={message['thread_ts']}&cid={channel.id}" if is_reply(message) else link

    def incoming_webhook_url(self, channel_name: str, app_name: str) -> str:
        """A new incoming webhook of this app into this channel; an unknown app is installed first."""
        app = next((app for app in self.state.apps.values() if app.name == app_name), None)
        if app is None:
            app = BotApp(new_id("A"), new_id("B"), app_name)
            self.state.apps[app.app_id] = app
        path = f"/services/{self.state.team_id}/{app.bot_id}/{secrets.token_urlsafe(18)}"
        self.state.webhooks[path] = IncomingWebhook(path, self.state.channel(channel_name).id, app)
        return self.base_url + path

    def _announce_connection(self, connected: bool) -> None:
        self.live.publish("app", connected=connected)
