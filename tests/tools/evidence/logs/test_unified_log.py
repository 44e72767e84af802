"""Errors in a log table that many services share."""

from datetime import timedelta

import pytest

from agent.errors import SettingsError
from agent.models import Evidence, EvidenceStatus, Finding
from agent.settings import Settings
from tests.tools.evidence.conftest import NOW, Call, Load
from tests.tools.evidence.logs.unified_logs import ARN, COLUMNS, configure, database, failing, steady, table
from tools.evidence.logs.unified_log import unified_log_errors


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch)


def strongest(evidence: Evidence, kind: str = "log_error_pattern") -> Finding:
    found = [finding for finding in evidence.findings if finding.kind == kind]
    assert found, evidence.summary
    return max(found, key=lambda finding: finding.strength)


async def test_a_new_error_outranks_one_that_always_came(load: Load, call: Call):
    load(sql=[database(table(steady(NOW) + failing(NOW)))])
    evidence = await call(unified_log_errors, resource="checkout")
    found = strongest(evidence)
    assert "could not price order" in found.statement
    assert found.attributes["exception"] == "KeyError"
    assert found.attributes["count"] == "80"
    assert found.strength > 0.85
    assert found.at is not None
    assert abs((found.at - (NOW - timedelta(minutes=40))).total_seconds()) < 120
    old = next(finding for finding in evidence.findings if "unknown" in finding.statement)
    assert old.strength < 0.3
    assert "18 times in the time before" in old.statement
    assert "98 of 278 rows of checkout in unified_logs are errors, 18 in the time before" in evidence.summary
    assert "rds-data:execute_statement" in evidence.query


async def test_metadata_that_all_rows_share_are_told(load: Load, call: Call):
    load(sql=[database(table(failing(NOW)))])
    found = strongest(await call(unified_log_errors))
    assert found.attributes["metadata.version"] == "2.4.1"
    assert "version=2.4.1" in found.statement
    assert "order_id" not in found.statement


async def test_metadata_that_are_no_json_are_kept_as_text(load: Load, call: Call):
    rows = [(NOW - timedelta(minutes=9), "mailer", "FATAL", "out of memory", "host=mail-3 pid=12")]
    load(sql=[database(table(rows))])
    found = strongest(await call(unified_log_errors))
    assert found.attributes["metadata.text"] == "host=mail-3 pid=12"


async def test_another_services_rows_are_left_out(load: Load, call: Call):
    load(sql=[database(table(steady(NOW) + failing(NOW)))])
    evidence = await call(unified_log_errors, resource="sear")
    assert {finding.resource for finding in evidence.findings} == {"search"}
    assert "order" not in evidence.summary


async def test_rows_outside_the_range_are_left_out(load: Load, call: Call):
    load(sql=[database(table(steady(NOW) + failing(NOW - timedelta(hours=7), minutes=20)))])
    evidence = await call(unified_log_errors, resource="checkout", start="-2h")
    assert not any("price" in finding.statement for finding in evidence.findings)
    assert all(finding.strength < 0.5 for finding in evidence.findings)


async def test_a_search_looks_at_all_levels_and_takes_signs_literally(load: Load, call: Call):
    rows = [
        (NOW - timedelta(minutes=5), "checkout", "INFO", "cache is 100% full", "{}"),
        (NOW - timedelta(minutes=6), "checkout", "INFO", "cache is 1000 entries", "{}"),
    ]
    load(sql=[database(table(rows))])
    evidence = await call(unified_log_errors, pattern="IS 100%")
    assert evidence.summary.startswith("1 rows hold “IS 100%”")
    assert [finding.kind for finding in evidence.findings] == ["log_match"]


async def test_a_pattern_is_never_read_as_sql(load: Load, call: Call):
    load(sql=[database(table(steady(NOW)))])
    evidence = await call(unified_log_errors, pattern="'; drop table unified_logs; --")
    assert evidence.findings[0].kind == "log_quiet"
    assert "errors" in (await call(unified_log_errors)).summary


async def test_a_quiet_service_is_evidence_too(load: Load, call: Call):
    load(sql=[database(table([(NOW - timedelta(minutes=5), "mailer", "INFO", "sent", "")]))])
    evidence = await call(unified_log_errors, resource="mailer")
    assert [finding.kind for finding in evidence.findings] == ["log_quiet"]
    assert evidence.status == EvidenceStatus.ok


async def test_an_unknown_service_is_no_data_and_says_which_there_are(load: Load, call: Call):
    load(sql=[database(table(steady(NOW)))])
    evidence = await call(unified_log_errors, resource="nowhere")
    assert evidence.status == EvidenceStatus.no_data
    assert "checkout" in evidence.summary


async def test_more_rows_than_are_read_are_said_aloud(load: Load, call: Call):
    at = NOW - timedelta(minutes=10)
    rows = [(at, "checkout", "ERROR", f"could not price order {number}", "{}") for number in range(450)]
    load(sql=[database(table(rows))])
    evidence = await call(unified_log_errors)
    assert "450 of 450 rows" in evidence.summary
    assert "only the newest 400 rows were read" in evidence.summary


async def test_table_and_columns_may_have_other_names(load: Load, call: Call, monkeypatch: pytest.MonkeyPatch):
    names = ("key", "logged_at", "app", "severity", "text", "extra")
    configure(monkeypatch, TABLE="ops.logs", COLUMNS=",".join(names))
    load(sql=[database(table(failing(NOW), "ops.logs", names))])
    assert "price" in strongest(await call(unified_log_errors)).statement


async def test_mysql_is_asked_in_its_own_way(load: Load, call: Call, monkeypatch: pytest.MonkeyPatch):
    configure(monkeypatch, ENGINE="mysql")
    load(sql=[database(table(steady(NOW) + failing(NOW)), engine="mysql")])
    evidence = await call(unified_log_errors, resource="checkout")
    assert "price" in strongest(evidence).statement
    assert "`log_level`" in evidence.query


async def test_the_cluster_is_asked_in_its_own_region(load: Load, call: Call, monkeypatch: pytest.MonkeyPatch):
    there = ARN.replace("us-east-1", "eu-west-1")
    configure(monkeypatch, ARN=there)
    load(region="eu-west-1", sql=[database(table(failing(NOW))) | {"resource_arn": there}])
    evidence = await call(unified_log_errors)
    assert "price" in strongest(evidence).statement
    assert "region=eu-west-1" in evidence.console_url


async def test_a_cluster_of_another_account_is_not_asked_with_this_accounts_rights(
    load: Load, call: Call, monkeypatch: pytest.MonkeyPatch
):
    configure(monkeypatch, ARN=ARN.replace("123456789012", "210987654321"))
    load(sql=[database(table(failing(NOW)))])
    evidence = await call(unified_log_errors)
    assert evidence.status == EvidenceStatus.error
    assert "account 210987654321, not in 123456789012; ask with account=210987654321" in evidence.summary
    assert "execute_statement" not in evidence.query


async def test_without_settings_it_says_which_ones_to_set(call: Call, monkeypatch: pytest.MonkeyPatch):
    configure(monkeypatch, ARN="")
    evidence = await call(unified_log_errors)
    assert evidence.status == EvidenceStatus.no_data
    assert "WATCHKEEPER_UNIFIED_LOG_ARN" in evidence.summary


async def test_a_missing_table_is_told_in_the_databases_words(load: Load, call: Call):
    load(sql=[database()])
    evidence = await call(unified_log_errors)
    assert evidence.status == EvidenceStatus.error
    assert 'relation "unified_logs" does not exist' in evidence.summary


@pytest.mark.parametrize(
    ("name", "value"),
    [("TABLE", "logs; drop table x"), ("COLUMNS", "id,at"), ("COLUMNS", ",".join(COLUMNS[:5]) + ',"x"')],
)
def test_names_that_are_no_identifiers_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    configure(monkeypatch, **{name: value})
    with pytest.raises(SettingsError, match=f"WATCHKEEPER_UNIFIED_LOG_{name}"):
        Settings.read()
