"""The policy file as it is written. Permissions (`approvers`, `by_itself`) give; all the rest only takes away."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from agent.alert_rules.patterns import listed
from agent.alert_rules.schedule import ZoneName
from agent.models.base import Model
from agent.safety.policy.conditions import Actions, Condition, Conditions, Said, Where
from agent.safety.policy.kinds import KINDS, NEVER_BY_THEMSELVES
from agent.safety.policy.windows import Windows

BY_ITSELF = 0.85
"""Below this confidence nothing runs by itself, whatever a file says."""
ASKS = 0.5
"""Below this one people are not asked to approve, but to look."""
MAX_ACTIONS = 5
"""Of one incident."""
_ID = re.compile(r"[UWS][A-Z0-9]+")


def _ids(names: tuple[str, ...]) -> tuple[str, ...]:
    """Handles and names can be changed by those who have them; ids cannot."""
    for name in names:
        if not _ID.fullmatch(name):
            raise ValueError(f"{name!r} is no id; copy the member's (U…) or the user group's (S…) from Slack")
    return tuple(dict.fromkeys(names))


Ids = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_ids)]
Name = Annotated[str, Field(max_length=80)]


class Grant(Model):
    """Who may approve what."""

    who: Ids = Field(min_length=1)
    where: Where = Where()

    @model_validator(mode="before")
    @classmethod
    def _just_an_id(cls, value: Any) -> Any:
        return {"who": value} if isinstance(value, str) else value


class ByItself(Model):
    """What may be done without asking anybody."""

    name: Name = ""
    action: Actions = Field(min_length=1, description="one that cannot be undone only by its full name")
    where: Where = Where()
    confidence: float = Field(default=BY_ITSELF, ge=BY_ITSELF, le=1)

    @field_validator("action")
    @classmethod
    def _not_free_text(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if named := sorted(NEVER_BY_THEMSELVES & set(value)):
            raise ValueError(f"{named[0]} never runs by itself")
        return value


class Then(Model):
    """How much more is asked, or `refuse`. `approvers`: of those who may approve it, only these."""

    decision: Literal["ask", "refuse"] = "ask"
    approvers: Ids | None = None
    needed: int = Field(default=1, ge=1, le=10)
    two_pairs: bool = False

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        return {"decision": value} if isinstance(value, str) else value


class Rule(Model):
    """A restriction. Where several hold, all of them do."""

    name: Name = Field(min_length=1)
    when: Conditions = (Condition(),)
    then: Then = Then()
    reason: str = Field(default="", description="one sentence for people")


class Freeze(Model):
    """When nothing is changed, by nobody."""

    name: Name = Field(min_length=1)
    during: Windows = Field(min_length=1)
    when: Conditions = (Condition(),)
    reason: str = ""


def _by_kind(value: object) -> object:
    """One figure for all kinds, or one for each."""
    return value if isinstance(value, dict) else {"default": value}


def _kinds(caps: dict[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(caps) - {*KINDS, "default"}):
        raise ValueError(f"{unknown[0]} is no kind of action; known are default, {', '.join(KINDS)}")
    return caps


Figure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ByKind = Annotated[dict[str, Figure], BeforeValidator(_by_kind), AfterValidator(_kinds)]


class Caps(Model):
    """How much one action may touch and cost: by kind, `default` for the others."""

    affected: ByKind = Field(default={})
    usd_month: ByKind = Field(default={})


class Limits(Model):
    """Of an incident, and of the places where anything is done at all: everywhere, if none is named."""

    actions: int = Field(default=MAX_ACTIONS, ge=0, le=MAX_ACTIONS)
    running: int = Field(default=1, ge=0, le=MAX_ACTIONS)
    accounts: Said = ()
    regions: Said = ()


class BreakGlass(Model):
    """Who may do at once, alone and with a reason what is frozen, doubtful, or needs others."""

    who: Ids = ()
    where: Where = Where()
    reason_chars: int = Field(default=15, ge=1, le=500, description="a reason has at least so many")


class Document(Model):
    """A whole file. A part that it does not have is as on board."""

    zone: ZoneName = "UTC"
    on_board: bool = Field(default=True, description="the protections and rules on board hold, too")
    approvers: tuple[Grant, ...] = ()
    by_itself: tuple[ByItself, ...] = ()
    protected: tuple[Rule, ...] = Field(default=(), description="what never changes by itself")
    rules: tuple[Rule, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    caps: Caps = Caps()
    limits: Limits = Limits()
    break_glass: BreakGlass = BreakGlass()

    @model_validator(mode="before")
    @classmethod
    def _empty_parts(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: part for key, part in cast("dict[str, Any]", value).items() if part is not None}

    @field_validator("approvers", mode="before")
    @classmethod
    def _one_id(cls, value: object) -> object:
        return listed(value)

    @property
    def restrictions(self) -> tuple[Rule, ...]:
        return (*self.protected, *self.rules)
