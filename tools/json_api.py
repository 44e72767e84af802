"""JSON over HTTPS to somebody else's system: time-outs, retries with jitter, and errors as one sentence."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, cast

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from agent.errors import InputError, RetryLater, SettingsError
from agent.redaction import redact

TIMEOUT_SECONDS = 10.0
TRIES = 3
PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
"""A system that wants a longer pause gets it from the queue, and no worker waits for it."""
LATER_SECONDS = 30.0
MESSAGE_CHARS = 300
TOO_MANY, NOT_FOUND = 429, 404
DENIED = (401, 403)
SURELY_NOT_DONE = (TOO_MANY, 503)
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Busy(RetryLater):
    """It may work soon. `again`: the request may be repeated at once without its being done twice."""

    def __init__(self, message: str, seconds: float, again: bool) -> None:
        super().__init__(message, seconds or LATER_SECONDS)
        self.pause, self.again = seconds, again and seconds <= LONGEST_PAUSE_SECONDS


class JsonApi:
    """`await JsonApi("Jira", url, auth=…, settings="WATCHKEEPER_JIRA_…").call("GET", "/rest/api/3/myself")`.

    `settings` names what a person has to correct when access is denied. No secret gets into an error's text.
    """

    def __init__(
        self,
        name: str,
        url: str,
        settings: str,
        *,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT_SECONDS,
        pause: float = PAUSE_SECONDS,
    ) -> None:
        self.name, self.url = name, url.rstrip("/")
        self._settings = settings
        self._auth, self._headers = auth, {"Accept": "application/json", **(headers or {})}
        self._timeout, self._pause = timeout, pause

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        repeatable: bool = True,
    ) -> Any:
        """The JSON of the answer; None for 404 and for an answer without a body.

        `repeatable=False`: when it is unknown whether the request was carried out, RetryLater is raised, so that the
        caller looks first. SettingsError when access is denied, InputError for what the system does not take.
        """
        waits = wait_random_exponential(self._pause, LONGEST_PAUSE_SECONDS)

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return max(error.pause if isinstance(error, Busy) else 0.0, waits(state))

        tries = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=wait,
            retry=retry_if_exception(lambda error: isinstance(error, Busy) and error.again),
            reraise=True,
        )
        return await tries(self._once, method, path, params, body, repeatable)

    async def _once(self, method: str, path: str, params: Mapping[str, str] | None, body: Any, repeatable: bool) -> Any:
        try:
            async with httpx.AsyncClient(auth=self._auth, timeout=self._timeout, verify=_certificates()) as http:
                answer = await http.request(
                    method, f"{self.url}{path}", params=params, json=body, headers=self._headers
                )
        except httpx.HTTPError as error:
            again = repeatable or isinstance(error, UNSENT)
            raise Busy(f"{self.name} does not answer ({type(error).__name__}).", 0.0, again) from None
        return self._read(answer, repeatable)

    def _read(self, answer: httpx.Response, repeatable: bool) -> Any:
        status = answer.status_code
        if status in (TOO_MANY, NOT_FOUND) or answer.is_server_error or status in DENIED:
            return self._refused(answer, repeatable)
        document = _json(answer)
        if not answer.is_success:
            raise InputError(f"{self.name} does not take this ({status}: {message_of(document)}).")
        if document is None and answer.content:
            raise InputError(f"{self.name} answers with something that is no JSON; check its address.")
        return document

    def _refused(self, answer: httpx.Response, repeatable: bool) -> None:
        """None for 404."""
        status = answer.status_code
        if status == NOT_FOUND:
            return
        if status in DENIED:
            said = message_of(_json(answer))
            raise SettingsError(f"{self.name} denies access ({status}: {said}); check {self._settings}.")
        again = repeatable or status in SURELY_NOT_DONE
        raise Busy(f"{self.name} is busy or out of order ({status}).", retry_after(answer), again)


def retry_after(answer: httpx.Response) -> float:
    """Seconds, whether it is given as a number or as a date; 0.0 without one."""
    stated = answer.headers.get("Retry-After", "")
    if stated.isdigit():
        return float(stated)
    try:
        return max(0.0, (parsedate_to_datetime(stated) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def message_of(document: Any) -> str:
    """What systems say of a mistake, wherever in the document; "no reason given" when they say nothing."""
    found = "; ".join(dict.fromkeys(_texts(document)))
    return redact(found)[:MESSAGE_CHARS] or "no reason given"


def _texts(node: Any) -> list[str]:
    if isinstance(node, str):
        return [" ".join(node.split())] if node.strip() else []
    if isinstance(node, list):
        return [text for item in cast("list[Any]", node) for text in _texts(item)]
    if isinstance(node, dict):
        document = cast("dict[str, Any]", node)
        return [text for name, item in document.items() if name not in ("status", "code") for text in _texts(item)]
    return []


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


@lru_cache
def _certificates() -> ssl.SSLContext:
    """Read once: that takes longer than a request."""
    return ssl.create_default_context()
