"""RDS: one parameter within its bounds, for all who share the group; reboots only of what is available."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import UncertainEffect
from tests.tools.actions.account import NOW, Bench
from tools.actions.catalog import ACTIONS
from tools.actions.rds_groups import takes

GROUP = "ledger-db-params"
TIMEOUT = "idle_in_transaction_session_timeout"


def load(bench: Bench, **instance: Any) -> None:
    ledger = {"name": "ledger-db", "parameters": {"work_mem": "4096"}, "tags": {"env": "prod"}, **instance}
    bench.load(resources={"rds_instances": [ledger, {"name": "pricing-db"}]})


def setting(bench: Bench, parameter: str = TIMEOUT, target: str = "ledger-db", **more: Any) -> Any:
    return bench.preview("rds_parameter", target, **{"group": GROUP, "parameter": parameter, **more})


@pytest.mark.parametrize(
    ("allowed", "value", "taken"),
    [
        ("6-262143", "6", True),
        ("6-262143", "262144", False),
        ("6-262143", "LEAST({DBInstanceClassMemory/9531392},5000)", True),
        ("-1-2147483647", "-1", True),
        ("0.0-1.0", "0.25", True),
        ("0,1", "1", True),
        ("0,1", "on", False),
        ("auto_explain,pg_stat_statements", "pg_stat_statements,auto_explain", True),
        ("auto_explain,pg_stat_statements", "pg_stat_statements,pg_evil", False),
        ("", "anything", True),
    ],
)
def test_a_value_is_held_against_what_rds_allows(allowed: str, value: str, taken: bool) -> None:
    assert takes(allowed, value) is taken


def test_a_dynamic_parameter_takes_effect_at_once(bench: Bench) -> None:
    load(bench)
    preview = setting(bench, value="60000")
    assert preview.problems == ()
    assert preview.after["apply"] == "immediate"
    assert "dynamic" in " ".join(preview.warnings)
    assert preview.differences[0].before == "86400000 (by default)"
    assert preview.tags == {"env": "prod"}


def test_a_static_parameter_waits_for_a_reboot_and_says_so(bench: Bench) -> None:
    load(bench)
    preview = setting(bench, "max_connections", value="400")
    assert "next reboot" in " ".join(preview.warnings)
    result = bench.execute("rds_parameter", "ledger-db", group=GROUP, parameter="max_connections", value="400")
    assert "waits for a reboot" in result.message
    assert bench.preview("rds_reboot", "ledger-db").before["waiting"] == [GROUP]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"value": "-5"}, "takes 0-2147483647"),
        ({"parameter": "made_up", "value": "1"}, "knows no parameter made_up"),
        ({"group": "pricing-db-params", "value": "1"}, "does not use pricing-db-params, but ledger-db-params"),
        ({"reset": True}, "has its default already"),
        ({"parameter": "work_mem", "value": "4096"}, "is 4096 already"),
    ],
)
def test_what_cannot_be_set_is_a_problem(bench: Bench, more: dict[str, Any], why: str) -> None:
    load(bench)
    assert why in " ".join(setting(bench, **more).problems)


def test_a_group_of_aws_is_never_changed(bench: Bench) -> None:
    load(bench, parameter_group="default.postgres16")
    (problem,) = setting(bench, value="60000", group="default.postgres16").problems
    assert "AWS's own" in problem


def test_all_who_share_the_group_are_counted(bench: Bench) -> None:
    load(bench)
    bench.person("rds").modify_db_instance(DBInstanceIdentifier="pricing-db", DBParameterGroupName=GROUP)
    preview = setting(bench, value="60000")
    assert preview.affected == 2
    assert "ledger-db, pricing-db" in preview.blast_radius
    assert "all of them change" in " ".join(preview.warnings)


def test_a_value_that_is_neither_leaves_it_in_doubt(bench: Bench) -> None:
    load(bench)
    seen = setting(bench, value="60000")
    other = {"ParameterName": TIMEOUT, "ParameterValue": "1", "ApplyMethod": "immediate"}
    bench.person("rds").modify_db_parameter_group(DBParameterGroupName=GROUP, Parameters=[other])
    with pytest.raises(UncertainEffect, match="nobody foresaw"):
        bench.find("rds_parameter", "ledger-db", seen=seen, group=GROUP, parameter=TIMEOUT, value="60000")


def test_a_clusters_group_has_calls_and_rights_of_its_own(bench: Bench) -> None:
    for more, iam in (({"value": "1"}, "rds:Modify"), ({"reset": True}, "rds:Reset")):
        parameters = {"group": "shop-params", "parameter": "x", "of": "cluster", **more}
        (permission,) = ACTIONS["rds_parameter"].permissions(bench.order("rds_parameter", "shop", parameters))
        assert permission.iam == f"{iam}DBClusterParameterGroup"
        assert permission.resources == ("arn:aws:rds:us-east-1:123456789012:cluster-pg:shop-params",)


def test_a_clusters_parameter_is_set_in_the_clusters_group(bench: Bench) -> None:
    load(bench, engine="aurora-postgresql", cluster="shop")
    rds, group = bench.person("rds"), "shop-params"
    known = {"ParameterName": "log_statement", "ParameterValue": "none", "ApplyMethod": "immediate", "Source": "user"}
    rds.create_db_cluster_parameter_group(
        DBClusterParameterGroupName=group, DBParameterGroupFamily="aurora-postgresql16", Description="d"
    )
    rds.modify_db_cluster_parameter_group(DBClusterParameterGroupName=group, Parameters=[known])
    rds.modify_db_cluster(DBClusterIdentifier="shop", DBClusterParameterGroupName=group)
    order = {"group": group, "parameter": "log_statement", "value": "ddl", "of": "cluster"}
    seen = bench.preview("rds_parameter", "shop", **order)
    assert seen.problems == ()
    assert seen.before["instances"] == ["ledger-db"]
    assert bench.find("rds_parameter", "shop", seen=seen, **order) is None
    bench.execute("rds_parameter", "shop", seen=seen, **order)
    (now,) = rds.describe_db_cluster_parameters(DBClusterParameterGroupName=group)["Parameters"]
    assert now["ParameterValue"] == "ddl"


def test_a_cluster_that_is_not_there_is_a_problem(bench: Bench) -> None:
    load(bench)
    assert "no database cluster" in " ".join(setting(bench, value="1", of="cluster").problems)


@pytest.mark.parametrize(
    ("instance", "order", "why"),
    [
        ({"status": "backing-up"}, {}, "is backing-up"),
        ({"multi_az": False}, {"failover": True}, "not Multi-AZ"),
    ],
)
def test_what_cannot_be_rebooted_is_a_problem(
    bench: Bench, instance: dict[str, Any], order: dict[str, Any], why: str
) -> None:
    load(bench, **instance)
    assert why in bench.preview("rds_reboot", "ledger-db", **order).problems[0]


def test_the_downtime_is_said_in_words(bench: Bench) -> None:
    load(bench)
    alone = bench.preview("rds_reboot", "ledger-db")
    over = bench.preview("rds_reboot", "ledger-db", failover=True)
    assert "answers nobody" in alone.blast_radius
    assert "standby takes over" in over.blast_radius
    assert "No parameter waits" in alone.warnings[0]


def test_a_reboot_before_the_intent_is_not_ours(bench: Bench) -> None:
    load(bench, events=[{"at": "-10m", "message": "DB instance restarted", "categories": ["availability"]}])
    seen = bench.preview("rds_reboot", "ledger-db")
    assert bench.find("rds_reboot", "ledger-db", seen=seen) is None
    bench.execute("rds_reboot", "ledger-db")
    found = bench.find("rds_reboot", "ledger-db", seen=seen)
    assert found is not None
    assert found.at == NOW
