"""Log groups whose lines are generated from templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from deploy.local.account.schema.base import Entry, Length, Offset
from deploy.local.account.schema.metrics import Pulse
from deploy.local.account.templates import compile_template, kept_names

LINE_NAMES = ("level", "stream", "region", "account_id")
"""Names that every line's template may use, besides the fields of templates.py."""


class LogLine(Entry):
    """A kind of line: `per_minute` of them spread over a time range, or `count` in all, or one `every` so often, or
    one `at` a moment.

    Fields of the template: {uuid} {hex:8} {int:1-500} {float:0.1-2.5} {ip} {choice:a|b} {latency:120} {time}
    {time:%H:%M:%S} {epoch_ms} {level} {stream} {region} {account_id}; {id=uuid} names a value, and {id} later in the
    line, or in the lines of `then`, repeats it.
    """

    template: str
    then: tuple[str, ...] = ()
    """Lines that follow at once in the same stream, such as a Lambda invocation's END and REPORT after its START."""
    level: str = "INFO"
    per_minute: float | None = None
    count: int | None = None
    at: Offset | None = None
    start: Offset | None = Field(default=None, alias="from")
    end: Offset | None = Field(default=None, alias="to")
    every: Length | None = None
    pulse: Pulse | None = None
    stream: str | None = None
    """The stream that these lines go to; spread over the group's streams when absent."""
    daily: float = 0.0
    """Relative amplitude of the day's season of `per_minute`, as in a metric."""

    @model_validator(mode="after")
    def _how_many(self) -> Self:
        if sum(given is not None for given in (self.per_minute, self.count, self.at, self.every)) != 1:
            raise ValueError("a log line needs exactly one of per_minute, count, every, at")
        if self.count is not None and self.start is None:
            raise ValueError("a log line with count needs from")
        return self

    @model_validator(mode="after")
    def _templates_compile(self) -> Self:
        names = LINE_NAMES
        for text in (self.template, *self.then):
            compile_template(text, names)
            names += kept_names(text)
        return self


class LogGroup(Entry):
    group: str
    retention_days: int | None = None
    log_class: str = "STANDARD"
    stored_gb: float | None = None
    """What it holds; computed from its lines when absent."""
    streams: tuple[str, ...] = ()
    """Templates, rendered once a day, so that `{time:%Y/%m/%d}/[$LATEST]{hex:32}` makes Lambda's daily streams.
    That is also the default for a group under /aws/lambda/; elsewhere it is one stream called `main`."""
    lines: tuple[LogLine, ...] = ()
    index_fields: tuple[str, ...] = ()
    query_takes: Length = timedelta(0)
    """How long a Logs Insights query over this group runs, at least."""
    tags: Mapping[str, str] = {}

    @model_validator(mode="after")
    def _streams_compile(self) -> Self:
        for text in self.streams:
            compile_template(text)
        return self
