"""What is asked of the policy, and what it rules."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal

from pydantic import Field

from agent.models import Action, Preview, Remediation, Severity, StepStatus
from agent.models.base import Model, UtcTime


class Glass(Model):
    """Somebody breaks it: what needs many people or has to wait is done at once by one who may, and says why."""

    by: str = Field(min_length=1, description="Slack user id")
    reason: str


class PolicyRequest(Model):
    """One action at one moment, with all that the policy may look at. It has no clock and looks nothing up itself."""

    action: Action
    preview: Preview
    incident_id: str
    severity: Severity
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False, description="Of the diagnosis, as computed")
    requester: str = Field(description="Slack user id, or the name of a system")
    asked_by_person: bool = Field(default=False, description="A person wants this very action, whatever was found out")
    actions_so_far: int = Field(default=0, ge=0, description="Of this incident, done or begun, this one not counted")
    running: int = Field(default=0, ge=0, description="Those of them that are on their way now")
    environment: str = Field(default="", description="Of the account or the system; empty when nobody knows")
    tags: dict[str, str] | None = Field(
        default=None, description="Of the target; None when they could not be read. None at all count as unknown, too"
    )
    now: UtcTime
    kill_switch: str = Field(default="", description="Who switched remediation off by command; empty when it is on")
    glass: Glass | None = None


def counted(remediations: Iterable[Remediation], but: str = "") -> tuple[int, int]:
    """`actions_so_far` and `running` of an incident, from all its remediations. `but`: id of the one asked about.

    An action counts from its intent on, however it ended; undoing one is one more.
    """
    begun = [step for each in remediations for step in each.steps if step.intended_at and step.action.id != but]
    return len(begun), sum(step.status is StepStatus.executing for step in begun)


class Cause(StrEnum):
    """Why something is refused."""

    policy_broken = "policy_broken"
    kill_switch = "kill_switch"
    unknown_kind = "unknown_kind"
    not_possible = "not_possible"
    place = "place"
    too_many = "too_many"
    too_large = "too_large"
    forbidden = "forbidden"
    """By a rule or a protection of the file."""
    frozen = "frozen"
    unsure = "unsure"
    """Too little confidence: a person has to think first, so it is escalated."""
    nobody = "nobody"
    """There is nobody, or there are too few, who may approve it."""
    glass = "glass"
    """The glass may not be broken by this person, for this, or without a reason."""


class Ruling(Model):
    """What may become of the action. `refuse` has its reasons, the worst first; `ask` and `by_itself` have theirs."""

    decision: Literal["refuse", "ask", "by_itself"]
    approvers: tuple[str, ...] = Field(default=(), description="Slack users (U…, W…) and user groups (S…)")
    needed: int = Field(default=1, ge=1, description="How many of them")
    two_pairs: bool = Field(default=False, description="Who asked for it may not approve it")
    rule: str = Field(default="", description="The name of what decided, for the audit")
    reasons: tuple[str, ...] = Field(default=(), description="Sentences for people")
    causes: tuple[Cause, ...] = Field(default=(), description="One for each reason of a refusal")
    frozen_until: UtcTime | None = None
    break_glass: bool = Field(default=False, description="Those who may break the glass are asked, nobody else")
    policy_version: str

    @property
    def escalate(self) -> bool:
        """People have to find out more: there is nothing that they could just approve."""
        return Cause.unsure in self.causes
