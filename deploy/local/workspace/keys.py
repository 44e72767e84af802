"""Where request handlers find the workspace."""

from aiohttp import web

from deploy.local.workspace.workspace import Workspace

WORKSPACE = web.AppKey("workspace", Workspace)
PAGE_SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("page_sockets", set)
