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

from deploy.local.account.airflow.changes import Moment, changed
from deploy.local.account.airflow.errors import RestError
from deploy.local.account.airflow.rest import AirflowApi
from deploy.local.account.schema.mwaa import MwaaEnvironment


class AirflowServer:
    """Airflow 3 logs in by `POST /auth/token`; Airflow 2 takes user and password with each request.

    The user may read. `writer` is another one's name and password, who may change things too.
    """

    def __init__(
        self,
        environment: MwaaEnvironment,
        loaded: datetime,
        clock: Callable[[], datetime],
        user: str,
        password: str,
        writer: tuple[str, str] | None = None,
    ) -> None:
        self._environment, self._loaded, self._clock = environment, loaded, clock
        self.api = AirflowApi(environment, loaded, clock)
        self.prefix = "/api/v1" if self.api.is_airflow_2 else "/api/v2"
        self.user, self.password = user, password
        self._writer = writer
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
        if (given.get("username"), given.get("password")) not in self._users():
            raise RestError(401, "Invalid credentials", "Unauthorized")
        return {"access_token": f"token-of-{given['username']}"}

    def answer(self, target: str, authorization: str) -> dict[str, Any]:
        parts = urlsplit(target)
        path = self._path(parts.path)
        if path != "/version":
            self._check(authorization, self._users())
        query = {name: values[0] if len(values) == 1 else values for name, values in parse_qs(parts.query).items()}
        return self.api.get(path, query)

    def change(self, method: str, target: str, body: dict[str, Any], authorization: str) -> dict[str, Any]:
        path = self._path(target)
        self._check(authorization, self._users())
        if self._writer is None or not self._shown(authorization, self._writer):
            raise RestError(403, "Forbidden", "Forbidden")
        reply, dag = changed(self.api, method, path, body, Moment(self._clock(), self._loaded))
        if dag is not None:
            dags = tuple(dag if each.dag_id == dag.dag_id else each for each in self._environment.dags)
            self._environment = self._environment.model_copy(update={"dags": dags})
            self.api = AirflowApi(self._environment, self._loaded, self._clock)
        return reply

    def _path(self, target: str) -> str:
        if not target.startswith(f"{self.prefix}/"):
            raise RestError(404, "Not Found", "Not Found")
        return unquote(target.removeprefix(self.prefix))

    def _users(self) -> list[tuple[str, str]]:
        return [(self.user, self.password), *([self._writer] if self._writer else [])]

    def _check(self, authorization: str, users: list[tuple[str, str]]) -> None:
        if not any(self._shown(authorization, user) for user in users):
            raise RestError(401, "Unauthorized" if self.api.is_airflow_2 else "Invalid JWT token", "Unauthorized")

    def _shown(self, authorization: str, user: tuple[str, str]) -> bool:
        """Whether these are a user's password (to Airflow 2) or token."""
        kind, _, credential = authorization.partition(" ")
        basic = base64.b64encode(":".join(user).encode()).decode()
        if kind == "Basic":
            return self.api.is_airflow_2 and credential == basic
        return (kind, credential) == ("Bearer", f"token-of-{user[0]}")


def _handler(server: AirflowServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(lambda: server.answer(self.path, self.headers.get("authorization", "")))

        def do_POST(self) -> None:
            if self.path == "/auth/token":
                body = self._body()
                self._reply(lambda: server.log_in(body))
            else:
                self._change()

        def do_PATCH(self) -> None:
            self._change()

        def _change(self) -> None:
            body, authorization = self._body(), self.headers.get("authorization", "")
            self._reply(lambda: server.change(self.command, self.path, body, authorization))

        def _body(self) -> dict[str, Any]:
            return json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")

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
