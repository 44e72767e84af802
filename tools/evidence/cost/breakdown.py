"""What the account costs by service, usage type, account, region or tag, and what of it moved."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.tools import BaseTool

from agent.figures import percent_change, times
from agent.models import Chart, Finding, Table
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost.asked import asked_days
from tools.evidence.cost.bill import DAY, READ_ERRORS, Bill, is_service, read_bill
from tools.evidence.cost.movers import Mover, movers, parts, strongest
from tools.evidence.cost.places import Place, grouped_by, places_of
from tools.evidence.cost.totals import DEFAULT_TOP, MOST_TOP, missing, totals, totals_table
from tools.evidence.drawing import by_day
from tools.evidence.names import cost_names
from tools.evidence.partial import explain

MAX_MOVERS = 6
MAX_PARTS = 3
MAX_PLACED = 2
"""Movers whose accounts and regions are looked up: each takes a request."""
MAX_DRAWN = 3
MAX_ROWS = 15
CENT = 0.005
TELLING_SHARE = 0.2
PLACED_STRENGTH = 0.5

_ATTRIBUTES = {"LINKED_ACCOUNT": "account", "REGION": "region", "TAG": "tag"}
_CONSOLE_GROUPS = {"LINKED_ACCOUNT": "LinkedAccount", "REGION": "Region"}


@evidence_tool("What did [{service}|everything] cost, and what moved?", days=14)
def cost_breakdown(look: Look, service: str = "", by: str = "", against: str = "", top: int = DEFAULT_TOP) -> Found:
    """What the range cost in all and by its largest parts, against the days before; and, by the day, what rose or fell.

    Days are UTC. Cost data are up to a day late: days that are not complete count in the total, which says so, and do
    not count as a rise or fall.

    Args:
        service: such as lambda, nat or `Amazon DynamoDB`; empty for all
        by: service (the default), usage_type, account, region, tag (the most usual one), or a tag's key as tag:team
        against: what to compare with, else what is directly before the range: its first day, such as 2026-08-01, or
            that and the day after its last, such as 2026-11-09/2026-11-16
        top: how many of the largest parts to list, up to 10
    """
    asked = asked_days(look, against)
    since = asked.before.first
    if by in ("", "service", "usage_type"):
        bill, attribute, group, note = read_bill(look, service, since), "service", "UsageType", ""
        if by == "usage_type":
            bill, attribute = bill.turned(), "usage_type"
    else:
        bill, chosen, note = grouped_by(look, by, since)
        bill = bill.only(lambda key: is_service(key[1], service)) if service else bill
        kind = chosen["Key"] if chosen["Type"] == "DIMENSION" else "TAG"
        attribute, group = _ATTRIBUTES[kind], _CONSOLE_GROUPS.get(kind, "Service")
    found = movers(bill)
    if not found:
        return Found(f"Cost Explorer has no costs of {service or 'the account'} in the range.", no_data=True)
    link = console.cost_explorer(look.aws, bill.start, bill.end - DAY, _only(service, found, attribute), group)
    moved = strongest(found, MAX_MOVERS)
    places, caveat = _places(look, moved) if attribute == "service" else ({}, "")
    summed = totals(bill, asked, service, attribute, min(max(top, 1), MOST_TOP))
    findings = [f for mover in moved for f in _mover_findings(bill, mover, attribute, places.get(mover.name, ()))]
    findings = [*summed, *findings]
    steady = [m for m in found if not m.moved]
    total = _total_words(bill)
    if summed and (asked.days.first, asked.days.end) != (bill.period.first, bill.period.end):
        total = summed[0].statement.rstrip(".")
    ending = f"{missing(bill, asked)}{note}{bill.lateness}{caveat}"
    if not moved:
        calm = [_steady(bill, m, attribute) for m in steady[:4]]
        return Found(
            f"Nothing moved: {total}.{ending}",
            [*summed, *calm],
            link,
            charts=_daily(bill, ()),
            tables=[*totals_table(bill, asked), *_table(bill, found)],
        )
    findings += [_steady(bill, m, attribute) for m in steady[:2]]
    listed = "; ".join(f"{_label(bill, m)} {_change(bill, m)}{_since(bill, m)}" for m in moved[:4])
    shown = [*moved, *(m for m in found if m not in moved)]
    charts, tables = _daily(bill, moved), [*totals_table(bill, asked), *_table(bill, shown)]
    return Found(f"{listed}. All in all {total}.{ending}", findings, link, charts=charts, tables=tables)


def _daily(bill: Bill, moved: Sequence[Mover]) -> list[Chart]:
    """Spend by day of what moved, or of what costs most; without the days that are not billed to their end."""
    names = [mover.name for mover in moved] or bill.names
    days = [day for day in bill.days if day < bill.complete]
    series = {bill.labels.get(name) or name: bill.total(name) for name in names[:MAX_DRAWN]}
    title = f"Cost a day: {next(iter(series))}" if len(series) == 1 else "Cost a day"
    return by_day(title, bill.unit.lower() if bill.unit == "USD" else bill.unit, series, days)


def _table(bill: Bill, found: Sequence[Mover]) -> list[Table]:
    """What each costs a day now and before."""
    rows = tuple(
        (_label(bill, m), bill.money(m.previous), bill.money(m.current), _percent(m), _day(m))
        for m in found[:MAX_ROWS]
        if max(m.previous, m.current) >= CENT
    )
    columns = ("What", "A day before", "A day now", "Change", "Since")
    return [Table(title="Cost a day", columns=columns, rows=rows)] if rows else []


def _day(mover: Mover) -> str:
    return f"{mover.shift.onset:%d %b}" if mover.moved and mover.shift.onset and not mover.slow else ""


def _places(look: Look, moved: Sequence[Mover]) -> tuple[dict[str, list[Place]], str]:
    """Where the strongest movers moved; without it, and why, where that cannot be read."""
    found: dict[str, list[Place]] = {}
    try:
        for mover in [m for m in moved if m.strength >= PLACED_STRENGTH][:MAX_PLACED]:
            found[mover.name] = places_of(look, mover)
    except READ_ERRORS as error:
        return found, f" Accounts and regions could not be read ({explain(error)})."
    return found, ""


def _mover_findings(bill: Bill, mover: Mover, attribute: str, places: Sequence[Place]) -> list[Finding]:
    """A move with the main part behind it; and the other parts that matter."""
    behind = parts(bill, mover)
    findings = [_move(bill, mover, behind[0] if behind else None, attribute, places)]
    others = [p for p in behind[1:MAX_PARTS] if mover.extra and p.extra / mover.extra >= TELLING_SHARE]
    return [*findings, *(_move(bill, part, None, attribute, places) for part in others)]


def _move(bill: Bill, mover: Mover, main: Mover | None, attribute: str, places: Sequence[Place]) -> Finding:
    rise = mover.direction == "rise"
    part = main.part if main else mover.part
    label = _label(bill, mover)
    name = label if main or not part else f"{label} {part}"
    of_it = ""
    if main and main.part and mover.extra:
        of_it = f"; {part} makes {min(main.extra / mover.extra, 1) * 100:.0f}% of that"
    if len(places) > 1:
        of_it += f"; {places[0].share * 100:.0f}% of it arose in {places[0].words}"
    costs = "cost" if mover.shift.until else "costs"
    so_far = f", {bill.money(abs(mover.extra))} {'more' if rise else 'less'} so far"
    return Finding(
        kind="cost_rise" if rise else "cost_drop",
        statement=f"{name} {costs} {_change(bill, mover)}{_since(bill, mover)}{so_far}{of_it}.",
        strength=mover.strength,
        at=mover.shift.onset if not mover.slow else None,
        attributes={
            **_named(attribute, mover.name, part),
            **({"account": places[0].account, "region": places[0].region} if places else {}),
            **_amounts(bill, mover),
            "usd": f"{mover.extra:.2f}",
        },
    )


def _label(bill: Bill, mover: Mover) -> str:
    """An account with its name, anything else as it is called."""
    label = bill.labels.get(mover.name, "")
    return f"Account {mover.name} ({label})" if label else mover.name


def _named(attribute: str, name: str, part: str) -> dict[str, str]:
    part_is = {"service": "usage_type", "usage_type": "service"}.get(attribute, "service")
    return {attribute: name, part_is: part}


def _amounts(bill: Bill, mover: Mover) -> dict[str, str]:
    return {
        "previous": f"{mover.previous:.2f}",
        "current": f"{mover.current:.2f}",
        "percent": _percent(mover),
        "unit": bill.unit,
    }


def _change(bill: Bill, mover: Mover) -> str:
    """`$260 a day instead of $22 (12 times)`."""
    ratio = mover.current / mover.previous if mover.previous > 0.01 else 0
    how = times(ratio) if ratio >= 2 else _percent(mover)
    return f"{bill.money(mover.current)} a day instead of {bill.money(mover.previous)} ({how})"


def _percent(mover: Mover) -> str:
    """`new` for what cost next to nothing before: a percentage of that says nothing."""
    before = mover.previous if mover.previous > 0.01 * mover.current else 0.0
    return percent_change(before, mover.current)


def _since(bill: Bill, mover: Mover) -> str:
    if mover.slow:
        return f", growing slowly over {bill.period.days} days" if mover.direction == "rise" else ", falling slowly"
    if mover.shift.onset is None:
        return ""
    if mover.shift.until == mover.shift.onset:
        return f" on {mover.shift.onset:%d %b}"
    until = f" until {mover.shift.until:%d %b}" if mover.shift.until else ""
    return f"{' from' if until else ' since'} {mover.shift.onset:%d %b}{until}"


def _steady(bill: Bill, mover: Mover, attribute: str) -> Finding:
    now, before = bill.money(mover.current), bill.money(mover.previous)
    return Finding(
        kind="cost_steady",
        statement=f"{_label(bill, mover)} is as before at {now} a day ({before} before).",
        strength=0.35,
        attributes={attribute: mover.name, **_amounts(bill, mover)},
    )


def _total_words(bill: Bill) -> str:
    """The window's whole days against the same weekdays before."""
    period = bill.period
    if not period.days:
        return "no day of the range is billed to its end"
    before, since = period.sums(bill.total())
    days = f"{period.days} days" if period.days > 1 else "day"
    compared = f"the {days} before" if period.days >= 7 else "the same weekdays of the week before"
    return (
        f"{bill.money(since)} in the {days} to {period.end - DAY:%d %b}, "
        f"{bill.money(before)} in {compared} ({percent_change(before, since)})"
    )


def _only(service: str, found: Sequence[Mover], attribute: str) -> str:
    """The one Cost Explorer service that a link can filter by: what was asked for, or what moved most."""
    names = cost_names(service)
    if len(names) == 1:
        return names[0]
    return found[0].name if attribute == "service" and found[0].moved else ""


TOOLS: tuple[BaseTool, ...] = (cost_breakdown,)
