"""Counts for Prometheus. Several processes write into one folder, and whoever is scraped adds them up.

That is the library's multiprocess mode: each process has files of its own in the folder, mapped into memory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from agent.telemetry import NO_METRICS, Metrics

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The library reads it when it is first imported, and takes it in no other way."""


def metrics_in(folder: Path | None) -> Metrics:
    """Counts kept in the folder; nothing is counted, nor is the library loaded, without one."""
    if folder is None:
        return NO_METRICS
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[FOLDER_VARIABLE] = str(folder)
    from tools.telemetry.counters import PrometheusMetrics

    return PrometheusMetrics()


def forget_ended(folder: Path) -> None:
    """Remove the counts of processes that have ended. Call it when the service starts: counts begin at 0 then."""
    for file in folder.glob("*.db"):
        process = file.stem.rpartition("_")[2]
        if process.isdigit() and not _is_alive(int(process)):
            file.unlink(missing_ok=True)


def exposition(folder: Path, queue_depth: int | None) -> tuple[bytes, str]:
    """The counts of all processes in Prometheus's text format, and its content type."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.multiprocess import MultiProcessCollector
    from prometheus_client.registry import Collector

    class Depth(Collector):
        def collect(self) -> list[GaugeMetricFamily]:
            return [GaugeMetricFamily("watchkeeper_queue_depth", "Jobs that are waiting or worked on", queue_depth)]

    folder.mkdir(parents=True, exist_ok=True)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))
    if queue_depth is not None:
        registry.register(Depth())
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _is_alive(process: int) -> bool:
    with suppress(ProcessLookupError):
        try:
            os.kill(process, 0)
        except PermissionError:
            return True
        return True
    return False
