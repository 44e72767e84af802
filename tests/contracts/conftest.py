from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contracts.adapters import (
    ARCHIVES,
    CONVERSATION_DAYS,
    LIMITED_QUEUES,
    QUEUES,
    STORES,
    ClosableArchive,
    ClosableQueue,
    SettableClock,
    Stores,
)
from tests.contracts.parameters import parameters, usable
from tools.stores.archived import ArchivedConversations


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


@pytest.fixture(params=parameters(ARCHIVES))
def archive(request: pytest.FixtureRequest, tmp_path: Path, clock: SettableClock) -> Iterator[ClosableArchive]:
    opened = ARCHIVES[usable(request.param)](tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture
def archive_behind(stores_adapter: str, tmp_path: Path, clock: SettableClock) -> Iterator[ClosableArchive]:
    """A folder for SQLite, else the emulator's bucket."""
    opened = ARCHIVES["folder" if stores_adapter == "sqlite" else stores_adapter](tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture
def remembering(
    stores: Stores, stores_adapter: str, archive_behind: ClosableArchive, clock: SettableClock
) -> ArchivedConversations:
    """The store of conversations with an archive behind it."""
    lifetime, sweeps = timedelta(days=CONVERSATION_DAYS), stores_adapter == "sqlite"
    return ArchivedConversations(stores.conversations, archive_behind, clock, lifetime, sweeps)


@pytest.fixture(params=parameters(QUEUES))
def queue_adapter(request: pytest.FixtureRequest) -> str:
    return usable(request.param)


@pytest.fixture
def queue(queue_adapter: str, tmp_path: Path, clock: SettableClock) -> Iterator[ClosableQueue]:
    opened = QUEUES[queue_adapter](tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture
def limited(queue_adapter: str, tmp_path: Path, clock: SettableClock) -> Iterator[ClosableQueue]:
    """A queue that takes no more than LIMIT jobs."""
    opened = LIMITED_QUEUES[queue_adapter](tmp_path, clock)
    yield opened
    opened.close()
