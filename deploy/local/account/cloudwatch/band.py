"""The expected range of a metric: what ANOMALY_DETECTION_BAND returns.

The model is the mean and the deviation of each hour of the day, weekdays and weekends apart, over the two weeks before
the range that is asked for. An hour that those weeks never saw is judged by all of them.
"""

from __future__ import annotations

import numpy as np

from deploy.local.account.cloudwatch.series import Floats

TRAINING_MINUTES = 14 * 1440
_LEAST_DEVIATION = 0.02
"""Of the mean: a perfectly even metric still has a band."""


def expected_band(
    training: Floats, training_seconds: Floats, seconds: Floats, deviations: float
) -> tuple[Floats, Floats]:
    """Lower and upper bound for each moment in `seconds`, so many standard deviations from the mean."""
    known = ~np.isnan(training)
    if not known.any():
        nothing = np.full(len(seconds), np.nan)
        return nothing, nothing
    values, buckets = training[known], _bucket(training_seconds[known])
    means, spreads = np.full(48, values.mean()), np.full(48, values.std())
    for bucket in np.unique(buckets):
        of_bucket = values[buckets == bucket]
        if len(of_bucket) > 1:
            means[bucket], spreads[bucket] = of_bucket.mean(), of_bucket.std()
    middle, width = means[_bucket(seconds)], spreads[_bucket(seconds)]
    width = deviations * np.maximum(width, np.abs(middle) * _LEAST_DEVIATION)
    lower = middle - width
    return (np.maximum(lower, 0) if values.min() >= 0 else lower), middle + width


def _bucket(seconds: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The hour of the day, plus 24 on weekends."""
    hours = (seconds // 3600).astype(np.int64)
    weekend = (hours // 24 + 3) % 7 >= 5
    return hours % 24 + 24 * weekend
