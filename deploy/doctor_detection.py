"""The doctor's look at detection: what is watched, how often, and what could not be read since when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from agent.detection.gaps import GAPS_KEY
from agent.detection.watchlist import read_watch_list
from agent.errors import SettingsError, WatchkeeperError
from agent.settings import Settings
from agent.times import clock_time

SHOWN = 8


def check_detection(settings: Settings) -> Iterator[dict[str, Any]]:
    """The fields of one check, and of one for each gap of the last tick."""
    if not settings.tick_minutes:
        yield _check("Detection", "ok", "off (WATCHKEEPER_TICK_MINUTES=0)")
        return
    try:
        watch = read_watch_list(settings.watch_list)
    except SettingsError as error:
        yield _check("Detection", "fail", str(error), "correct the file; docs/detection.md shows what may be in it")
        return
    listed = f"{len(watch.metrics)} entries of metrics, {len(watch.logs)} of logs"
    fix = "" if settings.watch_list else "list metrics and log groups in WATCHKEEPER_WATCH_LIST to watch them, too"
    yield _check("Detection", "ok", f"alarms, bands and Airflow every {settings.tick_minutes:g} min; {listed}", fix)
    try:
        gaps = asyncio.run(_gaps(settings))
    except WatchkeeperError as error:
        yield _check("Detection, gaps", "warn", f"what was not read is not known: {error}", "look at the store")
        return
    for gap, since in list(gaps.items())[:SHOWN]:
        at = clock_time(datetime.fromisoformat(since), datetime.now(UTC))
        fix = "allow it (`watchkeeper iam-policy`), or take it out of the watch list"
        yield _check("Detection, gap", "warn", f"not read since {at}: {gap}", fix)


async def _gaps(settings: Settings) -> dict[str, str]:
    from tools.persistence import open_persistence

    kept = open_persistence(settings, lambda: datetime.now(UTC))
    try:
        return (await kept.state.get(GAPS_KEY) or {}).get("since", {})
    finally:
        kept.close()


def _check(name: str, status: str, message: str, fix: str = "") -> dict[str, Any]:
    return {"name": name, "status": status, "message": message, "fix": fix}
