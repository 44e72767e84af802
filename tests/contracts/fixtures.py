"""Fixtures for tests of one adapter over each emulator: `from tests.contracts.fixtures import clock, running`."""

from __future__ import annotations

import pytest

from tests.contracts.adapters import SettableClock, synchronised
from tests.contracts.emulators import EMULATORS, Emulator
from tests.contracts.parameters import parameters, usable


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(params=parameters(EMULATORS))
def running(request: pytest.FixtureRequest, clock: SettableClock) -> Emulator:
    """An emulator that keeps the time of `clock`."""
    return synchronised(usable(request.param), clock)
