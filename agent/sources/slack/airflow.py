"""Airflow's failure messages, of whichever callback or notifier: they name a DAG."""

from __future__ import annotations

import re

from agent.models import Alert, AlertStatus
from agent.sources import facts
from agent.sources.fields import known
from agent.sources.slack.post import Post

_MACHINE_TEXT = re.compile(r"\w=UUID\(|\bdag_id='|<TaskInstance")
_TRY = re.compile(r"\btry_number=(\d{1,4})")
_OVER = re.compile(r"\b(?:succeeded|success|recovered)\b", re.I)


def is_from(post: Post, alert: Alert) -> bool:
    return bool(alert.dag_id)


def refine(post: Post, alert: Alert) -> Alert:
    """A task instance written out in full makes no title."""
    run = alert.run_id or post.fields.get("run", "")
    about = f"Airflow DAG {alert.dag_id}" + (f", task {alert.task_id}" if alert.task_id else "")
    attempt = post.fields.get("try", "") or (match[1] if (match := _TRY.search(post.text[:20_000])) else "")
    task = alert.task_id or post.fields.get("task", "")
    over = bool(_OVER.search(post.title)) and not facts.fails(post.title)
    return known(
        alert,
        title=f"{about} failed" if _MACHINE_TEXT.search(post.title) else alert.title,
        run_id=run,
        task_id=task,
        status=AlertStatus.resolved if over else alert.status,
        labels={"try_number": attempt} if attempt else {},
        fingerprint=facts.fingerprint("airflow", "", alert.dag_id, task),
    )
