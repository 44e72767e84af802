"""Credentials of httpx requests that are looked up at each request, and once more when they are refused."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Generator, Mapping

import httpx
from pydantic import SecretStr

from agent.secret_references import other_than

DENIED = (401, 403)


class SecretAuth(httpx.Auth):
    """`SecretAuth(bearer, token)`; `headers` makes a request's headers of the secrets' values, in their order."""

    def __init__(self, headers: Callable[..., Mapping[str, str]], *secrets: SecretStr) -> None:
        self._headers, self._secrets = headers, secrets

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        used = self._current()
        response = yield self._signed(request, used)
        if response.status_code in DENIED and (others := self._others(used)):
            yield self._signed(request, others)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        used = self._current()
        response = yield self._signed(request, used)
        if response.status_code in DENIED and (others := await asyncio.to_thread(self._others, used)):
            yield self._signed(request, others)

    def _current(self) -> list[str]:
        return [secret.get_secret_value() for secret in self._secrets]

    def _others(self, used: list[str]) -> list[str]:
        """Empty when there is nothing else to try."""
        pairs = zip(self._secrets, used, strict=True)
        others = [other_than(secret, value) or value for secret, value in pairs]
        return others if others != used else []

    def _signed(self, request: httpx.Request, values: list[str]) -> httpx.Request:
        request.headers.update(self._headers(*values))
        return request


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(user: str) -> Callable[[str], dict[str, str]]:
    """The headers of this user with a password."""
    return lambda password: basic_pair(f"{user}:{password}")


def basic_pair(pair: str) -> dict[str, str]:
    """Of `user:password`."""
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def bearer_or_basic(secret: str) -> dict[str, str]:
    """A bearer token, or `user:password`."""
    return basic_pair(secret) if ":" in secret else bearer(secret)
