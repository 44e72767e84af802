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
from moto.sqs.models import Queue

from deploy.local.account.http_server import Server
from deploy.local.account.moto_app import Dispatcher
from tests.peers.ministack.serve import end_with_standard_input
from tests.quick_moto import make_moto_quick


class OneAtATime:
    def __init__(self) -> None:
        self._app = Dispatcher()
        self._lock = threading.Lock()
        Queue.wait_for_messages = self._let_others_through

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with self._lock:
            return [*self._app(environ, start_response)]

    def _let_others_through(self, *_: Any) -> None:
        self._lock.release()
        time.sleep(0.02)
        self._lock.acquire()


def main(port: int, clock: Path) -> None:
    with clock.open("rb") as file:
        ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def shifted() -> datetime.datetime:
        seconds = struct.unpack("d", ahead[:8])[0]
        return datetime.datetime.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=seconds)

    moto.core.utils.utcnow = shifted
    make_moto_quick()
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    Server(port, OneAtATime()).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
