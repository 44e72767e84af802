"""The scorer against cases worked out by hand, and the command against a small copy of the benchmark's layout."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.benchmarks import anomaly
from tests.benchmarks.metric_shapes import SHAPES, generate
from tests.benchmarks.nab import Labelled, best_threshold, load, normalised, sigmoid, total_at, weigh

BEGIN = datetime(2026, 1, 1)
LENGTH = 100  # so probation is 15 points


def series(*windows: tuple[int, int], group: str = "made", name: str = "made/one.csv") -> Labelled:
    times = [BEGIN + timedelta(minutes=5 * index) for index in range(LENGTH)]
    return Labelled(group, name, times, [0.0] * LENGTH, windows)


def detected(*indices: int) -> list[float]:
    return [1.0 if index in indices else 0.0 for index in range(LENGTH)]


def score(labelled: Labelled, *indices: int) -> float:
    return normalised(weigh(labelled, detected(*indices)), 0.5)


def test_a_detection_at_the_left_edge_of_every_window_is_perfect():
    assert score(series((20, 29), (60, 69)), 20, 60) == pytest.approx(100)


def test_silence_is_nothing():
    assert score(series((20, 29), (60, 69))) == 0


def test_one_of_two_windows_is_half():
    assert score(series((20, 29), (60, 69)), 60) == pytest.approx(50)


def test_a_detection_in_the_middle_earns_by_the_sigmoid():
    # the sixth of ten points lies at -(69 - 65 + 1) / 10 = -0.5
    earned = (2 / (1 + math.exp(-2.5)) - 1) / (2 / (1 + math.exp(-5)) - 1)
    assert total_at(weigh(series((60, 69)), detected(65)), 0.5) == pytest.approx(earned)


def test_only_the_earliest_detection_of_a_window_counts():
    assert score(series((60, 69)), 60, 61, 65, 69) == score(series((60, 69)), 60)


def test_a_detection_before_any_window_costs_eleven_hundredths():
    assert total_at(weigh(series((60, 69)), detected(30)), 0.5) == pytest.approx(-1 - 0.11)


def test_a_detection_shortly_after_a_window_costs_less_than_a_later_one():
    # the third point after a window of ten lies at 3 / 9 behind it
    near = total_at(weigh(series((20, 29)), detected(20, 32)), 0.5)
    assert near == pytest.approx(1 + 0.11 * (2 / (1 + math.exp(5 / 3)) - 1))
    assert total_at(weigh(series((20, 29)), detected(20, 90)), 0.5) == pytest.approx(1 - 0.11)


def test_probation_counts_neither_for_nor_against():
    assert score(series((60, 69)), *range(15), 60) == pytest.approx(100)
    assert normalised(weigh(series((2, 9), (60, 69)), detected(3, 60)), 0.5) == pytest.approx(100)


def test_probation_is_at_most_750_points():
    long = Labelled("made", "long", [BEGIN] * 9000, [0.0] * 9000, [])
    assert long.probation == 750


def test_the_worth_falls_from_one_edge_to_the_other_and_stays_at_the_bottom():
    assert sigmoid(0) == 0
    assert sigmoid(-1) == pytest.approx(0.9866, abs=1e-4)
    assert sigmoid(3.01) == sigmoid(math.inf) == -1


def test_the_threshold_is_the_one_with_the_highest_total():
    labelled = series((60, 69))
    scores = detected()
    scores[60], scores[30], scores[31] = 0.7, 0.9, 0.6
    points = weigh(labelled, scores)
    assert best_threshold(points) == 0.7
    totals = [total_at(points, threshold) for threshold in (0.6, 0.7, 0.9)]
    assert max(totals) == totals[1] == pytest.approx(1 - 0.11)


def test_silence_is_best_when_no_detection_pays():
    scores = detected(*range(15, 60))
    assert best_threshold(weigh(series((60, 69)), scores)) > 1


def test_a_group_without_windows_has_no_score():
    assert math.isnan(score(series(), 50))


def test_every_made_series_has_windows_in_order_and_within_its_length():
    for made in generate([0]):
        assert len(made.times) == len(made.values)
        edges = [edge for window in made.windows for edge in window]
        assert edges == sorted(edges)
        assert not edges or edges[-1] < len(made.times)
    assert len({name.split("/")[0] for name in SHAPES}) >= 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two groups of one series each, with a spike that the labels know."""
    labels: dict[str, list[tuple[str, str]]] = {}
    for group in ("realAWSCloudWatch", "realTweets"):
        (tmp_path / "data" / group).mkdir(parents=True)
        rows = [(BEGIN + timedelta(minutes=5 * i), 900 if i == 1500 else 10 + i * 7 % 5) for i in range(2000)]
        text = "".join(f"{at:%Y-%m-%d %H:%M:%S},{value}\n" for at, value in rows)
        (tmp_path / "data" / group / "one.csv").write_text("timestamp,value\n" + text)
        labels[f"{group}/one.csv"] = [tuple(f"{rows[i][0]:%Y-%m-%d %H:%M:%S.%f}" for i in (1400, 1599))]  # type: ignore[list-item]
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "combined_windows.json").write_text(json.dumps(labels))
    return tmp_path


def test_the_benchmarks_own_layout_is_read(folder: Path):
    (aws, _) = load(folder)
    assert (aws.group, aws.windows, aws.values[1500], aws.probation) == ("realAWSCloudWatch", [(1400, 1599)], 900, 300)


def test_the_command_prints_each_group_and_the_whole(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert anomaly.main([str(folder), "--held-out", "realAWSCloudWatch"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["realAWSCloudWatch", "realTweets", "all"]
    assert float(lines[3].split()[-1]) > 80


def test_a_folder_without_the_benchmark_is_said_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert anomaly.main([str(tmp_path)]) == 2
    assert "does not hold the benchmark's data and labels folders" in capsys.readouterr().err


@pytest.mark.slow
def test_shapes_never_tuned_on_score_above_the_aim(capsys: pytest.CaptureFixture[str]):
    assert anomaly.run_made(seeds=1)["all"] > anomaly.AIM_ALL
