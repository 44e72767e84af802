"""One simulated account for all end-to-end tests of a worker; each test has its own workspace and home."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from deploy.local.account import SimulatedAccount
from deploy.local.workspace.background import RunningWorkspace, running_workspace
from tests.deploy.local.workspace.page.browsing import SHOWN_MS
from tests.e2e.remediation_stage import MovedClock, Stage, opened_stage

expect.set_options(timeout=SHOWN_MS)


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


@pytest.fixture(scope="session")
def moved_clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="session")
def moving_account(moved_clock: MovedClock) -> Generator[SimulatedAccount]:
    """One whose time tests set forward."""
    with SimulatedAccount(clock=moved_clock) as running:
        yield running


@pytest.fixture
def stage(
    moving_account: SimulatedAccount,
    moved_clock: MovedClock,
    workspace: RunningWorkspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Generator[Stage]:
    with opened_stage(moving_account, moved_clock, workspace, tmp_path, monkeypatch) as opened:
        yield opened
