"""The Bolt app: the same listeners for Socket Mode and for signed HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, cast

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from agent.errors import SettingsError
from agent.models import Job, SlackPlace
from agent.ports import Deps
from agent.settings import Settings
from slack_app.alert_channels import channel_name
from slack_app.intake import Identity, Intake, RequestStop
from slack_app.large_payloads import is_large, lightened
from slack_app.listeners import register
from slack_app.live_tokens import LiveRequestVerification, LiveWebClient, with_client

log = logging.getLogger(__name__)
NAME_SECONDS = 1
"""How long a listener waits for a channel's name; where Slack takes longer, the worker asks again."""


@dataclass(frozen=True)
class SlackApp:
    """The Bolt app, and who it is."""

    bolt: App
    identity: Identity


class SteadyApp(App):
    """Bolt, which raises on payloads that are of no shape of Slack's: they are answered instead, by 400."""

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        try:
            return super().dispatch(req)
        except Exception as error:  # Bolt's own: those of listeners are answered by `_not_now`
            return _no_shape(error)


def dispatched(bolt: App, body: str, query: str, headers: dict[str, str]) -> BoltResponse:
    """A request over HTTP, which Bolt reads before it looks at the signature."""
    try:
        asked = BoltRequest(body=body, query=query, headers=cast("Any", headers))
    except Exception as error:
        return _no_shape(error)
    return bolt.dispatch(asked)


def build_slack_app(deps: Deps) -> SlackApp:
    """Checks the bot token once and wires the listeners. A token that Slack refuses is a SettingsError."""
    settings = deps.settings
    if settings.slack_bot_token is None:
        raise SettingsError(
            "WATCHKEEPER_SLACK_BOT_TOKEN is not set; take it from OAuth & Permissions in the Slack app's settings."
        )
    token = settings.slack_bot_token
    client = LiveWebClient(token, settings.slack_api_url)
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    identity = who_am_i(client, settings)
    secret = settings.slack_signing_secret

    def authorize(**_: Any) -> AuthorizeResult:
        """One workspace: no need to ask Slack who we are for each event."""
        return AuthorizeResult(
            enterprise_id=None,
            team_id=identity.team_id,
            bot_user_id=identity.bot_user_id,
            bot_id=identity.bot_id,
            bot_token=token.get_secret_value(),
        )

    bolt = SteadyApp(
        client=client,
        authorize=authorize,
        before_authorize=LiveRequestVerification(secret) if secret else None,
        request_verification_enabled=False,  # the line before does it, and knows of rotations
        ssl_check_enabled=True,
        process_before_response=True,  # what is acknowledged is in the queue
    )
    bolt.error(_not_now)
    bolt.use(with_client(client))
    asking = LiveWebClient(token, settings.slack_api_url, timeout=NAME_SECONDS)
    names, outside = partial(channel_name, asking), (_stops(deps), lightened_by(deps), deps.sealer)
    register(bolt, Intake(deps.queue, deps.clock, identity, settings.alert_channels, names, *outside))
    return SlackApp(bolt, identity)


def who_am_i(client: WebClient, settings: Settings) -> Identity:
    """auth.test, with errors that say what to do."""
    try:
        me = client.auth_test()
    except SlackApiError as error:
        reason = error.response.get("error")
        raise SettingsError(
            f"WATCHKEEPER_SLACK_BOT_TOKEN: Slack refuses it ({reason}); copy the Bot User OAuth Token (xoxb-) again."
        ) from error
    except OSError as error:
        raise SettingsError(
            f"Slack cannot be reached at {settings.slack_api_url}; check WATCHKEEPER_SLACK_API_URL and the network."
        ) from error
    return Identity(str(me["team_id"]), str(me["user_id"]), str(me.get("bot_id", "")), str(me.get("app_id") or ""))


def _no_shape(error: Exception) -> BoltResponse:
    log.warning("a request is of no known shape (%s)", type(error).__name__)
    return BoltResponse(status=400, body="unknown shape")


def _not_now(error: Exception) -> BoltResponse:
    """Whatever could not be queued is not acknowledged, so that Slack sends it again."""
    log.error("an event is not acknowledged (%s): %s", type(error).__name__, error)
    log.info("details", exc_info=error)
    return BoltResponse(status=503, headers={"Retry-After": "5"})


def _stops(deps: Deps) -> RequestStop:
    """The store of stop requests for listeners, which run in threads without an event loop."""

    def request_stop(place: SlackPlace, at: datetime, by: str) -> None:
        asyncio.run(deps.stops.request(place, at, by))

    return request_stop


def lightened_by(deps: Deps) -> Callable[[Job], Job]:
    """The archive for listeners, likewise."""

    def lighten(job: Job) -> Job:
        return asyncio.run(lightened(job, deps.archive)) if is_large(job) else job

    return lighten
