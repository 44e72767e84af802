"""The services behind the infra tools compute from the request, and refuse what they cannot answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploy.local.account import Scenario
from deploy.local.account.cloudwatch.composite import children_of, evaluate_rule
from deploy.local.account.cloudwatch.evaluate import ALARM, OK, Record, Transition
from tests.deploy.local.account.conftest import NOW

Loading = Callable[..., Scenario]
Client = Callable[..., Any]


def code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return refused.value.response["Error"]["Code"]


def test_codedeploy_wants_an_application_together_with_its_group(load: Loading, client: Client):
    groups = [{"name": "prod", "deployments": [{"at": "-1h"}]}]
    load(resources={"deploy_applications": [{"name": "shop", "groups": groups}]})
    codedeploy = client("codedeploy")
    with pytest.raises(ClientError) as refused:
        codedeploy.list_deployments(applicationName="shop")
    assert code(refused) == "DeploymentGroupNameRequiredException"
    assert codedeploy.list_deployments(applicationName="shop", deploymentGroupName="other")["deployments"] == []
    assert codedeploy.list_deployments(includeOnlyStatuses=["Failed"])["deployments"] == []
    with pytest.raises(ClientError) as refused:
        codedeploy.create_deployment(applicationName="shop")
    assert code(refused) == "UnsupportedOperation"


def test_guardduty_honours_criteria_and_refuses_those_it_does_not_know(load: Loading, client: Client):
    finding = {
        "type": "Recon:EC2/Portscan",
        "title": "t",
        "resource_type": "Instance",
        "resource_id": "i-1",
        "at": "-1h",
    }
    load(guardduty_findings=[{"id": "low", "severity": 2, **finding}, {"id": "high", "severity": 8, **finding}])
    guardduty = client("guardduty")
    (detector,) = guardduty.list_detectors()["DetectorIds"]

    def ids(**criterion: Any) -> list[str]:
        return guardduty.list_findings(DetectorId=detector, FindingCriteria={"Criterion": criterion})["FindingIds"]

    assert ids(severity={"Gte": 7}) == ids(severity={"GreaterThanOrEqual": 7}) == ["high"]
    assert set(ids(updatedAt={"GreaterThanOrEqual": 1_000_000_000_000})) == {"high", "low"}
    with pytest.raises(ClientError) as refused:
        ids(updatedAt={"Gte": 1_000_000_000_000})
    assert code(refused) == "BadRequestException"
    assert ids(type={"Eq": ["Other"]}) == []
    with pytest.raises(ClientError) as refused:
        ids(region={"Eq": ["us-east-1"]})
    assert code(refused) == "UnsupportedOperation"
    with pytest.raises(ClientError) as refused:
        guardduty.list_findings(DetectorId="0" * 32)
    assert code(refused) == "BadRequestException"


def test_performance_insights_average_the_load_over_the_range(load: Loading, client: Client):
    part = {"sql": "SELECT 1", "load": 1, "changes": [{"from": "-30m", "load": 5}]}
    load(resources={"rds_instances": [{"name": "db", "performance": {"parts": [part]}}, {"name": "plain"}]})
    databases = {d["DBInstanceIdentifier"]: d for d in client("rds").describe_db_instances()["DBInstances"]}
    pi = client("pi")

    def top(instance: str, group: str = "db.sql_tokenized") -> list[dict[str, Any]]:
        return pi.describe_dimension_keys(
            ServiceType="RDS",
            Identifier=databases[instance]["DbiResourceId"],
            Metric="db.load.avg",
            GroupBy={"Group": group},
            StartTime=NOW - timedelta(hours=1),
            EndTime=NOW,
        )["Keys"]

    assert top("db")[0]["Total"] == pytest.approx(3)
    with pytest.raises(ClientError) as refused:
        top("plain")
    assert code(refused) == "NotAuthorizedException"
    with pytest.raises(ClientError) as refused:
        top("db", "db.application")
    assert code(refused) == "UnsupportedOperation"


def test_quotas_are_those_of_the_service_with_the_scenarios_values(load: Loading, client: Client):
    load(quotas=[{"service": "lambda", "code": "L-B99A9384", "value": 50}])
    quotas = client("service-quotas")
    values = {q["QuotaCode"]: q["Value"] for q in quotas.list_service_quotas(ServiceCode="lambda")["Quotas"]}
    assert values["L-B99A9384"] == 50
    assert client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 50
    with pytest.raises(ClientError) as refused:
        quotas.list_service_quotas(ServiceCode="nothing")
    assert code(refused) == "NoSuchResourceException"


def test_stacks_that_somebody_makes_stand_beside_those_of_the_scenario(load: Loading, client: Client):
    load(resources={"stacks": [{"name": "told", "events": [{"at": "-1h", "status": "UPDATE_COMPLETE"}]}]})
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="made", TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    assert {s["StackName"] for s in cloudformation.describe_stacks()["Stacks"]} == {"told", "made"}
    assert cloudformation.describe_stack_events(StackName="made")["StackEvents"]
    with pytest.raises(ClientError):
        cloudformation.describe_stacks(StackName="absent")


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ("ALARM(a)", True),
        ('ALARM("b")', False),
        ("ALARM(a) AND ALARM(b)", False),
        ("ALARM(a) AND NOT ALARM(b)", True),
        ("(ALARM(b) OR OK(b)) AND TRUE", True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a) OR FALSE", True),
    ],
)
def test_a_composite_alarm_is_as_its_rule_says(rule: str, fires: bool):
    records = {"a": Record(OK, NOW, (Transition(NOW, OK, ALARM, "", ()),)), "b": Record(OK, NOW, ())}
    assert (evaluate_rule(rule, records).state == ALARM) is fires
    assert set(children_of(rule)) <= {"a", "b"}
