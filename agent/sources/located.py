"""The ARN of what an alert is about, where its dimension, region and account say enough, and what an ARN says."""

from __future__ import annotations

from agent.models import Alert
from agent.sources import facts
from agent.sources.aws import arns
from agent.sources.fields import known
from agent.sources.prose import READ_CHARS


def located(alert: Alert) -> Alert:
    """An alert whose ARN is known has its type, region and account too."""
    place = alert.resource
    arn = place.arn or _derived(alert)
    if not arns.is_arn(arn):
        return alert
    told = arns.resource(arn, region=place.region, account=place.account, service=place.service)
    stated = {name: value for name, value in place.model_dump().items() if value}
    return known(alert, resource=told.model_dump() | stated)


def _derived(alert: Alert) -> str:
    place = alert.resource
    if not (place.id and place.region and place.account):
        return ""
    dimensions = facts.dimensions_in(alert.description[:READ_CHARS])
    dimension = next((name for name, value in dimensions.items() if value == place.id), "")
    return arns.derived(dimension, place.id, place.region, place.account, dimensions) if dimension else ""
