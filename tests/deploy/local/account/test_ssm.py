"""Systems Manager as real boto3 sees it: commands with computed output, and parameters."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

SCENARIO = {
    "resources": {
        "ec2_instances": [{"name": "web-1", "tags": {"team": "web"}}, {"name": "db-1", "tags": {"team": "db"}}]
    },
    "ssm": {
        "instances": [
            {"name": "web-1", "last_ping": "-1m"},
            {"name": "db-1", "last_ping": "-1m"},
            {"name": "old-1", "last_ping": "-3d", "online": False},
        ],
        "commands": [
            {"pattern": "^df ", "instances": ["db-1"], "stdout": "/dev/xvda1 97%\n", "seconds": 0.02},
            {"pattern": "^df ", "stdout": "/dev/xvda1 12%\n", "seconds": 0.02},
            {"pattern": "^systemctl is-active", "stderr": "failed\n", "exit_code": 3, "seconds": 0.02},
        ],
        "parameters": [
            {"name": "/web/url", "value": "https://example.test", "at": "-9d"},
            {"name": "/web/db/password", "value": "hunter2", "type": "SecureString", "at": "-9d"},
        ],
    },
}


@pytest.fixture
def ssm(load: Callable[..., Any], client: Callable[..., Any]) -> Any:
    load(**SCENARIO)
    return client("ssm")


def instance_ids(ssm: Any) -> dict[str, str]:
    listed = ssm.describe_instance_information()["InstanceInformationList"]
    return {each["ComputerName"].partition(".")[0]: each["InstanceId"] for each in listed}


def send(ssm: Any, *commands: str, **target: Any) -> dict[str, Any]:
    parameters = {"commands": list(commands)}
    return ssm.send_command(DocumentName="AWS-RunShellScript", Parameters=parameters, **target)["Command"]


def ended(ssm: Any, command_id: str, instance_id: str) -> dict[str, Any]:
    for _ in range(100):
        seen = ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id)
        if seen["Status"] not in ("Pending", "InProgress"):
            return seen
        time.sleep(0.02)
    raise AssertionError("the command did not end")


def test_each_instance_prints_its_own_output(ssm: Any) -> None:
    ids = instance_ids(ssm)
    command = send(ssm, "df -h /", InstanceIds=[ids["web-1"], ids["db-1"]], Comment="inc_1 look at disks")
    assert ended(ssm, command["CommandId"], ids["db-1"])["StandardOutputContent"] == "/dev/xvda1 97%\n"
    assert ended(ssm, command["CommandId"], ids["web-1"])["StandardOutputContent"] == "/dev/xvda1 12%\n"


def test_a_command_starts_pending_and_shows_no_output_before_its_end(ssm: Any) -> None:
    web = instance_ids(ssm)["web-1"]
    command = send(ssm, "df -h /", InstanceIds=[web])
    assert command["Status"] == "Pending"
    seen = ssm.get_command_invocation(CommandId=command["CommandId"], InstanceId=web)
    assert (seen["StandardOutputContent"], seen["ResponseCode"]) == ("", -1)


def test_a_failing_command_tells_its_exit_code(ssm: Any) -> None:
    web = instance_ids(ssm)["web-1"]
    seen = ended(ssm, send(ssm, "systemctl is-active app", InstanceIds=[web])["CommandId"], web)
    assert (seen["Status"], seen["ResponseCode"], seen["StandardErrorContent"]) == ("Failed", 3, "failed\n")


def test_a_command_that_the_instance_does_not_know_fails(ssm: Any) -> None:
    web = instance_ids(ssm)["web-1"]
    seen = ended(ssm, send(ssm, "rm -rf /", InstanceIds=[web])["CommandId"], web)
    assert (seen["Status"], seen["ResponseCode"]) == ("Failed", 127)
    assert "rm: command not found" in seen["StandardErrorContent"]


def test_an_instance_that_is_offline_never_starts(ssm: Any) -> None:
    old = instance_ids(ssm)["old-1"]
    command = send(ssm, "df -h /", InstanceIds=[old])
    time.sleep(0.1)
    assert ssm.get_command_invocation(CommandId=command["CommandId"], InstanceId=old)["Status"] == "Pending"


def test_targets_choose_instances_by_tag(ssm: Any) -> None:
    command = send(ssm, "df -h /", Targets=[{"Key": "tag:team", "Values": ["db"]}])
    listed = ssm.list_command_invocations(CommandId=command["CommandId"])["CommandInvocations"]
    assert [each["InstanceName"] for each in listed] == ["db-1"]


def test_commands_are_found_again_by_comment_status_and_instance(ssm: Any) -> None:
    ids = instance_ids(ssm)
    first = send(ssm, "df -h /", InstanceIds=[ids["web-1"]], Comment="inc_1")
    second = send(ssm, "systemctl is-active app", InstanceIds=[ids["db-1"]], Comment="inc_2")
    ended(ssm, first["CommandId"], ids["web-1"])
    ended(ssm, second["CommandId"], ids["db-1"])

    def comments(**query: Any) -> list[str]:
        return [each["Comment"] for each in ssm.list_commands(**query)["Commands"]]

    assert comments() == ["inc_2", "inc_1"]
    assert comments(Filters=[{"key": "Status", "value": "Failed"}]) == ["inc_2"]
    assert comments(InstanceId=ids["web-1"]) == ["inc_1"]


def test_an_unknown_instance_or_document_is_refused(ssm: Any) -> None:
    with pytest.raises(ssm.exceptions.InvalidInstanceId):
        send(ssm, "df -h /", InstanceIds=["i-00000000000000000"])
    with pytest.raises(ssm.exceptions.InvalidDocument):
        ssm.send_command(DocumentName="Mine", InstanceIds=[instance_ids(ssm)["web-1"]])


def test_an_invocation_of_another_instance_does_not_exist(ssm: Any) -> None:
    ids = instance_ids(ssm)
    command = send(ssm, "df -h /", InstanceIds=[ids["web-1"]])
    with pytest.raises(ssm.exceptions.InvocationDoesNotExist):
        ssm.get_command_invocation(CommandId=command["CommandId"], InstanceId=ids["db-1"])


def test_instances_are_filtered_by_ping(ssm: Any) -> None:
    lost = ssm.describe_instance_information(Filters=[{"Key": "PingStatus", "Values": ["ConnectionLost"]}])
    assert [each["ComputerName"] for each in lost["InstanceInformationList"]] == ["old-1.ec2.internal"]


def test_managed_instances_are_the_ones_that_ec2_knows(ssm: Any, client: Callable[..., Any]) -> None:
    reservations = client("ec2").describe_instances()["Reservations"]
    machines = {instance["InstanceId"] for each in reservations for instance in each["Instances"]}
    ids = instance_ids(ssm)
    assert {ids["web-1"], ids["db-1"]} == machines


def test_a_secret_parameter_is_decrypted_only_on_request(ssm: Any) -> None:
    hidden = ssm.get_parameter(Name="/web/db/password")["Parameter"]["Value"]
    shown = ssm.get_parameter(Name="/web/db/password", WithDecryption=True)["Parameter"]["Value"]
    assert (shown, hidden == shown) == ("hunter2", False)
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/web/nope")


def test_parameters_are_read_by_path(ssm: Any) -> None:
    def names(**query: Any) -> list[str]:
        return [each["Name"] for each in ssm.get_parameters_by_path(Path="/web", **query)["Parameters"]]

    assert names() == ["/web/url"]
    assert names(Recursive=True) == ["/web/url", "/web/db/password"]
    several = ssm.get_parameters(Names=["/web/url", "/nope"])
    assert several["InvalidParameters"] == ["/nope"]
