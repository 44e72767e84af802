"""What holds of the correlator whatever alerts come."""

from __future__ import annotations

import pickle
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.correlation.pauses import SHORTEST
from agent.models import Incident
from agent.triage import Correlator, alert_from_stream

ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "t": st.integers(0, 4000),
            "system": st.sampled_from(["shop", "bank", ""]),
            "service": st.sampled_from(["cart", "auth", "ledger", ""]),
            "title": st.sampled_from(["latency of cart", "errors", "disk full", ""]),
        }
    ),
    max_size=60,
)
Rows = list[dict[str, Any]]


def by_time(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: row["t"])


def assign(rows: Rows, correlator: Correlator | None = None) -> list[str]:
    correlator = correlator or Correlator()
    return [correlator.assign(alert_from_stream(row)) for row in rows]


@given(ROWS)
def test_the_same_alerts_are_grouped_the_same_each_time(rows: Rows) -> None:
    assert assign(rows) == assign(rows)


@given(ROWS)
def test_whatever_the_order_every_alert_has_an_incident_of_its_own_system(rows: Rows) -> None:
    systems: dict[str, set[str]] = {}
    for row, key in zip(rows, assign(rows), strict=True):
        systems.setdefault(key, set()).add(row["system"])
    assert all(len(each) == 1 for each in systems.values())


@given(ROWS)
def test_the_same_alert_within_the_shortest_gap_is_the_same_incident(rows: Rows) -> None:
    last: dict[tuple[str, str, str], tuple[float, str]] = {}
    ordered = by_time(rows)
    for row, key in zip(ordered, assign(ordered), strict=True):
        name = (row["system"], row["service"], row["title"])
        at, before = last.get(name, (float("-inf"), ""))
        assert row["t"] - at > SHORTEST - 1 or key == before
        last[name] = (row["t"], key)


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["slow", "down", "full"])), min_size=1), st.randoms()
)
def test_the_order_of_alerts_of_one_moment_does_not_matter(burst: list[tuple[str, str]], chance: random.Random) -> None:
    rows = [{"t": 5, "system": "shop", "service": service, "title": title} for service, title in burst]
    assert len(set(assign(rows))) == 1
    chance.shuffle(rows)
    assert len(set(assign(rows))) == 1


@given(st.lists(st.integers(0, 150), min_size=2, max_size=40), st.data())
@settings(max_examples=50)
def test_a_restored_correlator_decides_as_the_original_would_have(pauses: list[int], data: st.DataObject) -> None:
    rows, t = [], 0
    for number, pause in enumerate(pauses):
        t += pause
        service = data.draw(st.sampled_from(["cart", "auth", "ledger"]))
        rows.append(
            {"t": t, "system": "shop", "service": service, "title": f"title {chr(97 + number % 26) * 3}{number}"}
        )
    half = data.draw(st.integers(1, len(rows) - 1))
    original = Correlator()
    known = list(zip(rows[:half], assign(rows[:half], original), strict=True))
    restored = Correlator.restored(
        _incident(key, [row for row, of in known if of == key]) for key in dict.fromkeys(key for _, key in known)
    )
    assert assign(rows[half:], restored) == assign(rows[half:], original)


def _incident(key: str, rows: Rows) -> Incident:
    alerts = tuple(alert_from_stream(row) for row in rows)
    first, last = alerts[0].started_at, alerts[-1].started_at
    return Incident(id=key, title="x", alerts=alerts, created_at=first, updated_at=last, last_alert_at=last)


def test_memory_stays_bounded_however_many_systems_services_and_titles_there_are() -> None:
    correlator = Correlator(dependencies=[(f"svc{n}", f"svc{n + 1}") for n in range(50)])
    sizes: list[int] = []
    for turn in range(2):
        for number in range(turn * 4500, (turn + 1) * 4500):
            wide = {"t": number * 9, "system": f"sys{number % 700}", "service": f"svc{number}", "title": _word(number)}
            deep = {"t": number * 9, "system": "one", "service": f"svc{number % 3000}", "title": _word(number)}
            assign([wide, deep], correlator)
        sizes.append(len(pickle.dumps(correlator)))
    assert sizes[1] < sizes[0] * 1.1


def _word(number: int) -> str:
    return "".join(chr(97 + int(digit)) for digit in str(number * 7919))
