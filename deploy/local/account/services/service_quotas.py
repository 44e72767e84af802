"""Service Quotas: AWS's defaults for the quotas that are hit most, with a scenario's values in their place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.state import Account

MAX_QUOTAS = 100


@dataclass(frozen=True)
class Known:
    service: str
    code: str
    name: str
    value: float
    metric: tuple[str, str, dict[str, str], str] | None = None
    """Namespace, name, dimensions and statistic of the metric that shows the use."""
    adjustable: bool = True


def _usage(service: str, resource: str, kind: str = "Resource", group: str = "None") -> Any:
    """The metric that AWS publishes for most quotas."""
    dimensions = {"Service": service, "Type": kind, "Resource": resource, "Class": group}
    return "AWS/Usage", "ResourceCount" if kind == "Resource" else "CallCount", dimensions, "Maximum"


DEFAULTS: tuple[Known, ...] = (
    Known("lambda", "L-B99A9384", "Concurrent executions", 1000,
          ("AWS/Lambda", "ConcurrentExecutions", {}, "Maximum")),
    Known("lambda", "L-2ACBD22F", "Function and layer storage", 75),
    Known("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5,
          _usage("EC2", "vCPU", group="Standard/OnDemand")),
    Known("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5),
    Known("vpc", "L-F678F1CE", "VPCs per Region", 5),
    Known("vpc", "L-DF5E4CA3", "Network interfaces per Region", 5000),
    Known("vpc", "L-FE5A380F", "NAT gateways per Availability Zone", 5),
    Known("ecs", "L-21C621EB", "Clusters per account", 10000, _usage("ECS", "ClustersPerAccount")),
    Known("fargate", "L-3032A538", "Fargate On-Demand vCPU resource count", 6,
          _usage("Fargate", "vCPU", group="Standard/OnDemand")),
    Known("rds", "L-7B6409FD", "DB instances", 40, _usage("RDS", "DBInstances")),
    Known("autoscaling", "L-CDE20ADC", "Auto Scaling groups per region", 500),
    Known("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50),
    Known("dynamodb", "L-F98FE922", "Maximum number of tables", 2500),
    Known("sns", "L-61103206", "Topics per Account", 100000),
    Known("states", "L-BE6F4043", "Registered state machines", 10000),
    Known("cloudformation", "L-0485CB21", "Stack count", 2000, _usage("CloudFormation", "StackCount")),
    Known("s3", "L-DC2B2D3D", "General purpose buckets", 10000),
)  # fmt: skip


def list_service_quotas(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    quotas = [each for each in _applied(account, request.region) if each.service == params["ServiceCode"]]
    if not quotas:
        raise AwsError("NoSuchResourceException", f"There is no service {params['ServiceCode']} in Service Quotas.")
    quotas = [each for each in quotas if params.get("QuotaCode") in (None, each.code)]
    size = params.get("MaxResults") or MAX_QUOTAS
    shown, token = page(quotas, params, params.get("NextToken"), size, "InvalidPaginationTokenException")
    return {"Quotas": [_shown(account, each, request.region) for each in shown]} | (
        {"NextToken": token} if token else {}
    )


def list_services(account: Account, request: Request) -> dict[str, Any]:
    codes = sorted({each.service for each in _applied(account, request.region)})
    size = request.params.get("MaxResults") or MAX_QUOTAS
    shown, token = page(codes, request.params, request.params.get("NextToken"), size, "InvalidPaginationTokenException")
    services = [{"ServiceCode": code, "ServiceName": code} for code in shown]
    return {"Services": services, **({"NextToken": token} if token else {})}


def get_service_quota(account: Account, request: Request) -> dict[str, Any]:
    wanted = request.params["ServiceCode"], request.params["QuotaCode"]
    found = next((each for each in _applied(account, request.region) if (each.service, each.code) == wanted), None)
    if found is None:
        raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return {"Quota": _shown(account, found, request.region)}


def applied_value(account: Account, region: str, service: str, code: str) -> float:
    """What a quota allows. StopIteration when nobody knows it."""
    return next(each.value for each in _applied(account, region) if (each.service, each.code) == (service, code))


def _applied(account: Account, region: str) -> list[Known]:
    """The defaults, each with the value that a scenario gives it, and what else a scenario names."""
    known = {(each.service, each.code): each for each in DEFAULTS}
    for loaded in account.loaded(region):
        for quota in loaded.scenario.quotas:
            key = quota.service, quota.code
            base = known.get(key) or Known(quota.service, quota.code, quota.code, quota.value)
            metric = base.metric
            if quota.namespace and quota.metric:
                metric = quota.namespace, quota.metric, dict(quota.dimensions), quota.statistic
            known[key] = replace(
                base, value=quota.value, name=quota.name or base.name, metric=metric, adjustable=quota.adjustable
            )
    return list(known.values())


def _shown(account: Account, quota: Known, region: str) -> dict[str, Any]:
    loaded = account.loaded(region)
    owner = loaded[0].scenario.account_id if loaded else "123456789012"
    shown: dict[str, Any] = {
        "ServiceCode": quota.service,
        "ServiceName": quota.service,
        "QuotaArn": f"arn:aws:servicequotas:{region}:{owner}:{quota.service}/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": quota.value,
        "Unit": "None",
        "Adjustable": quota.adjustable,
        "GlobalQuota": False,
    }
    if quota.metric:
        namespace, name, dimensions, statistic = quota.metric
        shown["UsageMetric"] = {
            "MetricNamespace": namespace,
            "MetricName": name,
            "MetricDimensions": dimensions,
            "MetricStatisticRecommendation": statistic,
        }
    return shown


OPERATIONS: dict[str, Operation] = {
    "GetServiceQuota": get_service_quota,
    "ListServiceQuotas": list_service_quotas,
    "ListServices": list_services,
}
