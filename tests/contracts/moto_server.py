"""moto as a process of its own: `python -m tests.contracts.moto_server PORT CLOCK`; see tests/peers/ministack/serve.py.

moto checks a condition and writes in two steps, and hands one message to two readers when they come at once. AWS does
not: here one request is served at a time, except that a reader which waits for a message lets the others through.
"""

from __future__ import annotations

import datetime
import mmap
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

import moto.core.utils
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.sqs.models import Queue
from werkzeug.serving import make_server

from tests.peers.ministack.serve import end_with_standard_input


class OneAtATime:
    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        Queue.wait_for_messages = self._let_others_through

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with self._lock:
            return [*self._app(environ, start_response)]

    def _let_others_through(self, *_: Any) -> None:
        self._lock.release()
        time.sleep(0.02)
        self._lock.acquire()


class QuietHandler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's own name
        pass


def main(port: int, clock: Path) -> None:
    with clock.open("rb") as file:
        ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def shifted() -> datetime.datetime:
        seconds = struct.unpack("d", ahead[:8])[0]
        return datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=seconds)

    moto.core.utils.utcnow = shifted
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    make_server("127.0.0.1", port, OneAtATime(), threaded=True, request_handler=QuietHandler).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
