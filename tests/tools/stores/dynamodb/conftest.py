from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.adapters import SettableClock, open_dynamodb
from tests.contracts.emulators import Emulator, prefix
from tests.contracts.fixtures import clock, running
from tests.wire import Wire
from tools.stores.dynamodb import Stores

__all__ = ["clock", "running"]


@pytest.fixture
def stores(running: Emulator, tmp_path: Path, clock: SettableClock) -> Iterator[Stores]:
    opened = open_dynamodb(running, tmp_path, clock)
    yield opened
    opened.close()


@pytest.fixture
def table_prefix(tmp_path: Path) -> str:
    return prefix(tmp_path)


@pytest.fixture
def client(running: Emulator) -> Any:
    """Another client: what a test looks at with it, the stores do not notice."""
    return running.client("dynamodb")


@pytest.fixture
def wire(stores: Stores) -> Wire:
    """The requests of the stores' own client."""
    return Wire(stores.connection.client)
