"""The doctor's AWS part: credentials, and one harmless read for each permission that the evidence tools need."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from agent.models import TimeRange
from agent.settings import Settings
from deploy.own_stores import check_own_stores
from tools.aws import Boto3Session
from tools.aws.denials import is_denied
from tools.evidence.airflow.http import self_hosted
from tools.evidence.cache import MemoryCache
from tools.evidence.failures import EXPECTED, failure
from tools.evidence.look import Look

NOT_ENABLED = ("SubscriptionRequiredException", "InvalidAccessException", "OptInRequired")
"""The service answers, but this account has not turned it on: nothing to grant."""


def check_aws(settings: Settings, aws: Literal["simulated", "real"]) -> Iterator[dict[str, Any]]:
    """Fields of `deploy.doctor.Check`."""
    with ExitStack() as stack:
        if aws == "simulated":
            from deploy.once import simulated_account

            stack.enter_context(simulated_account(["lambda-cost-spike"], settings))
        try:
            session = Boto3Session.of(settings)
            account = session.account
        except NoCredentialsError:
            fix = "run `aws configure sso` or set AWS_PROFILE; or leave out --aws real for the simulated account"
            yield {"name": "AWS", "status": "fail", "message": "there are no credentials", "fix": fix}
            return
        except (BotoCoreError, ClientError) as error:
            fix = "check the credentials, the region and AWS_ENDPOINT_URL"
            yield {"name": "AWS", "status": "fail", "message": str(error)[:200], "fix": fix}
            return
        kind = "simulated account" if aws == "simulated" else "account"
        yield {"name": "AWS", "status": "ok", "message": f"{kind} {account} in {session.region}"}
        yield from _other_accounts(session, settings)
        yield from _permissions(session)
        yield from _own_airflow(session, settings)
    if aws == "real":
        yield from check_own_stores(settings)


def _other_accounts(session: Boto3Session, settings: Settings) -> Iterator[dict[str, Any]]:
    """Whether the role of each further account can be assumed."""
    for other in settings.aws_accounts:
        label = f"AWS account {other.name or other.id}"
        role = other.role_arn(session.partition)
        try:
            there = session.at(other.id)
            there.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            fix = f"let {role} trust the identity that Watchkeeper runs as, with the external id that is set"
            yield {"name": label, "status": "warn", "message": f"cannot be read ({str(error)[:150]})", "fix": fix}
        else:
            yield {"name": label, "status": "ok", "message": f"{role} in {there.region}"}


def _own_airflow(session: Boto3Session, settings: Settings) -> Iterator[dict[str, Any]]:
    """Whether each self-hosted Airflow answers, and lets us read."""
    now = datetime.now(UTC)
    window = TimeRange(start=now - timedelta(hours=1), end=now)
    for airflow in self_hosted(Look(session, now, window, settings, MemoryCache())):
        label = f"Airflow {airflow.name}"
        try:
            airflow.get("/dags", {"limit": 1})
        except EXPECTED as error:
            fix = "check WATCHKEEPER_AIRFLOW_URL and the token or user; it needs to read DAGs, runs, tasks and logs"
            yield {"name": label, "status": "warn", "message": failure(error)[1].summary[:200], "fix": fix}
        else:
            yield {"name": label, "status": "ok", "message": f"{airflow.url} answers"}


def _probes() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """IAM action -> (service, operation, parameters) of the cheapest call that needs it. None of them costs money."""
    now = datetime.now(UTC)
    hour = {"StartTime": now - timedelta(hours=1), "EndTime": now}
    return {
        "cloudwatch:DescribeAlarms": ("cloudwatch", "describe_alarms", {"MaxRecords": 1}),
        "cloudwatch:ListMetrics": ("cloudwatch", "list_metrics", {"Namespace": "AWS/Lambda"}),
        "logs:DescribeLogGroups": ("logs", "describe_log_groups", {"limit": 1}),
        "cloudtrail:LookupEvents": ("cloudtrail", "lookup_events", {"MaxResults": 1, **hour}),
        "lambda:ListFunctions": ("lambda", "list_functions", {"MaxItems": 1}),
        "ecs:ListClusters": ("ecs", "list_clusters", {}),
        "rds:DescribeDBInstances": ("rds", "describe_db_instances", {}),
        "sqs:ListQueues": ("sqs", "list_queues", {}),
        "dynamodb:ListTables": ("dynamodb", "list_tables", {}),
        "s3:ListAllMyBuckets": ("s3", "list_buckets", {}),
        "ec2:DescribeNatGateways": ("ec2", "describe_nat_gateways", {}),
        "budgets:ViewBudget": ("budgets", "describe_budgets", {"AccountId": ""}),
        "airflow:ListEnvironments": ("mwaa", "list_environments", {}),
        "redshift-data:ListStatements": ("redshift-data", "list_statements", {}),
    }


def _permissions(session: Boto3Session) -> Iterator[dict[str, Any]]:
    probes = _probes()
    with ThreadPoolExecutor(8) as pool:
        running = {action: pool.submit(_try, session, *probe) for action, probe in probes.items()}
        answers = {action: answer.result() for action, answer in running.items()}
    denied = [action for action, problem in answers.items() if problem == "denied"]
    broken = {action: problem for action, problem in answers.items() if problem not in ("", "denied")}
    for action in denied:
        fix = f'allow "{action}" on "*" to the identity that Watchkeeper runs as'
        yield {"name": f"AWS {action}", "status": "warn", "message": "denied", "fix": fix}
    for action, problem in broken.items():
        yield {
            "name": f"AWS {action}",
            "status": "warn",
            "message": problem,
            "fix": "what it would show will be missing",
        }
    fine = len(probes) - len(denied) - len(broken)
    note = "Cost Explorer is not tried, because each request costs 0.01 USD"
    yield {"name": "AWS permissions", "status": "ok", "message": f"{fine} of {len(probes)} reads work; {note}"}


def _try(session: Boto3Session, service: str, operation: str, parameters: dict[str, Any]) -> str:
    """ "" when it works, "denied", or what went wrong in a few words."""
    if "AccountId" in parameters:
        parameters = {**parameters, "AccountId": session.account}
    try:
        getattr(session.client(service), operation)(**parameters)
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code in NOT_ENABLED:
            return ""
        return "denied" if is_denied(error) else f"answers {code}"
    except EndpointConnectionError:
        return f"cannot be reached in {session.region}"
    except BotoCoreError as error:
        return str(error)[:150]
    return ""
