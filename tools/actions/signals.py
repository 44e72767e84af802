"""What has to be as it was before anybody can say that an action helped: the signal that fired, where there is one."""

from __future__ import annotations

import re
from typing import Literal

from agent.models import Alert, Check

WITHIN_SECONDS = 900.0
HOLD_SECONDS = 120.0
Kind = Literal["alarm", "metric", "queue", "dag_run", "task", "execution", "command", "state"]
_SIDE = r"(?P<below><|less than|below|under)|(?P<above>>|greater than|above|over|exceeds)"
_FIGURE = re.compile(r"-?\d+(?:\.\d+)?")


def signal_check(alert: Alert | None, expected: str, kind: Kind = "state", name: str = "", **otherwise: str) -> Check:
    """The alert's own alarm, DAG run or metric; without any of them, what the action itself would be seen by.

    `kind` and `name` are of that, `otherwise` its parameters.
    """
    if alert is None:
        return _check(kind, name, expected, otherwise)
    place = {"region": alert.resource.region}
    if alarm := alert.labels.get("alarm_name"):
        return _check("alarm", alarm, f"The alarm {alarm} is OK again", place)
    if alert.dag_id:
        run = {"dag_id": alert.dag_id, "run_id": alert.run_id, "task_id": alert.task_id}
        return _check("dag_run", alert.dag_id, f"The DAG {alert.dag_id} succeeds", run | place)
    if alert.metric and alert.resource.id:
        measured = {
            "resource": alert.resource.id,
            "service": alert.resource.service,
            "threshold": alert.threshold,
            "comparison": _comparison(alert),
            "since": alert.started_at.isoformat(),
        }
        back = f"{alert.metric} of {alert.resource.id} is back at its usual"
        return _check("metric", alert.metric, back, measured | place)
    return _check(kind, name, expected, {**otherwise, "since": alert.started_at.isoformat()})


def _comparison(alert: Alert) -> str:
    """On which side of its threshold it fired: as is written before the figure, else as the measured value says."""
    figure = _FIGURE.search(alert.threshold.replace(",", ""))
    if figure is None:
        return ""
    written = re.compile(rf"(?:{_SIDE})(?: or equal to)?[ =$]*{re.escape(figure[0])}\b", re.I)
    for text in (alert.threshold.replace(",", ""), alert.title, alert.description):
        if found := written.search(text):
            return "below" if found["below"] else "above"
    value = _FIGURE.search(alert.value.replace(",", ""))
    if value is None or float(value[0]) == float(figure[0]):
        return ""
    return "above" if float(value[0]) > float(figure[0]) else "below"


def _check(kind: Kind, name: str, expected: str, parameters: dict[str, str]) -> Check:
    return Check(
        kind=kind,
        name=name,
        parameters={key: value for key, value in parameters.items() if value},
        expected=expected,
        within_seconds=WITHIN_SECONDS,
        hold_seconds=HOLD_SECONDS,
    )
