"""Service quotas that a scenario gives the account in place of AWS's defaults."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.local.account.schema.base import Entry


class Quota(Entry):
    """The applied value of one quota. Of a code that the simulated account knows, the rest may be left out."""

    service: str
    """As Service Quotas names it: lambda, ec2, ecs."""
    code: str
    """L-B99A9384"""
    value: float
    name: str | None = None
    adjustable: bool = True
    namespace: str | None = None
    """Of the metric that shows the use, where there is one."""
    metric: str | None = None
    dimensions: Mapping[str, str] = {}
    statistic: str = "Maximum"
