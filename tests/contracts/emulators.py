"""DynamoDB and SQS on loopback: moto, and the independent ministack. Both keep the time that the test's clock shows.

An emulator is one process for all tests of a session. Where it listens stands in the environment, so that the
contenders (other processes) find it too. Each test has tables and a queue of its own, by a prefix.
"""

from __future__ import annotations

import atexit
import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.peers import HERE, missing, peer_python

EMULATORS: dict[str, Callable[[], list[str]]] = {
    "moto": lambda: [sys.executable, "-m", "tests.contracts.moto_server"],
    "ministack": lambda: [str(peer_python("ministack")), str(HERE / "ministack" / "serve.py")],
}
REGION = "us-east-1"
_ROOT = Path(__file__).parents[2]


def why_not(name: str) -> str:
    """Why an emulator cannot be used here; "" when it can."""
    return missing(name) if name != "moto" else ""


@dataclass(frozen=True)
class Emulator:
    """Where it listens, and the file that says how far its clock is ahead."""

    url: str
    clock: Path

    def client(self, service: str, **config: Any) -> Any:
        settings = Config(max_pool_connections=32, **config)
        return _session().client(service, endpoint_url=self.url, config=settings)

    def keep_time(self, now: datetime) -> None:
        """From here on the emulator's clock goes on from `now`."""
        with self.clock.open("r+b") as file, mmap.mmap(file.fileno(), 8) as ahead:
            ahead[:8] = struct.pack("d", (now - datetime.now(UTC)).total_seconds())

    def advance(self, seconds: float) -> None:
        with self.clock.open("r+b") as file, mmap.mmap(file.fileno(), 8) as ahead:
            ahead[:8] = struct.pack("d", struct.unpack("d", ahead[:8])[0] + seconds)


@cache
def _session() -> boto3.Session:
    """One for all: it reads the service models once."""
    return boto3.Session("test", "test", region_name=REGION)


@cache
def emulator(name: str) -> Emulator:
    """The running one; started when nobody has yet. It ends with this process."""
    variable = f"WATCHKEEPER_TEST_{name.upper()}"
    if variable in os.environ:
        url, _, clock = os.environ[variable].partition(" ")
        return Emulator(url, Path(clock))
    clock = Path(tempfile.mkdtemp(prefix="watchkeeper-")) / "clock"
    clock.write_bytes(struct.pack("d", 0))
    port = _free_port()
    process = subprocess.Popen(
        [*EMULATORS[name](), str(port), str(clock)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_until_it_listens(process, port)
    atexit.register(_stop, process)
    os.environ[variable] = f"http://127.0.0.1:{port} {clock}"
    return Emulator(f"http://127.0.0.1:{port}", clock)


def prefix(folder: Path) -> str:
    """Tables and queues are to a folder what files are to the embedded stores."""
    return f"wk-{sha256(str(folder).encode()).hexdigest()[:10]}-"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.communicate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"The emulator did not start (exit code {process.poll()}).")
