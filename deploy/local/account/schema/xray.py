"""Requests that X-Ray traced."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from deploy.local.account.schema.base import Entry, Offset


class TracedCall(Entry):
    """One piece of work in a request, and what it calls, one after the other."""

    name: str
    kind: Literal["service", "remote", "local"] = "service"
    """A `service` sends its own segment, a `remote` is seen by its caller only, a `local` is a part of its caller."""
    type: str = ""
    """As X-Ray's map names a node: AWS::Lambda::Function, AWS::DynamoDB::Table; `remote` where it is not known."""
    ms: float = 5
    """The time it takes besides what it calls."""
    status: int = 200
    """From 500 on it is a fault, from 400 an error, and 429 is a throttle."""
    exception: str = ""
    """`ConnectTimeout: no answer from the card service`."""
    calls: tuple[TracedCall, ...] = ()


class TraceFlow(Entry):
    """Requests of one kind, `per_minute` of them, each with durations a little different."""

    root: TracedCall
    per_minute: float = Field(gt=0)
    start: Offset | None = Field(default=None, alias="from")
    end: Offset | None = Field(default=None, alias="to")
    url: str = ""

    @model_validator(mode="after")
    def _begins_at_a_service(self) -> Self:
        if self.root.kind != "service":
            raise ValueError("the root of a trace is a service")
        return self
