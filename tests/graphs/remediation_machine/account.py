"""An account in memory, as boto3's clients show it: two ECS services, two state machines, and the alarms about them.

Whoever looks is `AccountView`, whoever changes is `AccountWrites`; each request goes over the line of the process that
makes it, on which it may be throttled, lost before it has its effect, or after. What was changed is counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from agent.models import new_id
from agent.ports.writing import Permission
from tests.slack_app.delivery_machine.process import Life

ACCOUNT, REGION = "123456789012", "us-east-1"
CLUSTER, SERVICES, MACHINES, EXECUTION = "shop", ("web", "billing"), ("settlement", "invoices"), "of-today"
DESIRED, MORE = 2, 4
Trouble = Literal["throttled", "broken", "lost before", "lost after", "dies before", "dies after"]
TROUBLES: tuple[Trouble, ...] = ("throttled", "broken", "lost before", "lost after")
DEATHS: tuple[Trouble, ...] = ("dies before", "dies after")
"""Of the process that asks."""
WRITES = ("update_service", "redrive_execution")
URL = "https://aws.invalid"


@dataclass(frozen=True)
class Effect:
    """One change that was carried out."""

    by: str
    """The session's name: the action's id."""
    operation: str
    target: str
    parameters: dict[str, Any]


@dataclass
class Thing:
    """A service with its deployment, or a state machine with its failed execution; and its alarm."""

    desired: int = DESIRED
    definition: int = 1
    deployment: str = field(default_factory=lambda: new_id("ecs-svc"))
    redrives: int = 0
    firing: bool = True
    heals: bool = True
    """Whether a change ends the alarm."""


class MemoryAccount:
    """`watch` is told of each effect just before it happens."""

    def __init__(self, watch: Callable[[Effect], None]) -> None:
        self._watch = watch
        self.effects: list[Effect] = []
        self.things = {name: Thing() for name in (*SERVICES, *MACHINES)}
        self.reads: deque[Trouble] = deque()
        self.writes: deque[Trouble] = deque()
        self._tokens: set[str] = set()

    def drift(self, name: str, how: str) -> None:
        """Somebody else changes it, never back to what it was: that would look as if nothing had been done."""
        thing = self.things[name]
        if how == "definition":
            thing.definition += 1
            thing.deployment = new_id("ecs-svc")
        elif how == "restart":
            thing.deployment = new_id("ecs-svc")
        elif how == "redrive":
            thing.redrives += 1
        else:
            thing.desired += 1

    def ask(self, operation: str, sent: dict[str, Any], line: Life, session: str = "") -> dict[str, Any]:
        """One request and its answer."""
        if line.is_cut():
            raise EndpointConnectionError(endpoint_url=URL)
        troubles = self.writes if operation in WRITES else self.reads
        trouble = troubles.popleft() if troubles else None
        if trouble == "throttled":
            raise _refused(operation, "ThrottlingException", 400)
        if trouble == "broken":
            raise _refused(operation, "InternalError", 500)
        if trouble in DEATHS:
            line.end()
        if trouble in ("lost before", "dies before"):
            raise EndpointConnectionError(endpoint_url=URL)
        answer = getattr(self, f"_{operation}")(sent, session)
        if trouble == "lost after" or line.is_cut():
            raise ReadTimeoutError(endpoint_url=URL)
        return answer

    # Amazon ECS

    def _describe_services(self, sent: dict[str, Any], _: str) -> dict[str, Any]:
        return {"services": [self._service(name) for name in sent["services"] if name in SERVICES]}

    def _update_service(self, sent: dict[str, Any], session: str) -> dict[str, Any]:
        """It takes no token: each time that tasks are replaced, they are."""
        name = sent["service"]
        self._changed(Effect(session, "update_service", name, sent))
        thing = self.things[name]
        if sent.get("forceNewDeployment"):
            thing.deployment = new_id("ecs-svc")
        thing.desired = sent.get("desiredCount", thing.desired)
        return {"service": self._service(name)}

    def _service(self, name: str) -> dict[str, Any]:
        thing = self.things[name]
        deployment = {"id": thing.deployment, "status": "PRIMARY", "rolloutState": "COMPLETED"}
        definition = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{name}:{thing.definition}"
        return {
            "serviceName": name,
            "status": "ACTIVE",
            "desiredCount": thing.desired,
            "taskDefinition": definition,
            "deployments": [deployment],
            "launchType": "EC2",
            "tags": [{"key": "env", "value": "staging"}],
        }

    def _describe_scalable_targets(self, sent: dict[str, Any], _: str) -> dict[str, Any]:
        return {"ScalableTargets": []}

    # AWS Step Functions

    def _describe_state_machine(self, sent: dict[str, Any], _: str) -> dict[str, Any]:
        return {"stateMachineArn": sent["stateMachineArn"], "type": "STANDARD"}

    def _list_tags_for_resource(self, sent: dict[str, Any], _: str) -> dict[str, Any]:
        return {"tags": [{"key": "env", "value": "staging"}]}

    def _describe_execution(self, sent: dict[str, Any], _: str) -> dict[str, Any]:
        """It fails again each time where a change does not help."""
        thing = self.things[sent["executionArn"].split(":")[6]]
        status = "FAILED" if thing.firing else "SUCCEEDED"
        return {"status": status, "redriveCount": thing.redrives, "redriveStatus": "REDRIVABLE"}

    def _redrive_execution(self, sent: dict[str, Any], session: str) -> dict[str, Any]:
        """The same token again is answered as before, and nothing happens."""
        name = sent["executionArn"].split(":")[6]
        if sent["clientToken"] not in self._tokens:
            self._changed(Effect(session, "redrive_execution", name, sent))
            self._tokens.add(sent["clientToken"])
            self.things[name].redrives += 1
        return {"redriveDate": None}

    def _changed(self, effect: Effect) -> None:
        self._watch(effect)
        self.effects.append(effect)
        self.things[effect.target].firing = not self.things[effect.target].heals

    # Amazon CloudWatch

    def _describe_alarms(self, sent: dict[str, Any], _: str) -> dict[str, Any]:
        """Composite ones, which have no metric."""
        states = {f"{name}-alarm": "ALARM" if thing.firing else "OK" for name, thing in self.things.items()}
        wanted = {name for name in states if name in sent.get("AlarmNames", [])}
        wanted |= {name for name, state in states.items() if state == sent.get("StateValue")}
        return {"CompositeAlarms": [{"AlarmName": name, "StateValue": states[name]} for name in sorted(wanted)]}


@dataclass(frozen=True)
class _Client:
    account: MemoryAccount
    line: Life
    session: str = ""
    allowed: tuple[str, ...] = ()

    def get_paginator(self, operation: str) -> _Pages:
        return _Pages(getattr(self, operation))

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        assert operation not in WRITES or operation in self.allowed, f"{operation} with a session that may not"
        return lambda **sent: self.account.ask(operation, sent, self.line, self.session)


@dataclass(frozen=True)
class _Pages:
    """Everything is on one."""

    ask: Callable[..., dict[str, Any]]

    def paginate(self, **sent: Any) -> list[dict[str, Any]]:
        return [self.ask(**sent)]


@dataclass(frozen=True)
class AccountView:
    """The read session's port."""

    seen: MemoryAccount
    line: Life
    region: str = REGION
    label: str = "home"
    account: str = ACCOUNT
    partition: str = "aws"

    def at(self, account: str = "", region: str = "") -> AccountView:
        return self

    def client(self, service: str, region: str = "") -> Any:
        return _Client(self.seen, self.line)


@dataclass(frozen=True)
class AccountWrites:
    """The port of write sessions."""

    changed: MemoryAccount
    line: Life

    def open(self, permissions: Sequence[Permission], name: str, account: str = "", region: str = "") -> Any:
        return _Session(self, name, tuple(permission.operation for permission in permissions))


@dataclass(frozen=True)
class _Session:
    writes: AccountWrites
    name: str
    allowed: tuple[str, ...]

    def client(self, service: str) -> Any:
        return _Client(self.writes.changed, self.writes.line, self.name, self.allowed)


def _refused(operation: str, code: str, status: int) -> ClientError:
    reply = {"Error": {"Code": code, "Message": "Try again."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(reply, operation)  # type: ignore[arg-type]
