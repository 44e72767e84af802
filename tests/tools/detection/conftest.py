"""Detectors are tested as they run: by their graph, tick by tick, with real boto3 against the simulated account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.account import SimulatedAccount
from tests.lookout import Lookout, MovingClock, lookout
from tools.aws import Boto3Session

NOW = datetime(2026, 11, 18, 15, 2, 30, tzinfo=UTC)
"""A Wednesday afternoon: when what the tests tell of has happened."""


@pytest.fixture(scope="session")
def clock() -> MovingClock:
    return MovingClock(NOW)


@pytest.fixture(scope="session")
def account(clock: MovingClock) -> Iterator[SimulatedAccount]:
    with SimulatedAccount(clock=clock) as running:
        yield running


@pytest.fixture(scope="session")
def aws(account: SimulatedAccount) -> Boto3Session:
    """One session for all tests, since making clients is slow."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment().items():
            environment.setenv(name, value)
        return Boto3Session.open("us-east-1")


@pytest.fixture
def watching(
    account: SimulatedAccount, aws: Boto3Session, clock: MovingClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lookout]:
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    account.reset()
    with lookout(account, aws, clock, tmp_path, NOW) as looking:
        yield looking
    account.reset()
