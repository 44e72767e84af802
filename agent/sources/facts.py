"""Facts that alert texts state in one form or another: the alarm, the metric, the resource, the DAG and task."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, unquote_plus

from agent.models import AlertStatus, Severity, digest
from agent.vocabulary import NAMESPACES, service_in

DIMENSIONS: dict[str, str] = {
    "functionname": "lambda",
    "dbinstanceidentifier": "rds",
    "dbclusteridentifier": "rds",
    "servicename": "ecs",
    "clustername": "ecs",
    "queuename": "sqs",
    "tablename": "dynamodb",
    "natgatewayid": "nat",
    "bucketname": "s3",
    "instanceid": "ec2",
    "loadbalancer": "elb",
    "clusteridentifier": "redshift",
    "apiname": "apigateway",
    "statemachinearn": "stepfunctions",
    "autoscalinggroupname": "ec2",
}
"""Metric dimensions (and Datadog tags), the most telling first, and the service each belongs to."""


def _stated(what: str, value: str = r"[\w.-]+") -> re.Pattern[str]:
    """`*Dag*: orders`, `dag_id='orders'`, `"dag_id": "orders"`."""
    return re.compile(rf"\b{what}\b[*`\"']{{0,2}}\s*[:=]\s*[*`\"']{{0,2}}\s*(?!None\b)({value})", re.I)


def _named(what: str) -> re.Pattern[str]:
    """`DAG orders_daily`: without a colon only a quoted word, or one that looks like a name."""
    return re.compile(rf"\b{what}\s+(?:[`'\"*]+([\w.-]+)[`'\"*]|(\w+(?:[_.-]\w+)+))", re.I)


_PAIR = re.compile(rf"\b({'|'.join(DIMENSIONS)})\W{{0,2}}\s*[=:]\s*[\"'`*]{{0,2}}\s*([\w./:-]+)", re.I)
_METRIC = re.compile(r"\b((?:AWS|ECS)/\w+|AmazonMWAA)\s+(\w+)")
_DATADOG = re.compile(r"\baws\.(\w+)\.(\w+)\{")
_TRIGGER = re.compile(r"\b(?:Average|Sum|Maximum|Minimum|SampleCount|p\d+)\s+([A-Z]\w+)\s+(?:Greater|Less)\w*Threshold")
_ALARM = (
    re.compile(r"\balarm ?name\W{0,3}[:=\n]\W{0,3}([\w./-][^\n\"|*`<>]*)", re.I),
    re.compile(r"alarmsV2:alarm/([\w./%+-]+)"),
    re.compile(r"#alarm:\S*?\bname=([\w./%+-]+)"),
    re.compile(r"\bALARM: \\?\"([^\"\\]+)"),
    re.compile(r"CloudWatch Alarm \| ([^|]+?) \|"),
)
_DAG = (_stated(r"dag(?:[ _]?id)?"), re.compile(r"/dags/([\w.-]+)"), re.compile(r"[?&]dag_id=([\w.-]+)"), _named("dag"))
_TASK = (_stated(r"task(?:[ _]?id)?"), re.compile(r"/tasks/([\w.-]+)"), _named("task"))
_RUN = (_stated(r"(?:run[ _]?id|dag_run)", r"[\w:.+-]+"), re.compile(r"/runs/([\w:.+%-]+)"))
_REGION = re.compile(
    r"\b((?:us|eu|ap|sa|ca|me|af|il|cn|mx)(?:-gov)?-"
    r"(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d)\b"
)
_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):|(?i:account)[^\d\n]{0,30}(\d{12})(?!\d)")
"""Twelve digits alone may be an order or a time; the account that is looked at is named as one."""
_LINK = re.compile(r"https?://[^\s<>|\"')]+")
_RESOLVED = re.compile(
    r"\bALARM\s*(?:→|->|to)\s*OK\b(?! transition)|\b(?:Current|New) State\W+OK\b"
    r"|^\W*(?::\w+:\W*)?(?:OK|RESOLVED|Recovered)\b(?!\s*(?:→|->|to)\s)|\[(?:RESOLVED|Recovered|OK)\b",
    re.I | re.M,
)
_SEVERITY = re.compile(
    r"\bseverity\b\W{1,6}(critical|fatal|error|high|warn(?:ing)?|medium|info(?:rmational)?|low)\b", re.I
)
_SEVERITIES = {
    **dict.fromkeys(("critical", "fatal"), Severity.critical),
    **dict.fromkeys(("error", "high"), Severity.error),
    **dict.fromkeys(("warn", "warning", "medium"), Severity.warning),
    **dict.fromkeys(("info", "informational", "low"), Severity.info),
}
_CRITICAL = re.compile(r"\bcritical\b|\bSEV-?1\b|\bP1\b", re.I)
_ERROR = re.compile(r"\balarm\b|\bfail(?:ed|ure)\b|\berror|\btriggered\b|\bfiring\b|\bdown\b", re.I)
_VOLATILE = re.compile(r"\d+")
_METRIC_SERVICES = {namespace.rpartition("/")[2].lower(): service for namespace, service in NAMESPACES.items()}


def dimensions_in(text: str) -> dict[str, str]:
    """Known dimensions with their values, lower-case names, in the order of `DIMENSIONS`."""
    found = {name.lower(): value.rstrip(".,:") for name, value in reversed(_PAIR.findall(text))}
    return {name: found[name] for name in DIMENSIONS if name in found}


def alarm_in(text: str) -> str:
    return unquote_plus(_first(_ALARM, text))


def metric_in(text: str) -> tuple[str, str]:
    """(service, metric), either of them "" when the text does not say."""
    if match := _METRIC.search(text):
        return NAMESPACES.get(match[1], ""), match[2]
    if match := _DATADOG.search(text):
        return _METRIC_SERVICES.get(match[1], match[1]), "".join(word.capitalize() for word in match[2].split("_"))
    if match := _TRIGGER.search(text):
        return "", match[1]
    return "", ""


def airflow_in(text: str) -> tuple[str, str, str]:
    """(dag, task, run)."""
    dag = _first(_DAG, text)
    return (dag, _first(_TASK, text), unquote(_first(_RUN, text))) if dag else ("", "", "")


def region_in(text: str) -> str:
    return match[1] if (match := _REGION.search(text)) else ""


def account_in(text: str) -> str:
    return match[1] or match[2] if (match := _ACCOUNT.search(text)) else ""


def links_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(link.rstrip(".,") for link in _LINK.findall(text)))[:10]


def status_in(text: str) -> AlertStatus:
    return AlertStatus.resolved if _RESOLVED.search(text) else AlertStatus.firing


def severity_in(text: str) -> Severity:
    """What the text states, else what its words suggest."""
    if stated := _SEVERITY.search(text):
        return _SEVERITIES[stated[1].lower()]
    if _CRITICAL.search(text):
        return Severity.critical
    return Severity.error if _ERROR.search(text) else Severity.warning


def service_of(text: str, dimensions: dict[str, str], metric_service: str, dag: str) -> str:
    """The service an alert is about, from its most telling fact."""
    if dag:
        return "mwaa"
    by_dimension = next((DIMENSIONS[name] for name in dimensions), "")
    return metric_service or by_dimension or service_in(text)


def fingerprint(source: str, title: str, *parts: str) -> str:
    """The same for the same trouble: numbers in the title, which change with every firing, do not count."""
    return digest(source, _VOLATILE.sub("#", title.lower()), *parts)


def _first(patterns: Iterable[re.Pattern[str]], text: str) -> str:
    found = (match for pattern in patterns if (match := pattern.search(text)))
    return next((next(group for group in match.groups() if group).strip().rstrip(".,") for match in found), "")
