"""Runs ministack in its own environment: `python serve.py PORT CLOCK`.

CLOCK is a file of one native double, the seconds by which this process's clock is ahead. The server ends with its
standard input, so that none is left behind when the tests are killed.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import threading
import time
from pathlib import Path


def main(port: str, clock: Path) -> None:
    os.environ.update(
        GATEWAY_PORT=port, BIND_HOST="127.0.0.1", SERVICES="dynamodb,sqs,s3", LOG_LEVEL="ERROR", PERSIST_STATE="0"
    )
    with clock.open("rb") as file:
        ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    real_time = time.time
    time.time = lambda: real_time() + struct.unpack("d", ahead[:8])[0]
    threading.Thread(target=end_with_standard_input, daemon=True).start()

    from ministack.app import main as serve

    sys.argv = ["ministack"]
    serve()


def end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
