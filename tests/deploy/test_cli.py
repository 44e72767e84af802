"""The command itself, as a process: what happens at its edges."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "deploy.cli"]
FULL = Path("/dev/full")


def _run(arguments: str, redirect: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Through a shell, with its redirections."""
    command = " ".join([*COMMAND, arguments, redirect])
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, env=os.environ | environment, check=False, timeout=60
    )


def test_it_says_its_version() -> None:
    assert _run("--version").stdout == f"watchkeeper {version('watchkeeper')}\n"


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_said_in_one_sentence() -> None:
    done = _run("iam-policy", f">{FULL}")
    assert (done.returncode, done.stderr) == (
        1,
        "watchkeeper: The output cannot be written (No space left on device).\n",
    )


@pytest.mark.parametrize("redirect", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_output_is_no_mistake(redirect: str) -> None:
    done = _run("iam-policy", redirect)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_closed_input_is_an_empty_one() -> None:
    done = _run("alert parse -", "<&-")
    assert (done.returncode, done.stderr) == (2, "watchkeeper: stdin is empty; give the alert's payload.\n")


def test_a_terminal_without_a_sign_gets_the_rest() -> None:
    done = _run("safety judge --shell fish", PYTHONIOENCODING="ascii")
    assert done.returncode == 2
    assert done.stderr.startswith("watchkeeper: ?fish? is not a shell")


def test_a_taken_port_is_said_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _run(f"run --port {port}", WATCHKEEPER_HOME=str(tmp_path))
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr
    assert "`watchkeeper run --port 0`" in done.stderr


@contextmanager
def _heard() -> Generator[None]:
    """Ctrl-C, by whoever is started meanwhile: a test run in the background ignores it, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.parametrize("waits_for", ["Preparing", "Ctrl-C stops it"])
def test_ctrl_c_ends_a_run_without_noise(tmp_path: Path, waits_for: str) -> None:
    """At a terminal it reaches all of the process group in the foreground, not just the process that was started."""
    settings = os.environ | {"WATCHKEEPER_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [*COMMAND, "run", "--port", "0"]
    with (
        _heard(),
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=settings, start_new_session=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert any(waits_for in line for line in process.stdout)
            time.sleep(0.5)  # in the middle of what it does next
            os.killpg(process.pid, signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()

    assert process.returncode in (0, 130)
    assert not re.search(r"Traceback|ERROR|Exception", said), said


def test_a_taken_port_of_the_tools_is_said_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = _run(f"mcp --scenario flapping-alarm --http {taken.getsockname()[1]}")
    assert done.returncode == 2
    assert "choose another port with --http" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["ask why", "alert README.md", "tick", "mcp"])
def test_a_real_account_without_credentials_is_said_before_anything_is_read(command: str, tmp_path: Path) -> None:
    nowhere = {name: str(tmp_path / "none") for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE")}
    done = _run(f"{command} --aws real", "</dev/null", **nowhere, AWS_EC2_METADATA_DISABLED="true")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("watchkeeper: There are no AWS credentials: set AWS_PROFILE")
    assert len(done.stderr.splitlines()) == 1
