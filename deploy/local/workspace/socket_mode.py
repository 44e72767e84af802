"""Socket Mode: events over WebSockets that the app opens.

Each envelope goes to one connection, in turn. An event that is not acknowledged in time is sent again, with
`retry_attempt` and `retry_reason`. Events wait while no app is connected.
"""

import asyncio
import contextlib
import secrets
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from deploy.local.workspace.delivery import Ack, Background, Kind, Timing
from deploy.local.workspace.state import JSON

MAX_WAITING_EVENTS = 1_000
HEARTBEAT_SECONDS = 30.0
CONNECTION_SECONDS = 3_600


@dataclass
class Pending:
    """An event on its way. `attempt` counts from zero."""

    payload: JSON
    attempt: int = 0


@dataclass(eq=False)
class Connection:
    """One WebSocket to the app, and the envelopes it has not acknowledged."""

    socket: web.WebSocketResponse
    transport: asyncio.BaseTransport | None
    unacknowledged: dict[str, asyncio.Future[Ack]] = field(default_factory=dict[str, "asyncio.Future[Ack]"])


class SocketMode:
    """A `Transport` over the app's own WebSockets."""

    def __init__(self, app_id: str, timing: Timing, on_connection_change: Callable[[bool], None]) -> None:
        self._app_id = app_id
        self._timing = timing
        self._on_change = on_connection_change
        self._tickets: set[str] = set()
        self._connections: deque[Connection] = deque()
        self._waiting: deque[Pending] = deque(maxlen=MAX_WAITING_EVENTS)
        self._background = Background()

    @property
    def connected(self) -> bool:
        return bool(self._connections)

    @property
    def connection_count(self) -> int:
        return len(self._connections)

    def new_ticket(self) -> str:
        """The secret of a WebSocket address; it opens one connection."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    def send_event(self, payload: JSON, attempt: int = 0) -> None:
        self._waiting.append(Pending(payload, attempt))
        self._flush()

    async def ask(self, kind: Kind, payload: JSON) -> Ack:
        if not self._connections:
            return Ack(ok=False)
        return await self._send(kind, payload, accepts_response=True)

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint: `hello`, then acknowledgements until the app hangs up."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="This Socket Mode address has been used or has expired.")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        await socket.send_json(self._hello())
        self._connections.append(connection)
        self._on_change(True)
        self._flush()
        try:
            with contextlib.suppress(ConnectionError):  # cut in mid-frame
                await self._read_acknowledgements(connection)
        finally:
            self._forget(connection)
        return socket

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to reconnect, as Slack does about once an hour (`warning` comes 10 s before)."""
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "local-workspace"}}
        for connection in list(self._connections):
            await connection.socket.send_json(frame)
            if reason != "warning":
                await connection.socket.close()

    def drop(self) -> None:
        """Cut every connection without a word, as a failing network does."""
        for connection in list(self._connections):
            self._forget(connection)
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()

    async def close(self) -> None:
        await self._background.close()
        for connection in list(self._connections):
            with contextlib.suppress(ConnectionError):
                await connection.socket.close()

    def _hello(self) -> JSON:
        return {
            "type": "hello",
            "num_connections": len(self._connections) + 1,
            "connection_info": {"app_id": self._app_id},
            "debug_info": {
                "host": "local-workspace",
                "build_number": 1,
                "approximate_connection_time": CONNECTION_SECONDS,
            },
        }

    async def _read_acknowledgements(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type != WSMsgType.TEXT:
                continue
            answer = frame.json()
            waiting = connection.unacknowledged.pop(str(answer.get("envelope_id")), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(Ack(ok=True, payload=answer.get("payload")))

    def _forget(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        for waiting in connection.unacknowledged.values():
            if not waiting.done():
                waiting.set_result(Ack(ok=False))
        self._on_change(self.connected)

    def _flush(self) -> None:
        while self._connections and self._waiting:
            self._background.start(self._deliver(self._waiting.popleft()))

    async def _deliver(self, event: Pending) -> None:
        if not self._connections:  # it went away after this delivery was scheduled
            self._waiting.appendleft(event)
            return
        ack = await self._send("events_api", event.payload, attempt=event.attempt)
        if ack.ok or event.attempt >= len(self._timing.retry_delays):
            return
        await asyncio.sleep(self._timing.retry_delays[event.attempt])
        self.send_event(event.payload, event.attempt + 1)

    async def _send(self, kind: Kind, payload: JSON, *, attempt: int = 0, accepts_response: bool = False) -> Ack:
        connection = self._connections[0]
        self._connections.rotate(-1)
        envelope: JSON = {
            "envelope_id": str(uuid.uuid4()),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": accepts_response,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        answered: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        connection.unacknowledged[envelope["envelope_id"]] = answered
        try:
            await connection.socket.send_json(envelope)
            return await asyncio.wait_for(answered, self._timing.ack_timeout)
        except (TimeoutError, ConnectionError):
            return Ack(ok=False)
        finally:
            connection.unacknowledged.pop(envelope["envelope_id"], None)
