"""Any tool's JSON, mapped by the user's own YAML file."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.errors import SettingsError
from agent.models import AlertStatus, Severity
from agent.sources import Mappings, Request, parse_alerts, read_mappings, source_named

RECEIVED = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BACKUPS = """
backups:
  sender: token
  each: results[?state != 'fine']
  fields:
    title: join(' ', [job, 'did not finish'])
    severity: level
    status: state
    id: server.name
    external_id: job
    started_at: since
    labels.team: owner.team
    link: page
  values:
    severity: {"3": critical, "2": error}
    status: {mended: resolved}
  fixed:
    service: backup
"""
RESULTS = {
    "reporter": "backup checker on bk-01",
    "results": [
        {"job": "ledger", "state": "fine"},
        {"job": "orders", "state": "late", "level": 3, "server": {"name": "db-07"}, "since": "2026-11-20T13:00:00Z"},
        {"job": "users", "state": "mended", "level": "2", "owner": {"team": "data"}, "page": "https://b.example.com/u"},
    ],
}


def mappings(tmp_path: Path, text: str) -> Mappings:
    path = tmp_path / "mappings.yaml"
    path.write_text(text)
    return read_mappings(path)


def job(name: str, body: Any) -> dict[str, Any]:
    return {"source": name, "body": body, "delivery": ""}


def test_fields_are_found_where_the_mapping_says(tmp_path: Path) -> None:
    told = parse_alerts(job("backups", RESULTS), RECEIVED, mappings(tmp_path, BACKUPS))

    assert [alert.title for alert in told] == ["orders did not finish", "users did not finish"]
    assert [alert.severity for alert in told] == [Severity.critical, Severity.error]
    assert [alert.status for alert in told] == [AlertStatus.firing, AlertStatus.resolved]
    assert {alert.source for alert in told} == {"backups"}
    assert {alert.resource.service for alert in told} == {"backup"}
    assert told[0].resource.id == "db-07"
    assert told[0].started_at == datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
    assert told[1].labels["team"] == "data"
    assert told[1].links == ("https://b.example.com/u",)


def test_what_the_mapping_leaves_out_is_not_lost(tmp_path: Path) -> None:
    told = parse_alerts(job("backups", RESULTS), RECEIVED, mappings(tmp_path, BACKUPS))

    assert "backup checker on bk-01" in " ".join(alert.description for alert in told)


@pytest.mark.parametrize("body", [{}, [], "a text", 7, None, {"results": "none"}, {"results": [1, "two"]}])
def test_a_payload_that_does_not_fit_is_read_as_it_is(tmp_path: Path, body: Any) -> None:
    assert parse_alerts(job("backups", body), RECEIVED, mappings(tmp_path, BACKUPS))


def test_the_same_external_id_is_the_same_alert(tmp_path: Path) -> None:
    known = mappings(tmp_path, BACKUPS)
    mended = {"results": [{"job": "orders", "state": "mended", "level": 1, "server": {"name": "db-08"}}]}

    late, over = (
        parse_alerts(job("backups", RESULTS), RECEIVED, known)[0],
        parse_alerts(job("backups", mended), RECEIVED, known)[0],
    )

    assert over.status is AlertStatus.resolved
    assert late.fingerprint == over.fingerprint


def test_generic_itself_can_be_mapped(tmp_path: Path) -> None:
    known = mappings(tmp_path, "generic: {fields: {title: what.happened}}")

    assert (
        parse_alerts(job("generic", {"what": {"happened": "Disk is full"}}), RECEIVED, known)[0].title == "Disk is full"
    )


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        ("sender: token", {"authorization": "Bearer s3"}),
        ("sender: basic", {"authorization": "Basic eDpzMw=="}),
        (
            "sender: hmac",
            {
                "x-watchkeeper-timestamp": str(int(RECEIVED.timestamp())),
                "x-watchkeeper-signature": hmac.new(
                    b"s3", f"{int(RECEIVED.timestamp())}.{{}}".encode(), hashlib.sha256
                ).hexdigest(),
            },
        ),
    ],
)
def test_a_sender_shows_who_it_is_as_the_mapping_says(tmp_path: Path, line: str, headers: dict[str, str]) -> None:
    source = source_named("x", mappings(tmp_path, f"x:\n  {line}\n  fields: {{title: a}}"))

    assert source
    assert source.verify
    assert source.verify(Request(b"{}", headers, RECEIVED), "s3") == ""
    assert source.verify(Request(b"{}", {}, RECEIVED), "s3")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x: {fields: {titel: a}}", "wrong at x.fields: there is no field 'titel'"),
        ("x: {fields: {title: 'a['}}", "'a[' is no JMESPath"),
        ("x: {fields: {}}", "wrong at x.fields"),
        ("x: {}", "wrong at x.fields: Field required"),
        ("x: {fields: {title: a}, sender: nobody}", "wrong at x.sender"),
        ("x: {fields: {title: a}, feilds: {}}", "wrong at x.feilds"),
        ("- a", "must hold a mapping"),
        ("x: [", "is no YAML"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=r"^WATCHKEEPER_WEBHOOK_MAPPINGS: ") as caught:
        mappings(tmp_path, text)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said_too(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_mappings(tmp_path / "none.yaml")


def test_no_file_is_no_mapping() -> None:
    assert not read_mappings(None)
    assert source_named("backups") is None
