"""CloudWatch alarms in ALARM that nobody posted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agent.detection.alarms import Alarm, notification, told_by_others, worth_telling
from agent.detection.episodes import Anomaly
from agent.detection.watchlist import ignored
from agent.models import Alert
from agent.sources import parse_alert
from tools.detection.base import Round
from tools.evidence import console
from tools.evidence.metrics.alarm_reader import list_alarms
from tools.evidence.metrics.alarm_rules import children_of

MAX_ALARMS = 5000


def detect(tick: Round) -> list[Alert]:
    """Each as the alert that its own notification would make, so that it is the same one should that still come."""
    look = tick.look
    alarms, composites = list_alarms(look, MAX_ALARMS)
    if len(alarms) + len(composites) >= MAX_ALARMS:
        tick.gaps.append(f"alarms beyond the first {MAX_ALARMS:,}")
    learning = not tick.memories.get(tick.key("episodes"))
    if learning:
        tick.learned.append(f"{len(alarms) + len(composites)} alarms")
    firing = worth_telling([*alarms, *composites], _covered(composites), look.now)
    wanted = {
        str(alarm["AlarmArn"]): alarm
        for alarm in firing
        if not ignored(str(alarm["AlarmName"]), tick.watch.alarms.ignore)
    }
    seen = [Anomaly(arn, _alert(tick, alarm)) for arn, alarm in wanted.items()]
    tick.firing += [anomaly.alert for anomaly in seen]
    return tick.told(
        seen,
        learning=learning,
        quiet=lambda anomaly: told_by_others(wanted[anomaly.subject], anomaly.alert, tick.known),
    )


def _covered(composites: Sequence[dict[str, Any]]) -> set[str]:
    """The alarms that composite alarms in ALARM are made of."""
    return {name for each in composites if each.get("StateValue") == "ALARM" for name in children_of(each)}


def _alert(tick: Round, alarm: Alarm) -> Alert:
    look = tick.look
    parsed = parse_alert(notification(alarm, look.aws.account), look.now)
    link = console.alarm(look.aws, str(alarm["AlarmName"]))
    return parsed.model_copy(
        update={
            "links": tuple(dict.fromkeys((*parsed.links, link))),
            "labels": {**parsed.labels, "detector": tick.detector},
        }
    )
