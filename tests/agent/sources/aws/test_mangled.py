"""Messages of AWS's that are broken in every way: no parser fails, no text is lost, and none takes long.

The parsers are called by themselves, because the registry would hide a failure.
"""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sources.aws import matches, parse
from agent.sources.aws.lenient import document
from agent.sources.aws.opening import NOT_TEXT
from agent.sources.aws.packed import MAX_INFLATED_BYTES, MAX_INFLATED_PAYLOAD
from agent.sources.clean import clean_text, cleaned, leaves
from tests.agent.sources.aws import examples as e
from tests.agent.sources.aws.examples import RECEIVED

UNSAID = {*NOT_TEXT, "data"}

deep: Any = "the innermost text"
for level in range(400):
    deep = {"in": deep} if level % 2 else [deep]

odd = st.sampled_from(
    [
        *(None, True, 0, -1, 1e308, float("nan"), float("inf"), 10**5000, [], {}, "", " ", "\0", "\ud800", "\u202eabc"),
        *(
            "{",
            "[[[[",
            '{"AlarmName": ',
            "x" * 5000,
            "arn:aws:::",
            "arn:aws:lambda:a:123456789012:function:" + "y" * 300,
        ),
        *("9999-99-99T99:99:99Z", "0001-01-01T00:00:00+14:00", deep, ["one", ["two"]], {"a": {"b": "three"}}, 17),
    ]
)
anything = odd | st.text(max_size=30) | st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a document something can be changed, the inside of JSON texts too."""
    if path:
        yield path
    if isinstance(node, str) and node.startswith("{"):
        try:
            inner = json.loads(node)
        except ValueError:
            return
        for below in places(inner):
            yield (*path, "JSON", *below)
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(value, (*path, key))


def changed(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The document with another value there, or without it where the value is `...`."""
    if not path:
        return value
    if path[0] == "JSON":
        try:
            return json.dumps(changed(json.loads(node), path[1:], None if value is ... else value))
        except ValueError:  # an integer that has too many digits to be written
            return node
    copy = dict(node) if isinstance(node, dict) else list(node)
    if len(path) == 1 and value is ...:
        del copy[path[0]]
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], value)
    return copy


PLACES = [(shape, path) for shape, payload in e.EVERY_SHAPE.items() for path in places(payload)]


def lost(payload: Any) -> list[str]:
    """The texts of a payload that none of its alerts has."""
    told = parse(payload, RECEIVED)
    text = " ".join(" ".join(" ".join((a.title, a.description, *a.labels.values(), *a.links)).split()) for a in told)
    said = (inner for _, value in leaves(payload, UNSAID) for _, inner in leaves(document(value) or value))
    return [value for value in said if len(value) >= 4 and " ".join(value.split()) not in text]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(PLACES), anything | st.just(...))
def test_no_change_of_one_value_makes_a_parser_fail_or_a_text_disappear(
    place: tuple[str, tuple[Any, ...]], value: Any
) -> None:
    shape, path = place
    payload = cleaned(changed(deepcopy(e.EVERY_SHAPE[shape]), path, value))

    assert not lost(payload)
    matches(payload)


@settings(deadline=None)
@given(st.sampled_from(sorted(e.EVERY_SHAPE)), st.floats(0, 1), st.booleans())
def test_no_truncated_text_makes_a_parser_fail(shape: str, part: float, in_envelope: bool) -> None:
    text = json.dumps(e.EVERY_SHAPE[shape])
    text = text[: int(len(text) * part)]
    payload = cleaned(e.sns(text) if in_envelope else text)

    assert not lost(payload)


@settings(deadline=None)
@given(anything)
def test_anything_else_is_read_as_well(payload: Any) -> None:
    assert parse(cleaned(payload), RECEIVED)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_records_that_are_no_logs_are_read_as_what_they_hold(data: bytes) -> None:
    for packed in (base64.b64encode(data).decode(), clean_text(data.decode("latin-1")), e.packed(data)):
        assert parse({"awslogs": {"data": packed}}, RECEIVED)


def test_a_record_that_cannot_be_unpacked_is_told_as_it_came() -> None:
    broken = base64.b64encode(gzip.compress(b"lines")[:-4] + b"zzzz").decode()

    assert broken in parse({"awslogs": {"data": broken}}, RECEIVED)[0].description


def test_a_bomb_is_unpacked_to_ten_megabytes_only() -> None:
    bomb = base64.b64encode(gzip.compress(b"a" * (3 * MAX_INFLATED_BYTES))).decode()
    description = parse({"awslogs": {"data": bomb}}, RECEIVED)[0].description

    assert MAX_INFLATED_BYTES <= len(description) <= MAX_INFLATED_BYTES + 1000
    assert "the rest is left out" in description


def test_many_bombs_in_one_payload_share_their_room() -> None:
    bomb = base64.b64encode(gzip.compress(b"ERROR " + b"a" * MAX_INFLATED_BYTES)).decode()
    alerts = parse({"records": [{"data": bomb}] * 60}, RECEIVED)

    assert len(alerts) == 60
    assert sum(len(alert.description) for alert in alerts) < MAX_INFLATED_PAYLOAD + 60_000


LARGE = {
    "a long text": lambda size: e.sns("word " * (size // 5)),
    "a long reason": lambda size: e.alarm(NewStateReason="datapoint [1 " * (size // 13)),
    "commas": lambda size: e.sns('{"a": "' + "," * size),
    "quotes": lambda size: e.sns("{" + '"' * size),
    "backslashes": lambda size: e.sns('{"' + "\\" * size),
    "spaces": lambda size: e.sns("{, " + " " * size),
    "brackets": lambda size: e.sns("[" * size),
    "lines of a budget": lambda size: e.sns("AWS Budget\n" + "Budget Name: x\n" * (size // 15)),
    "names of a budget": lambda size: e.sns("AWS Budget\nA" + " a" * (size // 2)),
    "glue jobs": lambda size: e.sns("glue job name: glue job " * (size // 24)),
    "events": lambda size: e.event("shop", "Order", {str(number): "x" * 90 for number in range(size // 100)}),
    "log lines": lambda size: {"awslogs": {"data": e.packed(e.log_data(["ERROR x" * 10] * (size // 70)))}},
    "findings": lambda size: e.event("aws.securityhub", "F", {"findings": [e.finding("f", "r")] * (size // 900)}),
}


@pytest.mark.parametrize("kind", LARGE)
def test_reading_takes_time_in_proportion_to_the_length(kind: str) -> None:
    """Twelve times the length takes at most some forty times the time; a quadratic parser would take 144 times."""

    def seconds(size: int) -> float:
        payload = cleaned(LARGE[kind](size))
        began = time.perf_counter()
        parse(payload, RECEIVED)
        return time.perf_counter() - began

    small = min(seconds(40_000) for _ in range(2))
    assert seconds(480_000) < max(40 * small, 2.0)
