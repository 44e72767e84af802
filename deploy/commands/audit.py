"""`watchkeeper audit show | verify | export | report`: who did what, and whether the trail is whole."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections import deque
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, TextIO

import typer

from agent.audit_chain import ChainHead
from agent.audit_check import ChainReport, verify
from agent.audit_events import AuditEvent
from agent.audit_export import FORMATS, Chosen, brief
from agent.audit_report import month_range, monthly_report, remediated
from agent.errors import InputError
from agent.models import AuditEntry
from agent.times import parse_time
from deploy.commands.kept import kept_things, now, print_rows, when
from deploy.commands.options import JsonOption, print_result
from deploy.showing import tell

app = typer.Typer(help="The audit trail: who did what, and whether it is whole.", no_args_is_help=True)

IncidentOption = Annotated[str, typer.Option(help="Only what was about this incident.")]
ActorOption = Annotated[str, typer.Option(help="Only what this person (Slack's id) or `watchkeeper` did.")]
SinceOption = Annotated[str, typer.Option(help="From then on: 2026-11-20, 2026-11-20T14:00:00Z, or -2h, -7d.")]
UntilOption = Annotated[str, typer.Option(help="Before then, written as with --since.")]
OutOption = Annotated[Path | None, typer.Option(help="Write it to this file instead; only you may read it.")]


@app.command()
def show(
    incident: IncidentOption = "",
    actor: ActorOption = "",
    since: SinceOption = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most, the newest.")] = 50,
    json_output: JsonOption = False,
) -> None:
    """Show the newest entries, newest first; with --json all that they say."""
    chosen = Chosen(incident, actor, _time("--since", since))
    entries = asyncio.run(_newest(chosen, limit))
    print_result(json_output, lambda: {"entries": [_as_json(each) for each in entries]}, lambda: _show(entries))


@app.command("verify")
def verify_trail(
    noted: Annotated[str, typer.Option(help="LINE:HASH that you wrote down; the trail has to hold it.")] = "",
    json_output: JsonOption = False,
) -> None:
    """Check that nothing was edited, taken out, put in, moved or cut off; exit code 1 when something was."""
    report = asyncio.run(_verify(_noted(noted)))
    print_result(json_output, lambda: _report_json(report), lambda: _show_report(report))
    if report.broken:
        raise typer.Exit(1)


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", help="`jsonl` (as stored, hashes included) or `csv`.")] = "jsonl",
    incident: IncidentOption = "",
    actor: ActorOption = "",
    since: SinceOption = "",
    until: UntilOption = "",
    out: OutOption = None,
) -> None:
    """Write the entries, oldest first."""
    if form not in FORMATS:
        raise InputError(f"--format is {' or '.join(FORMATS)}, not {form!r}.")
    chosen = Chosen(incident, actor, _time("--since", since), _time("--until", until))
    with _Output(out) as file:
        count, wrong = asyncio.run(_export(form, chosen, file))
    if out:
        sys.stderr.write(f"watchkeeper: {count} entries are in {out}.\n")
    if wrong:
        sys.stderr.write(
            f"watchkeeper: {wrong} of them are not as they were written: run `watchkeeper audit verify`.\n"
        )


@app.command()
def report(
    month: Annotated[str, typer.Option(help="A year and a month, such as 2026-11.")],
    out: OutOption = None,
) -> None:
    """The compliance report of a month, in Markdown."""
    start, end = month_range(month)
    with _Output(out) as file:
        file.write(asyncio.run(_report(month, start, end)))


async def _newest(chosen: Chosen, limit: int) -> list[AuditEntry]:
    async with kept_things() as kept:
        if chosen == Chosen(chosen.subject):
            return await kept.audit.read(chosen.subject or None, limit)
        newest: deque[AuditEntry] = deque(maxlen=limit)
        async for line in kept.audit.walk():
            if line.entry and chosen.has(line):
                newest.appendleft(line.entry)
        return list(newest)


async def _verify(noted: ChainHead | None) -> ChainReport:
    async with kept_things() as kept:
        return await verify(kept.audit, now(), noted)


async def _export(form: str, chosen: Chosen, file: TextIO) -> tuple[int, int]:
    """How many lines were written, and how many of them are not as they were stored."""
    heading, written = FORMATS[form]
    file.write(heading)
    count = wrong = 0
    async with kept_things() as kept:
        async for line in kept.audit.walk():
            if chosen.has(line):
                file.write(written(line))
                count, wrong = count + 1, wrong + bool(line.wrong)
    return count, wrong


async def _report(month: str, start: datetime, end: datetime) -> str:
    async with kept_things() as kept:
        glass = (AuditEvent.broke_glass, AuditEvent.reviewed)
        lines = (line.entry async for line in kept.audit.walk() if line.entry)
        found = [entry async for entry in lines if entry.at >= start or entry.event in glass]
        earlier, found = [e for e in found if e.at < start], [e for e in found if e.at >= start]
        entries = [entry for entry in found if entry.at < end]
        later = [entry for entry in found if entry.at >= end]
        incidents = [await kept.incidents.get(each) for each in remediated(entries)]
        chain = await verify(kept.audit, now())
    return monthly_report(month, entries, later, [each for each in incidents if each], chain, earlier)


def _time(option: str, text: str) -> datetime | None:
    try:
        return parse_time(text, now()) if text else None
    except ValueError as error:
        raise InputError(f"{option}: {error}") from None


def _noted(text: str) -> ChainHead | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,15}):([0-9a-f]{64})", text.strip())
    if not match:
        raise InputError("--noted is LINE:HASH as `watchkeeper audit verify` printed it.")
    return ChainHead(sequence=int(match[1]), hash=match[2])


def _as_json(entry: AuditEntry) -> dict[str, Any]:
    return entry.model_dump(mode="json")


def _report_json(report: ChainReport) -> dict[str, Any]:
    broken = report.broken
    return {
        "whole": broken is None,
        "entries": report.entries,
        "unchained": report.unchained,
        "first": _as_json(report.first) if report.first else None,
        "begins_later": report.begins_later,
        "head": report.head.model_dump(mode="json") if report.head else None,
        "broken": {
            "sequence": broken.sequence,
            "reason": broken.reason,
            "entry": _as_json(broken.entry) if broken.entry else None,
        }
        if broken
        else None,
        "heads_lost": [_as_json(each) for each in report.anchors_lost],
    }


def _show(entries: list[AuditEntry]) -> None:
    if not entries:
        tell("There is no such entry.\n")
        return
    rows = [(str(e.sequence or ""), when(e.at), e.actor, e.event, e.subject, brief(e)) for e in entries]
    print_rows(("line", "when", "who", "what", "incident", ""), rows)


def _show_report(report: ChainReport) -> None:
    for sentence in _sentences(report):
        tell(f"{sentence}\n")


def _sentences(report: ChainReport) -> list[str]:
    said = [*_verdict(report)]
    if report.first and report.begins_later:
        begin = f"line {report.first.sequence}, of {when(report.first.at)}"
        said.append(f"It begins at {begin}: what came before is not kept so long.")
    if report.unchained:
        said.append(f"{report.unchained} lines of an earlier version have no hash: nothing can be said of them.")
    said += [
        f"Before line {entry.sequence} ({when(entry.at)}) the chain's head was lost: find out why."
        for entry in report.anchors_lost
    ]
    if report.head and not report.broken:
        said.append(f"It ends at {report.head.sequence}:{report.head.hash}")
    return said


def _verdict(report: ChainReport) -> list[str]:
    if broken := report.broken:
        entry = broken.entry
        what = f" ({when(entry.at)}, {entry.actor}: {entry.event}, {entry.subject})" if entry else ""
        return [
            f"BROKEN at line {broken.sequence}{what}: {broken.reason}.",
            f"{report.entries} lines could be checked until there.",
        ]
    if report.entries:
        return [f"The audit trail is whole: {report.entries} lines."]
    return ["The audit trail has no line that could be checked."]


class _Output:
    """stdout, or a file that is there only once it is complete."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: Any = None

    def __enter__(self) -> TextIO:
        if self._path is None:
            return sys.stdout
        try:
            self._file = NamedTemporaryFile("w", dir=self._path.parent, delete=False, encoding="utf-8", newline="")
        except OSError as error:
            raise _unwritable(self._path, error) from error
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        if self._path is None or self._file is None:
            return
        try:
            self._file.close()
            if kind is None:
                os.replace(self._file.name, self._path)
        except OSError as error:
            raise _unwritable(self._path, error) from error
        finally:
            with suppress(FileNotFoundError):
                os.unlink(self._file.name)


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"--out: {path} cannot be written ({error.strerror}); name another file.")
