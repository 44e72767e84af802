"""The server: routes, start and stop. Listens on 127.0.0.1 and nowhere else."""

from typing import Any

from aiohttp import web

from deploy.local.workspace import api_routes, hook_routes, page_routes
from deploy.local.workspace.delivery import Timing
from deploy.local.workspace.keys import PAGE_SOCKETS, WORKSPACE
from deploy.local.workspace.page_routes import PAGE
from deploy.local.workspace.security import only_this_machine
from deploy.local.workspace.workspace import Fire, ScenarioEntry, Workspace

__all__ = ["Fire", "ScenarioEntry", "Timing", "Workspace", "WorkspaceServer", "create_app"]

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 60_000_000


def create_app(workspace: Workspace) -> web.Application:
    """The aiohttp application: Slack's addresses, and the page's under `/_/`."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[only_this_machine, page_routes.sentences])
    app[WORKSPACE] = workspace
    app[PAGE_SOCKETS] = set()
    app.add_routes(
        [
            web.route("*", "/api/{method}", api_routes.handle),
            web.get("/link/", workspace.socket_mode.accept),
            web.post("/services/{team}/{bot}/{secret}", hook_routes.incoming_webhook),
            web.post("/actions/{team}/{secret}", hook_routes.response_url),
            web.post("/upload/v1/{file_id}", hook_routes.upload),
            web.put("/upload/v1/{file_id}", hook_routes.upload),
            web.get("/files-pri/{file_id}/{name}", hook_routes.private_file),
            web.get(r"/archives/{channel}/p{digits:\d{7,}}", page_routes.permalink),
            web.get("/", page_routes.index),
            web.get("/_/state", page_routes.state),
            web.get("/_/events", page_routes.live_updates),
            web.get("/_/channels/{channel}/messages", page_routes.channel_messages),
            web.get("/_/threads/{channel}/{thread_ts}", page_routes.thread),
            web.get("/_/files/{file_id}", page_routes.shared_file),
            web.post("/_/messages", page_routes.post_message),
            web.post("/_/actions", page_routes.act),
            web.post("/_/options", page_routes.options),
            web.post("/_/commands", page_routes.command),
            web.post("/_/views/{view_id}/submit", page_routes.submit_view),
            web.post("/_/views/{view_id}/close", page_routes.close_view),
            web.post("/_/home", page_routes.open_home),
            web.post("/_/scenarios/{name}/fire", page_routes.fire_scenario),
            web.post("/_/read", page_routes.mark_read),
            web.post("/_/reactions", page_routes.react),
            web.post("/_/stop", page_routes.stop),
        ]
    )
    if PAGE.is_dir():
        app.router.add_static("/static", PAGE)
    app.on_shutdown.append(_hang_up)
    return app


class WorkspaceServer:
    """A running workspace. Port 0 picks a free one.

    server = WorkspaceServer(Workspace(), port=0)
    await server.start()
    print(server.url)
    await server.stop()
    """

    def __init__(self, workspace: Workspace, *, port: int = 0) -> None:
        self.workspace = workspace
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return self.workspace.base_url

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the port is taken."""
        self._runner = web.AppRunner(create_app(self.workspace), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            site = web.TCPSite(self._runner, LOOPBACK, self._port)
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        address: Any = self._runner.addresses[0]
        self.workspace.base_url = f"http://{LOOPBACK}:{address[1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


async def _hang_up(app: web.Application) -> None:
    workspace = app[WORKSPACE]
    await workspace.transport.close()
    await workspace.socket_mode.close()
    for socket in list(app[PAGE_SOCKETS]):
        await socket.close()
