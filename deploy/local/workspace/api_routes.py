"""`/api/<method>`: tokens, argument encodings, errors and headers of the Web API."""

import asyncio
import json
from typing import Any, cast

from aiohttp import web

from deploy.local.workspace.errors import RateLimited, SlackError
from deploy.local.workspace.keys import WORKSPACE
from deploy.local.workspace.state import JSON
from deploy.local.workspace.team import SCOPES
from deploy.local.workspace.web_api import METHODS, Call
from deploy.local.workspace.workspace import ApiCall, Workspace

OPEN_CONNECTION = "apps.connections.open"
MAX_RECORDED_CALLS = 10_000


async def handle(request: web.Request) -> web.StreamResponse:
    workspace = request.app[WORKSPACE]
    method = request.match_info["method"]
    if workspace.faults.reply_delay:
        await asyncio.sleep(workspace.faults.reply_delay)
    args = await read_arguments(request)
    token = _token(request, args)
    error: SlackError | None = None
    try:
        answer = {"ok": True} | answer_call(workspace, method, args, token)
    except SlackError as refused:
        error = refused
        answer = {"ok": False, "error": refused.code, **refused.details}
    del workspace.calls[: -MAX_RECORDED_CALLS + 1]
    workspace.calls.append(ApiCall(method, args, error.code if error else None))
    headers = {"x-oauth-scopes": ",".join(SCOPES), "x-accepted-oauth-scopes": ""}
    if isinstance(error, RateLimited):
        return web.json_response(answer, status=429, headers=headers | {"Retry-After": str(error.retry_after)})
    return web.json_response(answer, headers=headers)


def answer_call(workspace: Workspace, method: str, args: JSON, token: str) -> JSON:
    """The method's answer, without `ok`. Raises SlackError."""
    if method != OPEN_CONNECTION and method not in METHODS:
        raise SlackError("unknown_method", req_method=method)
    check_token(workspace, method, token)
    workspace.faults.check(method)
    if method == OPEN_CONNECTION:
        return open_connection(workspace)
    return METHODS[method](Call(workspace, workspace.app, args))


def check_token(workspace: Workspace, method: str, token: str) -> None:
    if not token:
        raise SlackError("not_authed")
    expected = workspace.app_token if method == OPEN_CONNECTION else workspace.bot_token
    if token == expected:
        return
    if token in (workspace.app_token, workspace.bot_token):
        raise SlackError("not_allowed_token_type")
    raise SlackError("invalid_auth")


def open_connection(workspace: Workspace) -> JSON:
    """A fresh WebSocket address for Socket Mode."""
    if workspace.transport is not workspace.socket_mode:
        raise SlackError("socket_mode_not_enabled")
    address = workspace.base_url.replace("http://", "ws://", 1)
    return {"url": f"{address}/link/?ticket={workspace.socket_mode.new_ticket()}&app_id={workspace.app.app_id}"}


async def read_arguments(request: web.Request) -> JSON:
    """Query, form or JSON body, as one dictionary."""
    args: JSON = dict(request.query)
    if request.content_type == "application/json":
        try:
            body: Any = json.loads(await request.text() or "{}")
        except ValueError:
            return args
        if isinstance(body, dict):
            args |= cast(JSON, body)
    elif request.method == "POST":
        args |= dict(await request.post())
    return args


def _token(request: web.Request, args: JSON) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    in_arguments = str(args.pop("token", ""))
    return token.strip() if scheme.lower() == "bearer" else in_arguments
