"""`watchkeeper audit`, run as it is run at a prompt, over a trail with entries."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.errors import InputError
from agent.models import AuditEntry
from deploy.cli import app
from tests.contracts.adapters import SettableClock
from tests.contracts.examples import START, audit_entry, incident
from tools.stores.sqlite import open_stores

DETAIL = {"action": "lambda_rollback", "target": {"id": "checkout"}, "why": "=1+1"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def trail(home: Path) -> list[AuditEntry]:
    """Three entries a day apart, the last about another incident."""
    stores = open_stores(home / "watchkeeper.db", SettableClock())
    asyncio.run(stores.incidents.create(incident(id="inc_1")))
    told = [
        audit_entry(event="approval.approved", detail=DETAIL),
        audit_entry(event="action.executed", actor="watchkeeper", at=START + timedelta(days=1), detail=DETAIL),
        audit_entry(event="action.refused", subject="inc_2", at=START + timedelta(days=2)),
    ]
    stored = [asyncio.run(stores.audit.append(entry)) for entry in told]
    stores.close()
    return stored


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments], catch_exceptions=False)


def output(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments: str) -> str:
    with pytest.raises(InputError) as error:
        run(*arguments)
    return str(error.value)


def test_entries_are_shown_newest_first(trail: list[AuditEntry]) -> None:
    lines = output("show").splitlines()
    assert lines[0].split() == ["line", "when", "who", "what", "incident"]
    assert [line.split()[0] for line in lines[1:]] == ["3", "2", "1"]
    assert lines[2].split()[1:] == [
        *("2026-03-03", "09:00:00", "UTC", "watchkeeper", "action.executed"),
        *("inc_1", "lambda_rollback", "checkout:", "=1+1"),
    ]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (["--incident", "inc_1"], [2, 1]),
        (["--actor", "U1"], [3, 1]),
        (["--since", "2026-03-03"], [3, 2]),
        (["--since", "2026-03-03", "--incident", "inc_1"], [2]),
        (["--limit", "1"], [3]),
        (["--actor", "U1", "--limit", "1"], [3]),
        (["--actor", "U9"], []),
    ],
)
def test_they_are_chosen_by_incident_actor_and_time(
    trail: list[AuditEntry], options: list[str], lines: list[int]
) -> None:
    shown = json.loads(output("show", "--json", *options))["entries"]
    assert shown == [trail[line - 1].model_dump(mode="json") for line in lines]


def test_nothing_to_show_is_said(home: Path) -> None:
    assert output("show") == "There is no such entry.\n"


def test_a_whole_trail_is_whole_and_says_where_it_ends(trail: list[AuditEntry]) -> None:
    assert output("verify") == f"The audit trail is whole: 3 lines.\nIt ends at 3:{trail[2].hash}\n"
    assert json.loads(output("verify", "--json"))["whole"] is True
    assert "whole" in output("verify", "--noted", f"2:{trail[1].hash}")


def test_a_broken_trail_ends_with_1_and_names_the_first_broken_entry(trail: list[AuditEntry], home: Path) -> None:
    connection = sqlite3.connect(home / "watchkeeper.db")
    connection.execute("DROP TRIGGER audit_is_never_changed")
    connection.execute("UPDATE audit SET body = replace(body, 'watchkeeper', 'U9') WHERE id = 2")
    connection.commit()
    connection.close()
    result = run("verify")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == (
        "BROKEN at line 2 (2026-03-03 09:00:00 UTC, U9: action.executed, inc_1): its hash does not fit what it says."
    )
    result = run("verify", "--json")
    assert result.exit_code == 1
    broken = json.loads(result.stdout)["broken"]
    assert (broken["sequence"], broken["entry"]["actor"]) == (2, "U9")
    exported = run("export")
    assert exported.exit_code == 0
    assert len(exported.stdout.splitlines()) == 3
    assert "1 of them are not as they were written: run `watchkeeper audit verify`" in exported.stderr


def test_a_hash_that_was_noted_and_is_not_there_breaks_it(trail: list[AuditEntry]) -> None:
    result = run("verify", "--noted", f"2:{'a' * 64}")
    assert result.exit_code == 1
    assert "the trail was written anew" in result.stdout


def test_json_lines_are_exported_oldest_first_as_they_are_stored(trail: list[AuditEntry]) -> None:
    lines = [json.loads(line) for line in output("export").splitlines()]
    assert lines == [entry.model_dump(mode="json") for entry in trail]
    chosen = output("export", "--since", "2026-03-03", "--until", "2026-03-04", "--incident", "inc_1")
    assert [json.loads(line)["sequence"] for line in chosen.splitlines()] == [2]


def test_csv_is_exported_for_spreadsheets(trail: list[AuditEntry]) -> None:
    rows = [*csv.DictReader(io.StringIO(output("export", "--format", "csv")))]
    assert [(row["sequence"], row["actor"], row["event"]) for row in rows] == [
        ("1", "U1", "approval.approved"),
        ("2", "watchkeeper", "action.executed"),
        ("3", "U1", "action.refused"),
    ]
    assert json.loads(rows[0]["detail"]) == DETAIL


def test_a_file_is_written_whole_and_is_its_owners_alone(trail: list[AuditEntry], tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    file.write_text("old")
    result = run("export", "--out", str(file))
    assert (result.stdout, result.stderr) == ("", f"watchkeeper: 3 entries are in {file}.\n")
    assert len(file.read_text().splitlines()) == 3
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("tmp")] == []


def test_the_report_of_a_month(trail: list[AuditEntry], tmp_path: Path) -> None:
    report = output("report", "--month", "2026-03")
    assert report.startswith("# Remediation in 2026-03\n\n1 changes were made")
    assert "1 incidents had a change made for them; none of them is resolved." in report
    assert f"It ends at `3:{trail[2].hash}`." in report
    assert "Nothing was proposed." in output("report", "--month", "2026-04")
    run("report", "--month", "2026-03", "--out", str(tmp_path / "march.md"))
    assert (tmp_path / "march.md").read_text() == report


def test_mistakes_say_what_to_do(home: Path) -> None:
    assert refused("show", "--since", "yesterday").startswith(
        "--since: 'yesterday' is not a time; use ISO 8601 such as"
    )
    assert refused("export", "--format", "xml") == "--format is jsonl or csv, not 'xml'."
    assert refused("report", "--month", "March").startswith("--month is a year and a month such as 2026-11")
    assert refused("verify", "--noted", "3").startswith("--noted is LINE:HASH as `watchkeeper audit verify` printed")
    assert "cannot be written (No such file or directory)" in refused("export", "--out", str(home / "no" / "file"))
