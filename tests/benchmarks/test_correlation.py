"""The correlation benchmark: its measure, its plain rules, and that the correlator is better than they are."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

from agent.triage import Correlator, alert_from_stream
from tests.benchmarks import correlation
from tests.benchmarks.correlation_held_out import HELD_OUT, flaps
from tests.benchmarks.correlation_score import b_cubed
from tests.benchmarks.correlation_streams import FAMILIES, background

ROWS = [
    {"t": 100.0, "system": "shop", "service": "cart", "title": "latency", "incident": "a"},
    {"t": 30.0, "system": "shop", "service": "auth", "title": "errors", "incident": "a"},
    {"t": 0.0, "system": "shop", "service": "cart", "title": "latency", "incident": "a"},
    {"t": 31.0, "system": "bank", "service": "ledger", "title": "disk full", "incident": "b"},
]


def test_b_cubed_is_what_one_computes_by_hand() -> None:
    score = b_cubed(["x", "x", "x", "y", "y"], ["1", "1", "2", "2", "2"])
    assert score.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5)
    assert score.recall == pytest.approx((1 + 1 + 1 / 3 + 2 / 3 + 2 / 3) / 5)
    assert score.f1 == pytest.approx(11 / 15)


def test_a_perfect_grouping_scores_one_whatever_its_names_are() -> None:
    assert b_cubed([7, 7, 8], ["a", "a", "b"]).f1 == 1


def test_one_group_for_all_is_complete_but_not_precise() -> None:
    score = b_cubed([0, 0, 0, 0], ["a", "a", "b", "b"])
    assert (score.precision, score.recall) == (0.5, 1)


def test_groupings_of_other_alerts_are_refused() -> None:
    with pytest.raises(ValueError, match="same length"):
        b_cubed(["x"], ["a", "b"])


def test_the_plain_rule_parts_a_system_after_a_minute_of_silence() -> None:
    rows = sorted(ROWS, key=lambda row: row["t"])
    first, near, bank, late = correlation.session_gap(rows)
    assert first == near != late
    assert bank != first


def test_a_stream_is_scored_from_a_file_in_the_order_of_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stream.json"
    path.write_text(json.dumps(ROWS))
    assert [row["t"] for row in correlation.load(path)] == [0, 30, 31, 100]
    correlation.main([str(path)])
    printed = capsys.readouterr().out
    assert "alerts a second" in printed
    for expected in ("shop", "bank", "all", "ours", "60 s gap per system"):
        assert expected in printed


def test_a_row_a_line_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "stream.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS))
    assert len(correlation.load(path)) == 4


@pytest.mark.parametrize("text", ["no json", "", "[]", '[{"t": 1}]'])
def test_a_file_without_a_stream_is_refused_in_one_sentence(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stream.json"
    path.write_text(text)
    assert correlation.main([str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("family", [background, flaps])
def test_the_correlator_beats_the_plain_rule_on_noise_and_on_slow_incidents(family: correlation.Family) -> None:
    rows = family(random.Random(4))
    truth = [row["incident"] for row in rows]
    assert b_cubed(correlation.ours(rows), truth).f1 > b_cubed(correlation.session_gap(rows), truth).f1 + 0.01


@pytest.mark.slow
def test_the_correlator_beats_the_plain_rule_by_far_on_the_whole_and_loses_to_it_nowhere() -> None:
    for families in (FAMILIES, HELD_OUT):
        means = correlation.run_made(families)
        assert means["ours"] > means["60 s gap per system"] + 0.03
        for name, family in families.items():
            alone = correlation.run_made({name: family})
            assert alone["ours"] > alone["60 s gap per system"] - 0.02


def test_twenty_thousand_alerts_a_second_are_assigned() -> None:
    rows = [
        {"t": n * 0.006, "system": "shop", "service": f"svc{n % 300}", "title": f"kind {n % 7}"} for n in range(10_000)
    ]
    alerts = [alert_from_stream(row) for row in rows]
    correlator = Correlator()
    began = time.process_time()
    for alert in alerts:
        correlator.assign(alert)
    assert len(alerts) / (time.process_time() - began) > 20_000
