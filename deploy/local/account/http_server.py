"""A WSGI application on loopback whose connections stay open between calls.

werkzeug's own server closes each after one answer and then looks whether more comes: that takes longer than most calls.
"""

from __future__ import annotations

import io
import socket
from contextlib import suppress
from typing import Any, cast

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

IDLE_SECONDS = 60
"""How long a connection may lie unused."""
_NO_BODY = ("1", "204", "304")
"""Statuses whose answers have none, not even an empty one."""


class Server(ThreadedWSGIServer):
    """A thread for each connection; those that nobody uses at the end are closed with the server."""

    def __init__(self, port: int, app: Any) -> None:
        self._open: set[Any] = set()
        self.is_closed = False
        super().__init__("127.0.0.1", port, app, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """What is being answered is answered, and nothing more."""
        self.is_closed = True
        super().server_close()
        for each in [*self._open]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RD)


class _Handler(MotoRequestHandler):
    """Reads a request whole, answers it whole, and prints nothing."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    wbufsize = -1  # an answer is one packet
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        if cast("Server", self.server).is_closed:
            self.close_connection = True
            return
        environ = self.make_environ()
        environ["wsgi.input"] = io.BytesIO(self._body(environ))
        try:
            body, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except Exception:
            body, status, headers = run_wsgi_app(Response(status=500), environ, buffered=True)
        content = b"".join(body)
        self.send_response(int(status[:3]), status[4:])
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if "Content-Length" not in headers and not status.startswith(_NO_BODY):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self, environ: dict[str, Any]) -> bytes:
        if environ.get("wsgi.input_terminated"):
            return environ["wsgi.input"].read()
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def handle_expect_100(self) -> bool:
        """Told at once: whoever asks whether to go on waits for it."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's own name
        pass
