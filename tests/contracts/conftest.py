from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.adapters import QUEUES, STORES, ClosableQueue, SettableClock, Stores


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(params=STORES)
def stores_adapter(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def stores(stores_adapter: str, tmp_path: Path, clock: SettableClock) -> Iterator[Stores]:
    opened = STORES[stores_adapter](tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture(params=QUEUES)
def queue_adapter(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def queue(queue_adapter: str, tmp_path: Path, clock: SettableClock) -> Iterator[ClosableQueue]:
    opened = QUEUES[queue_adapter](tmp_path, clock)
    yield opened
    opened.close()
