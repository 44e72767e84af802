"""Signed HTTP delivery: events, interactions and commands are POSTed to the app's request URL."""

import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from deploy.local.workspace.delivery import Ack, Background, Kind, Timing
from deploy.local.workspace.state import JSON


def sign(secret: str, timestamp: str, body: str) -> str:
    """Slack's v0 signature over `v0:<timestamp>:<body>`."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return f"v0={digest}"


class HttpDelivery:
    """A `Transport` over signed POST requests, with Slack's retry headers."""

    def __init__(self, url: str, signing_secret: str, timing: Timing) -> None:
        self._url = url
        self._secret = signing_secret
        self._timing = timing
        self._background = Background()

    @property
    def connected(self) -> bool:
        return True

    def send_event(self, payload: JSON, attempt: int = 0) -> None:
        self._background.start(self._deliver(payload, attempt))

    async def ask(self, kind: Kind, payload: JSON) -> Ack:
        form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
        status, body, _ = await self._post(urlencode(form), "application/x-www-form-urlencoded", {})
        return Ack(ok=status == 200, payload=_json_object(body))

    async def close(self) -> None:
        await self._background.close()

    async def _deliver(self, payload: JSON, attempt: int) -> None:
        body = json.dumps(payload)
        reason = "http_timeout"
        while True:
            headers = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
            status, _, no_retry = await self._post(body, "application/json", headers)
            if 200 <= status < 300 or no_retry or attempt >= len(self._timing.retry_delays):
                return
            reason = {0: "http_timeout", -1: "connection_failed"}.get(status, "http_error")
            await asyncio.sleep(self._timing.retry_delays[attempt])
            attempt += 1

    async def _post(self, body: str, content_type: str, headers: dict[str, str]) -> tuple[int, str, bool]:
        """Status, body and whether the app asked for no retries. Status 0: too slow; -1: no connection."""
        timestamp = str(int(time.time()))
        signed = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **headers,
        }
        timeout = aiohttp.ClientTimeout(total=self._timing.ack_timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._url, data=body.encode(), headers=signed) as response,
            ):
                return response.status, await response.text(), response.headers.get("X-Slack-No-Retry") == "1"
        except TimeoutError:
            return 0, "", False
        except (aiohttp.ClientError, OSError):
            return -1, "", False


def _json_object(body: str) -> JSON | None:
    """The answer's JSON object; plain text means `{"text": ...}`, and nothing means none."""
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        return {"text": body}
