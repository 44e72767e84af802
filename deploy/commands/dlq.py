"""`watchkeeper dlq list | show | retry`: jobs that were given up."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from agent.errors import InputError
from agent.models import Job
from agent.ports import DeadLetter, Queue
from deploy.commands.kept import kept_things, print_rows, when
from deploy.commands.options import JsonOption, print_result
from deploy.showing import tell

app = typer.Typer(help="Jobs that were given up (the dead letters of the queue).", no_args_is_help=True)

LimitOption = Annotated[int, typer.Option(min=1, help="How many at most, the newest.")]
_ALL = 100_000
_SHORT = 60


@app.command("list")
def list_letters(limit: LimitOption = 50, json_output: JsonOption = False) -> None:
    """List them, newest first: what each was about, and why it was given up."""
    letters = asyncio.run(_read(limit))
    print_result(json_output, lambda: {"dead_letters": [letter_json(each) for each in letters]}, lambda: _show(letters))


@app.command()
def show(job_id: Annotated[str, typer.Argument(metavar="ID")], json_output: JsonOption = False) -> None:
    """Show one with all that it carries."""
    letter = _named(asyncio.run(_read(_ALL)), job_id)
    print_result(json_output, lambda: letter_json(letter) | {"payload": letter.job.payload}, lambda: _show_one(letter))


@app.command()
def retry(
    job_id: Annotated[str, typer.Argument(metavar="[ID]", show_default=False)] = "",
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Put one or all of them back into the queue, as if they had never been tried."""
    if bool(job_id) == everything:
        raise InputError("Say which: `watchkeeper dlq retry ID`, or `watchkeeper dlq retry --all`.")
    ids = asyncio.run(_retry(job_id))
    print_result(json_output, lambda: {"retried": ids}, lambda: tell(f"Put back: {', '.join(ids) or 'nothing'}\n"))


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    job = letter.job
    return {
        "id": job.id,
        "kind": job.kind.value,
        "about": about(job),
        "reason": letter.reason,
        "since": letter.at.isoformat(),
        "created_at": job.created_at.isoformat(),
        "urgency": job.urgency.name,
        "attempts": job.attempt,
    }


def about(job: Job) -> str:
    """The incident, or where it came from and how it begins."""
    payload = job.payload
    if incident := payload.get("incident"):
        return f"incident {incident}"
    event: Any = payload.get("event")
    event = event if isinstance(event, dict) else {}
    where = payload.get("source") or payload.get("channel") or event.get("channel") or ""
    body: Any = event.get("text") or payload.get("body") or payload.get("text") or ""
    text = " ".join((body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)).split())
    return ": ".join(part for part in (str(where), text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…") if part)


async def _read(limit: int) -> list[DeadLetter]:
    async with kept_things() as kept:
        return await kept.queue.dead_letters(limit)


async def _retry(job_id: str) -> list[str]:
    """The ids of those that were put back: the one that is given, or all."""
    async with kept_things() as kept:
        if not job_id:
            return await _retry_all(kept.queue)
        if not await kept.queue.retry(job_id):
            raise _unknown(job_id)
        return [job_id]


async def _retry_all(queue: Queue) -> list[str]:
    letters = await queue.dead_letters(_ALL)
    return [letter.job.id for letter in letters if await queue.retry(letter.job.id)]


def _named(letters: list[DeadLetter], job_id: str) -> DeadLetter:
    found = [letter for letter in letters if letter.job.id == job_id]
    if not found:
        raise _unknown(job_id)
    return found[0]


def _unknown(job_id: str) -> InputError:
    return InputError(f"No job {job_id} was given up; `watchkeeper dlq list` shows those that were.")


def _show(letters: list[DeadLetter]) -> None:
    if not letters:
        tell("No job was given up.\n")
        return
    rows = [(each.job.id, each.job.kind.value, about(each.job), each.reason, when(each.at)) for each in letters]
    print_rows(("id", "kind", "about", "reason", "since"), rows)


def _show_one(letter: DeadLetter) -> None:
    fields = letter_json(letter)
    tell("".join(f"{name.replace('_', ' '):<11} {value}\n" for name, value in fields.items()))
    tell(json.dumps(letter.job.payload, indent=2, ensure_ascii=False) + "\n")
