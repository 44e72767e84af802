"""The doctor's look at detection."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from agent.detection.gaps import GAPS_KEY, noted
from agent.settings import Settings
from deploy.doctor_detection import check_detection
from tools.persistence import open_persistence

NOW = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


def checks(home: Path, **settings: object) -> list[tuple[str, str]]:
    found = check_detection(Settings.read(home=home, **settings))
    return [(check["status"], check["message"]) for check in found]


def test_what_is_watched_is_said(tmp_path: Path):
    assert checks(tmp_path) == [("ok", "alarms, bands and Airflow every 5 min; 0 entries of metrics, 0 of logs")]
    assert checks(tmp_path, tick_minutes=0) == [("ok", "off (WATCHKEEPER_TICK_MINUTES=0)")]


def test_a_watch_list_with_a_mistake_fails(tmp_path: Path):
    file = tmp_path / "watch.yaml"
    file.write_text("metrics: [{metric: Errors}]", encoding="utf-8")
    [(status, message)] = checks(tmp_path, watch_list=file)
    assert status == "fail"
    assert "metrics.0" in message


def test_what_the_last_tick_could_not_read_is_listed_with_its_time(tmp_path: Path):
    kept = open_persistence(Settings.read(home=tmp_path), lambda: datetime.now(UTC))
    gaps, _ = noted({}, ["alarms: denied: allow cloudwatch:DescribeAlarms on *"], NOW)
    asyncio.run(kept.state.put(GAPS_KEY, gaps))
    kept.close()
    [_, (status, message)] = checks(tmp_path)
    assert status == "warn"
    assert message.startswith("not read since 18 Nov")
    assert message.endswith("allow cloudwatch:DescribeAlarms on *")
