"""`watchkeeper run` twice on one machine: the second time is as good as the first."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FIRST_REPLY_SECONDS = 100

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_first_alert_is_answered_each_time(tmp_path: Path) -> None:
    """The workspace begins anew with the same channels; what was told to the one before does not count."""
    port = _free_port()
    for _ in range(2):
        with _run(tmp_path, port) as address:
            assert "What to do next" in _first_answer(address)


@contextmanager
def _run(home: Path, port: int) -> Generator[str]:
    """The address of the page, once everything is running."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "AWS_"))}
    command = [sys.executable, "-m", "deploy.cli", "run", "--port", str(port)]
    given = environment | {"WATCHKEEPER_HOME": str(home)}
    with subprocess.Popen(command, env=given, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield next(match[0] for line in process.stdout if (match := re.search(r"http://127\.0\.0\.1:\d+", line)))
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _first_answer(address: str) -> str:
    """What stands under the only alert, as soon as its analysis does."""
    deadline, said = time.monotonic() + FIRST_REPLY_SECONDS, ""
    while time.monotonic() < deadline and "What to do next" not in said:
        channels = {channel["name"]: channel["id"] for channel in _get(f"{address}/_/state")["channels"]}
        alerts = _get(f"{address}/_/channels/{channels['alerts']}/messages")["messages"]
        said = "".join(json.dumps(_get(f"{address}/_/threads/{channels['alerts']}/{m['ts']}")) for m in alerts)
        time.sleep(0.3)
    return said


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as reply:
        return json.load(reply)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
