"""Performance Insights: what loads a database, by statement and by wait, against the time before."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from langchain_core.tools import BaseTool

from agent.anomaly import Shift, level_shift
from agent.baseline import Series
from agent.figures import number
from agent.models import Finding
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.infra.inventory import Item, inventory, named
from tools.evidence.partial import gather

METRIC = "db.load.avg"
BASELINE = timedelta(days=2)
PERIOD = timedelta(minutes=5)
MAX_INSTANCES = 4
TOP = 5
MOVED = 0.3
NOTABLE_SHARE = 0.15
"""Of the load: what takes less is not worth a line."""
MAX_SQL = 160
VCPUS = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4}
"""Of an RDS class, by its size; 2xlarge has eight (docs.aws.amazon.com, DB instance class types)."""

Loads = dict[str, float]
"""Average active sessions by statement or wait."""


@dataclass(frozen=True)
class Load:
    """The load of one instance in the window and before it, in average active sessions."""

    item: Item
    shift: Shift | None
    since: datetime
    """From when on statements and waits are compared: the onset, or the start of the window."""
    statements: Loads
    waits: Loads
    statements_before: Loads
    waits_before: Loads
    caveat: str = ""


@evidence_tool("Which statements and waits load [{resource}|the databases]?", hours=3)
def database_performance(look: Look, resource: str = "") -> Found:
    """Performance Insights of RDS and Aurora: load against the number of CPUs, top SQL and waits, what grew.

    Args:
        resource: name, fragment or ARN of an instance; empty for all that have Performance Insights
    """
    listed = inventory(look, "rds")
    databases = [item for item in named(listed.results.get("rds", []), resource) if item.type == "db"]
    if not databases:
        return Found(f"No RDS instance matches {resource or 'anything'}.{listed.caveat}", no_data=True)
    insightful = [item for item in databases if item.raw.get("PerformanceInsightsEnabled")]
    off = ", ".join(item.name for item in databases if item not in insightful)
    missing = f" Performance Insights is off for {off}: switch it on to see statements and waits." if off else ""
    if not insightful:
        return Found(missing.strip() + listed.caveat, no_data=True)
    read = gather({item.name: partial(_read, look, item) for item in insightful[:MAX_INSTANCES]})
    findings = [finding for load in read.results.values() for finding in _findings(look, load)]
    findings.sort(key=lambda f: -f.strength)
    cut = f" Only {MAX_INSTANCES} of {len(insightful)} instances were read." if len(insightful) > MAX_INSTANCES else ""
    caveat = cut + "".join(load.caveat for load in read.results.values()) + read.caveat + listed.caveat + missing
    first = insightful[0]
    link = console.performance_insights(look.aws, str(first.raw.get("DbiResourceId", "")), look.window)
    if not findings:
        return Found(f"Performance Insights counted no load on {first.name}.{caveat}", no_data=True, console_url=link)
    return Found(" ".join(f.statement for f in findings[:4])[:900] + caveat, findings, link)


def vcpus(instance_class: str) -> int:
    """`db.r6g.2xlarge` has 8; 0 when unknown, as for serverless ones."""
    match = re.match(r"^db\.\w+\.(\d*)([a-z]+)$", instance_class)
    return VCPUS.get(match[2], 0) * int(match[1] or 1) if match else 0


def _read(look: Look, item: Item) -> Load:
    identifier = str(item.raw["DbiResourceId"])
    points = _load(look, identifier)
    shift = level_shift(points, look.window.start, direction="rise") if points else None
    since = shift.onset if shift and shift.onset and shift.direction == "rise" else look.window.start
    until, before = look.window.end, since - timedelta(days=1)
    reads: dict[str, Callable[[], Loads]] = {
        "statements": partial(_top, look, identifier, "db.sql_tokenized", since, until),
        "waits": partial(_top, look, identifier, "db.wait_event", since, until),
        "statements before": partial(_top, look, identifier, "db.sql_tokenized", before, before + (until - since)),
        "waits before": partial(_top, look, identifier, "db.wait_event", before, before + (until - since)),
    }
    got = gather(reads)
    parts = [got.results.get(name, {}) for name in reads]
    return Load(item, shift, since, *parts, caveat=got.caveat)


def _load(look: Look, identifier: str) -> Series:
    """The whole load over the window and two days before."""
    points: list[tuple[datetime, float]] = []
    token: dict[str, str] = {}
    while True:
        reply = look.call(
            "pi",
            "get_resource_metrics",
            ServiceType="RDS",
            Identifier=identifier,
            MetricQueries=[{"Metric": METRIC}],
            StartTime=look.window.start - BASELINE,
            EndTime=look.window.end,
            PeriodInSeconds=int(PERIOD.total_seconds()),
            **token,
        )
        for series in reply["MetricList"]:
            points += [(p["Timestamp"], p["Value"]) for p in series["DataPoints"] if p.get("Value") is not None]
        if not reply.get("NextToken"):
            return points
        token = {"NextToken": reply["NextToken"]}


def _top(look: Look, identifier: str, group: str, start: datetime, end: datetime) -> Loads:
    """The heaviest members of a group. Performance Insights gives their averages over the range."""
    reply = look.call(
        "pi",
        "describe_dimension_keys",
        ServiceType="RDS",
        Identifier=identifier,
        Metric=METRIC,
        GroupBy={"Group": group, "Limit": 10},
        StartTime=start,
        EndTime=end,
        PeriodInSeconds=60,
    )
    loads: Loads = {}
    for key in reply["Keys"]:
        name = _name(key["Dimensions"])
        loads[name] = loads.get(name, 0.0) + key.get("Total", 0.0)
    return loads


def _name(dimensions: Mapping[str, str]) -> str:
    text = dimensions.get("db.sql_tokenized.statement") or dimensions.get("db.wait_event.name") or "unknown"
    return " ".join(text.split())


def _findings(look: Look, load: Load) -> list[Finding]:
    found = [_total(look, load)] if load.shift else []
    whole = sum(load.waits.values()) or sum(load.statements.values())
    rising = bool(load.shift and load.shift.direction == "rise" and load.shift.strength >= MOVED)
    for kind, now, before in (
        ("sql", load.statements, load.statements_before),
        ("wait", load.waits, load.waits_before),
    ):
        ranked = sorted(now.items(), key=lambda pair: -pair[1])[:TOP]
        found += [
            _part(look, load, kind, name, value, before.get(name, 0.0), whole, rising)
            for name, value in ranked
            if whole and value / whole >= NOTABLE_SHARE
        ]
    return found


def _total(look: Look, load: Load) -> Finding:
    """The load as a whole, as a rise or as steady, with the CPUs that it shares."""
    shift, item = load.shift, load.item
    assert shift is not None
    cpus = vcpus(str(item.raw.get("DBInstanceClass", "")))
    room = f" on {cpus} vCPUs" if cpus else ""
    rising = shift.direction == "rise" and shift.strength >= MOVED
    over = bool(cpus) and shift.level > cpus
    if rising:
        at = f" at {clock_time(shift.onset, look.now)}" if shift.onset else ""
        text = f"Load of {item.name} rose{at} from {number(shift.baseline)} to {number(shift.level)}"
    else:
        text = f"Load of {item.name} is as usual: {number(shift.level)}"
    strength = max(shift.strength, 0.8 if over else 0.0) if rising else 0.6 if over else 0.3
    return Finding(
        kind="database_load",
        statement=f"{text} active sessions{room}.",
        strength=round(min(strength, 0.97), 3),
        at=shift.onset if rising else None,
        resource=item.name,
        attributes={
            "load": f"{shift.level:.3g}",
            "baseline": f"{shift.baseline:.3g}",
            "vcpus": str(cpus) if cpus else "",
            "trend": "rise" if rising else "steady",
            "service": "rds",
        },
    )


def _part(
    look: Look, load: Load, kind: str, name: str, value: float, before: float, whole: float, rising: bool
) -> Finding:
    """One statement or wait; it tells most where it took the load that was added."""
    share = value / whole
    grown = value > 1.5 * before + 0.2
    label = f"Statement `{name[:MAX_SQL]}`" if kind == "sql" else f"Wait {name}"
    was = f"{number(before)} a day before" if before else "not among the first a day before"
    strength = min(0.45 + 0.5 * share, 0.95) if grown and rising else 0.2 + 0.3 * share
    return Finding(
        kind="database_load",
        statement=(
            f"{label} takes {number(value)} of {number(whole)} active sessions of {load.item.name} "
            f"({share * 100:.0f}%) since {clock_time(load.since, look.now)}; {was}."
        ),
        strength=round(strength, 3),
        at=load.since if grown and rising else None,
        resource=load.item.name,
        attributes={
            kind: name[:MAX_SQL],
            "load": f"{value:.3g}",
            "baseline": f"{before:.3g}",
            "share": f"{share:.2f}",
            "trend": "rise" if grown else "steady",
            "service": "rds",
        },
    )


TOOLS: tuple[BaseTool, ...] = (database_performance,)
