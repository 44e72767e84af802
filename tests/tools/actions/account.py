"""The simulated account as actions meet it: a reader's session, write access, and a person at the console."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from agent.models import ActionResult, Preview, Resource
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from deploy.local.account.scenario import Scenario
from tools.actions.catalog import ACTIONS
from tools.actions.kind import ActionKind
from tools.aws import Boto3Session
from tools.aws.writing import AssumedWriteAccess

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)
ACCOUNT = "123456789012"
REGION = "us-east-1"
TOKEN = "wk-act_1a2b3c"


class Bench:
    """`bench.preview("ecs_scale", "web", cluster="shop", desired=4)` looks; `execute` looks and does it."""

    def __init__(self, account: SimulatedAccount, aws: Boto3Session, person: Callable[[str], Any]) -> None:
        self.account = account
        self.aws = aws
        self.person = person
        self.writes = AssumedWriteAccess.of(Settings.read(executor_role_arn=account.executor_role_arn))

    def load(self, now: datetime = NOW, **parts: Any) -> None:
        story = {"question": "?", "answer_key": {"root_cause": "", "wordings": []}}
        named = {"name": "test", "title": "t", "description": "d", "alert": {"app": "Test", "text": "x"}}
        self.account.reset()
        self.account.load(Scenario.model_validate({**named, **story, **parts}), now=now)

    def preview(self, kind: str, target: str, **parameters: Any) -> Preview:
        return ACTIONS[kind].preview(self.order(kind, target, parameters), self.aws, NOW)

    def execute(self, kind: str, target: str, *, seen: Preview | None = None, **parameters: Any) -> ActionResult:
        order = self.order(kind, target, parameters)
        session = self.writes.open(ACTIONS[kind].permissions(order), "act_1a2b3c", ACCOUNT)
        preview = seen or ACTIONS[kind].preview(order, self.aws, NOW)
        return ACTIONS[kind].execute(order, preview, session, TOKEN, NOW)

    def find(self, kind: str, target: str, *, seen: Preview, **parameters: Any) -> ActionResult | None:
        return ACTIONS[kind].find_effect(self.order(kind, target, parameters), seen, self.aws, TOKEN, NOW)

    def order(self, kind: str, target: str, parameters: dict[str, Any]) -> Any:
        action: ActionKind[Any] = ACTIONS[kind]
        service, type_ = action.service, action.resource_type
        resource = Resource(service=service, type=type_, id=target, region=REGION, account=ACCOUNT)
        return action.order(resource, parameters)


def person() -> Callable[[str], Any]:
    """Makes clients that may do anything, each once."""
    session = boto3.Session(aws_access_key_id="person", aws_secret_access_key="x", region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False)
    return cache(lambda service: session.client(service, config=config))
