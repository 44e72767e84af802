"""A small HTTP app on loopback that checks Slack's signature and answers as a test tells it to."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier


@dataclass
class Receiver:
    """What arrived, and the statuses to answer with (the last one is repeated)."""

    secret: str
    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    answer_headers: dict[str, str] = field(default_factory=dict)
    answer_body: str = ""
    requests: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    signatures_ok: list[bool] = field(default_factory=list)

    def receive(self, headers: dict[str, str], body: str) -> int:
        self.signatures_ok.append(SignatureVerifier(self.secret).is_valid_request(body, headers))
        if headers["content-type"] == "application/json":
            parsed: Any = json.loads(body)
        else:
            form = {key: values[0] for key, values in parse_qs(body, keep_blank_values=True).items()}
            parsed = json.loads(form["payload"]) if "payload" in form else form
        self.requests.append((headers, parsed))
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextlib.contextmanager
def running_receiver(secret: str) -> Iterator[Receiver]:
    receiver = Receiver(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status = receiver.receive({key.lower(): value for key, value in self.headers.items()}, body)
            self.send_response(status)
            for name, value in receiver.answer_headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer_body)))
            self.end_headers()
            self.wfile.write(receiver.answer_body.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/slack/events"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
