"""Every detector. One more is one file with a `detect`, and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tools.detection import airflow, alarms, bands, logs, metrics, unified_log
from tools.detection.base import Detector

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "alarms": alarms.detect,
        "bands": bands.detect,
        "metrics": metrics.detect,
        "logs": logs.detect,
        "unified_log": unified_log.detect,
        "airflow": airflow.detect,
    }
)
