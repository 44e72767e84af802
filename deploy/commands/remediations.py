"""`watchkeeper remediations list | show`: what was proposed and done about incidents, step by step."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from agent.errors import InputError
from agent.models import Approval, Remediation, RemediationStatus, Step
from deploy.commands.kept import kept_things, print_rows, when
from deploy.commands.options import JsonOption, print_result
from deploy.showing import tell

app = typer.Typer(help="What was proposed and done about incidents, step by step.", no_args_is_help=True)

Approvals = Mapping[str, Approval]
"""By their ids."""


@app.command("list")
def list_remediations(
    incident: Annotated[str, typer.Option(help="Only those of this incident, also past ones.")] = "",
    past: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    json_output: JsonOption = False,
) -> None:
    """List those that are open, newest first."""
    found = asyncio.run(_listed(incident, past, limit))
    print_result(json_output, lambda: {"remediations": [brief_json(each) for each in found]}, lambda: _show_all(found))


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="Of a remediation, or of an incident: its newest one.")],
    json_output: JsonOption = False,
) -> None:
    """Show one: each step, who approved it, what was done, and what was seen since."""
    given, approvals = asyncio.run(_one(name))
    print_result(json_output, lambda: remediation_json(given, approvals), lambda: _show_one(given, approvals))


def brief_json(given: Remediation) -> dict[str, Any]:
    fields = {"id", "incident_id", "status", "round", "requested_by", "created_at", "updated_at"}
    last = given.steps[-1] if given.steps else None
    return given.model_dump(mode="json", include=fields) | {
        "action": last.action.type if last else "",
        "target": last.action.target.id if last else "",
        "step": last.status.value if last else "",
    }


def remediation_json(given: Remediation, approvals: Approvals) -> dict[str, Any]:
    """With every step whole, and the approval that it was asked for."""
    steps = [
        {
            **step.model_dump(mode="json", exclude={"token"}),
            "approval": _approval_json(approvals.get(step.approval_id)),
        }
        for step in given.steps
    ]
    return brief_json(given) | {"learnt": list(given.learnt), "steps": steps}


def _approval_json(approval: Approval | None) -> dict[str, Any] | None:
    return approval.model_dump(mode="json", exclude={"place", "message_ts"}) if approval else None


async def _listed(incident: str, past: bool, limit: int) -> list[Remediation]:
    async with kept_things() as kept:
        store = kept.remediations
        if incident:
            found = await store.of_incident(incident)
        elif past:
            found = [one for status in RemediationStatus for one in await store.by_status(status, limit)]
        else:
            found = await store.open(limit)
    return sorted(found, key=lambda each: each.created_at, reverse=True)[:limit]


async def _one(name: str) -> tuple[Remediation, Approvals]:
    async with kept_things() as kept:
        given = await kept.remediations.get(name)
        if given is None:
            given = next(iter(await kept.remediations.of_incident(name)), None)
        if given is None:
            raise InputError(f"There is no remediation {name}; `watchkeeper remediations list --all` shows them.")
        asked = [await kept.approvals.get(step.approval_id) for step in given.steps if step.approval_id]
        return given, {approval.id: approval for approval in asked if approval}


def _show_all(found: list[Remediation]) -> None:
    if not found:
        tell("There is no such remediation.\n")
        return
    rows = [
        (each.id, each.status.value, _what(each.steps[-1]) if each.steps else "", when(each.updated_at))
        for each in found
    ]
    headings = ("id", "status", "last step", "since", "incident")
    print_rows(headings, [(*row, each.incident_id) for row, each in zip(rows, found, strict=True)])


def _show_one(given: Remediation, approvals: Approvals) -> None:
    tell(f"{given.id}: {given.status.value}, about {given.incident_id}, asked by {given.requested_by}\n")
    for number, step in enumerate(given.steps, 1):
        approval = approvals.get(step.approval_id)
        lines = {
            "status": f"{step.status.value}, round {step.round}",
            "parameters": ", ".join(f"{name}={value}" for name, value in step.action.parameters.items()),
            "undoes": step.action.rolls_back,
            "changes": ", ".join(f"{d.field}: {d.before} -> {d.after}" for d in step.preview.differences)
            if step.preview
            else "",
            "approval": _consent(approval) if approval else ("by the action policy" if step.by_policy else ""),
            "result": f"{step.result.message} ({when(step.result.at)})" if step.result else "",
            "seen": step.verification.seen,
            "note": step.note,
        }
        tell(f"\n{number}. {_what(step)}\n")
        tell("".join(f"   {name:<11} {text}\n" for name, text in lines.items() if text))
    for lesson in given.learnt:
        tell(f"\nlearnt: {lesson}")
    tell("\n" if given.learnt else "")


def _what(step: Step) -> str:
    return f"{step.action.type} {step.action.target.id}"


def _consent(approval: Approval) -> str:
    gave = ", ".join(f"{mark.by} at {when(mark.at)}" for mark in approval.approved_by)
    who = gave or approval.decided_by or f"waits until {when(approval.expires_at)}"
    return f"{approval.decision}: {who}" + (f" ({approval.reason})" if approval.reason else "")
