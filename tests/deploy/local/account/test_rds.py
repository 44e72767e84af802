"""RDS instances with their events and parameters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.deploy.local.account.conftest import NOW


@pytest.fixture
def rds(load, client):
    events = [
        {"at": "-5h", "message": "Backing up DB instance", "categories": ["backup"]},
        {"at": "-20m", "message": "DB instance restarted", "categories": ["availability"]},
        {"at": "-15d", "message": "Too old", "categories": ["availability"]},
    ]
    orders = {"name": "orders-db", "parameters": {"max_connections": "200"}, "events": events}
    load(resources={"rds_instances": [orders, {"name": "catalog-db", "instance_class": "db.r6g.xlarge"}]})
    return client("rds")


def messages(rds, **wanted) -> list[str]:
    return [event["Message"] for event in rds.describe_events(**wanted)["Events"]]


def test_events_are_those_of_the_last_hour_unless_a_range_is_given(rds) -> None:
    assert messages(rds) == ["DB instance restarted"]
    assert messages(rds, Duration=600) == ["Backing up DB instance", "DB instance restarted"]
    assert messages(rds, StartTime=NOW - timedelta(days=20)) == ["Backing up DB instance", "DB instance restarted"]


def test_events_are_filtered_by_source_and_category(rds) -> None:
    day = {"Duration": 1440}

    assert messages(rds, **day, SourceIdentifier="catalog-db", SourceType="db-instance") == []
    assert messages(rds, **day, EventCategories=["backup"]) == ["Backing up DB instance"]


def test_the_limit_of_connections_is_read_from_the_instances_own_parameter_group(rds) -> None:
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier="orders-db")["DBInstances"]
    group = instance["DBParameterGroups"][0]["DBParameterGroupName"]
    by_user = rds.describe_db_parameters(DBParameterGroupName=group, Source="user")["Parameters"]
    everything = rds.describe_db_parameters(DBParameterGroupName=group)["Parameters"]

    assert [(each["ParameterName"], each["ParameterValue"]) for each in by_user] == [("max_connections", "200")]
    assert len(everything) > len(by_user)
    assert instance["InstanceCreateTime"] == NOW - timedelta(days=400)


def test_an_unset_limit_is_the_formula_of_the_engine(rds) -> None:
    parameters = rds.describe_db_parameters(DBParameterGroupName="catalog-db-params")["Parameters"]
    (limit,) = [each for each in parameters if each["ParameterName"] == "max_connections"]

    assert (limit["ParameterValue"], limit["Source"]) == ("LEAST({DBInstanceClassMemory/9531392},5000)", "system")


def test_an_unknown_parameter_group_is_an_error(rds) -> None:
    with pytest.raises(rds.exceptions.DBParameterGroupNotFoundFault):
        rds.describe_db_parameters(DBParameterGroupName="nothing")
