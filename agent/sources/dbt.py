"""dbt Cloud's webhooks: a job's run started, went wrong or ended."""

from __future__ import annotations

from datetime import datetime

from agent.models import Alert, AlertStatus, Severity
from agent.sources import facts, senders
from agent.sources.fields import at, flat, known, mapping_at, text_at
from agent.sources.generic import read
from agent.sources.moments import moment
from agent.sources.source import Payload, Request, Source

FAILED = frozenset(("errored", "error", "failed", "cancelled", "canceled"))


def matches(payload: Payload) -> bool:
    return text_at(payload, "eventType").startswith("job.run.") and bool(mapping_at(payload, "data"))


def verify(request: Request, secret: str) -> str:
    """The Authorization header is the HMAC-SHA256 of the body."""
    return senders.body_signed(request, "authorization", secret)


def parse(payload: Payload, received: datetime) -> list[Alert]:
    """A run that went well resolves what an earlier run of the job raised; one that starts only informs."""
    run = mapping_at(payload, "data")
    state = text_at(run, "runStatus").lower()
    event = text_at(payload, "eventType")
    failed = state in FAILED or event.endswith("errored")
    over = not failed and (state == "success" or event.endswith("completed"))
    job = text_at(run, "jobName", "jobId") or "dbt job"
    title = f"dbt job {job} {state or event.rpartition('.')[2]}"
    base = read(payload, received, "dbt", title=title, prose=[text_at(run, "runStatusMessage")])
    return [
        known(
            base,
            external_id=text_at(run, "jobId"),
            delivery_id=text_at(payload, "eventId"),
            status=AlertStatus.resolved if over else AlertStatus.firing,
            severity=Severity.error if failed else Severity.info,
            started_at=moment(at(run, "runStartedAt")) or moment(at(payload, "timestamp")) or received,
            said_at=moment(at(payload, "timestamp")),
            ended_at=moment(at(run, "runFinishedAt")) if over else None,
            resource={"service": "dbt", "type": "job", "id": job},
            run_id=text_at(run, "runId"),
            labels=flat({name: run.get(name) for name in ("jobId", "projectName", "environmentName", "runReason")}),
            links=[_run_link(payload)],
            system=text_at(run, "projectName"),
            fingerprint=facts.fingerprint("dbt", "", text_at(payload, "accountId"), text_at(run, "jobId") or job),
        )
    ]


def _run_link(payload: Payload) -> str:
    account, project, run = (text_at(payload, path) for path in ("accountId", "data.projectId", "data.runId"))
    whole = account and project and run
    return f"https://cloud.getdbt.com/deploy/{account}/projects/{project}/runs/{run}" if whole else ""


SOURCE = Source("dbt", matches, parse, verify)
