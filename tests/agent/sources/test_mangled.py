"""Whatever becomes of a payload on its way: no exception, at least one alert, and every text kept."""

from __future__ import annotations

import copy
import html
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.models import Alert
from agent.sources import SOURCES, UNSAID, parse_alerts, source_named
from agent.sources.clean import cleaned, leaves
from tests.agent.sources.aws.examples import EVERY_SHAPE
from tests.agent.sources.shapes import SHAPES

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ALL: dict[str, tuple[str, Any]] = SHAPES | {name: ("aws", payload) for name, payload in EVERY_SHAPE.items()}
ODD_TEXTS = (
    "\ud800 half a character",
    "nothing\0between",
    "\u202eright to left",
    "\u2028 line \x85 breaks \x1c",
    "é" * 300,
    "{" * 40,
    '{"a": [1, 2',
    "[" * 2000,
    "\\u0000 \\ud800",
    '{"message": "\\ud800 inner text"}',
    " \t\n ",
    "<!channel> <https://example.com|link> &amp;amp; :fire:",
    "arn:aws:lambda:::",
    "9" * 5000,
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**400, float("nan"), float("inf"), 1e308, [], {}, [[]], [None], {"": None}),
    *({"": {"": ["deep text"]}}, [1, "two", {"three": "four"}], "2026-99-99T99:99:99Z", -62135596800, 10**17),
)


def paths(node: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if here:
        yield here
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from paths(value, (*here, key))


def change(payload: Any, path: tuple[Any, ...], what: str, value: Any) -> None:
    """One mishap at one place; places that an earlier mishap took away are left alone."""
    holder = payload
    for key in path[:-1]:
        if not isinstance(holder, dict | list) or (isinstance(holder, dict) and key not in holder):
            return
        holder = holder[key] if isinstance(holder, dict) or (isinstance(key, int) and key < len(holder)) else None
    key = path[-1]
    if isinstance(holder, dict) and key not in holder:
        return
    if not isinstance(holder, dict) and not (isinstance(holder, list) and isinstance(key, int) and key < len(holder)):
        return
    old = holder[key]
    if what == "drop" and isinstance(holder, dict):
        del holder[key]
    elif what == "rename" and isinstance(holder, dict):
        holder[str(key).swapcase()] = holder.pop(key)
    elif what == "cut" and isinstance(old, str):
        holder[key] = old[: len(old) // 2]
    elif what == "repeat":
        holder[key] = [old, old]
    elif what == "as text":
        holder[key] = json.dumps(old, default=str)
    elif what == "replace":
        holder[key] = value


@st.composite
def mangled(draw: st.DrawFn) -> tuple[str, Any]:
    source, original = ALL[draw(st.sampled_from(sorted(ALL)))]
    payload = copy.deepcopy(original)
    places = list(paths(payload))
    odd = st.one_of(st.sampled_from(ODD_TEXTS), st.sampled_from(ODD_VALUES), st.text(max_size=30))
    kinds = st.sampled_from(("drop", "rename", "cut", "repeat", "as text", "replace", "replace", "replace"))
    for _ in range(draw(st.integers(1, 4))):
        change(payload, draw(st.sampled_from(places)), draw(kinds), copy.deepcopy(draw(odd)))
    return source, payload


def flat(text: str) -> str:
    return " ".join(text.split())


def lost(payload: Any, alerts: list[Alert], unsaid: frozenset[str] = frozenset()) -> list[str]:
    """Texts of at least four characters that no alert has."""
    said = flat(
        " ".join(text for a in alerts for text in (a.source, a.title, a.description, *a.labels.values(), *a.links))
    )
    texts = [flat(text) for _, text in leaves(cleaned(payload), unsaid)]
    return [text for text in texts if len(text) >= 4 and text not in said and flat(html.unescape(text)) not in said]


def read(payload: Any, name: str = "") -> list[Alert]:
    return parse_alerts({"source": name, "body": payload} if name else payload, RECEIVED)


@pytest.mark.parametrize("shape", sorted(ALL))
def test_every_shape_is_read_whole(shape: str) -> None:
    source, payload = ALL[shape]

    alerts = read(payload)

    assert alerts
    assert lost(payload, alerts, UNSAID.get(source, frozenset())) == []


@settings(max_examples=80, deadline=None)
@given(mangled())
def test_a_mangled_payload_keeps_its_texts(sent: tuple[str, Any]) -> None:
    source, payload = sent
    unsaid = frozenset().union(*UNSAID.values())

    for alerts in (read(payload), read(payload, source)):
        assert alerts
        assert lost(payload, alerts, unsaid) == []
        assert all(alert.title and alert.fingerprint for alert in alerts)


@settings(max_examples=60, deadline=None)
@given(mangled())
def test_no_parser_raises_by_itself(sent: tuple[str, Any]) -> None:
    """The registry would catch it, and the alert would lose its fields."""
    payload = cleaned(sent[1])
    readers = [source for source in SOURCES if source.name == sent[0] or source.matches(payload)]

    assert readers
    assert all(source.parse(payload, RECEIVED) for source in readers)


@pytest.mark.parametrize("source", [source.name for source in SOURCES])
@pytest.mark.parametrize("payload", [*ODD_TEXTS, *ODD_VALUES, b"\xff\xfe bytes", ["a list", ["of lists"]]], ids=repr)
def test_anything_at_all_may_come_to_any_source(source: str, payload: Any) -> None:
    alerts = read(payload, source)

    assert alerts
    assert lost(payload, alerts) == []


@pytest.mark.parametrize("shape", sorted(ALL))
def test_five_hundred_levels_are_read(shape: str) -> None:
    source, original = ALL[shape]
    deep: Any = "the text at the bottom"
    for level in range(500):
        deep = {f"level{level}": deep} if level % 2 else [deep]

    for alerts in (read(original | {"deep": deep}), read(original | {"deep": deep}, source), read(deep, source)):
        assert "the text at the bottom" in " ".join(alert.description for alert in alerts)


REPEATED = (
    *(
        "word ",
        "x",
        "\n",
        ":",
        "{",
        "<",
        "a:",
        "dag ",
        "arn:aws:",
        "#alarm:",
        "1 ",
        "alarm name:",
        "*a*\n",
        "threshold ",
    ),
    *("[1 (", "https://", "OK\n", "} by {", "-a", "State ", "tags: a:b,", "account ", "job ''", "[FIRING"),
)


@pytest.mark.parametrize("piece", REPEATED)
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    """A pattern that looks back and forth would take minutes for any of these; each takes a twentieth of a second."""
    text = piece * (50_000 // len(piece))
    for payload in (text, {"text": text, "ts": "1795186800.1"}, {"alert_title": text, "alert_id": text, "body": text}):
        began = time.process_time()
        alerts = read(payload)
        assert time.process_time() - began < 1
        assert lost(text, alerts) == []


@pytest.mark.slow
@pytest.mark.parametrize("shape", sorted(ALL))
def test_a_megabyte_takes_ten_times_as_long_as_a_tenth_of_it(shape: str) -> None:
    source, original = ALL[shape]

    def seconds(texts: int) -> float:
        payload = original | {"more": [f"line {n} of a long text, with some words in it" for n in range(texts)]}
        began = time.process_time()
        alerts = read(payload, source)
        taken = time.process_time() - began
        assert lost({"more": payload["more"][-50:]}, alerts) == []
        return taken

    short = min(seconds(2_200) for _ in range(3))
    assert min(seconds(22_000) for _ in range(2)) < 30 * max(short, 0.01)


def test_every_source_has_a_name_of_its_own() -> None:
    names = [source.name for source in SOURCES]

    assert len(set(names)) == len(names)
    assert all(source_named(name) for name in names)
