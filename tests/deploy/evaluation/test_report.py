from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploy.evaluation.marking import Mark
from deploy.evaluation.questions import Entry
from deploy.evaluation.report import passes, print_report, report
from deploy.evaluation.running import LARGEST_GROUP, grouped

MARK = Mark("why?", "question", ["infra"], "So.", [], [], 0, [], 2.0, 100, 10, 0.01, "m", "")


def entry(name: str, **fields: Any) -> Entry:
    return Entry.model_validate({"id": name, "turns": [{"text": "why?", "kind": "question"}]} | fields)


def told(*marks: Mark, **fields: Any) -> dict[str, Any]:
    return report([entry("a", **fields)], {"a": list(marks)})


def test_turns_add_up_to_a_question() -> None:
    document = told(MARK, replace(MARK, wrong_facts=["missing: x"], seconds=4.0, specialists=["logs"]))

    (row,) = document["questions"]
    assert row["specialists"] == ["infra", "logs"]
    assert (row["routing_right"], row["facts_right"]) == (True, False)
    assert (row["seconds"], row["input_tokens"], row["usd"]) == (6.0, 200, 0.02)
    assert (document["totals"]["seconds_p50"], document["totals"]["seconds_p95"]) == (2.0, 4.0)


def test_held_out_questions_are_counted_apart() -> None:
    bad = replace(MARK, wrong_routing=["taken for help, not question"])
    document = report([entry("a"), entry("b", held_out=True)], {"a": [MARK], "b": [bad]})

    assert (document["totals"]["questions"], document["totals"]["routing"]) == (1, 1.0)
    assert (document["held_out"]["questions"], document["held_out"]["routing"]) == (1, 0.0)
    assert passes(document, 0.95, 0.9)


@pytest.mark.parametrize(
    ("marked", "passing"),
    [
        (MARK, True),
        (replace(MARK, wrong_routing=["x"]), False),
        (replace(MARK, wrong_facts=["x"]), False),
        (replace(MARK, uncited_claims=1), False),
        (replace(MARK, strange_numbers=["17"]), False),
    ],
)
def test_thresholds(marked: Mark, passing: bool) -> None:
    assert passes(told(marked), 0.95, 0.9) is passing


def test_nothing_without_evidence_passes_even_when_held_out() -> None:
    assert not passes(told(replace(MARK, strange_numbers=["17"]), held_out=True), 0.0, 0.0)


def test_people_read_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(told(replace(MARK, wrong_facts=["missing: x"])))

    said = " ".join(capsys.readouterr().out.split())
    assert "missing: x" in said
    assert "1 questions: routing right in 100.0%, facts in 0.0%" in said


def test_entries_of_one_state_are_asked_together_a_few_at_a_time() -> None:
    entries = [entry(f"q{n}", scenarios=["flapping-alarm"]) for n in range(LARGEST_GROUP + 1)] + [entry("other")]

    groups = grouped(entries)

    assert sorted(len(group) for group in groups) == [1, 1, LARGEST_GROUP]
    assert all(len({each.scenarios for each in group}) == 1 for group in groups)
