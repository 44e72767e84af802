"""Where money is wasted: idle, forgotten and oversized resources, each with what it costs a month."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from langchain_core.tools import BaseTool

from agent.figures import count
from agent.models import Finding, Table
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.cost import prices
from tools.evidence.cost.bill import money
from tools.evidence.cost.waste import compute, databases, functions, images, logs, network
from tools.evidence.cost.waste.actual import Actual, actual_costs
from tools.evidence.cost.waste.items import Checked, Waste
from tools.evidence.names import service_key
from tools.evidence.partial import gather

Check = Callable[[Look], Checked]

CHECKS: dict[str, tuple[str, Check]] = {
    "volumes": ("ec2", compute.unattached_volumes),
    "stopped instances": ("ec2", compute.stopped_instances),
    "running instances": ("ec2", compute.idle_instances),
    "snapshots": ("ec2", images.old_snapshots),
    "images": ("ec2", images.unused_images),
    "Elastic IPs": ("ec2", network.loose_addresses),
    "NAT gateways": ("nat", network.quiet_nat_gateways),
    "load balancers": ("elb", network.unused_balancers),
    "databases": ("rds", databases.unused_databases),
    "tables": ("dynamodb", databases.idle_capacity),
    "functions": ("lambda", functions.oversized_functions),
    "log groups": ("cloudwatch", logs.endless_log_groups),
}
"""By what is looked at: its service, and the check."""
WITHOUT_PRICE = 0.35
MAX_KINDS_SHOWN = 8
MAX_SUMMARY = 850
MAX_ROWS = 40
_TYPE_WORDS = {"db": "database", "elastic-ip": "Elastic IP", "nat-gateway": "NAT gateway"}
STRONGEST = 0.95


@evidence_tool("What is paid for and not used?", days=14)
def idle_resources(look: Look, service: str = "") -> Found:
    """Idle, forgotten and oversized resources with what each costs a month, and the sum: where money is wasted.

    Looks at volumes, snapshots, images, Elastic IPs, stopped and idle instances, NAT gateways, load balancers,
    databases, provisioned tables, functions' memory and log groups without retention, over the last two weeks.

    Args:
        service: such as ec2, nat, elb, rds, dynamodb, lambda or logs; empty for all
    """
    key = service_key(service)
    chosen = {name: check for name, (own, check) in CHECKS.items() if not service or own == key}
    if not chosen:
        known = ", ".join(dict.fromkeys(own for own, _ in CHECKS.values()))
        return Found(f"Nothing is known of idle {service} resources; there are checks of {known}.", no_data=True)
    read = gather({name: partial(check, look) for name, check in chosen.items()})
    checked = read.results
    wastes = [waste for each in checked.values() for waste in each.wastes]
    caveats = read.caveat + "".join(dict.fromkeys(each.caveat for each in checked.values() if each.caveat))
    looked = ", ".join(_counted(each.looked_at, name) for name, each in checked.items() if each.looked_at)
    if not wastes:
        said = f"Nothing idle was found in {look.aws.region} among {looked or 'nothing at all'}."
        none = [Finding(kind="nothing_idle", statement=said, strength=0.4)] if looked and not caveats else []
        return Found(said + caveats, none, console.resources(look.aws), no_data=True)
    actual = actual_costs(look)
    priced = sorted(((waste, *_monthly(waste, actual)) for waste in wastes), key=lambda each: -(each[1] or 0.0))
    findings = [_finding(waste, amount, billed, actual) for waste, amount, billed in priced]
    summary = _summary(priced, actual, look.aws.region)
    told = f"{summary} {findings[0].statement}"[:MAX_SUMMARY] + actual.caveat + caveats
    if len(findings) > 1:
        findings.insert(0, _sum(summary, priced, actual))
    return Found(told, findings, _link(look, priced[0][0]), tables=[_table(priced, actual)])


def _counted(number: int, names: str) -> str:
    """`2 tables`, `1 table`."""
    return f"{number:,} {names.removesuffix('s') if number == 1 else names}"


Priced = tuple[Waste, float | None, bool]


def _table(priced: Sequence[Priced], actual: Actual) -> Table:
    """The most expensive first; as many as one looks through."""
    rows = tuple(
        (
            waste.resource if waste.several == 1 else f"{waste.resource} and {waste.several - 1} more",
            _words(waste.type),
            _words(waste.reason),
            "" if amount is None else money(amount, actual.unit if billed else "USD"),
        )
        for waste, amount, billed in priced[:MAX_ROWS]
    )
    title = "Paid for and not used"
    if len(rows) < len(priced):
        title += f" (the first {len(rows)} of {len(priced)})"
    return Table(title=title, columns=("Resource", "Type", "Why", "A month"), rows=rows)


def _monthly(waste: Waste, actual: Actual) -> tuple[float | None, bool]:
    """What is wasted a month, and whether the bill says so; the list price else, in USD."""
    billed = actual.of(waste.service, waste.resource) if waste.several == 1 else None
    if billed and waste.reason != "stopped":  # the bill of a stopped instance is not that of its volumes
        return billed * waste.share, True
    return waste.monthly, False


def _finding(waste: Waste, amount: float | None, billed: bool, actual: Actual) -> Finding:
    unit = actual.unit if billed else "USD"
    bound = "at most " if waste.at_most and not billed else ""
    price = "at a price that is not known" if amount is None else f"{bound}{money(amount, unit)} a month"
    listed = "" if billed or amount is None else f" {prices.WHERE}"
    return Finding(
        kind="idle_resource",
        statement=f"{waste.words}: {price}{listed}.",
        strength=WITHOUT_PRICE if amount is None else _strength(amount, waste.certainty),
        resource=waste.resource,
        attributes={
            "service": waste.service,
            "type": waste.type,
            "reason": waste.reason,
            "usd": f"{amount:.2f}" if amount is not None else "",
            "unit": unit,
            "price": "billed" if billed else "list",
            "count": str(waste.several),
        },
    )


def _strength(amount: float, certainty: float) -> float:
    """By the order of magnitude: 10 a month is 0.5, 100 is 0.7, 1,000 is 0.9."""
    return round(min((0.3 + 0.2 * math.log10(max(amount, 1.0))) * certainty, STRONGEST), 3)


def _sum(summary: str, priced: Sequence[Priced], actual: Actual) -> Finding:
    """All of it as one finding, so that an answer can cite the sum."""
    units = {actual.unit if billed else "USD" for _, _, billed in priced}
    amount = sum(amount or 0.0 for _, amount, _ in priced)
    known = len(units) == 1
    return Finding(
        kind="idle_resource",
        statement=summary,
        strength=_strength(amount, 1.0),
        attributes={
            "type": "total",
            "usd": f"{amount:.2f}" if known else "",
            "unit": units.pop() if known else "",
            "count": str(sum(waste.several for waste, _, _ in priced)),
        },
    )


def _summary(priced: Sequence[Priced], actual: Actual, region: str) -> str:
    """`About $412 a month goes to 17 resources that ...: 5 volumes (unattached) $120, ...`"""
    totals: dict[tuple[str, str, str], tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    in_units: dict[str, float] = defaultdict(float)
    for waste, amount, billed in priced:
        unit = actual.unit if billed else "USD"
        kind = (waste.type, waste.reason, unit)
        number, total = totals[kind]
        totals[kind] = (number + waste.several, total + (amount or 0.0))
        in_units[unit] += amount or 0.0
    ranked = sorted(totals.items(), key=lambda item: -item[1][1])
    kinds = ", ".join(
        f"{count(number, _words(kind))} ({_words(reason)}) {money(total, unit)}"
        for (kind, reason, unit), (number, total) in ranked[:MAX_KINDS_SHOWN]
    )
    whole = " and ".join(money(total, unit) for unit, total in in_units.items())
    things = count(sum(waste.several for waste, _, _ in priced), "resource")
    return f"About {whole} a month goes to {things} in {region} that are idle, forgotten or too large: {kinds}."


def _words(name: str) -> str:
    return _TYPE_WORDS.get(name) or name.replace("-", " ").replace("_", " ")


def _link(look: Look, largest: Waste) -> str:
    """To the largest waste: its own page, or the list that it is in."""
    aws, name = look.aws, largest.resource
    match largest.type:
        case "volume":
            return console.ec2_list(aws, "Volumes", "state=available")
        case "snapshot" | "image":
            return console.ec2_list(aws, f"{largest.type.title()}s", "visibility=owned-by-me")
        case "elastic-ip":
            return console.ec2_list(aws, "Addresses")
        case "load-balancer":
            return console.ec2_list(aws, "LoadBalancers", f"search={name}")
        case "instance":
            return console.ec2_instance(aws, name)
        case "nat-gateway":
            return console.nat_gateway(aws, name)
        case "db":
            return console.rds_instance(aws, name)
        case "table":
            return console.dynamodb_table(aws, name)
        case "function":
            return console.lambda_function(aws, name)
        case _:
            return console.log_group(aws, name)


TOOLS: tuple[BaseTool, ...] = (idle_resources,)
