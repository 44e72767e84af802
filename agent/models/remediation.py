"""Changes that are proposed, allowed, made, checked and written down."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from agent.models.alerts import Resource
from agent.models.base import Model, UtcTime, digest
from agent.models.incidents import Mark, SlackPlace


class Risk(StrEnum):
    low = "low"
    medium = "medium"
    high = "high"


class Check(Model):
    """How to see whether an action helped: the signal that fired, read again."""

    kind: Literal["alarm", "metric", "queue", "dag_run", "task", "execution", "command", "state"]
    name: str = Field(description="The alarm's name, the queue's, the DAG's …; of a metric its namespace and name")
    parameters: dict[str, str] = Field(default={}, description="Dimensions, statistic, comparison, threshold, run id …")
    expected: str = Field(description="What is seen when it helped, in words")
    within_seconds: float = Field(default=600, gt=0, description="By when it has to be seen")
    hold_seconds: float = Field(default=60, ge=0, description="For how long it has to stay so")


class Action(Model):
    """One typed change that a plan proposes. Code, never a model, turns it into an API call."""

    id: str
    type: str = Field(description="A name from tools.actions.ACTIONS")
    target: Resource
    parameters: dict[str, Any] = Field(default={}, description="As the type's own parameter model has them")
    risk: Risk
    reversible: bool
    expected_effect: str
    verification: Check
    evidence: tuple[str, ...] = Field(default=(), description="Ids of the evidence that speaks for it")
    rolls_back: str = Field(default="", description="Id of the action that this one undoes")

    def payload_hash(self, incident_id: str) -> str:
        """What a consent is for: this change, of this target, for this incident, and nothing else."""
        exact = self.model_dump(mode="json", include={"type", "target", "parameters", "rolls_back"})
        return digest({"incident": incident_id, **exact}, length=64)


class Difference(Model):
    """One line of a preview: `memory: 128 MB -> 256 MB`."""

    field: str
    before: str
    after: str


class Preview(Model):
    """What an action would do, read from the account and changing nothing in it."""

    at: UtcTime
    before: dict[str, Any] = Field(description="What the change overwrites, as the API says it; enough to go back")
    after: dict[str, Any] = Field(default={})
    differences: tuple[Difference, ...] = ()
    cost: str = Field(default="", description="In words: `about 12 USD a month more`; empty when it costs nothing")
    usd_month: float = Field(default=0.0, description="Estimated; less than 0 when it saves")
    blast_radius: str = Field(default="", description="Who or what notices, in words")
    affected: int = Field(default=1, ge=0, description="How many resources (instances, tasks, messages) it touches")
    tags: dict[str, str] = Field(default={}, description="Of the target: policies protect by them")
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = Field(default=(), description="Why it cannot be done as it is; none when it can")

    @property
    def state(self) -> str:
        """A digest of what was there before: another one at the click means that the account has drifted."""
        return digest(self.before, length=64)


class Approval(Model):
    """Consent to exactly one payload, by the people who are named, once, before it expires."""

    id: str
    incident_id: str
    remediation_id: str
    action_id: str
    payload_hash: str
    state: str = Field(default="", description="Preview.state that people saw")
    requested_by: str
    approvers: tuple[str, ...] = Field(default=(), description="Slack users (U…) and user groups (S…); nobody if empty")
    needed: int = Field(default=1, ge=1, description="How many of them")
    two_pairs: bool = Field(default=False, description="Who asked for it may not approve it")
    place: SlackPlace | None = Field(default=None, description="Where the card is; a click elsewhere does not count")
    message_ts: str = ""
    approved_by: tuple[Mark, ...] = Field(default=(), description="One for each person")
    decided_by: str = ""
    reason: str = Field(default="", description="Of a rejection, or of breaking the glass")
    break_glass: bool = False
    decision: Literal["pending", "approved", "rejected", "expired", "superseded"] = "pending"
    claimed_by: str = Field(default="", description="The execution that used it up; an approval is used once")
    created_at: UtcTime
    expires_at: UtcTime


class ActionResult(Model):
    action_id: str = Field(default="", description="Whoever executes it fills it in")
    succeeded: bool
    over: bool = Field(default=True, description="False while it goes on after its call, as a script does")
    before: dict[str, Any] = Field(default={})
    after: dict[str, Any] = Field(default={})
    reference: str = Field(default="", description="What AWS calls it: a request, command or execution id")
    rollback_handle: dict[str, Any] = Field(default={}, description="What undoing it needs to know")
    message: str = Field(default="", description="One sentence for people")
    at: UtcTime


class StepStatus(StrEnum):
    """`proposed` until it was looked at, then `refused`, or `awaiting` people, or (by policy) at once `approved`.

    `executing` is written before the effect, `executed` after it.
    """

    proposed = "proposed"
    refused = "refused"
    awaiting = "awaiting"
    approved = "approved"
    rejected = "rejected"
    expired = "expired"
    executing = "executing"
    executed = "executed"
    failed = "failed"
    helped = "helped"
    no_effect = "no_effect"
    worse = "worse"
    rolled_back = "rolled_back"


class Verification(Model):
    """What the check saw, each time it looked."""

    outcome: Literal["waiting", "helped", "no_effect", "worse", "unknown"] = "waiting"
    seen: str = Field(default="", description="In words, with the figures")
    baseline: dict[str, float] = Field(default={}, description="What the signal and its neighbours were before")
    nearby: tuple[str, ...] = Field(default=(), description="What near it got worse meanwhile")
    good_since: UtcTime | None = None
    worse_since: UtcTime | None = None
    looked_at: UtcTime | None = None


class Step(Model):
    """One action on its way."""

    action: Action
    round: int = 1
    runbook: str = Field(default="", description="Whose remedy it is; of none where a person or a way back proposes it")
    status: StepStatus = StepStatus.proposed
    preview: Preview | None = None
    approval_id: str = ""
    by_policy: bool = Field(default=False, description="It runs by itself: the policy says so, and which rule is below")
    rule: str = ""
    token: str = Field(default="", description="Idempotency token of the effect, made with the intent")
    intended_at: UtcTime | None = None
    result: ActionResult | None = None
    verification: Verification = Verification()
    note: str = Field(default="", description="Why it was refused, rejected or failed")


class RemediationStatus(StrEnum):
    planning = "planning"
    awaiting_approval = "awaiting_approval"
    executing = "executing"
    verifying = "verifying"
    succeeded = "succeeded"
    rejected = "rejected"
    escalated = "escalated"

    @property
    def over(self) -> bool:
        return self in (RemediationStatus.succeeded, RemediationStatus.rejected, RemediationStatus.escalated)


class Remediation(Model):
    """All that is done about one incident, in at most a few rounds. The store's copy is the truth, step by step."""

    id: str
    incident_id: str
    status: RemediationStatus = RemediationStatus.planning
    round: int = 1
    requested_by: str = "watchkeeper"
    wanted: tuple[str, ...] = Field(default=(), description="Types of action that a person asked for; any if empty")
    steps: tuple[Step, ...] = ()
    learnt: tuple[str, ...] = Field(default=(), description="What each round showed, for the next one")
    place: SlackPlace | None = None
    card_ts: str = Field(default="", description="Its one message, which is edited in place")
    shown: str = Field(default="", description="Digest of what that message shows")
    created_at: UtcTime
    updated_at: UtcTime


class AuditEntry(Model):
    """One line of the audit trail: who did what to what, and when. `agent.audit_events` makes them.

    The store fills in the rest, which chains each line to the one before (`agent.audit_chain`). Lines of versions
    before there was a chain have none of it.
    """

    at: UtcTime
    actor: str
    event: str
    subject: str = Field(description="The incident, where there is one")
    detail: dict[str, Any] = Field(default={})
    id: str = ""
    sequence: int = Field(default=0, description="Its place in the trail, from 1 on")
    previous: str = Field(default="", description="Hash of the line before")
    previous_at: UtcTime | None = Field(default=None, description="When the line before was written")
    hash: str = Field(default="", description="SHA-256 of all of the above as canonical JSON")
