"""`/_/…`: what the web page asks for and does."""

import asyncio
import contextlib
import copy
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from aiohttp import web

from deploy.local.workspace.errors import SlackError, WorkspaceError
from deploy.local.workspace.hook_routes import file_response
from deploy.local.workspace.interactions import message_blocks, require_view
from deploy.local.workspace.keys import PAGE_SOCKETS, WORKSPACE
from deploy.local.workspace.state import JSON, Channel, User
from deploy.local.workspace.team import COMMANDS, DEFAULT_USER
from deploy.local.workspace.workspace import Workspace

PAGE = Path(__file__).parent / "page"
SENTENCES = {
    "channel_not_found": "That channel does not exist.",
    "user_not_found": "That person does not exist.",
    "message_not_found": "That message is no longer there.",
    "thread_not_found": "That thread is no longer there.",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns refusals under `/_/` into `{"ok": false, "error": "one sentence"}`."""
    try:
        return await handler(request)
    except WorkspaceError as error:
        return web.json_response({"ok": False, "error": str(error)}, status=400)
    except SlackError as error:
        message = SENTENCES.get(error.code, f"Slack would refuse this: {error.reasons}")
        return web.json_response({"ok": False, "error": message}, status=400)


async def index(request: web.Request) -> web.StreamResponse:
    if not (PAGE / "index.html").is_file():
        return web.Response(text="The workspace is running, but its page is not installed.", status=404)
    headers = {"Content-Security-Policy": "frame-ancestors 'none'", "Cache-Control": "no-store"}
    return web.FileResponse(PAGE / "index.html", headers=headers)


async def permalink(request: web.Request) -> web.StreamResponse:
    """`/archives/C…/p…`: opens the page at that message."""
    digits = request.match_info["digits"]
    query = {"channel": request.match_info["channel"], "ts": f"{digits[:-6]}.{digits[-6:]}"}
    if "thread_ts" in request.query:
        query["thread_ts"] = request.query["thread_ts"]
    raise web.HTTPFound(request.url.with_path("/").with_query(query))


async def state(request: web.Request) -> web.Response:
    """Everything the page needs to draw itself; `?user=` chooses whose unread counts, `?tz=` is the reader's zone."""
    workspace = request.app[WORKSPACE]
    me = workspace.state.user(request.query.get("user", DEFAULT_USER))
    _lives_in(me, request.query.get("tz", ""))
    channels = [c for c in workspace.state.channels.values() if not c.is_im or c.user == me.id]
    return web.json_response(
        {
            "team": {"id": workspace.state.team_id, "name": workspace.state.team_name},
            "me": me.id,
            "users": [_user(user) for user in workspace.state.users.values()],
            "groups": [{"id": group.id, "handle": group.handle} for group in workspace.state.groups.values()],
            "channels": [_channel(channel, me) for channel in channels],
            "apps": [vars(app) for app in workspace.state.apps.values()],
            "scenarios": [vars(scenario) for scenario in workspace.scenarios],
            "commands": list(COMMANDS),
            "connected": workspace.transport.connected,
            "agent": _agent(workspace, me),
        }
    )


async def channel_messages(request: web.Request) -> web.Response:
    workspace = request.app[WORKSPACE]
    channel = workspace.state.channel(request.match_info["channel"])
    limit = request.query.get("limit", "200")
    newest = channel.top_level()[-(int(limit) if limit.isdigit() and int(limit) else 200) :]
    messages = [workspace.timeline.for_page(channel, m) for m in newest]
    return web.json_response({"messages": messages, "statuses": workspace.assistant.statuses(channel)})


async def thread(request: web.Request) -> web.Response:
    workspace = request.app[WORKSPACE]
    channel = workspace.state.channel(request.match_info["channel"])
    thread_ts = request.match_info["thread_ts"]
    messages = [workspace.timeline.for_page(channel, m) for m in channel.thread(thread_ts)]
    status = workspace.assistant.status(channel, thread_ts)
    session = workspace.assistant.session(channel, thread_ts)
    return web.json_response({"messages": messages, "status": status, "session": session})


async def post_message(request: web.Request) -> web.Response:
    workspace, body = await _read(request)
    text = str(body.get("text", "")).strip()
    if not text:
        raise WorkspaceError("Write something first.")
    user, channel = _person(workspace, body), _conversation(workspace, body)
    message = workspace.timeline.post_as_person(user, channel, text, body.get("thread_ts") or None)
    return web.json_response({"ts": message["ts"]})


async def act(request: web.Request) -> web.Response:
    """A click or selection in a message or a view."""
    workspace, body = await _read(request)
    user = _person(workspace, body)
    if body.get("view_id"):
        view = require_view(workspace.views, str(body["view_id"]))
        await workspace.interactions.click_in_view(user, view, body)
    else:
        channel = _conversation(workspace, body)
        message = workspace.state.shown_message(channel, body.get("ts"))
        await workspace.interactions.click_in_message(user, channel, message, body)
    return web.json_response({"ok": True})


async def options(request: web.Request) -> web.Response:
    """Suggestions for an external select."""
    workspace, body = await _read(request)
    user = _person(workspace, body)
    if body.get("view_id"):
        view = require_view(workspace.views, str(body["view_id"]))
        container: JSON = {"container": {"type": "view", "view_id": view["id"]}, "view": copy.deepcopy(view)}
        blocks = view["blocks"]
    else:
        channel = _conversation(workspace, body)
        message = workspace.state.shown_message(channel, body.get("ts"))
        container = {"channel": {"id": channel.id, "name": channel.name}, "message": workspace.timeline.wire(message)}
        blocks = message_blocks(message)
    return web.json_response(await workspace.interactions.suggest_options(user, container, blocks, body))


async def command(request: web.Request) -> web.Response:
    workspace, body = await _read(request)
    user, channel = _person(workspace, body), _conversation(workspace, body)
    name = str(body.get("command", ""))
    if name not in COMMANDS:
        raise WorkspaceError(f"{name} is not a command in this workspace. Try {COMMANDS[0]}.")
    await workspace.interactions.command(user, channel, name, str(body.get("text", "")).strip())
    return web.json_response({"ok": True})


async def submit_view(request: web.Request) -> web.Response:
    workspace, body = await _read(request)
    view = require_view(workspace.views, request.match_info["view_id"])
    values = body.get("values", {})
    return web.json_response(await workspace.interactions.submit_view(_person(workspace, body), view, values))


async def close_view(request: web.Request) -> web.Response:
    workspace, body = await _read(request)
    view = require_view(workspace.views, request.match_info["view_id"])
    await workspace.interactions.close_view(_person(workspace, body), view)
    return web.json_response({"ok": True})


async def open_home(request: web.Request) -> web.Response:
    """The app's Home tab, or (with `"tab": "messages"`) its Messages tab."""
    workspace, body = await _read(request)
    user = _person(workspace, body)
    channel = workspace.state.channel(user.id)
    view = workspace.views.homes.get(user.id)
    workspace.events.home_opened(user.id, channel, str(body.get("tab", "home")), copy.deepcopy(view))
    return web.json_response({"view": view})


async def fire_scenario(request: web.Request) -> web.Response:
    workspace, _ = await _read(request)
    name = request.match_info["name"]
    if workspace.fire is None or name not in {scenario.name for scenario in workspace.scenarios}:
        raise WorkspaceError(f"There is no scenario called {name}.")
    try:
        await workspace.fire(name)
    except Exception as error:  # whatever the hook raises, its message is for the person who clicked
        return web.json_response({"ok": False, "error": str(error) or "The scenario could not be started."})
    return web.json_response({"ok": True})


async def mark_read(request: web.Request) -> web.Response:
    workspace, body = await _read(request)
    workspace.timeline.mark_read(_conversation(workspace, body), _person(workspace, body))
    return web.json_response({"ok": True})


async def stop(request: web.Request) -> web.Response:
    """The stop button of a running answer."""
    workspace, body = await _read(request)
    user, channel = _person(workspace, body), _conversation(workspace, body)
    workspace.assistant.stop(user, channel, str(body.get("thread_ts", "")))
    return web.json_response({"ok": True})


async def react(request: web.Request) -> web.Response:
    """Add a reaction, or take back one's own."""
    workspace, body = await _read(request)
    user, channel = _person(workspace, body), _conversation(workspace, body)
    message = workspace.state.message(channel, body.get("ts"))
    name = str(body.get("name", "")).strip(":")
    try:
        workspace.timeline.react(user.id, channel, message, name)
    except SlackError:
        workspace.timeline.unreact(user.id, channel, message, name)
    return web.json_response({"ok": True})


async def shared_file(request: web.Request) -> web.Response:
    file = request.app[WORKSPACE].state.files.get(request.match_info["file_id"])
    if file is None or not file.shared:
        raise web.HTTPNotFound(text="There is no such file.")
    return file_response(file)


async def live_updates(request: web.Request) -> web.StreamResponse:
    """The WebSocket on which the page hears of every change."""
    workspace = request.app[WORKSPACE]
    socket = web.WebSocketResponse(heartbeat=30.0)
    queue = workspace.live.subscribe()  # before the page hears that it is connected: it relies on missing nothing then
    queue.put_nowait({"type": "app", "connected": workspace.transport.connected})
    sender: asyncio.Task[None] | None = None
    try:
        await socket.prepare(request)
        request.app[PAGE_SOCKETS].add(socket)
        sender = asyncio.create_task(_forward(queue, socket))
        with contextlib.suppress(ConnectionError):
            async for _ in socket:  # the page only listens; this waits until it leaves
                pass
    finally:
        workspace.live.unsubscribe(queue)
        request.app[PAGE_SOCKETS].discard(socket)
        if sender is not None:
            sender.cancel()
    return socket


async def _forward(queue: asyncio.Queue[JSON], socket: web.WebSocketResponse) -> None:
    with contextlib.suppress(ConnectionError):
        while not socket.closed:
            await socket.send_json(await queue.get())


async def _read(request: web.Request) -> tuple[Workspace, JSON]:
    if request.content_type != "application/json":
        raise WorkspaceError("Send JSON.")
    try:
        body: Any = json.loads(await request.text() or "{}")
    except ValueError:
        raise WorkspaceError("That is not valid JSON.") from None
    if not isinstance(body, dict):
        raise WorkspaceError("Send a JSON object.")
    return request.app[WORKSPACE], cast(JSON, body)


def _person(workspace: Workspace, body: JSON) -> User:
    user = workspace.state.user(body.get("user", DEFAULT_USER))
    if user.is_bot:
        raise WorkspaceError("Nobody can act as an app.")
    return user


def _conversation(workspace: Workspace, body: JSON) -> Channel:
    return workspace.state.channel(body.get("channel"))


def _lives_in(user: User, zone: str) -> None:
    """Whoever looks at the page is where their browser is, as in Slack: one clock for the page and for answers."""
    try:
        offset = datetime.now(ZoneInfo(zone)).utcoffset() or timedelta()
    except (ValueError, KeyError, OSError):  # no zone, or none that this machine knows
        return
    user.tz, user.tz_offset = zone, int(offset.total_seconds())


def _user(user: User) -> JSON:
    names = ("id", "name", "real_name", "title", "tz", "avatar_color", "is_bot", "app_id", "bot_id")
    return {name: getattr(user, name) for name in names}


def _channel(channel: Channel, me: User) -> JSON:
    shown: JSON = {name: getattr(channel, name) for name in ("id", "name", "topic", "is_im", "user", "members")}
    return shown | {"unread": channel.unread_by(me.id), "last_ts": next(reversed(channel.messages), None)}


def _agent(workspace: Workspace, me: User) -> JSON:
    suggested = workspace.assistant.prompts.get(workspace.state.channel(me.id).id, {"title": "", "prompts": []})
    bot = workspace.state.user(workspace.app.user_id)
    return {
        "bot_user": bot.id,
        "name": bot.name,
        "prompts_title": suggested["title"],
        "suggested_prompts": suggested["prompts"],
    }
