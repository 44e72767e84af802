"""Peers as pytest fixtures: `from tests.peers.fixtures import postgres_server` in a conftest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.postgres import find_programs, running_postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Connection parameters of a real PostgreSQL, started once for all tests that want it."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with running_postgres(programs) as server:
        yield server
