from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import InputError
from deploy.evaluation.questions import read_questions

GOOD = """
questions:
  - id: one
    scenarios: [flapping-alarm]
    turns:
      - text: is it bad
        kind: question
        specialists: {ask: [infra|logs], spare: [cost]}
        facts: ["{time:-1h|%H} o'clock"]
"""


def read(tmp_path: Path, text: str) -> str:
    """What is wrong with a file."""
    path = tmp_path / "questions.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_questions(path)
    return str(caught.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "questions.yaml"
    path.write_text(GOOD)

    (entry,) = read_questions(path)

    assert entry.scenarios == ("flapping-alarm",)
    assert entry.turns[0].specialists.ask == ("infra|logs",)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.yaml cannot be read"):
        read_questions(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("flapping-alarm", "no-such-story", "there is no scenario 'no-such-story'"),
        ("kind: question", "kind: guess", "there is no kind guess"),
        ("o'clock", "(", "is not a regular expression"),
        ("text: is it bad", "note: is it bad", r"questions.0.turns.0.text: Field required"),
        ("id: one", "id: One!", "questions.0.id"),
        ("questions:", "answers:", "questions: Field required"),
        ("questions:", "questions: [", "is no YAML: line "),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(old: str, new: str, told: str, tmp_path: Path) -> None:
    said = read(tmp_path, GOOD.replace(old, new))

    assert told in said
    assert said.endswith(".")
    assert "\n" not in said


def test_two_questions_with_one_id_are_told(tmp_path: Path) -> None:
    again = GOOD.removeprefix("\nquestions:")

    assert read(tmp_path, GOOD + again).endswith("has two questions with the id one.")
