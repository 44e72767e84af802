"""`watchkeeper incidents list | show | times`: what happened, and how long it took."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from agent.errors import InputError
from agent.incident_times import Spread, Times, acknowledged_after, resolved_after, times_by_severity, times_of
from agent.models import Incident, IncidentStatus
from agent.ports import Sighting, Tally
from deploy.commands.kept import kept_things, lasted, now, print_rows, when
from deploy.commands.options import JsonOption, print_result
from deploy.showing import tell

app = typer.Typer(help="Incidents: what happened, and how long it took.", no_args_is_help=True)

DaysOption = Annotated[int, typer.Option(min=1, help="How many days back.")]
_MOST = 100_000


@app.command("list")
def list_incidents(
    status: Annotated[str, typer.Option(help="Only those that are open, investigating, resolved, …")] = "",
    days: DaysOption = 30,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    json_output: JsonOption = False,
) -> None:
    """List those with an alert in the last days, newest first."""
    found = asyncio.run(_recent(days, _status(status), limit))
    print_result(json_output, lambda: {"incidents": [brief_json(each) for each in found]}, lambda: _show_all(found))


@app.command()
def show(incident_id: Annotated[str, typer.Argument(metavar="ID")], json_output: JsonOption = False) -> None:
    """Show one: its alerts with how often each fired, what was found out, and all that happened."""
    incident, sightings, tally = asyncio.run(_one(incident_id))
    print_result(
        json_output, lambda: incident_json(incident, sightings, tally), lambda: _show_one(incident, sightings, tally)
    )


@app.command()
def times(days: DaysOption = 30, json_output: JsonOption = False) -> None:
    """How long it took to acknowledge incidents (MTTA) and to resolve them (MTTR), by severity."""
    since = now() - timedelta(days=days)
    found = [each for each in asyncio.run(_recent(days, None, _MOST)) if each.created_at >= since]
    rows = {severity.value: each for severity, each in times_by_severity(found).items()} | {"all": times_of(found)}
    print_result(
        json_output,
        lambda: {"days": days, "times": {name: asdict(each) for name, each in rows.items()}},
        lambda: _show_times(rows),
    )


def brief_json(incident: Incident) -> dict[str, Any]:
    fields = ("id", "title", "status", "severity", "system", "storm", "created_at", "last_alert_at")
    return incident.model_dump(mode="json", include=set(fields)) | {
        "alerts": len(incident.alerts),
        "acknowledged_after_seconds": acknowledged_after(incident),
        "resolved_after_seconds": resolved_after(incident),
        "diagnosis": _headline(incident),
    }


def incident_json(incident: Incident, sightings: list[Sighting], tally: Tally) -> dict[str, Any]:
    return brief_json(incident) | {
        "grouped": incident.grouped,
        "ownership": incident.ownership.model_dump(mode="json"),
        "tickets": [ticket.model_dump(mode="json", exclude={"told"}) for ticket in incident.tickets],
        "firings": tally.count,
        "messages": tally.events,
        "alerts": [
            {
                "fingerprint": each.alert.fingerprint,
                "title": each.alert.title,
                "source": each.alert.source,
                "severity": each.alert.severity.value,
                "status": each.status.value,
                "count": each.count,
                "first_seen": each.first_seen.isoformat(),
                "last_seen": each.last_seen.isoformat(),
            }
            for each in sightings
        ],
        "timeline": [event.model_dump(mode="json") for event in incident.timeline],
    }


async def _recent(days: int, status: IncidentStatus | None, limit: int) -> list[Incident]:
    async with kept_things() as kept:
        found = await kept.incidents.recent(now() - timedelta(days=days), limit if status is None else _MOST)
    return [each for each in found if status in (None, each.status)][:limit]


async def _one(incident_id: str) -> tuple[Incident, list[Sighting], Tally]:
    async with kept_things() as kept:
        incident = await kept.incidents.get(incident_id)
        if incident is None:
            raise InputError(f"There is no incident {incident_id}; `watchkeeper incidents list` shows them.")
        return incident, await kept.ledger.of_incident(incident_id), await kept.ledger.tally(incident_id)


def _status(text: str) -> IncidentStatus | None:
    if not text:
        return None
    try:
        return IncidentStatus(text)
    except ValueError:
        raise InputError(f"--status is one of {', '.join(IncidentStatus)}, not {text!r}.") from None


def _headline(incident: Incident) -> str:
    return incident.diagnosis.summary if incident.diagnosis else ""


def _show_all(found: list[Incident]) -> None:
    if not found:
        tell("There is no such incident.\n")
        return
    rows = [
        (each.id, each.status.value, each.severity.value, when(each.last_alert_at or each.created_at), each.title)
        for each in found
    ]
    print_rows(("id", "status", "severity", "last alert", "title"), rows)


def _show_one(incident: Incident, sightings: list[Sighting], tally: Tally) -> None:
    facts = {
        "id": incident.id,
        "status": f"{incident.status.value}, {incident.severity.value}",
        "opened": when(incident.created_at),
        "last alert": when(incident.last_alert_at),
        "seen after": _lasted(acknowledged_after(incident)),
        "over after": _lasted(resolved_after(incident)),
        "grouped": incident.grouped,
        "diagnosis": _headline(incident),
        "tickets": ", ".join(f"{ticket.system} {ticket.id}" for ticket in incident.tickets),
    }
    tell(f"{incident.title}\n" + "".join(f"  {name:<11} {value}\n" for name, value in facts.items() if value))
    tell(f"\n{tally.alerts} alerts, {tally.firing} firing now, fired {tally.count} times\n")
    alerts = [(each.alert.title, each.status.value, f"{each.count}×", when(each.last_seen)) for each in sightings]
    print_rows(("alert", "status", "fired", "last seen"), alerts)
    tell("\n")
    events = [(when(event.at), event.kind, event.actor, event.text) for event in incident.timeline]
    print_rows(("when", "what", "who", ""), events)


def _show_times(rows: dict[str, Times]) -> None:
    headings = ("severity", "incidents", "MTTA", "p90", "MTTR", "p90", "not seen", "not over", "opened again")
    print_rows(headings, [_times_row(name, each) for name, each in rows.items()])
    tell("MTTA and MTTR are medians; the p90 beside each is what nine of ten stay within.\n")


def _times_row(name: str, times: Times) -> tuple[str, ...]:
    counts = (times.not_acknowledged, times.not_resolved, times.reopened)
    return (name, str(times.incidents), *_cells(times.acknowledged), *_cells(times.resolved), *map(str, counts))


def _cells(spread: Spread | None) -> tuple[str, str]:
    return (lasted(spread.median), lasted(spread.p90)) if spread else ("–", "–")


def _lasted(seconds: float | None) -> str:
    return "" if seconds is None else lasted(seconds)
