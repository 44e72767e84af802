"""The types every room shares. Frozen, strict, times in aware UTC, ids opaque strings with a prefix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _as_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone is ambiguous; give it one, such as Z")
    return value.astimezone(UTC)


UtcTime = Annotated[datetime, AfterValidator(_as_utc)]
IdPrefix = Literal["inc", "ev", "act", "apr", "job", "run", "plan"]


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


class Severity(StrEnum):
    critical = "critical"
    error = "error"
    warning = "warning"
    info = "info"


class AlertStatus(StrEnum):
    firing = "firing"
    resolved = "resolved"


class Resource(Model):
    """What an alert is about. `type` is the AWS noun: `function`, `cluster`, `db`, `queue`, `table`, `dag`."""

    service: str = ""
    type: str = ""
    id: str = ""
    region: str = ""
    account: str = ""
    arn: str = ""


class Alert(Model):
    """One normalised alert, whatever tool sent it."""

    source: str
    external_id: str = ""
    title: str
    description: str = ""
    severity: Severity = Severity.warning
    status: AlertStatus = AlertStatus.firing
    resource: Resource = Resource()
    metric: str = ""
    threshold: str = ""
    dag_id: str = ""
    task_id: str = ""
    run_id: str = ""
    started_at: UtcTime
    labels: dict[str, str] = {}
    links: tuple[str, ...] = ()
    raw_reference: str = ""
    fingerprint: str


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
    parameters: dict[str, Any] = {}
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


class Claim(Model):
    """One sentence of an answer and the evidence it rests on."""

    text: str
    evidence: tuple[str, ...]


class Gap(Model):
    """What could not be read, and why."""

    tool: str
    reason: str


class Confidence(Model):
    """A value from 0 to 1, and the parts it was computed from."""

    value: float = Field(ge=0, le=1)
    parts: dict[str, float] = {}

    @property
    def word(self) -> str:
        return "high" if self.value >= 0.85 else "medium" if self.value >= 0.5 else "low"


class Provenance(Model):
    """Which prompt and model wrote an analysis, and what it took."""

    model: str = ""
    degraded: str = Field(default="", description="Why a lesser model answered; empty when none did")
    prompt_name: str = ""
    prompt_version: str = ""
    prompt_hash: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = Field(default=0, description="Of the input tokens, those read from the provider's cache")
    model_calls: int = 0
    tool_calls: int = 0
    usd: float = Field(default=0.0, description="What the models cost, by the price table")
    unpriced: tuple[str, ...] = Field(default=(), description="Models that answered and have no price in that table")
    seconds: float = 0.0
    run_id: str = Field(default="", description="Correlation id, as in every log line and span of the run")


class Diagnosis(Model):
    """The outcome of an analysis. `root_cause` is empty when the evidence does not carry one."""

    summary: str
    root_cause: str = ""
    nothing_wrong: bool = False
    runbook: str = ""
    claims: tuple[Claim, ...] = ()
    contributing: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    next_steps: tuple[str, ...] = ()
    confidence: Confidence = Confidence(value=0)
    dropped_claims: int = 0
    provenance: Provenance = Provenance()


class Clarification(Model):
    """One question back, and the answers that are likely."""

    question: str
    choices: tuple[str, ...] = ()


AnswerKind = Literal["question", "follow_up", "small_talk", "help", "write", "out_of_scope", "clarify"]


class Answer(Model):
    """The outcome of a question. `headline` stands alone; `claims` carry the detail."""

    kind: AnswerKind = "question"
    headline: str
    assumptions: tuple[str, ...] = Field(default=(), description="What a time or a name was taken to mean")
    disagreements: tuple[Claim, ...] = Field(default=(), description="Where pieces of evidence contradict each other")
    clarification: Clarification | None = None
    reused_from: UtcTime | None = Field(default=None, description="When an equal question got this answer")
    note: str = Field(default="", description="What the reader must know about how it was answered; stands last")
    claims: tuple[Claim, ...] = ()
    gaps: tuple[Gap, ...] = ()
    next_steps: tuple[str, ...] = ()
    specialists: tuple[str, ...] = ()
    confidence: Confidence = Confidence(value=0)
    dropped_claims: int = 0
    provenance: Provenance = Provenance()


class IncidentStatus(StrEnum):
    open = "open"
    investigating = "investigating"
    awaiting_approval = "awaiting_approval"
    remediating = "remediating"
    verifying = "verifying"
    resolved = "resolved"
    failed = "failed"
    escalated = "escalated"


class TimelineEvent(Model):
    at: UtcTime
    kind: str
    text: str
    actor: str = "watchkeeper"


class SlackPlace(Model):
    """Where a conversation or an alert lives. `thread_ts` is the root message's timestamp."""

    team: str = ""
    channel: str
    thread_ts: str


class Incident(Model):
    """Alerts that belong together, what was found out, and what happened (append-only)."""

    id: str
    title: str
    status: IncidentStatus = IncidentStatus.open
    alerts: tuple[Alert, ...] = ()
    place: SlackPlace | None = None
    summary_ts: str = Field(default="", description="The one Slack message that is edited in place")
    diagnosis: Diagnosis | None = None
    evidence: tuple[Evidence, ...] = ()
    timeline: tuple[TimelineEvent, ...] = ()
    created_at: UtcTime
    updated_at: UtcTime


class Asker(Model):
    """Who asks, as Slack knows them."""

    user: str = Field(default="", description="Slack user id")
    name: str = ""
    zone: str = Field(default="UTC", description="IANA time zone")


class ChatMessage(Model):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    text: str
    author: str = ""
    author_name: str = ""
    answer: Answer | None = Field(default=None, description="The whole answer, of the assistant's turns")
    ts: str = Field(default="", description="Slack timestamp, the idempotency key of the turn")
    message_ts: str = Field(
        default="", description="The Slack message that shows an answer; of a choice, the one whose button was pressed"
    )
    pages: tuple[str, ...] = Field(default=(), description="Further Slack messages that a long answer took")
    covers: tuple[str, ...] = Field(default=(), description="Of an answer, `ts` of every question that it answers")
    at: UtcTime
    evidence: tuple[Evidence, ...] = ()


class Conversation(Model):
    """A Slack thread with Watchkeeper in it."""

    place: SlackPlace
    messages: tuple[ChatMessage, ...] = ()
    tools_used: tuple[str, ...] = ()
    status: Literal["idle", "answering"] = "idle"
    expires_at: UtcTime


class Feedback(Model):
    """What somebody thinks of an answer, with what is needed to learn from it."""

    place: SlackPlace
    answer_ts: str = Field(description="`ts` of the assistant's turn")
    user: str
    good: bool
    comment: str = ""
    at: UtcTime
    evidence: tuple[str, ...] = ()
    provenance: Provenance = Provenance()


class Mute(Model):
    """Watchkeeper keeps quiet in a channel, or in one thread of it."""

    channel: str
    thread_ts: str = Field(default="", description="Empty: the whole channel")
    by: str
    at: UtcTime
    until: UtcTime | None = Field(default=None, description="None: until somebody unmutes it")


class Spend(Model):
    """What models took."""

    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0


class JobKind(StrEnum):
    alert = "alert"
    mention = "mention"
    stop = "stop"
    feedback = "feedback"
    evidence = "evidence"
    command = "command"
    approval = "approval"
    tick = "tick"
    verify = "verify"


class Job(Model):
    """What the queue carries. `payload` is small and plain; the same `idempotency_key` is never queued twice."""

    id: str
    kind: JobKind
    idempotency_key: str
    payload: dict[str, Any]
    attempt: int = 0
    created_at: UtcTime


class Risk(StrEnum):
    low = "low"
    medium = "medium"
    high = "high"


class Action(Model):
    """One typed change that a plan proposes. Code, never a model, turns it into an API call."""

    id: str
    type: str
    target: Resource
    parameters: dict[str, Any] = {}
    risk: Risk
    reversible: bool
    expected_effect: str
    verification: str


class RemediationPlan(Model):
    id: str
    incident_id: str
    actions: tuple[Action, ...]
    created_at: UtcTime


class Approval(Model):
    """Consent to exactly one payload, by one of the named people, once, before it expires."""

    id: str
    action_id: str
    payload_hash: str
    requested_by: str
    approvers: tuple[str, ...]
    decided_by: str = ""
    decision: Literal["pending", "approved", "rejected", "expired"] = "pending"
    expires_at: UtcTime


class ActionResult(Model):
    action_id: str
    succeeded: bool
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    rollback_handle: dict[str, Any] = {}
    message: str = ""


class AuditEntry(Model):
    """One line of the audit trail: who did what to what, and when."""

    at: UtcTime
    actor: str
    event: str
    subject: str
    detail: dict[str, Any] = {}
