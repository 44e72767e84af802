"""Addresses that carry their own secret: incoming webhooks, response URLs, file uploads and downloads."""

import json
from typing import Any, cast

from aiohttp import web

from deploy.local.workspace.content import checked_content
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.keys import WORKSPACE
from deploy.local.workspace.state import JSON, StoredFile

HTTP_STATUS = {"used_url": 404, "expired_url": 404, "no_service": 404, "channel_not_found": 404}


async def incoming_webhook(request: web.Request) -> web.Response:
    """An app posts into its channel. Answers are plain text, as Slack's are."""
    workspace = request.app[WORKSPACE]
    hook = workspace.state.webhooks.get(request.path)
    if hook is None:
        return web.Response(status=404, text="no_service")
    try:
        body = await _read_object(request)
        content = checked_content(body, workspace.faults)
        channel = workspace.state.channel(hook.channel_id)
        if body.get("username"):
            content["username"] = str(body["username"])
        if body.get("icon_emoji"):
            content["icons"] = {"emoji": str(body["icon_emoji"])}
        workspace.timeline.post_as_webhook(hook.app, channel, content, body.get("thread_ts"))
    except SlackError as error:
        return web.Response(status=HTTP_STATUS.get(error.code, 400), text=error.code)
    return web.Response(text="ok")


async def response_url(request: web.Request) -> web.Response:
    workspace = request.app[WORKSPACE]
    try:
        workspace.response_urls.respond(workspace.base_url + request.path, await _read_object(request))
    except SlackError as error:
        answer = {"ok": False, "error": error.code, **error.details}
        return web.json_response(answer, status=HTTP_STATUS.get(error.code, 200))
    return web.Response(text="ok")


async def upload(request: web.Request) -> web.Response:
    """The body of a file, raw or as the one file of a multipart form."""
    file = _file(request)
    if request.content_type == "multipart/form-data":
        form = await request.post()
        parts = [part for part in form.values() if isinstance(part, web.FileField)]
        if not parts:
            return web.Response(status=400, text="no file in the form")
        file.content = parts[0].file.read()
    else:
        file.content = await request.read()
    file.size, file.uploaded = len(file.content), True
    return web.Response(text=f"OK - {file.size}")


async def private_file(request: web.Request) -> web.Response:
    """`url_private`: for the app, with its token."""
    if request.headers.get("Authorization") != f"Bearer {request.app[WORKSPACE].bot_token}":
        raise web.HTTPForbidden(text="This file needs the app's token.")
    return file_response(_file(request))


def file_response(file: StoredFile) -> web.Response:
    """The file's bytes. Never rendered as a page of this origin: only images are shown in place."""
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
    if not file.mimetype.startswith("image/"):
        headers["Content-Disposition"] = "attachment"
    return web.Response(body=file.content, content_type=file.mimetype, headers=headers)


def _file(request: web.Request) -> StoredFile:
    file = request.app[WORKSPACE].state.files.get(request.match_info["file_id"])
    if file is None:
        raise web.HTTPNotFound(text="There is no such file.")
    return file


async def _read_object(request: web.Request) -> JSON:
    """A JSON object, plain or in a form's `payload` field. Raises `invalid_payload`."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            body: Any = json.loads(str((await request.post()).get("payload", "")))
        else:
            body = json.loads(await request.text())
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return cast(JSON, body)
