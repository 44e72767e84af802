"""A real aimock that lives as long as its tests: a model server of other people's, which answers from fixtures.

with running_aimock(folder) as aimock:
    aimock.answer({"systemMessage": "You are the supervisor"}, {"content": "{...}"})
    aimock.journal()    # what it was asked

It knows no prompt cache (a cache point among Bedrock's tools is an error to it, though not to Bedrock), and it is told
how many tokens each reply took, because it counts none for Bedrock.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.peers import ENVIRONMENTS

PROGRAM = ENVIRONMENTS / "aimock" / "node_modules" / ".bin" / "llmock"
START_SECONDS = 30


@dataclass(frozen=True)
class RealAimock:
    url: str

    def base_url(self, provider: str) -> str:
        """What WATCHKEEPER_LLM_BASE_URL must be for a provider."""
        return f"{self.url}/v1" if provider == "openai" else self.url

    def answer(self, match: dict[str, Any], response: dict[str, Any]) -> None:
        """From now on, the first of all fixtures that matches a request is its reply."""
        fixtures = {"fixtures": [{"match": match, "response": response}]}
        httpx.post(f"{self.url}/__aimock/fixtures", json=fixtures).raise_for_status()

    def journal(self) -> list[dict[str, Any]]:
        """Each request to a model's address, and the status of the reply."""
        return list(httpx.get(f"{self.url}/__aimock/journal").raise_for_status().json())


@contextmanager
def running_aimock(folder: Path) -> Generator[RealAimock]:
    """Strict: a request that no fixture matches is an error."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    start = folder / "fixtures.json"  # it does not start without one; this matches nothing that is ever asked
    start.write_text(json.dumps({"fixtures": [{"match": {"toolName": "none"}, "response": {"content": ""}}]}))
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--fixtures", str(start), "--strict"]
    with (folder / "aimock.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, *arguments], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        try:
            aimock = RealAimock(f"http://127.0.0.1:{port}")
            _wait_for(aimock, process, folder / "aimock.log")
            yield aimock
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(aimock: RealAimock, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{aimock.url}/__aimock/health").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"aimock did not start; it said:\n{log.read_text()[-3000:]}")
