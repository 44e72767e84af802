"""Which resource's usage explains a cost, since when, and which change began it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from langchain_core.tools import BaseTool

from agent.figures import quantity, times
from agent.models import Chart, Finding, Table
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost.bill import READ_ERRORS, Bill, read_bill
from tools.evidence.cost.causes import changes_before
from tools.evidence.cost.growth import Grown, Growth, growths_of
from tools.evidence.cost.launched import made_since
from tools.evidence.cost.movers import Mover, movers, parts, strongest
from tools.evidence.cost.places import places_of
from tools.evidence.cost.usage import Usage, usages_of, usages_of_service
from tools.evidence.drawing import by_day
from tools.evidence.names import service_key
from tools.evidence.partial import explain, gather

MAX_SERVICES = 3
MAX_PARTS = 3
TELLING_SHARE = 0.15
GROWN = 0.3
FALLEN = 0.8
EXPLAINED = 0.5
"""A driver this strong is worth looking for the change behind it."""
MAX_ROWS = 15
VISIBLE = 0.02
"""Of the largest usage: what is less than that cannot be told from the axis."""
HERE = 0.5
"""At least so much of a rise must have arisen in this account and region for resources here to explain it."""


@evidence_tool("Which resources drive the cost[ of {service}]?", days=14)
def cost_drivers(look: Look, service: str = "", resource: str = "") -> Found:
    """For each service whose cost moved, the resources whose usage explains it, since when, and the change behind it.

    Reads usage: Lambda GB-seconds, NAT and transferred bytes, S3 requests and storage classes, DynamoDB capacity, log
    ingestion, load balancer units, instances, database I/O, running tasks, ...

    Args:
        service: such as lambda, nat or data transfer; empty for the services whose cost moved most
        resource: only resources with this in their name
    """
    bill, moved, note = _moved(look, service)
    lines = _lines(bill, moved) if bill else []
    usages = usages_of((line.name, line.part) for line in lines)
    if service and not usages:
        usages = usages_of_service(service)
    if not moved and not service:
        text = f"No service's cost moved, so there is nothing to explain.{bill.lateness if bill else ''}"
        return Found(text, [Finding(kind="cost_steady", statement=text, strength=0.4)])
    note += _elsewhere(look, moved)
    read = gather(_reads(look, usages, resource, moved, lines))
    found = _finest([growth for grown in read.results.values() for growth in grown.growths])
    note += "".join(grown.caveat for grown in read.results.values()) + read.caveat
    findings = [_finding(g, _behind(lines, g.usage), bill, look) for g in found]
    findings += _made(look, moved, lines, found)
    if not findings:
        return _unexplained(look, moved, usages, service, note)
    findings.sort(key=lambda finding: -finding.strength)
    causes, caveat = _causes(look, findings[0])
    link = console.metrics_search(look.aws, f"{findings[0].resource} {findings[0].attributes['metric'].split()[0]}")
    said = " ".join(finding.statement for finding in [*findings[:2], *causes[:1]])
    return Found(said[:850] + note + caveat, [*findings, *causes], link, charts=_drawn(found), tables=_table(found))


def _drawn(found: Sequence[Growth]) -> list[Chart]:
    """The usage that grew most, by day, of the resources that use it."""
    if not found:
        return []
    first = max(found, key=lambda g: g.strength * (0.4 + 0.6 * g.share))
    same = [g for g in found if g.usage is first.usage and g.daily and g.since >= VISIBLE * first.since]
    days = sorted({day for g in same for day in g.daily})
    return by_day(_measured(first.usage), first.unit, {_subject(g): g.daily for g in same}, days)


def _table(found: Sequence[Growth]) -> list[Table]:
    rows = tuple(
        (_subject(g), _measured(g.usage), *(quantity(v, g.unit) for v in (g.before, g.since)), f"{g.share:.0%}")
        for g in found[:MAX_ROWS]
    )
    columns = ("Resource", "Usage", "Before", "Since", "Of the growth")
    return [Table(title="Usage by resource", columns=columns, rows=rows)] if rows else []


def _measured(usage: Usage) -> str:
    return usage.words if usage.level else f"{usage.words} a day"


def _subject(growth: Growth) -> str:
    return f"{growth.resource} ({growth.variant})" if growth.variant else growth.resource


def _moved(look: Look, service: str) -> tuple[Bill | None, list[Mover], str]:
    """The services whose cost moved; none, and why, when Cost Explorer cannot be read."""
    try:
        bill = read_bill(look, service)
    except READ_ERRORS as error:
        if not service:
            raise
        return None, [], f" Costs themselves could not be read ({explain(error)})."
    found = strongest(movers(bill), MAX_SERVICES)
    return bill, found, "" if found or not service else f" The cost of {service} did not move."


def _lines(bill: Bill, moved: Sequence[Mover]) -> list[Mover]:
    """The usage types that make the moves."""
    found: list[Mover] = []
    for mover in moved:
        behind = [p for p in parts(bill, mover) if not mover.extra or p.extra / mover.extra >= TELLING_SHARE]
        found += behind[:MAX_PARTS]
    return found


def _reads(
    look: Look, usages: Sequence[Usage], resource: str, moved: Sequence[Mover], lines: Sequence[Mover]
) -> dict[str, Callable[[], Grown]]:
    """Each kind of usage is compared from the day on which its service's cost moved."""
    began = {mover.name: mover.shift.onset for mover in moved}
    reads: dict[str, Callable[[], Grown]] = {}
    for usage in usages:
        behind = _behind(lines, usage)
        since = began[behind[0].name] if behind else None
        reads[f"usage of {usage.key}"] = partial(growths_of, look, usage, resource, since)
    return reads


def _behind(lines: Sequence[Mover], usage: Usage) -> list[Mover]:
    """The lines of the bill that a kind of usage is charged on."""
    return [line for line in lines if usage.of(line.name, line.part)]


def _elsewhere(look: Look, moved: Sequence[Mover]) -> str:
    """Says so when the strongest move arose in another account or region, whose resources are not looked at here."""
    if not moved or moved[0].strength < EXPLAINED:
        return ""
    try:
        places = places_of(look, moved[0])
    except READ_ERRORS:
        return ""  # that costs could not be read by place is the breakdown's to say
    here = sum(p.share for p in places if p.account == look.aws.account and p.region in (look.aws.region, "global", ""))
    if not places or here >= HERE:
        return ""
    first = places[0]
    return (
        f" But {first.share * 100:.0f}% of the rise of {moved[0].name} arose in {first.words}: "
        f"ask again with account={first.account} and region={first.region}."
    )


def _finest(found: Sequence[Growth]) -> list[Growth]:
    """Without the kinds of usage that stand in for finer ones which have points."""
    keys = {growth.usage.key for growth in found}
    return [growth for growth in found if not keys & set(growth.usage.instead_of)]


def _made(look: Look, moved: Sequence[Mover], lines: Sequence[Mover], found: Sequence[Growth]) -> list[Finding]:
    """What was made since a cost of hours or storage rose, unless a metric explains that better."""
    explained = {g.usage.service for g in found if g.strength >= EXPLAINED}
    made: list[Finding] = []
    for mover in moved:
        key = "ec2" if service_key(mover.name) == "nat" else service_key(mover.name)
        if mover.direction != "rise" or key in explained or mover.shift.onset is None:
            continue
        for line in lines:
            if line.name == mover.name:
                try:
                    made += made_since(look, key, line.part, mover.shift.onset)
                except READ_ERRORS:
                    continue  # counted in the look's failed calls; other lines may still say something
    return list({finding.statement: finding for finding in made}.values())


def _causes(look: Look, driver: Finding) -> tuple[list[Finding], str]:
    """The changes behind the strongest driver."""
    if driver.strength < EXPLAINED or driver.at is None:
        return [], ""
    try:
        return changes_before(look, driver.at, driver.resource, driver.attributes["service"])
    except READ_ERRORS as error:
        return [], f" Changes could not be read ({explain(error)})."


def _unexplained(look: Look, moved: Sequence[Mover], usages: Sequence[Usage], service: str, note: str) -> Found:
    """No usage explains the move: the changes of its service on the day may."""
    names = ", ".join(m.name for m in moved) or service
    text = f"No usage metrics are known that would explain the cost of {names}."
    if usages:
        text = f"The usage metrics of {', '.join(u.key for u in usages)} have no points."
    causes: list[Finding] = []
    if moved and moved[0].direction == "rise" and moved[0].shift.onset:
        try:
            causes, caveat = changes_before(look, moved[0].shift.onset, "", service_key(moved[0].name))
        except READ_ERRORS as error:
            caveat = f" Changes could not be read ({explain(error)})."
        note += caveat
    said = f" On the day it rose: {causes[0].statement}" if causes else ""
    return Found(f"{text}{said}{note}", causes, no_data=not causes)


def _finding(growth: Growth, lines: Sequence[Mover], bill: Bill | None, look: Look) -> Finding:
    usage = growth.usage
    rate = "" if usage.level else " a day"
    since, before = (f"{quantity(value, growth.unit)} {usage.words}" for value in (growth.since, growth.before))
    name = _subject(growth)
    grown = growth.strength > GROWN
    extra = max(sum(line.extra for line in lines), 0.0) * growth.share if grown else 0.0
    if grown:
        how = f" ({times(growth.factor)})" if growth.factor else ""
        onset = f" since {clock_time(growth.onset, look.now)}" if growth.onset else ""
        worth = f", about {bill.money(extra)} so far" if bill and extra else ""
        statement = (
            f"{name}: {since}{rate}{onset} instead of {before}{how}, "
            f"which is {growth.share * 100:.0f}% of the growth of all {usage.key} usage{worth}."
        )
    else:
        fell = growth.since < FALLEN * growth.before
        statement = f"{name}: {since}{rate}, {f'down from {before}' if fell else f'as before ({before})'}."
    return Finding(
        kind="usage_driver",
        statement=statement,
        strength=round(growth.strength * (0.4 + 0.6 * growth.share), 3) if grown else 0.2,
        at=growth.onset,
        resource=growth.resource,
        attributes={
            "service": growth.service,
            "usage": usage.key,
            "metric": (" x " if usage.formula == "gb_seconds" else " + ").join(growth.metrics),
            "largest": growth.largest,
            "factor": f"{growth.factor:.3g}",
            "previous": f"{growth.before:.4g}",
            "current": f"{growth.since:.4g}",
            "share": f"{growth.share:.2f}",
            "usd": f"{extra:.2f}" if extra else "",
            "cost_service": lines[0].name if lines else "",
        },
    )


TOOLS: tuple[BaseTool, ...] = (cost_drivers,)
