"""Slack's tokens and its signing secret as they are now: a rotation needs no restart.

A call that Slack refuses for its token is made once more, if there is another token by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr
from slack_bolt.context import BoltContext
from slack_bolt.middleware.request_verification import RequestVerification
from slack_bolt.response import BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.web.slack_response import SlackResponse

from agent.secret_references import accepted, other_than

REFUSED_TOKENS = ("invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive")


class LiveWebClient(WebClient):
    """A WebClient that asks for its token at each call."""

    def __init__(self, secret: SecretStr, base_url: str, **more: Any) -> None:
        self._secret = secret
        super().__init__(base_url=base_url, **more)

    @property
    def token(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] -- the SDK only reads it
        return self._secret.get_secret_value().strip()

    @token.setter
    def token(self, _: str | None) -> None:
        """The SDK's constructor sets what it was given; the secret counts."""

    def api_call(self, api_method: str, **given: Any) -> SlackResponse:
        used, own = self.token, not _names_a_token(given)
        try:
            return super().api_call(api_method, **given)
        except SlackApiError as error:
            if own and is_refused(error) and other_than(self._secret, used) is not None:
                return super().api_call(api_method, **given)
            raise


class LiveAsyncWebClient(AsyncWebClient):
    """The same for asyncio."""

    def __init__(self, secret: SecretStr, base_url: str, **more: Any) -> None:
        self._secret = secret
        super().__init__(base_url=base_url, **more)

    @property
    def token(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] -- the SDK only reads it
        return self._secret.get_secret_value().strip()

    @token.setter
    def token(self, _: str | None) -> None:
        """The SDK's constructor sets what it was given; the secret counts."""

    async def api_call(self, api_method: str, **given: Any) -> AsyncSlackResponse:
        used, own = self.token, not _names_a_token(given)
        try:
            return await super().api_call(api_method, **given)
        except SlackApiError as error:
            if own and is_refused(error) and await asyncio.to_thread(other_than, self._secret, used) is not None:
                return await super().api_call(api_method, **given)
            raise


class LiveRequestVerification(RequestVerification):
    """Bolt's check of signatures, by any signing secret that counts now."""

    def __init__(self, secret: SecretStr) -> None:
        super().__init__("")
        self._secrets = _AnySecret(secret)

    @property
    def verifier(self) -> SignatureVerifier:
        return self._secrets


class _AnySecret(SignatureVerifier):
    def __init__(self, secret: SecretStr) -> None:
        super().__init__("unused")  # the SDK wants one
        self._secret = secret

    def is_valid(self, body: str | bytes, timestamp: str | None, signature: str | None) -> bool:
        return any(SignatureVerifier(each).is_valid(body, timestamp, signature) for each in accepted(self._secret))


def with_client(client: WebClient) -> Callable[..., BoltResponse]:
    """A middleware that hands this client to listeners, instead of one with the token of the moment."""

    def handed_out(context: BoltContext, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 -- Bolt's name
        context["client"] = client
        return next()

    return handed_out


def follow_app_token(client: SocketModeClient, secret: SecretStr) -> None:
    """Each new connection of Socket Mode is opened with the token of then."""
    issue = client.issue_new_wss_url

    def issued() -> str:
        client.app_token = secret.get_secret_value().strip()
        try:
            return issue()
        except SlackApiError as error:
            other = other_than(secret, client.app_token) if is_refused(error) else None
            if other is None:
                raise
            client.app_token = other
            return issue()

    client.issue_new_wss_url = issued


def is_refused(error: SlackApiError) -> bool:
    """Whether Slack will not have the token."""
    return error.response.get("error") in REFUSED_TOKENS


def _names_a_token(given: dict[str, Any]) -> bool:
    """A call with a token of its own, as an app-level one, is not ours to repeat with another."""
    return any("token" in (given.get(where) or {}) for where in ("params", "data", "json"))
