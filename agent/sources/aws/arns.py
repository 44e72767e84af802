"""Resources of AWS: read from ARNs, and ARNs derived from metric dimensions and names where those say enough.

resource("arn:aws:ecs:eu-west-1:123456789012:service/shop/checkout")
-> Resource(service="ecs", type="service", id="checkout", region="eu-west-1", account="123456789012", arn=…)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from agent.models import Resource

SERVICES = {
    "elasticloadbalancing": "elb",
    "applicationelb": "elb",
    "networkelb": "elb",
    "states": "stepfunctions",
    "airflow": "mwaa",
    "amazonmwaa": "mwaa",
    "execute-api": "apigateway",
    "es": "opensearch",
    "autoscaling": "ec2",
    "natgateway": "nat",
    "ebs": "ec2",
    "containerinsights": "ecs",
}
"""What the project calls a service, where ARNs, namespaces and events call it otherwise."""

_ARN = re.compile(r"arn:(aws[\w-]*):([\w-]+):([\w-]*):(\d{12})?:(.+)")
_SINGLE = {"sqs": "queue", "sns": "topic", "s3": "bucket"}
"""Services whose ARNs name the resource and no type."""

_BY_DIMENSION = {
    "functionname": "lambda:{place}:function:{value}",
    "dbinstanceidentifier": "rds:{place}:db:{value}",
    "dbclusteridentifier": "rds:{place}:cluster:{value}",
    "servicename": "ecs:{place}:service/{cluster}/{value}",
    "clustername": "ecs:{place}:cluster/{value}",
    "queuename": "sqs:{place}:{value}",
    "topicname": "sns:{place}:{value}",
    "tablename": "dynamodb:{place}:table/{value}",
    "natgatewayid": "ec2:{place}:natgateway/{value}",
    "instanceid": "ec2:{place}:instance/{value}",
    "volumeid": "ec2:{place}:volume/{value}",
    "bucketname": "s3:::{value}",
    "loadbalancer": "elasticloadbalancing:{place}:loadbalancer/{value}",
    "targetgroup": "elasticloadbalancing:{place}:{value}",
    "clusteridentifier": "redshift:{place}:cluster:{value}",
    "cacheclusterid": "elasticache:{place}:cluster:{value}",
    "filesystemid": "elasticfilesystem:{place}:file-system/{value}",
    "streamname": "kinesis:{place}:stream/{value}",
    "deliverystreamname": "firehose:{place}:deliverystream/{value}",
    "rulename": "events:{place}:rule/{value}",
    "projectname": "codebuild:{place}:project/{value}",
    "domainname": "es:{place}:domain/{value}",
    "loggroupname": "logs:{place}:log-group:{value}",
    "environment": "airflow:{place}:environment/{value}",
    "jobname": "glue:{place}:job/{value}",
    "apiid": "apigateway:{region}::/apis/{value}",
}
"""What follows `arn:aws:` for a metric dimension, in lower case.

`place` is `region:account`, `cluster` another dimension.
"""


def partition_of(region: str) -> str:
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def console(region: str, path: str) -> str:
    """A page of the AWS console in a region; "" without one, because it would show another region's."""
    hosts = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
    host = hosts.get(partition_of(region), f"{region}.console.aws.amazon.com")
    return f"https://{host}/{path}" if re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region) else ""


def quoted(name: str) -> str:
    return quote(name, safe="")


def is_arn(text: str) -> bool:
    return bool(_ARN.fullmatch(text.strip()))


def service_named(name: str) -> str:
    """`ELASTICLOADBALANCING`, `aws.states`, `AWS/ApplicationELB`: the service as this project calls it."""
    lower = name.strip().lower().removeprefix("aws.").rpartition("/")[2].replace(" ", "")
    return SERVICES.get(lower, lower)


def resource(arn: str, *, region: str = "", account: str = "", service: str = "") -> Resource:
    """The resource that an ARN names; a text that is no ARN is its id. The rest fills what the ARN leaves out."""
    match = _ARN.fullmatch(arn.strip())
    if not match:
        return Resource(service=service, id=arn.strip(), region=region, account=account)
    _, named, own_region, own_account, rest = match.groups()
    kind, _, name = re.sub(r"[/:]", "\0", rest, count=1).partition("\0")
    if named in _SINGLE:
        kind, name = _SINGLE[named], rest.partition("/")[0] if named == "s3" else rest
    elif not name:
        kind, name = "", rest
    own_id, own_arn = name.strip(":*"), match[0]
    if named == "ecs" and kind in ("service", "task", "container-instance"):
        own_id = own_id.rpartition("/")[2]
    if named == "lambda":  # whichever version failed, it is the same function
        own_id, _, version = own_id.partition(":")
        own_arn = own_arn.removesuffix(f":{version}")
    return Resource(
        service=SERVICES.get(named, named),
        type=kind,
        id=own_id,
        region=own_region or region,
        account=own_account or account,
        arn=own_arn,
    )


def derived(dimension: str, value: str, region: str, account: str, others: Mapping[str, str] | None = None) -> str:
    """The ARN of the resource that a dimension names, "" where it cannot be known. Names are in lower case."""
    if is_arn(value):
        return value
    form = _BY_DIMENSION.get(dimension, "")
    known = {
        "value": value,
        "region": region,
        "place": f"{region}:{account}" if region and account else "",
        "cluster": (others or {}).get("clustername", ""),
    }
    if not form or not all(given for name, given in known.items() if f"{{{name}}}" in form):
        return ""
    return f"arn:{partition_of(region)}:{form.format_map(known)}"
