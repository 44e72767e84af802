"""The account's own HTTP server: connections that stay open, and end with it."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from deploy.local.account.http_server import Server


def answer(environ: dict[str, Any], start_response: Any) -> Any:
    """What was sent, and by which connection; or whatever the path asks for."""
    request = Request(environ)
    if request.path == "/fails":
        raise RuntimeError("on purpose")
    if request.path == "/nothing":
        return Response(status=204)(environ, start_response)
    if request.path == "/unread":
        return Response("not read")(environ, start_response)
    said = request.get_data().decode()
    return Response(f"{environ['REMOTE_PORT']} {said}")(environ, start_response)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(0, answer)
    thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    yield connection
    connection.close()


def said(connection: http.client.HTTPConnection, path: str = "/", body: Any = None, **headers: str) -> tuple[int, str]:
    connection.request("POST", path, body, headers)
    reply = connection.getresponse()
    return reply.status, reply.read().decode()


def test_one_connection_carries_many_calls(connection: http.client.HTTPConnection):
    ports = {said(connection, body="x" * size)[1].split()[0] for size in (1, 100_000, 0)}
    assert len(ports) == 1


@pytest.mark.parametrize("path", ["/unread", "/nothing", "/fails"])
def test_what_nobody_read_is_no_part_of_the_next_call(connection: http.client.HTTPConnection, path: str):
    status, _ = said(connection, path, "left over")
    assert status == {"/unread": 200, "/nothing": 204, "/fails": 500}[path]
    assert said(connection, body="next")[1].endswith(" next")


def test_a_body_may_come_in_chunks(connection: http.client.HTTPConnection):
    assert said(connection, body=iter([b"one ", b"two"]))[1].endswith(" one two")
    assert said(connection, body="next")[1].endswith(" next")


def test_whoever_asks_whether_to_go_on_is_told_to(connection: http.client.HTTPConnection):
    assert said(connection, body="go on", Expect="100-continue")[1].endswith(" go on")


def test_an_open_connection_ends_with_the_server(server: Server, connection: http.client.HTTPConnection):
    said(connection)
    server.shutdown()
    server.server_close()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        said(connection)
