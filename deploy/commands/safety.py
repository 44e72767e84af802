"""`watchkeeper safety judge`: what the command judge says of commands read from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args

import typer

from agent.errors import InputError
from agent.safety.commands import Shell, Verdict, judge
from deploy.showing import tell

app = typer.Typer(help="What may be run: the judge of commands.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keeps `judge` a command of its own while it is the only one."""


@app.command("judge")
def judge_stdin(
    shell: Annotated[str, typer.Option(help="bash, powershell or cmd.")],
    jsonl: Annotated[
        bool,
        typer.Option("--jsonl", help='A line {"id", "command"} in gives a line {"id", "decision", "reasons"} out.'),
    ] = False,
) -> None:
    """Judge commands from stdin: auto (it only reads), approval (a person must look), or refuse.

    Without --jsonl all of stdin is one command.
    """
    known = _shell(shell)
    if jsonl:
        for row in judged_lines(_lines(), known):
            sys.stdout.write(json.dumps(row, ensure_ascii=True) + "\n")
            sys.stdout.flush()
        return
    _print(judge(sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n"), known))


def _shell(name: str) -> Shell:
    for known in get_args(Shell):
        if name == known:
            return known
    raise InputError(f"“{name}” is not a shell that can be judged: say bash, powershell or cmd.")


def judged_lines(lines: Iterable[str], shell: Shell) -> Iterator[dict[str, Any]]:
    """A row for each line, in order; a line that is no command gives a refusal that says why, and a word on stderr."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row_id, command, problem = _read(line)
        if problem:
            sys.stderr.write(f"watchkeeper: line {number}: {problem}\n")
            sys.stderr.flush()
        verdict = Verdict("refuse", (problem,)) if problem else judge(command, shell)
        yield {"id": row_id, "decision": verdict.decision, "reasons": list(verdict.reasons)}


def _lines() -> Iterator[str]:
    """The lines of stdin as they come, ended by a line feed only; bytes that are no UTF-8 become U+FFFD."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace")


def _read(line: str) -> tuple[Any, str, str]:
    """The id, the command, and what is wrong with the line, if anything is."""
    try:
        row = json.loads(line)
    except ValueError as error:
        return None, "", f"This line is not JSON ({error})."
    except RecursionError:
        return None, "", "This line is nested too deeply to read."
    if not isinstance(row, dict):
        return None, "", 'This line is not an object like {"id": "1", "command": "ls"}.'
    command = row.get("command")
    if not isinstance(command, str):
        return row.get("id"), "", "This line has no text under “command”."
    return row.get("id"), command, ""


def _print(verdict: Verdict) -> None:
    tell(verdict.decision + "\n")
    for reason in verdict.reasons:
        tell(f"  {reason}\n")
