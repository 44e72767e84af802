"""Between slack_sdk's client and the local workspace, without a socket: a session as aiohttp gives it.

What is answered is the workspace's own doing. On the way things go wrong as they are told to.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import aiohttp

from deploy.local.workspace.api_routes import answer_call
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.workspace import Workspace
from tests.slack_app.delivery_machine.backends import Line

SECONDS = 0.05
"""What a call takes."""
Trouble = Literal["429", "503", "busy", "refused", "answer lost"]
TROUBLES: tuple[Trouble, ...] = ("429", "503", "busy", "refused", "answer lost")


@dataclass
class Troubles:
    """What the next calls meet, and the next posts."""

    calls: deque[Trouble] = field(default_factory=deque[Trouble])
    posts: deque[Trouble] = field(default_factory=deque[Trouble])

    def next(self, method: str) -> Trouble | None:
        waiting = self.posts if method == "chat.postMessage" and self.posts else self.calls
        return waiting.popleft() if waiting else None


class Answer:
    """As much of aiohttp's response as slack_sdk reads."""

    content_type = "application/json"

    def __init__(self, status: int, body: dict[str, Any], **headers: str) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def json(self) -> dict[str, Any]:
        return self._body

    async def text(self) -> str:
        return json.dumps(self._body)


class SlackSession:
    """`line` is that of the process that asks."""

    closed = False

    def __init__(self, workspace: Workspace, troubles: Troubles, line: Line) -> None:
        self._workspace = workspace
        self._troubles = troubles
        self._line = line

    @asynccontextmanager
    async def request(self, verb: str, url: str, **sent: Any) -> AsyncGenerator[Answer]:
        await asyncio.sleep(SECONDS)
        if self._line.is_cut():
            raise aiohttp.ClientConnectionError("whoever asks is dead")
        method = url.rpartition("/")[2]
        trouble = self._troubles.next(method)
        if trouble == "refused":
            raise aiohttp.ClientOSError("connection refused")
        if trouble == "429":
            yield Answer(429, {"ok": False, "error": "ratelimited"}, **{"Retry-After": "2"})
        elif trouble == "503":
            yield Answer(503, {"ok": False, "error": "service_unavailable"})
        elif trouble == "busy":
            yield Answer(200, {"ok": False, "error": "internal_error"})
        else:
            answer = self._answered(method, sent)
            await asyncio.sleep(SECONDS)
            if trouble == "answer lost":
                raise aiohttp.ServerDisconnectedError
            yield answer

    def _answered(self, method: str, sent: dict[str, Any]) -> Answer:
        given = {**(sent.get("params") or {}), **(sent.get("data") or {}), **(sent.get("json") or {})}
        args = json.loads(json.dumps({name: value for name, value in given.items() if value is not None}))
        token = str(sent["headers"]["Authorization"]).partition(" ")[2]
        try:
            return Answer(200, {"ok": True} | answer_call(self._workspace, method, args, token))
        except SlackError as error:
            return Answer(200, {"ok": False, "error": error.code, **error.details})
