from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.audit_chain import Line, line, sealed, told
from agent.audit_export import CSV_HEADINGS, Chosen, csv_row, jsonl
from tests.contracts.examples import START, audit_entry

UNREADABLE = line("nonsense", 3)


def written(**changes: Any) -> Line:
    return line(sealed(told(audit_entry(**changes)), None).text)


def cells(row: str) -> dict[str, str]:
    [found] = csv.DictReader(io.StringIO(CSV_HEADINGS + row))
    return found


def test_lines_are_chosen_by_subject_actor_and_time() -> None:
    here = written()
    assert Chosen().has(here)
    assert Chosen("inc_1", "U1", START, START + timedelta(seconds=1)).has(here)
    assert not Chosen(subject="inc_2").has(here)
    assert not Chosen(actor="U2").has(here)
    assert not Chosen(since=START + timedelta(seconds=1)).has(here)
    assert not Chosen(until=START).has(here)


def test_what_cannot_be_read_is_left_out_only_by_a_choice() -> None:
    assert Chosen().has(UNREADABLE)
    assert not Chosen(actor="U1").has(UNREADABLE)
    assert json.loads(jsonl(UNREADABLE)) == {"unreadable": "nonsense", "sequence": 3}
    assert cells(csv_row(UNREADABLE))["event"] == "unreadable"


def test_json_lines_are_what_is_stored() -> None:
    here = written(detail={"text": "two\nlines"})
    assert jsonl(here) == here.text + "\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert cells(csv_row(written(actor=text)))["actor"] == f"'{text}"


@given(text=st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_one_cell_that_a_spreadsheet_takes_for_text(text: str) -> None:
    row = cells(csv_row(written(event=text, detail={"x": text})))
    assert row["event"].removeprefix("'") == line_text(text) or row["event"] == line_text(text)
    assert not row["event"].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert row["detail"].startswith("{")


def line_text(text: str) -> str:
    """As it is stored: redacted."""
    found = written(event=text).entry
    assert found is not None
    return found.event
