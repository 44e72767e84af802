"""What single apps' posts in Slack need beyond what is read of every post: one file an app, `is_from` and `refine`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.models import Alert
from agent.sources.slack import airflow, alertmanager, aws_text, cloudwatch, datadog, dbt, grafana, pagerduty, sentry
from agent.sources.slack.post import Post


@dataclass(frozen=True)
class App:
    """`refine` gets the alert as every post is read, and gives it with what only this app's posts tell.

    Where the app has no name, the alert itself says whose it is.
    """

    name: str
    is_from: Callable[[Post, Alert], bool]
    refine: Callable[[Post, Alert], Alert]


APPS: tuple[App, ...] = (
    App("", aws_text.is_from, aws_text.refine),
    App("cloudwatch", cloudwatch.is_from, cloudwatch.refine),
    App("amazon_q", cloudwatch.is_of_amazon_q, cloudwatch.as_posted),
    App("datadog", datadog.is_from, datadog.refine),
    App("pagerduty", pagerduty.is_from, pagerduty.refine),
    App("sentry", sentry.is_from, sentry.refine),
    App("dbt", dbt.is_from, dbt.refine),
    App("airflow", airflow.is_from, airflow.refine),
    App("grafana", grafana.is_from, grafana.refine),
    App("alertmanager", alertmanager.is_from, alertmanager.refine),
)
"""The first that wrote the post reads it."""
