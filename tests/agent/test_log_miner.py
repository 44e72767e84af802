"""Raw lines of any format fall into the statements that printed them."""

import random
import time
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.log_miner import mine
from tests.benchmarks.log_formats import KINDS, Kind
from tests.benchmarks.log_generator import rows
from tests.benchmarks.logs import grouping

STATEMENTS = (
    "session opened for user {name} by (uid={sn})",
    "session closed for user {name}",
    "fetched {n} rows of {path} in {n} ms",
    "connection to {hostport} was refused",
    "lease of {uuid} moved from {state} to {state}",
    "no space is left",
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_headers_of_every_format_are_taken_off_without_being_told_the_format(kind: Kind):
    made = list(rows(kind, STATEMENTS, seed=3, lines=300))
    mined = mine([line for line, _, _ in made])
    messages = [" ".join(message.split()) for _, message, _ in made]
    wrong = [m for index, m in enumerate(messages) if mined.parsed(index).message != m]
    assert len(wrong) <= 3, wrong[0]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_statements_are_told_apart_behind_every_header(kind: Kind):
    made = list(rows(kind, STATEMENTS, seed=4, lines=600))
    ga, fga = grouping(mine([line for line, _, _ in made]).templates, [statement for _, _, statement in made])
    assert (ga, fga) == (1.0, 1.0)


def test_the_statements_of_sixteen_programs_are_told_apart_with_one_configuration():
    scores = []
    for kind in KINDS:
        made = list(rows(kind, kind.statements, seed=8, lines=1000))
        scores.append(grouping(mine([row[0] for row in made]).templates, [row[2] for row in made]))
    assert sum(ga for ga, _ in scores) / len(scores) > 0.88
    assert sum(fga for _, fga in scores) / len(scores) > 0.89


def templates(*messages: str) -> set[str]:
    return set(mine(list(messages)).templates)


def test_verbs_tell_statements_apart_and_names_do_not():
    messages = [f"session {verb} for user {name}" for verb in ("opened", "closed") for name in ("root", "ann", "bob")]
    assert templates(*messages) == {"session opened for user <*>", "session closed for user <*>"}


def test_a_name_that_is_also_a_word_of_statements_is_taken_in():
    messages = [f"no password for invalid user {name} from there" for name in ("ann", "bob", "support", "backup")]
    assert templates(*messages) == {"no password for invalid user <*> from there"}


def test_a_list_may_be_of_any_length():
    assert len(templates("groups 1 2 3 are full", "groups 7 are full", "groups 4 5 are full")) == 1


def test_a_number_may_bear_a_unit_or_not():
    assert len(templates("lifetime 00:12", "lifetime <1 sec", "lifetime 7")) == 1


def test_statements_in_a_language_without_known_words_are_told_apart():
    names = ("anna", "bernd", "carla", "dirk", "emil", "frieda", "gustl")
    messages = [f"Sitzung von {name} wurde beendet" for name in names]
    messages += [f"Datei von {name} nicht gefunden" for name in names]
    assert templates(*messages * 12) == {"Sitzung von <*> wurde beendet", "Datei von <*> nicht gefunden"}


def test_lines_of_two_formats_and_of_none_can_stand_in_one_file():
    plain = [f"2026-11-20 14:02:{n:02} INFO served page {n}" for n in range(30)]
    other = [f'{{"level": "error", "msg": "page {n} is lost"}}' for n in range(30)]
    mined = mine([*plain, *other, "    at Frame.run(Frame.java:12)"])
    assert {"served page <*>", "page <*> is lost"} <= set(mined.templates)


def test_few_lines_lose_the_headers_that_are_known():
    assert templates("2026-11-20 14:02:11,120 ERROR [main] Payment 12 refused") == {"Payment <*> refused"}


TEXT = st.text(st.characters(codec=None, categories=None, exclude_characters=""), max_size=60)
LINES = st.lists(
    TEXT | st.sampled_from(["a=1 b=[2, 3]", "2026-11-20 14:02:11 INFO x: y", "", "{", "- |", "0"]), max_size=30
)


@given(LINES)
@settings(max_examples=60, deadline=None)
def test_any_text_gets_one_template_a_line_the_same_each_time(lines: list[str]):
    found = mine(lines).templates
    assert len(found) == len(lines)
    assert mine(lines).templates == found


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_lines_does_not_matter(draw: random.Random):
    made = [row[0] for row in rows(KINDS[5], KINDS[5].statements, seed=1, lines=200)]
    shuffled = draw.sample(range(len(made)), len(made))
    once = mine(made).templates
    again = mine([made[index] for index in shuffled]).templates
    assert grouping(again, [once[index] for index in shuffled])[0] == 1.0


@pytest.mark.parametrize(
    "part",
    [
        "0a",
        "a=",
        "'",
        '"a',
        "{",
        "[a, ",
        "/",
        "x:",
        "<*>",
        "a.b",
        "a,",
        "0",
        "\\",
        "= a",
        "@",
        "(",
        "- ",
        "é",
        "\ud800",
    ],
)
def test_a_line_of_a_megabyte_takes_less_than_a_second(part: str):
    line = part * (1_000_000 // len(part))
    began = time.process_time()
    assert len(mine([line, line]).templates) == 2
    assert time.process_time() - began < 1


@pytest.mark.parametrize("part", ["0.", "a.", "a", "0:", "a=0,", "/a", "a@", "[x, ", "a,", "'a ", "(a", "x: "])
def test_long_lines_behind_a_header_take_no_long_time_either(part: str):
    tail = part * (20_000 // len(part))
    began = time.process_time()
    mine([f"2026-11-20 14:02:11 INFO app.Shop: {n} {tail}{n}!" for n in range(20)])
    assert time.process_time() - began < 1


def test_many_thousand_different_messages_do_not_take_long():
    random.seed(2)
    words = ["".join(random.choices("abcdefgh", k=6)) for _ in range(3000)]
    lines = [" ".join(random.choices(words, k=9)) for _ in range(5000)]
    began = time.process_time()
    groups = defaultdict(int)
    for template in mine(lines).templates:
        groups[template] += 1
    assert time.process_time() - began < 3
