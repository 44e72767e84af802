"""`watchkeeper safety judge`, as a person and as a program call it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def _run(*arguments: str, stdin: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "deploy.cli", "safety", "judge", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def _rows(stdout: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines()]


def test_one_command_is_judged_with_its_reasons() -> None:
    run = _run("--shell", "bash", stdin=b"rm -rf /\n")

    assert run.stdout.decode().splitlines() == ["refuse", "  It deletes a system tree or a home."]


def test_lines_are_answered_in_order_and_a_bad_one_does_not_stop_the_rest() -> None:
    lines = [
        b'{"id": 1, "command": "ls"}',
        b"nonsense",
        b'{"id": "b"}',
        b"[]",
        b'{"id": 5, "command": "caf\xff"}',
        b'{"id": 6, "command": "ls \\ud800"}',
        b'{"id": 7, "command": "mkdir x"}',
    ]
    run = _run("--shell", "bash", "--jsonl", stdin=b"\n".join(lines) + b"\n")

    rows = _rows(run.stdout)
    assert [row["id"] for row in rows] == [1, None, "b", None, 5, 6, 7]
    assert [row["decision"] for row in rows] == ["auto", "refuse", "refuse", "refuse", "approval", "refuse", "approval"]
    assert all(row["reasons"] for row in rows)
    assert run.returncode == 0
    assert b"line 2: This line is not JSON" in run.stderr
    assert b"Traceback" not in run.stderr


def test_a_line_is_answered_before_the_next_one_is_sent() -> None:
    command = [sys.executable, "-m", "deploy.cli", "safety", "judge", "--shell", "cmd", "--jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(json.dumps({"id": number, "command": "ipconfig /all"}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_shell_that_cannot_be_judged_is_said_in_one_sentence() -> None:
    run = _run("--shell", "fish", stdin=b"ls")

    assert run.returncode == 2
    assert run.stderr.decode().strip() == (
        "watchkeeper: “fish” is not a shell that can be judged: say bash, powershell or cmd."
    )
