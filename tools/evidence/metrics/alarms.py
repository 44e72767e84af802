"""CloudWatch alarms: which are firing, what they did, and whether the alarm or the system is at fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from langchain_core.tools import BaseTool

from agent.figures import count, duration, number
from agent.models import Chart, Finding, Table
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.drawing import beside, over_time
from tools.evidence.metrics.alarm_reader import MOVED, Watched, choose, examine, list_alarms, read_history, stays_of
from tools.evidence.metrics.alarm_rules import Composed, children_of, choose_composites, compose
from tools.evidence.partial import gather

MAX_ALARMS = 5000
MAX_EXAMINED = 5
MAX_ROWS = 30
MAX_METRIC_CHARS = 60


@evidence_tool("What did [the alarm {alarm_name}|any alarm] do, and is its metric normal?", hours=24)
def alarm_history(look: Look, alarm_name: str = "", resource: str = "", metric: str = "") -> Found:
    """State changes of CloudWatch alarms: firing since when, flapping, or only grazing a threshold set too tight.

    Of a composite alarm also which of its alarms fired.

    Compares the alarm's metric and threshold with the week before, so that a false alarm shows as one.

    Args:
        alarm_name: the alarm, or a fragment of its name; empty for those that fired
        resource: only alarms on this resource
        metric: only alarms on this metric
    """
    alarms, composites = list_alarms(look, MAX_ALARMS)
    cut = f" Only the first {MAX_ALARMS:,} alarms were read." if len(alarms) + len(composites) >= MAX_ALARMS else ""
    above = choose_composites(composites, alarm_name, resource)
    chosen = choose(alarms, alarm_name, resource, metric)
    chosen += [a for a in alarms if a not in chosen and any(a["AlarmName"] in children_of(c) for c in above)]
    if not chosen and not above:
        known = ", ".join(alarm["AlarmName"] for alarm in [*alarms, *composites][:8])
        return Found(f"No alarm matches. Alarms there are: {known or 'none'}.{cut}", no_data=True)
    history = read_history(look, [*chosen, *above])
    cut += history.caveat
    watched = [Watched(alarm, stays) for alarm, stays in stays_of(history, chosen)]
    composed = compose(stays_of(history, above), watched)
    fired = sorted((w for w in watched if w.stays), key=lambda w: (-len(w.stays), w.name))
    if not fired and not any(c.stays for c in composed) and not (alarm_name or resource or metric):
        quiet = Finding(kind="metric_steady", statement=f"None of {count(len(chosen), 'alarm')} fired.", strength=0.4)
        return Found(
            f"None of {count(len(chosen), 'alarm')} fired in the range.{cut}", [quiet], console.alarms(look.aws)
        )
    examined = gather({f"metric of {w.name}": partial(examine, look, w) for w in (fired or watched)[:MAX_EXAMINED]})
    findings = [_composite(each, look.now) for each in composed if each.stays]
    findings += [finding for w in examined.results.values() for finding in _findings(w, look.now)]
    more = f" {len(fired) - MAX_EXAMINED} more fired." if len(fired) > MAX_EXAMINED else ""
    above_it = [f"{each.in_words(look.now)}." for each in composed]
    summary = " ".join([*above_it, *(_sentence(w, look.now) for w in examined.results.values())])
    link = console.alarm(look.aws, composed[0].name if composed else (fired or watched)[0].name)
    told = summary[:900] + more + cut + examined.caveat
    drawn = next((charts for w in examined.results.values() if (charts := _drawn(look, w))), [])
    return Found(told, findings, link, charts=drawn, tables=_table(fired, look.now))


def _drawn(look: Look, watched: Watched) -> list[Chart]:
    """The metric with the alarm's threshold."""
    above = "Less" not in str(watched.alarm.get("ComparisonOperator", ""))
    name = watched.metric[:MAX_METRIC_CHARS]
    charts = over_time(
        f"{name} of {watched.resource}", "", {name: watched.points}, look.window, choose=max if above else min
    )
    threshold = watched.alarm.get("Threshold")
    if not charts or threshold is None or watched.alarm.get("ThresholdMetricId"):
        return charts
    return [beside(charts[0], "threshold", float(threshold))]


def _table(fired: Sequence[Watched], now: datetime) -> list[Table]:
    rows = tuple(
        (w.name, str(len(w.stays)), clock_time(w.stays[-1].start, now), _state(w, now)) for w in fired[:MAX_ROWS]
    )
    columns = ("Alarm", "Times", "Last at", "State")
    return [Table(title="Alarms that fired", columns=columns, rows=rows)] if len(rows) > 1 else []


def _state(watched: Watched, now: datetime) -> str:
    over = watched.stays[-1].end
    return f"OK since {clock_time(over, now)}" if over else "in ALARM"


def _composite(composed: Composed, now: datetime) -> Finding:
    return Finding(
        kind="alarm_fired",
        statement=f"Composite alarm {composed.in_words(now)}.",
        strength=0.65 if composed.stays[-1].end is None else 0.4,
        at=composed.stays[-1].start,
        resource=composed.name,
        attributes={"alarm": composed.name, "metric": "", "children": ", ".join(c.name for c in composed.fired)},
    )


def _findings(watched: Watched, now: datetime) -> list[Finding]:
    make: list[Callable[[Watched, datetime], Finding | None]] = [_fired, _flapping, _grazed, _moved]
    return [finding for build in make if (finding := build(watched, now))]


def _fired(watched: Watched, now: datetime) -> Finding | None:
    if not watched.stays:
        return None
    last = watched.stays[-1]
    state = "and is still in ALARM" if last.end is None else f"and went back to OK at {clock_time(last.end, now)}"
    return _finding(
        watched,
        "alarm_fired",
        f"{watched.name} ({watched.metric}) went to ALARM at {clock_time(last.start, now)} {state}.",
        0.6 if last.end is None else 0.4,
        last.start,
    )


def _flapping(watched: Watched, now: datetime) -> Finding | None:
    if not watched.flaps(now):
        return None
    cleared = [stay for stay in watched.stays if stay.end]
    longest = max(stay.seconds(now) for stay in watched.stays)
    return _finding(
        watched,
        "alarm_flapping",
        f"{watched.name} went to ALARM {len(watched.stays)} times since {clock_time(watched.stays[0].start, now)} and "
        f"cleared by itself {len(cleared)} times, after {duration(longest)} at most.",
        round(min(0.6 + 0.08 * len(watched.stays), 0.95), 3),
        watched.stays[0].start,
        transitions=str(len(watched.stays) + len(cleared)),
    )


def _grazed(watched: Watched, now: datetime) -> Finding | None:
    crossing = watched.graze
    if crossing is None or not watched.stays or crossing.strength < 0.5:
        return None
    threshold = float(watched.alarm["Threshold"])
    normal = (
        f"{crossing.days_crossed} of the {crossing.days} days before crossed it too, their peaks being around "
        f"{number(crossing.usual_peak)}" + (", so this is the normal range" if crossing.within_normal else "")
    )
    return _finding(
        watched,
        "threshold_grazed",
        f"{watched.metric} of {watched.resource} reached {number(crossing.peak)}, "
        f"{crossing.overshoot * 100:.0f}% beyond the threshold of {number(threshold)}; {normal}.",
        crossing.strength,
        watched.stays[-1].start,
        threshold=f"{threshold:g}",
        peak=f"{crossing.peak:.4g}",
    )


def _moved(watched: Watched, now: datetime) -> Finding | None:
    """How the alarm's metric compares with the week before, whatever the threshold."""
    shift = watched.shift
    if shift is None:
        return None
    details = {"baseline": f"{shift.baseline:.4g}", "peak": f"{shift.peak:.4g}", "factor": f"{shift.factor:.3g}"}
    if watched.trouble < MOVED:
        text = f"{watched.metric} of {watched.resource} is as in the week before: {number(shift.level)} as a rule."
        return _finding(watched, "metric_steady", text, 0.5, None, **details)
    onset = f" at {clock_time(shift.onset, now)}" if shift.onset else ""
    text = (
        f"{watched.metric} of {watched.resource} went from {number(shift.baseline)} to {number(shift.level)}{onset}, "
        f"{'peak' if shift.direction == 'rise' else 'lowest'} {number(shift.peak)}."
    )
    return _finding(watched, f"metric_{shift.direction}", text, shift.strength, shift.onset, **details)


def _finding(
    watched: Watched, kind: str, statement: str, strength: float, at: datetime | None, **details: str
) -> Finding:
    return Finding(
        kind=kind,
        statement=statement,
        strength=strength,
        at=at,
        resource=watched.resource,
        attributes={"alarm": watched.name, "metric": watched.metric, "service": watched.service, **details},
    )


def _sentence(watched: Watched, now: datetime) -> str:
    if not watched.stays:
        return f"{watched.name} did not fire."
    if watched.flaps(now):
        verdict = " and is flapping, its metric being normal"
    else:
        verdict = ", still in ALARM" if watched.stays[-1].end is None else ", over now"
    often = "once," if len(watched.stays) == 1 else f"{len(watched.stays)} times, last"
    return f"{watched.name} fired {often} at {clock_time(watched.stays[-1].start, now)}{verdict}."


TOOLS: tuple[BaseTool, ...] = (alarm_history,)
