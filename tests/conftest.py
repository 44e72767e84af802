"""For all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "watchkeeper", settings(), deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
"""No deadline, since a busy machine must not decide what fails. Where more examples find more, a test says so."""
settings.load_profile("watchkeeper")
