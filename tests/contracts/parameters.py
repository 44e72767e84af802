"""Which adapters a test runs over, and which of them only in the slow part."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import pytest
from _pytest.mark.structures import ParameterSet

from tests.contracts.adapters import QUEUES, STORES
from tests.contracts.emulators import EMULATORS, emulator, why_not

PEERS = ("ministack",)
"""Emulators that live in an environment of their own."""


def parameters(adapters: Iterable[str], slow: Collection[str] = PEERS) -> list[ParameterSet]:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in adapters]


stores_slow_over_emulators = pytest.mark.parametrize(
    "stores_adapter", parameters(STORES, slow=list(EMULATORS)), indirect=True
)
"""For tests that start processes or take many steps. To a server it is all one whether threads or processes come."""

queue_slow_over_emulators = pytest.mark.parametrize(
    "queue_adapter", parameters(QUEUES, slow=list(EMULATORS)), indirect=True
)


def usable(adapter: str) -> str:
    """The adapter itself, its emulator running before any other process looks for it.

    The test is skipped when what the adapter needs is not here.
    """
    if adapter in EMULATORS:
        if reason := why_not(adapter):
            pytest.skip(reason)
        emulator(adapter)
    return adapter
