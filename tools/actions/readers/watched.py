"""What a reader is given: the check, what the action changed, and read access where that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.models import ActionResult, Check, Resource, TimeRange
from agent.ports import AwsSession
from agent.settings import Settings
from tools.evidence.cache import MemoryCache
from tools.evidence.look import Look

LOOKED = "looked"
"""A key of every baseline that was read: without it, what fires now cannot be told from what fired before."""
VALUE = "value"


@dataclass(frozen=True)
class Watched:
    """A check at one moment. `aws` is of the account and region in which the signal is."""

    check: Check
    target: Resource
    aws: AwsSession
    now: datetime
    settings: Settings
    baseline: Mapping[str, float] = field(default_factory=dict[str, float])
    """As `read_baseline` gave it just before the change."""
    result: ActionResult | None = None
    """Of the change, once it is made."""
    near: tuple[str, ...] = ()
    """Names of what else belongs to the incident."""

    @property
    def before(self) -> float | None:
        return self.baseline.get(VALUE)

    def said(self, name: str) -> str:
        """A parameter of the check; "" without it."""
        return self.check.parameters.get(name, "")

    def look(self, back: timedelta = timedelta(hours=1)) -> Look:
        """For what evidence tools read as well."""
        window = TimeRange(start=self.now - back, end=self.now)
        return Look(self.aws, self.now, window, self.settings, MemoryCache())
