"""For all tests."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, settings

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
