"""Who holds the connections of a database, and who waits for whom."""

import re
from datetime import timedelta
from typing import Any

import boto3
import pytest

from agent.models import Evidence, EvidenceStatus, Finding, TimeRange
from agent.settings import Settings
from deploy.local.account import SimulatedAccount
from tests.tools.evidence.conftest import NOW, Call, Load
from tools.aws import Boto3Session
from tools.evidence.base import Look
from tools.evidence.cache import MemoryCache
from tools.evidence.databases.activity import database_activity
from tools.evidence.databases.sql_client import databases

ARN = "arn:aws:rds:us-east-1:123456789012:db:orders-db"


@pytest.fixture
def look(call: Call, aws: Boto3Session) -> Look:
    return Look(aws, NOW, TimeRange(start=NOW - timedelta(hours=1), end=NOW), Settings.read(), MemoryCache())


def session(pid: int, application: str, state: str, count: int = 1, started: str = "-20m") -> dict[str, Any]:
    who = {"user": f"{application}_user", "application": application, "client": "10.0.2.18"}
    return {"pid": pid, "text": "select 1", "state": state, "count": count, "started": started, **who}


def postgres(*sessions: dict[str, Any], **more: Any) -> dict[str, Any]:
    instance = {"name": "orders-db", "database": "orders", "parameters": {"max_connections": "200"}}
    database: dict[str, Any] = {"engine": "postgres", "database": "orders", "resource_arn": ARN}
    return {
        "resources": {"rds_instances": [instance], "secrets": [{"name": "orders-db"}]},
        "sql": [database | {"running_queries": list(sessions)} | more],
    }


def kinds(evidence: Evidence) -> set[str]:
    return {finding.kind for finding in evidence.findings}


def first(evidence: Evidence, kind: str) -> Finding:
    return next(finding for finding in evidence.findings if finding.kind == kind)


async def test_connections_near_the_limit_are_laid_at_their_holders_door(load: Load, call: Call):
    load(**postgres(session(100, "orders-api", "idle", 176), session(900, "metabase", "active", 18, started="-1m")))
    evidence = await call(database_activity, resource="orders-db")
    limit = first(evidence, "metric_at_limit")
    assert (limit.attributes["value"], limit.attributes["limit"]) == ("194", "200")
    assert limit.strength > 0.85
    held = first(evidence, "connections_held")
    assert (held.attributes["application"], held.attributes["connections"]) == ("orders-api", "176")
    assert held.strength > 0.8
    assert not any("metabase" in finding.statement for finding in evidence.findings)


async def test_a_database_with_room_is_steady(load: Load, call: Call):
    load(**postgres(session(100, "orders-api", "idle", 12), session(900, "metabase", "active", 2, started="-1m")))
    evidence = await call(database_activity)
    assert "metric_steady" in kinds(evidence)
    assert "metric_at_limit" not in kinds(evidence)
    assert all(finding.strength < 0.5 for finding in evidence.findings)


async def test_a_transaction_left_open_for_hours_is_seen(load: Load, call: Call):
    load(
        **postgres(
            session(100, "nightly", "idle in transaction", started="-3h"),
            session(101, "orders-api", "active", started="-1m"),
        )
    )
    found = first(await call(database_activity), "long_statement")
    assert found.attributes["application"] == "nightly"
    assert "180 minutes" in found.statement


async def test_a_waiting_session_is_shown_with_its_blocker(load: Load, call: Call):
    locks = [{"pid": 100, "table": "orders"}, {"pid": 101, "table": "orders", "granted": False, "blocked_by": 100}]
    tables = [{"name": "orders", "columns": [{"name": "id", "type": "integer"}]}]
    sessions = (session(100, "migration", "idle in transaction"), session(101, "orders-api", "active"))
    load(**postgres(*sessions, locks=locks, tables=tables))
    found = first(await call(database_activity), "sql_lock")
    assert (found.attributes["waiter"], found.attributes["blocker"]) == ("101", "100")
    assert found.attributes["table"] == "orders"


async def test_redshift_shows_what_runs(load: Load, call: Call):
    database = {"engine": "redshift", "cluster": "dwh", "database": "analytics"}
    running = [session(7, "metabase", "active", started="-2h")]
    load(resources={"redshift_clusters": [{"name": "dwh"}]}, sql=[database | {"running_queries": running}])
    evidence = await call(database_activity)
    assert "120 minutes" in first(evidence, "long_statement").statement


async def test_a_database_without_a_data_api_is_named_as_such(load: Load, call: Call):
    load(resources={"rds_instances": [{"name": "legacy-db", "engine": "mysql", "engine_version": "8.0.39"}]})
    evidence = await call(database_activity, resource="legacy-db")
    assert evidence.status == EvidenceStatus.no_data
    assert "legacy-db does not answer SQL" in evidence.summary


@pytest.mark.parametrize("name", ["orders-db-api/stripe-key", "orders-db/stripe-key", "my-orders-db", "Orders-db"])
async def test_a_secret_whose_name_only_begins_like_the_database_is_not_its_login(load: Load, call: Call, name: str):
    story = postgres(session(100, "orders-api", "idle", 176))
    story["resources"]["secrets"] = [{"name": name}]
    load(**story)
    evidence = await call(database_activity, resource="orders-db")
    assert "execute_statement" not in evidence.query
    assert evidence.status is EvidenceStatus.no_data


def test_the_databases_own_secret_is_found_among_many_that_begin_like_it(load: Load, look: Look):
    story = postgres(session(100, "orders-api", "idle", 176))
    story["resources"]["secrets"] = [*({"name": f"orders-db-{n}/key"} for n in range(120)), {"name": "orders-db"}]
    load(**story)
    (found,) = databases(look, "orders-db").found
    assert re.search(r":secret:orders-db-\w{6}$", found.address["secretArn"])


def test_the_login_that_the_query_editor_made_for_a_cluster_is_used(load: Load, look: Look, account: SimulatedAccount):
    story = postgres(session(100, "orders-api", "idle", 12))
    story["resources"] = {
        "rds_instances": [{"name": "orders-db-1", "cluster": "orders-db", "engine": "aurora-postgresql"}]
    }
    story["sql"][0]["resource_arn"] = ARN.replace(":db:", ":cluster:")
    load(**story)
    rds, secrets = (boto3.client(name, "us-east-1", endpoint_url=account.url) for name in ("rds", "secretsmanager"))
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    for number in (0, 1):
        who = cluster["DbClusterResourceId"] if number else "cluster-OTHER"
        secrets.create_secret(Name=f"rds-db-credentials/{who}/reader/{number}", SecretString="{}")
    (found,) = databases(look, "orders-db").found
    assert ":secret:rds-db-credentials/" + cluster["DbClusterResourceId"] in found.address["secretArn"]
