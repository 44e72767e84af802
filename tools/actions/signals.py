"""The signal that fired, as a check: what has to be as it was before anybody can say that an action helped."""

from __future__ import annotations

from agent.models import Alert, Check

WITHIN_SECONDS = 900.0
HOLD_SECONDS = 120.0


def signal_check(alert: Alert | None, expected: str, **unless: str) -> Check:
    """The alert's own alarm, metric or DAG run; without any of them, the `unless` parameters of a `state` check."""
    if alert is None:
        return Check(kind="state", name=unless.get("name", ""), parameters=unless, expected=expected)
    if name := alert.labels.get("alarm_name"):
        return _check("alarm", name, f"The alarm {name} is OK again", {})
    if alert.dag_id:
        run = {"dag_id": alert.dag_id, "run_id": alert.run_id, "task_id": alert.task_id}
        return _check("dag_run", alert.dag_id, f"The DAG {alert.dag_id} succeeds", run)
    if alert.metric:
        measured = {"resource": alert.resource.id, "service": alert.resource.service, "threshold": alert.threshold}
        return _check("metric", alert.metric, f"{alert.metric} of {alert.resource.id} is back at its usual", measured)
    return Check(kind="state", name=alert.resource.id, parameters=unless, expected=expected)


def _check(kind: str, name: str, expected: str, parameters: dict[str, str]) -> Check:
    return Check.model_validate(
        {
            "kind": kind,
            "name": name,
            "parameters": {key: value for key, value in parameters.items() if value},
            "expected": expected,
            "within_seconds": WITHIN_SECONDS,
            "hold_seconds": HOLD_SECONDS,
        }
    )
