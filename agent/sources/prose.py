"""An alert from prose: whatever `facts` recognises fills the fields."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.models import Alert, Resource
from agent.sources import facts

MAX_TITLE_CHARS = 200
READ_CHARS = 50_000
"""How much of a text facts are looked for in; the description has all of it."""


def from_text(source: str, title: str, text: str, started_at: datetime, *, external_id: str = "") -> Alert:
    """The description is the whole text, a line for each of its lines that says something."""
    head = text[:READ_CHARS]
    alarm, region, account = facts.alarm_in(head), facts.region_in(head), facts.account_in(head)
    metric_service, metric = facts.metric_in(head)
    dag, task, run = facts.airflow_in(head)
    resource = resource_in(head, metric_service, dag)
    return Alert(
        source=source,
        external_id=external_id,
        title=in_one_line(title) or "Alert without text",
        description="\n".join(line for line in (" ".join(line.split()) for line in text.splitlines()) if line),
        severity=facts.severity_in(head),
        status=facts.status_in(head),
        resource=resource,
        metric=metric,
        threshold=facts.threshold_in(head),
        value=facts.value_in(head),
        dag_id=dag,
        task_id=task,
        run_id=run,
        started_at=started_at.astimezone(UTC),
        labels={"alarm_name": alarm} if alarm else {},
        links=facts.links_in(head),
        fingerprint=_fingerprint(source, title, alarm, region, account, resource.id, dag, task),
    )


def resource_in(text: str, metric_service: str, dag: str) -> Resource:
    """What the text is about: by its dimensions and its DAG, else by the ARN that it names."""
    dimensions, arn = facts.dimensions_in(text), facts.arn_in(text)
    service = facts.service_of(text, dimensions, metric_service, dag)
    named = next((value for name, value in dimensions.items() if facts.DIMENSIONS[name] == service), "") or dag
    return Resource(
        service=service,
        type="dag" if dag and named == dag else "",
        id=named or arn.rpartition(":")[2].rpartition("/")[2],
        region=facts.region_in(text),
        account=facts.account_in(text),
        arn=arn if not named or named in arn else "",
    )


def in_one_line(title: str) -> str:
    return " ".join(title[: 4 * MAX_TITLE_CHARS].split())[:MAX_TITLE_CHARS]


def _fingerprint(source: str, title: str, alarm: str, region: str, account: str, resource: str, *airflow: str) -> str:
    """An alarm is known by its name and where it is, whatever the post says of it this time."""
    if alarm:
        return facts.fingerprint(source, "", alarm, region, account)
    return facts.fingerprint(source, title[: 4 * MAX_TITLE_CHARS], resource, *airflow)
