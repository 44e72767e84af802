"""What every action is made of: a typed order, a preview that changes nothing, one effect, a way to find it again, and
a way back.

Everything here is synchronous boto3, called in threads. `preview` and `find_effect` get the read session; `execute`
alone gets a write session, with credentials for just what `permissions` lists.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ValidationError

from agent.errors import InputError
from agent.models import Action, ActionResult, Alert, Check, Model, Preview, Resource, Risk, new_id
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession

P = TypeVar("P", bound=Model)


@dataclass(frozen=True)
class Order(Generic[P]):
    """What is to be done to what: a target whose account and region are known, and typed parameters."""

    target: Resource
    parameters: P
    partition: str = "aws"

    def arn(self, service: str, rest: str) -> str:
        """`order.arn("lambda", "function:checkout")`"""
        return f"arn:{self.partition}:{service}:{self.target.region}:{self.target.account}:{rest}"


class NoParameters(Model):
    """An order that is all said by its target."""


class ActionKind(ABC, Generic[P]):
    """One type of action. `parameters` is its typed order: a field that nobody knows is an error."""

    name: ClassVar[str]
    parameters: type[P]
    risk: ClassVar[Risk]
    reversible: ClassVar[bool]
    service: ClassVar[str]
    """As in `Resource.service`, and `resource_type` as in `Resource.type`: `lambda`, `function`."""
    resource_type: ClassVar[str]

    @abstractmethod
    def title(self, order: Order[P]) -> str:
        """What it does, as a person would order it: `Point the alias live of checkout at version 41`."""

    @abstractmethod
    def permissions(self, order: Order[P]) -> tuple[Permission, ...]:
        """The operations and resources that its one effect needs, and nothing else.

        A read is among them only where the effect is made of secrets that it gives, such as environment variables.
        """

    @abstractmethod
    def preview(self, order: Order[P], aws: AwsSession, now: datetime) -> Preview:
        """Before and after, cost, blast radius, and in `problems` whatever stands against it.

        An unknown target, a limit that it would break and a read that failed are problems, not errors.
        """

    @abstractmethod
    def execute(
        self, order: Order[P], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        """The effect, once. `token` is the same in each attempt: idempotency token where AWS has one, else a mark.

        Any error of boto3 may be raised: whoever calls it asks `find_effect` then.
        """

    @abstractmethod
    def find_effect(
        self, order: Order[P], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        """Whether an attempt of which nobody knows how it ended has had its effect; None when it certainly has not.

        UncertainEffect when the account cannot tell: nothing is repeated then. RetryLater when it can tell later.
        """

    @abstractmethod
    def undo(self, order: Order[P], result: ActionResult) -> dict[str, Any] | None:
        """The parameters of the order (of this same kind) that leads back; None when nothing does."""

    @abstractmethod
    def check(self, order: Order[P], alert: Alert | None) -> Check:
        """How to see that it helped: by the signal that fired, where there is one."""

    def outcome(self, order: Order[P], result: ActionResult, aws: AwsSession) -> ActionResult:
        """What has become of an effect that goes on after its call, such as a script: the same result until it is over.

        It reads, and may be asked again and again. Most effects are over with their call.
        """
        return result

    def going_on(self, order: Order[P], result: ActionResult, aws: AwsSession) -> bool:
        """Whether what its call began is not over, such as a rollout, of which `outcome` says only how it failed."""
        return not result.over

    def expected(self, order: Order[P]) -> str:
        """What it is hoped to bring, in one sentence."""
        return f"{self.title(order)}."

    def risk_of(self, order: Order[P]) -> Risk:
        """Where the parameters make it more or less dangerous than its kind is."""
        return self.risk

    def order(self, target: Resource, parameters: dict[str, Any], partition: str = "aws") -> Order[P]:
        """Plain parameters, made typed; InputError that names what is wrong in them."""
        try:
            return Order(target, self.parameters.model_validate(parameters), partition)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'all'}: {one['msg']}" for one in error.errors())
            raise InputError(f"{self.name} cannot be done with these parameters ({wrong}).") from None

    def action(
        self, order: Order[P], alert: Alert | None = None, evidence: tuple[str, ...] = (), rolls_back: str = ""
    ) -> Action:
        """The order as a plan, a card and the audit trail have it."""
        return Action(
            id=new_id("act"),
            type=self.name,
            target=order.target,
            parameters=order.parameters.model_dump(mode="json", exclude_none=True),
            risk=self.risk_of(order),
            reversible=self.reversible,
            expected_effect=self.expected(order),
            verification=self.check(order, alert),
            evidence=evidence,
            rolls_back=rolls_back,
        )
