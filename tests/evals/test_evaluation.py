"""The files of questions: a few of them in the fast suite, all of them through the command in the slow one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.evaluation.questions import Entry, read_questions
from deploy.evaluation.running import ask_group

QUESTIONS = Path(__file__).parent / "questions.yaml"
IN_THE_WILD = Path(__file__).parent / "questions_in_the_wild.yaml"
QUICK = ("german-restart", "thanks", "what-can-you-do", "compare-with-the-other-one")
WITH_A_LOOK = ("network-budget", "who-deleted-the-endpoint")
"""Over one scenario, so that one account serves them."""


def evaluate(*options: str, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WATCHKEEPER_", "AWS_"))}
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", "eval", *options],
        env=environment | {"WATCHKEEPER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


def chosen(*ids: str) -> list[Entry]:
    return [entry for entry in read_questions(QUESTIONS) if entry.id in ids]


def wrong(group: list[Entry]) -> dict[str, list[str]]:
    marked = ask_group(group, "")
    assert set(marked) == {entry.id for entry in group}
    return {
        name: problems
        for name, marks in marked.items()
        if (problems := [p for m in marks for p in (*m.wrong_routing, *m.wrong_facts, *m.strange_numbers)])
    }


def test_there_are_forty_questions_and_more_that_nothing_was_tuned_for() -> None:
    entries = read_questions(QUESTIONS)

    assert sum(not entry.held_out for entry in entries) >= 40
    assert sum(entry.held_out for entry in entries) >= 12


@pytest.mark.slow
def test_what_needs_no_look_gets_none() -> None:
    assert wrong(chosen(*QUICK)) == {}


def test_what_needs_one_look_gets_it() -> None:
    assert wrong(chosen(*WITH_A_LOOK)) == {}


@pytest.mark.slow
def test_a_file_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    """Slow, since the command is a process of its own."""
    done = evaluate("--questions", str(tmp_path / "none.yaml"), home=tmp_path)

    assert done.returncode == 2
    assert done.stderr.startswith("watchkeeper: ")
    assert done.stderr.count("\n") == 1


KILLED = """
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from deploy.evaluation.running import end_with_the_parent
with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=end_with_the_parent) as pool:
    pool.submit(time.sleep, 0).result()
    pool.submit(time.sleep, 300)
    print("busy", flush=True)
"""


@pytest.mark.slow
def test_no_process_outlives_the_command_however_it_ends() -> None:
    """Each of them holds the command's output open, so that ends when the last of them does."""
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "busy\n"
        asking.kill()
        asking.communicate(timeout=30)


@pytest.mark.slow
@pytest.mark.timeout(600)  # forty questions and more, beside other tests
@pytest.mark.parametrize("questions", [QUESTIONS, IN_THE_WILD], ids=lambda path: path.stem)
def test_the_offline_analyst_answers_them(questions: Path, tmp_path: Path) -> None:
    done = evaluate(
        "--questions", str(questions), "--json", "--min-routing", "0.95", "--min-facts", "0.9", home=tmp_path
    )

    document: dict[str, Any] = json.loads(done.stdout)
    totals = document["totals"]
    problems = {row["id"]: row["problems"] for row in document["questions"] if row["problems"]}
    assert totals["questions"] >= 40
    assert totals["routing"] >= 0.95, problems
    assert totals["facts"] >= 0.9, problems
    assert (totals["uncited_claims"], totals["strange_numbers"]) == (0, 0)
    assert (document["held_out"]["uncited_claims"], document["held_out"]["strange_numbers"]) == (0, 0)
    assert done.returncode == 0, done.stderr
