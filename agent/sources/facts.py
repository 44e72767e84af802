"""Facts that alert texts state in one form or another: the alarm, the metric, the resource, the DAG and task.

Each pattern's gaps are bounded, so that a text made to be slow is not: reading is linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, unquote_plus

from agent.models import AlertStatus, Severity, digest
from agent.sources.regions import region_in
from agent.vocabulary import NAMESPACES, service_in

__all__ = ["region_in"]

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
_METRIC = re.compile(r"\b((?:AWS|ECS)/\w{1,40}|AmazonMWAA)[\s/:]{1,3}(\w{2,100})")
_DATADOG = re.compile(r"\baws\.(\w+)\.(\w+)\{")
_TRIGGER = re.compile(r"\b(?:Average|Sum|Maximum|Minimum|SampleCount|p\d+)\s+([A-Z]\w+)\s+(?:Greater|Less)\w*Threshold")
_ALARM = (
    re.compile(r"\balarm ?name\W{0,3}[:=\n]\W{0,3}([\w./-][^\n\"|*`<>]{0,254})", re.I),
    re.compile(r"alarmsV2:alarm/([\w./%+-]+)"),
    re.compile(r"#alarm:\S{0,200}?\bname=([\w./%+-]+)"),
    re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA): \\?\"([^\"\\\n]{1,255})\\?\""),
    re.compile(r"CloudWatch Alarm \| ([^|\n]{1,255}?) \|"),
)
_DAG = (_stated(r"dag(?:[ _]?id)?"), re.compile(r"/dags/([\w.-]+)"), re.compile(r"[?&]dag_id=([\w.-]+)"), _named("dag"))
_TASK = (_stated(r"task(?:[ _]?id)?"), re.compile(r"/tasks/([\w.-]+)"), _named("task"))
_RUN = (_stated(r"(?:run[ _]?id|dag_run)", r"[\w:.+-]+"), re.compile(r"/runs/([\w:.+%-]+)"))
_ACCOUNT = re.compile(r"arn:[\w-]+:[\w-]*:[\w-]*:(\d{12}):|(?i:account)[^\d\n]{0,30}(\d{12})(?!\d)")
"""Twelve digits alone may be an order or a time; the account that is looked at is named as one."""
_LINK = re.compile(r"https?://[^\s<>|\"')]+")
_RESOLVED = re.compile(
    r"\bALARM\s*(?:→|->|to)\s*OK\b(?! transition)|\b(?:Current|New) State\W+OK\b"
    r"|^\W{0,20}(?::\w{1,40}:\W{0,10})?(?:OK|RESOLVED|Recovered)\b(?!\s*(?:→|->|to)\s)|\[(?:RESOLVED|Recovered|OK)\b",
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
_INFO = re.compile(
    r"^\W{0,10}(?:info|notice|fyi)\b|\bsuccess(?:ful(?:ly)?)?\b|\bsucceeded\b|\bhas (?:completed|finished)\b",
    re.I,
)
_ARN = re.compile(r"\barn:aws[\w-]{0,12}:([a-z0-9-]{2,40}):([a-z0-9-]{0,20}):(\d{0,12}):([^\s\"'<>|,;)\]}*`]{1,500})")
_NOT_RESOURCES = frozenset(("sns", "cloudwatch", "events", "chatbot", "health", "sts", "iam", "securityhub", "ce"))
"""Services whose ARNs in an alert say how it came, not what it is about."""
_NUMBER = r"[$€£]?-?\d[\d.,]{0,20}(?:e[+-]?\d{1,3})?(?:%|ms|s|[kKMGT]i?B)?(?![\w-])"
_THRESHOLD = (
    re.compile(rf"\bthreshold \(({_NUMBER})\)", re.I),
    re.compile(rf"\b(?:Greater|Less)Than\w{{0,40}}Threshold\w{{0,10}}[\s(]{{1,3}}({_NUMBER})"),
    re.compile(
        rf"\bthreshold\b[*`\"']{{0,2}}\s{{0,3}}[:=(]?[*`\"']{{0,2}}\s{{0,3}}(?:[<>]=?|&[gl]t;)?\s{{0,3}}({_NUMBER})",
        re.I,
    ),
    re.compile(rf"\}}\s{{0,3}}(?:by\s{{0,3}}\{{[^}}\n]{{0,200}}\}})?\s{{0,3}}[<>]=?\s{{0,3}}({_NUMBER})"),
)
_VALUE = (
    re.compile(rf"\[({_NUMBER}) \(\d\d/"),
    re.compile(
        rf"\b(?:current value|metric value|value|actual amount|(?:actual|forecasted) cost|actual spend)"
        rf"[*`\"']{{0,2}}\s{{0,3}}[:=][*`\"']{{0,2}}\s{{0,3}}(?:\w{{1,20}}=)?({_NUMBER})",
        re.I,
    ),
)
"""What was measured; the first of a CloudWatch reason's datapoints is the newest."""
_PASSING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}"
    r"|(?<![\w-])[$€£#]?[\d.,:/+-]*\d[\d.,:/+-]*(?:%|[kmgt]?b|ms|s|m|h|d|min|z|th|st|nd|rd)?(?![\w-])"
    r"|\d{4}-\d\d-\d\dt[\d:.+z-]+",
    re.I,
)
"""What changes from one firing to the next: figures, times, ids. The digits of a name, `web-02`, are the name."""
_STATE_WORDS = re.compile(
    r"\b(?:re-?triggered|triggered|firing|resolved|recovered|alerting|alarm|alert|warn(?:ing)?|no data|ok"
    r"|insufficient_data|failed|failure|failing|succeeded|success|critical|error|acknowledged|closed|opened?"
    r"|normal|is (?:down|up)|down|up)\b",
    re.I,
)
"""How things stand, which is not what they are."""
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


def arn_in(text: str) -> str:
    """The first ARN of a resource, leaving out those of what carried the alert."""
    found = (match for match in _ARN.finditer(text) if match[1] not in _NOT_RESOURCES)
    return next((match[0].rstrip(".:") for match in found), "")


def threshold_in(text: str) -> str:
    return _first(_THRESHOLD, text)


def value_in(text: str) -> str:
    return _first(_VALUE, text)


def account_in(text: str) -> str:
    return match[1] or match[2] if (match := _ACCOUNT.search(text)) else ""


def links_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(link.rstrip(".,") for link in _LINK.findall(text)))[:10]


def status_in(text: str) -> AlertStatus:
    return AlertStatus.resolved if _RESOLVED.search(text) else AlertStatus.firing


def fails(text: str) -> bool:
    """Whether a text has a word of failing."""
    return bool(_ERROR.search(text))


def severity_in(text: str) -> Severity:
    """What the text states, else what its words suggest."""
    if stated := _SEVERITY.search(text):
        return _SEVERITIES[stated[1].lower()]
    if _CRITICAL.search(text):
        return Severity.critical
    if _ERROR.search(text):
        return Severity.error
    return Severity.info if _INFO.search(text) else Severity.warning


def service_of(text: str, dimensions: dict[str, str], metric_service: str, dag: str) -> str:
    """The service an alert is about, from its most telling fact."""
    if dag:
        return "mwaa"
    by_dimension = next((DIMENSIONS[name] for name in dimensions), "")
    return metric_service or by_dimension or service_in(text)


def fingerprint(source: str, title: str, *parts: object) -> str:
    """The same for the same trouble, firing or over: figures and words of state in the title do not count."""
    return digest(source, subject(title), *parts)


MAX_SUBJECT_CHARS = 2000
"""Of a title: what is longer is no title, and would take long to be read."""


def subject(title: str) -> str:
    """What a title is about: `[FIRING:2] Errors on web-02 at 14:20` and `[RESOLVED] Errors on web-02` are one."""
    plain = _PASSING.sub(" ", title[:MAX_SUBJECT_CHARS].lower())
    words = " ".join(re.findall(r"[^\W_][\w.:/@-]*", _STATE_WORDS.sub(" ", plain)))
    return words or " ".join(plain.split())


def _first(patterns: Iterable[re.Pattern[str]], text: str) -> str:
    found = (match for pattern in patterns if (match := pattern.search(text)))
    return next((next(group for group in match.groups() if group).strip().rstrip(".,") for match in found), "")
