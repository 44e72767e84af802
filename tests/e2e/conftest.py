"""One simulated account for all end-to-end tests of a worker; each test has its own workspace and home."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from deploy.local.account import SimulatedAccount
from deploy.local.workspace.background import RunningWorkspace, running_workspace


@pytest.fixture(scope="session")
def simulated_account() -> Generator[SimulatedAccount]:
    with SimulatedAccount() as account:
        yield account


@pytest.fixture
def account(simulated_account: SimulatedAccount, monkeypatch: pytest.MonkeyPatch) -> Generator[SimulatedAccount]:
    """The account, reached by boto3's own environment variables, empty at the start."""
    for name, value in simulated_account.environment().items():
        monkeypatch.setenv(name, value)
    yield simulated_account
    simulated_account.reset()


@pytest.fixture
def workspace() -> Generator[RunningWorkspace]:
    with running_workspace() as running:
        yield running
