from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.adapters import EmulatedQueue, SettableClock
from tests.contracts.emulators import Emulator
from tests.contracts.fixtures import clock, running

__all__ = ["clock", "running"]


@pytest.fixture
def queue(running: Emulator, tmp_path: Path, clock: SettableClock) -> Iterator[EmulatedQueue]:
    opened = EmulatedQueue(running, tmp_path, clock)
    yield opened
    opened.close()
