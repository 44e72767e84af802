"""Links into the AWS console, for each partition. Pure: what the console itself puts in the address bar.

lambda_function(aws, "checkout")
-> https://us-east-1.console.aws.amazon.com/lambda/home?region=us-east-1#/functions/checkout
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol
from urllib.parse import quote, urlencode

from agent.models import TimeRange

_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_UNESCAPED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")


class Place(Protocol):
    """Where links lead: any `AwsSession` is one."""

    @property
    def region(self) -> str: ...
    @property
    def partition(self) -> str: ...


# Compute and applications


def lambda_function(aws: Place, name: str) -> str:
    return _regional(aws, "lambda", f"/functions/{_part(name)}")


def resources(aws: Place) -> str:
    """The Tag Editor, which lists resources of all kinds."""
    return f"https://{_host(aws)}/resource-groups/tag-editor/find-resources?region={aws.region}"


def ecs_service(aws: Place, cluster: str, service: str) -> str:
    path = f"ecs/v2/clusters/{_part(cluster)}/services/{_part(service)}/health"
    return f"https://{_host(aws)}/{path}?region={aws.region}"


def ecs_cluster(aws: Place, cluster: str) -> str:
    return f"https://{_host(aws)}/ecs/v2/clusters/{_part(cluster)}/services?region={aws.region}"


def ec2_instance(aws: Place, instance_id: str) -> str:
    return _regional(aws, "ec2", f"InstanceDetails:instanceId={_part(instance_id)}")


def ec2_list(aws: Place, page: str, query: str = "") -> str:
    """A list of EC2's console: Volumes, Snapshots, Images, Addresses, LoadBalancers; `query` as `state=available`."""
    return _regional(aws, "ec2", f"{page}:{query}")


def auto_scaling_group(aws: Place, name: str) -> str:
    return _regional(aws, "ec2", f"AutoScalingGroupDetails:id={_part(name)}")


def load_balancer(aws: Place, arn: str) -> str:
    return _regional(aws, "ec2", f"LoadBalancer:loadBalancerArn={_part(arn)}")


def target_group(aws: Place, arn: str) -> str:
    return _regional(aws, "ec2", f"TargetGroup:targetGroupArn={_part(arn)}")


def state_machine(aws: Place, arn: str) -> str:
    return _regional(aws, "states", f"/v2/statemachines/view/{_part(arn)}")


def rest_api(aws: Place, api_id: str) -> str:
    return (
        f"https://{_host(aws)}/apigateway/main/apis/{_part(api_id)}/resources?api={_part(api_id)}&region={aws.region}"
    )


def http_api(aws: Place, api_id: str) -> str:
    return f"https://{_host(aws)}/apigateway/main/develop/routes?api={_part(api_id)}&region={aws.region}"


def stack(aws: Place, stack_id: str) -> str:
    return _regional(aws, "cloudformation", f"/stacks/events?{urlencode({'stackId': stack_id})}")


def codedeploy(aws: Place, deployment_id: str = "") -> str:
    """One deployment; all of them when its id is not known."""
    return f"https://{_host(aws)}/codesuite/codedeploy/deployments/{_part(deployment_id)}?region={aws.region}"


def codedeploy_application(aws: Place, name: str) -> str:
    return f"https://{_host(aws)}/codesuite/codedeploy/applications/{_part(name)}?region={aws.region}"


# Messages and storage


def sqs_queue(aws: Place, url: str) -> str:
    """`url` is the queue's own; only its account and name count, whatever host it was read from."""
    suffix = "amazonaws.com.cn" if aws.partition == "aws-cn" else "amazonaws.com"
    path = "/".join(url.rstrip("/").rsplit("/", 2)[-2:])
    return _regional(aws, "sqs/v3", f"/queues/{_part(f'https://sqs.{aws.region}.{suffix}/{path}')}")


def sns_topic(aws: Place, arn: str) -> str:
    return _regional(aws, "sns/v3", f"/topic/{_part(arn)}")


def dynamodb_table(aws: Place, name: str) -> str:
    return _regional(aws, "dynamodbv2", f"table?name={_part(name)}")


def s3_bucket(aws: Place, bucket: str, prefix: str = "") -> str:
    query = urlencode({"region": aws.region, "tab": "objects"} | ({"prefix": prefix} if prefix else {}))
    return f"https://{_host(aws)}/s3/buckets/{_part(bucket)}?{query}"


def s3_object(aws: Place, bucket: str, key: str) -> str:
    return f"https://{_host(aws)}/s3/object/{_part(bucket)}?{urlencode({'region': aws.region, 'prefix': key})}"


# Databases and data


def rds_instance(aws: Place, instance_id: str) -> str:
    return _regional(aws, "rds", f"database:id={_part(instance_id)};is-cluster=false")


def rds_query_editor(aws: Place) -> str:
    return _regional(aws, "rds", "query-editor:")


def rds_cluster(aws: Place, cluster_id: str) -> str:
    return _regional(aws, "rds", f"database:id={_part(cluster_id)};is-cluster=true")


def performance_insights(aws: Place, resource_id: str, span: TimeRange) -> str:
    """`resource_id` is the instance's DbiResourceId."""
    start, end = (int(moment.timestamp() * 1000) for moment in (span.start, span.end))
    query = urlencode({"resourceId": resource_id, "startTime": start, "endTime": end})
    return _regional(aws, "rds", f"performance-insights-v20206:/?{query}")


def redshift_cluster(aws: Place, cluster: str) -> str:
    return _regional(aws, "redshiftv2", f"cluster-details?cluster={_part(cluster)}")


def redshift_query(aws: Place, cluster: str = "", query_id: str = "") -> str:
    """One query of a cluster; the list of queries and loads when either is not known."""
    if cluster and query_id:
        return _regional(aws, "redshiftv2", f"query-details?{urlencode({'cluster': cluster, 'query': query_id})}")
    return _regional(aws, "redshiftv2", "queries-and-loads")


def mwaa_environment(aws: Place, name: str) -> str:
    return _regional(aws, "mwaa", f"environments/{_part(name)}")


# Network


def nat_gateway(aws: Place, nat_gateway_id: str) -> str:
    return _regional(aws, "vpcconsole", f"NatGatewayDetails:natGatewayId={_part(nat_gateway_id)}")


# Observability


def log_groups(aws: Place, fragment: str = "") -> str:
    return _regional(
        aws, "cloudwatch", "logsV2:log-groups" + (f"$3FlogGroupNameFilter$3D{_twice(fragment)}" if fragment else "")
    )


def log_group(aws: Place, group: str) -> str:
    return _regional(aws, "cloudwatch", f"logsV2:log-groups/log-group/{_twice(group)}")


def log_events(aws: Place, group: str, pattern: str, span: TimeRange) -> str:
    """All streams of a group, filtered by a pattern, in a range."""
    start, end = (int(moment.timestamp() * 1000) for moment in (span.start, span.end))
    query = f"$3FfilterPattern$3D{_twice(pattern)}$26start$3D{start}$26end$3D{end}"
    return f"{log_group(aws, group)}/log-events{query}"


def logs_insights(aws: Place, query: str, groups: Sequence[str], span: TimeRange) -> str:
    sources = "".join(f"~'{_starred(group)}" for group in groups)
    detail = (
        f"~(end~'{_starred(_stamp(span, 'end'))}~start~'{_starred(_stamp(span, 'start'))}~timeType~'ABSOLUTE~tz~'UTC"
        f"~editorString~'{_starred(query)}~source~({sources}))"
    )
    return _regional(aws, "cloudwatch", f"logsV2:logs-insights$3FqueryDetail$3D{detail}")


def metric_graph(
    aws: Place,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    span: TimeRange,
    statistic: str = "Average",
    period: int = 300,
    beside: Sequence[tuple[str, str, Mapping[str, str], str]] = (),
) -> str:
    """One series, and others `beside` it: namespace, metric, dimensions and statistic of each."""
    lines = _line(namespace, metric, dimensions) + "".join(_line(*one) for one in beside)
    graph = (
        f"~(metrics~({lines})~view~'timeSeries~stacked~false~region~'{aws.region}~stat~'{_starred(statistic)}"
        f"~period~{period}~start~'{_starred(_stamp(span, 'start'))}~end~'{_starred(_stamp(span, 'end'))})"
    )
    return _regional(aws, "cloudwatch", f"metricsV2:graph={graph}")


def _line(namespace: str, metric: str, dimensions: Mapping[str, str], statistic: str = "") -> str:
    """A series of a graph, with its own statistic where it is not the graph's."""
    words = [namespace, metric, *(part for pair in dimensions.items() for part in pair)]
    own = f"~(stat~'{_starred(statistic)})" if statistic else ""
    return "~(" + "".join(f"~'{_starred(word)}" for word in words) + own + ")"


def metrics_search(aws: Place, text: str) -> str:
    """The metrics page, searching for a name."""
    return _regional(aws, "cloudwatch", f"metricsV2?~(query~'{_starred(text)})")


def xray_traces(aws: Place, expression: str, span: TimeRange) -> str:
    """The traces of a range that a filter expression chooses."""
    query = f"~(expression~'{_starred(expression)})" if expression else "~()"
    times = f"~(start~'{_starred(_stamp(span, 'start'))}~end~'{_starred(_stamp(span, 'end'))})"
    return _regional(aws, "cloudwatch", f"xray:traces/query?~(query{query}~context~(timeRange{times}))")


def alarm(aws: Place, name: str) -> str:
    return _regional(aws, "cloudwatch", f"alarmsV2:alarm/{_part(name)}")


def alarms(aws: Place) -> str:
    return _regional(aws, "cloudwatch", "alarmsV2:")


def cloudtrail(aws: Place, resource: str = "", span: TimeRange | None = None) -> str:
    """CloudTrail's event history, of one resource by its name when given, without reads otherwise."""
    query = {"ResourceName": resource} if resource else {"ReadOnly": "false"}
    if span:
        query |= {"StartTime": _stamp(span, "start"), "EndTime": _stamp(span, "end")}
    return _regional(aws, "cloudtrailv2", f"/events?{urlencode(query)}")


def health(aws: Place) -> str:
    return f"https://{_global(aws)}/health/home#/account/event-log"


def guardduty(aws: Place) -> str:
    return _regional(aws, "guardduty", "/findings")


def service_quotas(aws: Place, service_code: str) -> str:
    return f"https://{_host(aws)}/servicequotas/home/services/{_part(service_code)}/quotas?region={aws.region}"


def security_hub(aws: Place) -> str:
    return _regional(aws, "securityhub", "/findings")


# Billing


def cost_explorer(aws: Place, start: date, end: date, service: str = "", group_by: str = "Service") -> str:
    """A daily report; `start` and `end` are its first and last day, `service` a Cost Explorer name."""
    chosen = [
        {
            "dimension": {"id": "Service", "displayValue": "Service"},
            "operator": "INCLUDES",
            "values": [{"value": service, "displayValue": service}],
        }
    ]
    query = {
        "chartStyle": "STACK",
        "costAggregate": "unBlendedCost",
        "granularity": "Daily",
        "groupBy": json.dumps([group_by]),
        "historicalRelativeRange": "CUSTOM",
        "startDate": start.isoformat(),
        "endDate": end.isoformat(),
        "filter": json.dumps(chosen if service else [], separators=(",", ":")),
    }
    return f"https://{_global(aws)}/costmanagement/home#/cost-explorer?{urlencode(query, quote_via=quote)}"


def cost_anomalies(aws: Place) -> str:
    return f"https://{_global(aws)}/costmanagement/home#/anomaly-detection/overview?activeTab=history"


def budgets(aws: Place, name: str = "") -> str:
    page = f"details?name={_part(name)}" if name else "overview"
    return f"https://{_global(aws)}/costmanagement/home#/budgets/{page}"


# Addresses and encodings


def _global(aws: Place) -> str:
    return _DOMAINS.get(aws.partition, _DOMAINS["aws"])


def _host(aws: Place) -> str:
    return f"{aws.region}.{_global(aws)}"


def _regional(aws: Place, application: str, fragment: str) -> str:
    return f"https://{_host(aws)}/{application}/home?region={aws.region}#{fragment}"


def _part(text: str) -> str:
    return quote(text, safe="")


def _twice(text: str) -> str:
    """As the Logs console writes names: percent-encoded twice, with $ for the outer %, so that / becomes $252F."""
    return _part(_part(text)).replace("%", "$")


def _starred(text: str) -> str:
    """As the Metrics and Insights pages write strings: *2f for /, and **2014 for what is beyond Latin-1."""
    return "".join(c if c in _UNESCAPED else f"*{ord(c):02x}" if ord(c) < 256 else f"**{ord(c):04x}" for c in text)


def _stamp(span: TimeRange, side: str) -> str:
    moment = span.start if side == "start" else span.end
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
