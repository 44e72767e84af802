"""The YAML file that says what is watched."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.detection import watchlist
from agent.detection.watchlist import WatchList, ignored, read_watch_list
from agent.errors import SettingsError


def read(folder: Path, text: str) -> WatchList:
    file = folder / "watch.yaml"
    file.write_text(text, encoding="utf-8")
    return read_watch_list(file)


def test_without_a_file_nothing_is_listed():
    assert read_watch_list(None) == WatchList()


def test_an_empty_file_lists_nothing(tmp_path: Path):
    assert read(tmp_path, "# nothing yet\n") == WatchList()


def test_the_example_in_the_documentation_can_be_read(tmp_path: Path):
    example = str(watchlist.__doc__).split("\n\n", 1)[1]
    listed = read(tmp_path, example)
    assert (len(listed.metrics), len(listed.logs)) == (5, 2)
    assert listed.airflow.slack_minutes == 15
    assert ignored("sandbox_orders", listed.airflow.ignore)
    assert not ignored("orders", listed.airflow.ignore)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metrics: [{metric: Errors}]", "metrics.0"),
        ("metrics: [{namespace: AWS/Lambda}]", "give namespace and metric"),
        ("metrics: [{query: DELETE everything}]", "begins with SELECT"),
        ("logs: [{group: a, prefix: b}]", "give group or prefix"),
        ("metrik: []", "metrik"),
        ("metrics: [", "is no YAML"),
        ("just words", "watch.yaml"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, told: str):
    with pytest.raises(SettingsError, match="WATCHKEEPER_WATCH_LIST") as raised:
        read(tmp_path, text)
    assert told in str(raised.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_watch_list(tmp_path / "nowhere.yaml")
