"""One simulated account for all of its tests; each test empties it and loads what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config

from deploy.local.account import Scenario, SimulatedAccount

NOW = datetime(2026, 11, 4, 15, 0, tzinfo=UTC)
"""A Wednesday afternoon: the account's clock stands still there unless a test moves it."""

ALERT = {"app": "CloudWatch Alarms", "text": "ALARM"}
ANSWER = {"root_cause": "none", "wordings": [["none"]]}


class Clock:
    def __init__(self) -> None:
        self.moment = NOW

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture(scope="session")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server(clock: Clock) -> Iterator[SimulatedAccount]:
    with SimulatedAccount(clock=clock) as running:
        yield running


@pytest.fixture
def account(server: SimulatedAccount, clock: Clock) -> SimulatedAccount:
    """The running account, emptied, with its clock back at NOW."""
    clock.moment = NOW
    server.reset()
    return server


@pytest.fixture
def load(account: SimulatedAccount) -> Callable[..., Scenario]:
    """Load a scenario made of parts, written as in a YAML file: load(metrics=[...], alarms=[...])."""

    def load_parts(name: str = "example", now: datetime | None = None, **parts: Any) -> Scenario:
        scenario = Scenario.model_validate(
            {
                "name": name,
                "title": name,
                "description": name,
                "alert": ALERT,
                "question": "what is wrong?",
                "answer_key": ANSWER,
                **parts,
            }
        )
        account.load(scenario, now)
        return scenario

    return load_parts


@pytest.fixture
def client(account: SimulatedAccount) -> Callable[..., Any]:
    """A real boto3 client of the account: client("cloudwatch")."""

    def make(service: str, region: str = "us-east-1") -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=account.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
        )

    return make
