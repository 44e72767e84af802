"""Test calls: what is expected of them, and what two versions answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.actions.account import Bench
from tools.actions.lambda_calls import samples

FUNCTION = {
    "name": "checkout",
    "versions": [{"version": "41", "at": "-9d"}, {"version": "42", "at": "-2h"}],
    "aliases": {"live": "42"},
    "outcomes": [
        {"versions": ["42"], "error_type": "KeyError", "error_message": "'card'", "milliseconds": 900},
        {"payload": {"statusCode": 200}, "milliseconds": 40},
    ],
}


@pytest.fixture
def function(bench: Bench) -> Bench:
    bench.load(resources={"lambda_functions": [FUNCTION]})
    return bench


def run(bench: Bench, **parameters: Any) -> Any:
    return bench.execute("lambda_test", "checkout", **{"mode": "sync", "events": [{"sample": "nothing"}], **parameters})


def test_a_good_version_answers_as_expected(function: Bench) -> None:
    result = run(function, qualifier="41", expected={"max_ms": 100, "payload": {"statusCode": 200}})
    assert result.succeeded
    assert result.message == "1 of 1 calls of checkout ended as expected."
    assert result.after["milliseconds"] == ["40"]


def test_a_bad_version_is_told_by_its_error(function: Bench) -> None:
    result = run(function, qualifier="live")
    assert not result.succeeded
    assert result.message == "Not as expected: nothing at 42: KeyError: 'card'."


def test_an_error_may_be_what_is_expected(function: Bench) -> None:
    assert run(function, qualifier="42", expected={"error": True}).succeeded
    assert not run(function, qualifier="41", expected={"error": True}).succeeded


def test_what_takes_too_long_is_not_as_expected(function: Bench) -> None:
    assert "it took 900 ms" in run(function, qualifier="42", expected={"error": True, "max_ms": 500}).message


def test_versions_that_answer_differently_are_named(function: Bench) -> None:
    result = run(function, qualifier="live", compare_with="41", events=[{"payload": {"order": 1}}])
    assert "42 and 41 answer differently" in result.message


def test_a_dry_run_calls_nothing_and_says_so(function: Bench) -> None:
    preview = function.preview("lambda_test", "checkout", events=[{"sample": "sqs"}])
    assert (preview.affected, preview.blast_radius) == (0, "None: it is not run")
    assert run(function, mode="dry_run").succeeded


def test_real_calls_say_that_they_are(function: Bench) -> None:
    preview = function.preview("lambda_test", "checkout", mode="async", events=[{"sample": "sqs"}] * 3)
    assert preview.blast_radius == "3 real calls of checkout: whatever it writes, sends or deletes, it does"


def test_an_unknown_version_is_a_problem(function: Bench) -> None:
    assert function.preview("lambda_test", "checkout", events=[{"sample": "sqs"}], qualifier="7").problems


def test_every_sample_says_what_sends_it() -> None:
    assert all(sample["of"] and "event" in sample for sample in samples().values())
