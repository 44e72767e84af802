"""What every domain type builds on: strictness, ids, digests and aware times."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone is ambiguous; give it one, such as Z")
    return value.astimezone(UTC)


UtcTime = Annotated[datetime, AfterValidator(_as_utc)]


IdPrefix = Literal["inc", "ev", "act", "apr", "job", "run", "rem"]


def new_id(prefix: IdPrefix) -> str:
    """A fresh opaque id: `new_id("inc")` gives something like `inc_9f3c1a2b7d4e`."""
    return f"{prefix}_{uuid4().hex[:12]}"


def digest(*parts: object, length: int = 12) -> str:
    """A stable hex digest of JSON-able parts, for fingerprints and content-derived ids."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]


class Model(BaseModel):
    """Base of every domain type: immutable, and a field that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TimeRange(Model):
    """A half-open range of time, `start <= t < end`."""

    start: UtcTime
    end: UtcTime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()
