"""dbt's posts: a job's run in dbt Cloud, or a failed model as a pipeline's own notifier tells it."""

from __future__ import annotations

import re

from agent.models import Alert
from agent.sources import facts
from agent.sources.fields import known
from agent.sources.slack.post import Post

_RUN = re.compile(r"getdbt\.com/\S{0,200}?/runs/(\d{1,20})|\bRun #(\d{1,20})\b", re.I)
_JOB = re.compile(r"\bjob\s{1,3}[\"'`*“]{1,2}([^\"'`*”\n]{1,120})[\"'`*”]", re.I)
_MODEL = re.compile(r"[\w.-]{1,200}")
_DBT = re.compile(r"\bdbt\b", re.I)


def is_from(post: Post, alert: Alert) -> bool:
    linked = any("getdbt.com/" in link for link in alert.links)
    return linked or bool(_DBT.search(post.signed)) or bool(_DBT.search(post.title[:300]))


def refine(post: Post, alert: Alert) -> Alert:
    """The job is what fails again and again; without one, the model or what the title says."""
    run, job = _RUN.search(post.text), _JOB.search(post.text)
    name = post.fields.get("job", "") or post.fields.get("job name", "") or (job[1] if job else "")
    model = match[0] if (match := _MODEL.search(post.fields.get("model", ""))) else ""
    labels = {"job": name, "model": model, "environment": post.fields.get("environment", "")}
    thing = alert.dag_id or name or model
    return known(
        alert,
        run_id=alert.run_id or ((run[1] or run[2]) if run else ""),
        resource={"service": alert.resource.service if alert.dag_id else "dbt", "id": thing},
        labels={key: value for key, value in labels.items() if value},
        system=alert.system or post.fields.get("project", ""),
        fingerprint=facts.fingerprint("dbt", "" if thing else post.title, thing, model, alert.task_id),
    )
