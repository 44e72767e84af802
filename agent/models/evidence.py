"""What tools found, with everything needed to check it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from agent.models.base import Model, TimeRange, UtcTime, digest


class EvidenceStatus(StrEnum):
    """`no_data` is an answer ("looked, found nothing"); `denied`, `timeout` and `error` are gaps."""

    ok = "ok"
    no_data = "no_data"
    denied = "denied"
    timeout = "timeout"
    error = "error"


class Finding(Model):
    """One fact that code computed. Runbook signals match on `kind` and `attributes`."""

    kind: str = Field(description="A name from agent.findings.KINDS")
    statement: str = Field(description="One sentence with the figures, times and names in it")
    strength: float = Field(ge=0, le=1, description="How far this departs from normal: 0 not at all, 1 unmistakable")
    at: UtcTime | None = Field(default=None, description="When it began or happened")
    resource: str = Field(default="", description="Name, id or ARN of what it is about")
    attributes: dict[str, str] = Field(default={}, description="Details such as metric, factor, service, table, key")


class Series(Model):
    """One line, row of bars or set of slices of a chart: one value for each label."""

    name: str
    values: tuple[float | None, ...]


class Chart(Model):
    """Figures that code drew from what a tool read. No model writes one."""

    title: str
    kind: Literal["line", "bar", "area", "pie"] = "line"
    unit: str = Field(default="", description="As agent.figures.quantity takes it: `usd`, `Bytes`, `Milliseconds`, …")
    labels: tuple[str, ...] = Field(description="Along the x axis, or the slices; at most 100")
    series: tuple[Series, ...]


class Table(Model):
    """Rows that code read, as text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Cost(Model):
    """What it took to get a piece of evidence."""

    api_calls: int = 0
    bytes_scanned: int = 0
    usd: float = 0.0


class Evidence(Model):
    """What one tool call found, with everything needed to check it by hand."""

    id: str
    tool: str
    status: EvidenceStatus
    question: str = Field(description="What was asked, in words")
    query: str = Field(description="The exact API operation and parameters, as a person would repeat it")
    parameters: dict[str, Any] = Field(default={})
    time_range: TimeRange | None = None
    region: str = Field(default="", description="Where AWS was asked")
    summary: str = Field(description="The few lines that a model reads")
    findings: tuple[Finding, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    console_url: str = ""
    cost: Cost = Cost()
    gathered_at: UtcTime | None = Field(default=None, description="When AWS was asked; an answer may be used again")
    raw_reference: str = ""


def evidence_id(tool: str, parameters: Mapping[str, Any]) -> str:
    """The same call has the same id, so that gathering twice does not count twice."""
    return f"ev_{digest(tool, dict(parameters), length=8)}"
