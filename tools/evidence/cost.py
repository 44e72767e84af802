"""What the account costs by service and usage type, and what of it moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from langchain_core.tools import BaseTool

from agent.figures import percent_change, times, usd
from agent.models import Finding
from tools.evidence import console, cost_outlook
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost_movers import Bill, Mover, movers, parts, read_bill, strongest
from tools.evidence.names import cost_names

MAX_MOVERS = 6
MAX_PARTS = 3
TELLING_SHARE = 0.2


@evidence_tool("What moved in the cost of {service}?", days=14)
def cost_breakdown(look: Look, service: str = "") -> Found:
    """Daily spend by service and usage type against the days before: what rose or fell, from which day, by how much.

    Cost data are up to a day late.

    Args:
        service: such as lambda, nat or `Amazon DynamoDB`; empty for all
    """
    bill = read_bill(look, service)
    found = movers(bill)
    if not found:
        return Found(f"Cost Explorer has no costs of {service or 'the account'} in the range.", no_data=True)
    link = console.cost_explorer(look.aws, bill.start, bill.end - timedelta(days=1), _only(service, found), "UsageType")
    moved = strongest(found, MAX_MOVERS)
    findings = [finding for mover in moved for finding in _mover_findings(bill, mover)]
    steady = [m for m in found if not m.moved]
    total = _total_words(bill)
    if not moved:
        return Found(f"Nothing moved: {total}.", [_steady(m) for m in steady[:4]], link)
    findings += [_steady(m) for m in steady[:2]]
    listed = "; ".join(f"{m.service} {_change(m)}{_since(m)}" for m in moved[:4])
    return Found(f"{listed}. All in all {total}.", findings, link)


def _mover_findings(bill: Bill, mover: Mover) -> list[Finding]:
    """The service's move with its main usage type; and the other usage types that matter."""
    behind = parts(bill, mover)
    findings = [_move(mover, behind[0] if behind else None)]
    others = [p for p in behind[1:MAX_PARTS] if mover.extra_usd and p.extra_usd / mover.extra_usd >= TELLING_SHARE]
    return [*findings, *(_move(part, None) for part in others)]


def _move(mover: Mover, main: Mover | None) -> Finding:
    rise = mover.shift.direction == "rise"
    usage_type = main.usage_type if main else mover.usage_type
    name = mover.service if main or not usage_type else f"{mover.service} {usage_type}"
    of_it = ""
    if main and mover.extra_usd:
        of_it = f"; {usage_type} makes {min(main.extra_usd / mover.extra_usd, 1) * 100:.0f}% of that"
    costs = "cost" if mover.shift.until else "costs"
    so_far = f", {usd(abs(mover.extra_usd))} {'more' if rise else 'less'} so far"
    return Finding(
        kind="cost_rise" if rise else "cost_drop",
        statement=f"{name} {costs} {_change(mover)}{_since(mover)}{so_far}{of_it}.",
        strength=mover.strength,
        at=mover.shift.onset,
        attributes={
            "service": mover.service,
            "usage_type": usage_type,
            "previous": f"{mover.previous:.2f}",
            "current": f"{mover.current:.2f}",
            "percent": percent_change(mover.previous, mover.current),
            "usd": f"{mover.extra_usd:.2f}",
        },
    )


def _change(mover: Mover) -> str:
    """`$260 a day instead of $22 (12 times)`."""
    ratio = mover.current / mover.previous if mover.previous > 0.01 else 0
    how = times(ratio) if ratio >= 2 else percent_change(mover.previous, mover.current)
    return f"{usd(mover.current)} a day instead of {usd(mover.previous)} ({how})"


def _since(mover: Mover) -> str:
    if mover.shift.onset is None:
        return ""
    until = f" until {mover.shift.until:%d %b}" if mover.shift.until else ""
    return f"{' from' if until else ' since'} {mover.shift.onset:%d %b}{until}"


def _steady(mover: Mover) -> Finding:
    return Finding(
        kind="cost_steady",
        statement=f"{mover.service} is as before at {usd(mover.current)} a day ({usd(mover.previous)} before).",
        strength=0.35,
        attributes={
            "service": mover.service,
            "previous": f"{mover.previous:.2f}",
            "current": f"{mover.current:.2f}",
            "percent": percent_change(mover.previous, mover.current),
        },
    )


def _total_words(bill: Bill) -> str:
    today = bill.end - timedelta(days=1)
    since = sum(v for day, v in bill.total().items() if bill.split <= day < today)
    before = sum(v for day, v in bill.total().items() if day < bill.split)
    days = (today - bill.split).days
    return f"{usd(since)} in the last {days} days, {usd(before)} in the {days} before ({percent_change(before, since)})"


def _only(service: str, found: Sequence[Mover]) -> str:
    """The one Cost Explorer service that a link can filter by: what was asked for, or what moved most."""
    names = cost_names(service)
    return names[0] if len(names) == 1 else found[0].service if found[0].moved else ""


TOOLS: tuple[BaseTool, ...] = (cost_breakdown, *cost_outlook.TOOLS)
