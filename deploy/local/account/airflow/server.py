"""The simulated Airflow at an address of its own, as a company that hosts it itself has it.

with AirflowServer(environment, loaded=now, clock=lambda: now, user="reader", password="...") as server:
    server.url    # http://127.0.0.1:40123, with /api/v2 for Airflow 3 or /api/v1 for Airflow 2
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from deploy.local.account.airflow.errors import RestError
from deploy.local.account.airflow.rest import AirflowApi
from deploy.local.account.schema.mwaa import MwaaEnvironment


class AirflowServer:
    """Airflow 3 logs in by `POST /auth/token`; Airflow 2 takes user and password with each request."""

    def __init__(
        self, environment: MwaaEnvironment, loaded: datetime, clock: Callable[[], datetime], user: str, password: str
    ) -> None:
        self.api = AirflowApi(environment, loaded, clock)
        self.prefix = "/api/v1" if self.api.is_airflow_2 else "/api/v2"
        self.user, self.password = user, password
        self.token = f"token-of-{user}"
        self.requests: list[str] = []
        """`GET /api/v2/dags`, in the order in which they came."""
        self.authorizations: list[str] = []
        """And what each of them showed."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> AirflowServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def log_in(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.api.is_airflow_2:
            raise RestError(404, "Not Found", "Not Found")
        if (given.get("username"), given.get("password")) != (self.user, self.password):
            raise RestError(401, "Invalid credentials", "Unauthorized")
        return {"access_token": self.token}

    def answer(self, target: str, authorization: str) -> dict[str, Any]:
        parts = urlsplit(target)
        if not parts.path.startswith(f"{self.prefix}/"):
            raise RestError(404, "Not Found", "Not Found")
        path = unquote(parts.path.removeprefix(self.prefix))
        if path != "/version":
            self._check(authorization)
        query = {name: values[0] if len(values) == 1 else values for name, values in parse_qs(parts.query).items()}
        return self.api.get(path, query)

    def _check(self, authorization: str) -> None:
        kind, _, credential = authorization.partition(" ")
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        known = kind == "Basic" and self.api.is_airflow_2 and credential == basic
        if not known and (kind, credential) != ("Bearer", self.token):
            raise RestError(401, "Unauthorized" if self.api.is_airflow_2 else "Invalid JWT token", "Unauthorized")


def _handler(server: AirflowServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(lambda: server.answer(self.path, self.headers.get("authorization", "")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path != "/auth/token":
                self._reply(lambda: _refuse(405))
            else:
                self._reply(lambda: server.log_in(json.loads(body)))

        def _reply(self, ask: Callable[[], dict[str, Any]]) -> None:
            server.requests.append(f"{self.command} {self.path}")
            server.authorizations.append(self.headers.get("authorization", ""))
            try:
                status, body = 200, ask()
            except RestError as error:
                status, body = error.status, dict(error.body)
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Says nothing."""

    return Handler


def _refuse(status: int) -> dict[str, Any]:
    raise RestError(status, "Method Not Allowed", "Method Not Allowed")
