"""One simulated account for all tests of actions; each loads what it needs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.account import SimulatedAccount
from tests.tools.actions.account import NOW, REGION, Bench, person
from tools.aws import Boto3Session


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with SimulatedAccount(clock=lambda: NOW, pace=0) as account, pytest.MonkeyPatch.context() as environment:
        for name, value in account.environment(read_only=True).items():
            environment.setenv(name, value)
        yield Bench(account, Boto3Session.open(REGION), person())
