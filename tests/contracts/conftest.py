from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.adapters import QUEUES, STORES, ClosableQueue, SettableClock, Stores
from tests.contracts.parameters import parameters, usable


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(params=parameters(STORES))
def stores_adapter(request: pytest.FixtureRequest) -> str:
    return usable(request.param)


@pytest.fixture
def stores(stores_adapter: str, tmp_path: Path, clock: SettableClock) -> Iterator[Stores]:
    opened = STORES[stores_adapter](tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture(params=parameters(QUEUES))
def queue_adapter(request: pytest.FixtureRequest) -> str:
    return usable(request.param)


@pytest.fixture
def queue(queue_adapter: str, tmp_path: Path, clock: SettableClock) -> Iterator[ClosableQueue]:
    opened = QUEUES[queue_adapter](tmp_path, clock)
    yield opened
    opened.close()
