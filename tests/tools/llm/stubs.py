"""A model server on loopback that speaks OpenAI's, Bedrock's and Gemini's wires, driven by one script.

    with ModelStub(script) as stub:
        chat_model("openai:any", Settings.read(llm_base_url=stub.base_url("openai"), llm_api_key=...), offline)

`stub.requests` keeps what was asked. The script's reply may be a failure (`NormalisedReply(status=429)`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType, TracebackType
from typing import Any

from tests.tools.llm import bedrock_wire, gemini_wire, openai_wire
from tests.tools.llm.normal import BadRequest, NormalisedReply, NormalisedRequest, Script, check


class ModelStub:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[NormalisedRequest] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def base_url(self, provider: str) -> str:
        """What WATCHKEEPER_LLM_BASE_URL must be for a provider."""
        root = f"http://127.0.0.1:{self._server.server_address[1]}"
        return f"{root}/v1" if provider in ("openai", "vllm") else root

    def __enter__(self) -> ModelStub:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: NormalisedRequest) -> NormalisedReply:
        check(request)
        self.requests.append(request)
        given = self.script(request).numbered(len(self.requests))
        return given.as_json_text() if request.json_schema else given


def _wire(path: str) -> ModuleType | None:
    if path == "/v1/chat/completions":
        return openai_wire
    if path.startswith("/model/") and path.rpartition("/")[2] in ("converse", "converse-stream"):
        return bedrock_wire
    if path.startswith("/v1beta/models/") and path.endswith((":generateContent", ":streamGenerateContent")):
        return gemini_wire
    return None


def _handler(stub: ModelStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path = self.path.partition("?")[0]
            wire = _wire(path)
            if wire is None:
                self._send(404, {"error": {"message": f"no such path {path}"}}, {})
                return
            try:
                request = wire.parse(path, body)
                given = stub.answer(request)
            except BadRequest as error:
                self._send(400, *wire.error(400, str(error)))
                return
            if given.status != 200:
                body, headers = wire.error(given.status, f"the stub was told to fail: {given.status}", given.code)
                if given.retry_after:
                    headers = {**headers, "Retry-After": given.retry_after}
                self._send(given.status, body, headers)
            elif request.stream:
                self._stream(wire, wire.stream(request, given), whole=not given.break_off)
            else:
                self._send(200, wire.reply(request, given), {})

        def _send(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
            encoded = json.dumps(body).encode()
            self.send_response(status)
            for key, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(encoded)))
            self.send_header("Connection", "close")  # else a client keeps sockets open beyond its test's event loop
            self.end_headers()
            with suppress(ConnectionError):  # the client did not wait
                self.wfile.write(encoded)

        def _stream(self, wire: ModuleType, pieces: Iterator[bytes], whole: bool) -> None:
            """In chunked encoding: without the empty last chunk, the client knows that the stream broke off."""
            framing = "application/vnd.amazon.eventstream" if wire is bedrock_wire else "text/event-stream"
            self.send_response(200)
            self.send_header("Content-Type", framing)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in pieces:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.flush()
            if whole:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- http.server's name
            """Nothing: the tests read `stub.requests`."""

    return Handler
