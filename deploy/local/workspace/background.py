"""The workspace for synchronous code: a server on its own thread, and people to drive it with.

with running_workspace() as ws:
    client = WebClient(token=ws.bot_token, base_url=ws.api_url)
    ts = ws.post_as("maya", "general", "<@U0WATCHKPR> hello")
    ws.wait_for(lambda: len(ws.thread("general", ts)) == 2, timeout=5)
"""

import asyncio
import contextlib
import copy
import threading
import time
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from deploy.local.workspace.faults import Faults
from deploy.local.workspace.interactions import block_of, message_blocks
from deploy.local.workspace.server import WorkspaceServer
from deploy.local.workspace.state import JSON, Channel
from deploy.local.workspace.workspace import ApiCall, Workspace

Result = TypeVar("Result")
CALL_SECONDS = 10.0
POLL_SECONDS = 0.01


class RunningWorkspace:
    """A workspace that is running; every method may be called from any thread."""

    def __init__(self, workspace: Workspace, loop: asyncio.AbstractEventLoop) -> None:
        self.workspace = workspace
        self._loop = loop

    @property
    def url(self) -> str:
        return self.workspace.base_url

    @property
    def api_url(self) -> str:
        """The `base_url` for slack_sdk's clients."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        return self.workspace.bot_token

    @property
    def app_token(self) -> str:
        return self.workspace.app_token

    @property
    def signing_secret(self) -> str:
        return self.workspace.signing_secret

    @property
    def bot_user(self) -> str:
        return str(self.workspace.app.user_id)

    @property
    def team_id(self) -> str:
        return self.workspace.state.team_id

    @property
    def faults(self) -> Faults:
        return self.workspace.faults

    @property
    def connected(self) -> bool:
        return self.workspace.transport.connected

    @property
    def connection_count(self) -> int:
        """Open Socket Mode connections."""
        return self.workspace.socket_mode.connection_count

    def user_id(self, name: str) -> str:
        return self.workspace.state.user(name).id

    def channel_id(self, name: str) -> str:
        """By name, id, or (direct messages with the app) a person's handle."""
        return self._channel(name).id

    def incoming_webhook_url(self, channel_name: str, app_name: str = "CloudWatch Alarms") -> str:
        return self._run(lambda: self.workspace.incoming_webhook_url(channel_name, app_name))

    def post_as(self, user_name: str, channel_name: str, text: str, thread_ts: str | None = None) -> str:
        """A person posts; returns the message's ts."""

        def post() -> str:
            user = self.workspace.state.user(user_name)
            return self.workspace.timeline.post_as_person(user, self._channel(channel_name), text, thread_ts)["ts"]

        return self._run(post)

    def messages(self, channel_name: str) -> list[JSON]:
        """Top-level messages, oldest first."""
        return self._run(lambda: copy.deepcopy(self._channel(channel_name).top_level()))

    def thread(self, channel_name: str, ts: str) -> list[JSON]:
        """The root message and its replies, oldest first."""
        return self._run(lambda: copy.deepcopy(self._channel(channel_name).thread(ts)))

    def status(self, channel_name: str, ts: str) -> str | None:
        return self._run(lambda: self.workspace.assistant.status(self._channel(channel_name), ts))

    def prompts(self, channel_name: str) -> JSON | None:
        """The suggested prompts of a conversation, with their title."""
        return self._run(lambda: copy.deepcopy(self.workspace.assistant.prompts.get(self.channel_id(channel_name))))

    def session(self, channel_name: str, ts: str) -> JSON | None:
        """The agent session of a thread: its status and title."""
        return self._run(lambda: copy.deepcopy(self.workspace.assistant.session(self._channel(channel_name), ts)))

    def whispers(self, user_name: str, channel_name: str) -> list[JSON]:
        """What only this person sees in a channel, oldest first."""
        user_id = self.user_id(user_name)
        shown = self._run(lambda: copy.deepcopy(list(self._channel(channel_name).ephemerals.values())))
        return [message for message in shown if message["ephemeral_user"] == user_id]

    def click(self, user_name: str, channel_name: str, ts: str, action_id: str, **selection: Any) -> None:
        """Press the button, or choose in the menu, with this `action_id` in a message.

        Raises WorkspaceError when there is no such element, or the app does not acknowledge the click.
        """

        async def act() -> None:
            channel = self._channel(channel_name)
            message = self.workspace.state.shown_message(channel, ts)
            click = {"block_id": block_of(message_blocks(message), action_id), "action_id": action_id, **selection}
            user = self.workspace.state.user(user_name)
            await self.workspace.interactions.click_in_message(user, channel, message, click)

        self._run_async(act())

    def deliver(self, payload: JSON) -> bool:
        """An interaction of any shape over the app's own wire; whether the app acknowledged it."""
        return self._run_async(self.workspace.transport.ask("interactive", payload)).ok

    def command(self, user_name: str, channel_name: str, command: str, text: str = "") -> None:
        user, channel = self.workspace.state.user(user_name), self._channel(channel_name)
        self._run_async(self.workspace.interactions.command(user, channel, command, text))

    def open_modals(self, user_name: str) -> list[JSON]:
        """The person's stack of modals, bottom first."""
        return self._run(lambda: copy.deepcopy(self.workspace.views.stack(self.user_id(user_name))))

    def submit_modal(self, user_name: str, values: JSON) -> JSON:
        """Submit the top modal; returns the response action and errors, if any."""

        async def submit() -> JSON:
            user = self.workspace.state.user(user_name)
            view = self.workspace.views.stack(user.id)[-1]
            return await self.workspace.interactions.submit_view(user, view, values)

        return self._run_async(submit())

    def open_home(self, user_name: str, tab: str = "home") -> None:
        """The app's Home tab, or its Messages tab (`messages`), which is the agent view."""
        user = self.workspace.state.user(user_name)
        channel = self.workspace.state.channel(user.id)
        self._run(lambda: self.workspace.events.home_opened(user.id, channel, tab, None))

    def home(self, user_name: str) -> JSON | None:
        return self._run(lambda: copy.deepcopy(self.workspace.views.homes.get(self.user_id(user_name))))

    def press_stop(self, user_name: str, channel_name: str, thread_ts: str) -> None:
        user = self.workspace.state.user(user_name)
        self._run(lambda: self.workspace.assistant.stop(user, self._channel(channel_name), thread_ts))

    def api_calls(self, method: str | None = None) -> list[ApiCall]:
        """Web API calls so far, oldest first."""
        return self._run(lambda: [call for call in self.workspace.calls if method in (None, call.method)])

    def drop_connections(self) -> None:
        """Cut every Socket Mode connection without a word."""
        self._run(self.workspace.socket_mode.drop)

    def request_reconnect(self, reason: str = "refresh_requested") -> None:
        """Send every Socket Mode connection a `disconnect` frame."""
        self._run_async(self.workspace.socket_mode.disconnect(reason))

    def listen(self, listener: Callable[[JSON], None]) -> None:
        """Hear every live update, as the page does. Called on the server's thread."""
        self._run(lambda: self.workspace.live.listen(listener))

    def wait_for(self, condition: Callable[[], Result], timeout: float = 5.0) -> Result:
        """Call `condition` until it is true, and return what it returned. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            if result := condition():
                return result
            if time.monotonic() > deadline:
                raise TimeoutError(f"The workspace did not get there within {timeout} s.")
            time.sleep(POLL_SECONDS)

    def _channel(self, name: str) -> Channel:
        state = self.workspace.state
        for user in state.users.values():
            if user.name == name and not user.is_bot:
                return state.channel(user.id)
        return state.channel(name)

    def _run(self, function: Callable[[], Result]) -> Result:
        async def call() -> Result:
            return function()

        return self._run_async(call())

    def _run_async(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_SECONDS)


@contextlib.contextmanager
def running_workspace(port: int = 0, **options: Any) -> Generator[RunningWorkspace]:
    """Run a workspace on a background thread. `options` are those of `Workspace`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="local-workspace", daemon=True)
    thread.start()
    server = WorkspaceServer(Workspace(**options), port=port)
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result(CALL_SECONDS)
        yield RunningWorkspace(server.workspace, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(CALL_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CALL_SECONDS)
        loop.close()
