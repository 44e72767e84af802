"""For all tests."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

settings.register_profile(
    "watchkeeper", settings(), deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
"""No deadline, since a busy machine must not decide what fails. Where more examples find more, a test says so."""
settings.load_profile("watchkeeper")


def pytest_collection_finish() -> None:
    """What is imported by now stays: to look through it again and again for garbage took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 10)


TOGETHER = (
    "tests/deploy/commands/test_tick.py",
    "tests/deploy/local/account/test_real_postgres.py",
    "tests/deploy/test_mcp_server.py",
    "tests/peers/airflow/test_real_airflow.py",
    "tests/peers/aimock/test_real_aimock.py",
)
"""Files whose tests share what takes long to start: on two workers it would be started twice."""


class OneWorkerAFile(LoadScopeScheduling):
    """Each file of TOGETHER goes to one worker, and first; every other test to whichever is free."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneWorkerAFile | None:
    """For the slow part: the others' thousands are handed out in larger portions."""
    return OneWorkerAFile(config, log) if config.option.markexpr == "slow" else None
