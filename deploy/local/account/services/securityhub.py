"""Security Hub: findings, by filters that are honoured or refused, never ignored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.health import SecurityFinding
from deploy.local.account.state import Account, Loaded

_NORMALISED = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}
_INVALID = "InvalidInputException"
MAX_FINDINGS = 100

Finding = dict[str, Any]


def _get_findings(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    loaded = _subscribed(account, request.region)
    findings = [_finding(finding, each) for each in loaded for finding in each.scenario.security_findings]
    found = [each for each in findings if _matches(each, params.get("Filters") or {}, account.now())]
    for criterion in reversed(params.get("SortCriteria") or [{"Field": "UpdatedAt", "SortOrder": "desc"}]):
        value = _field(criterion.get("Field", "UpdatedAt"))
        found.sort(key=lambda each, value=value: value(each), reverse=criterion.get("SortOrder") == "desc")
    size = params.get("MaxResults") or MAX_FINDINGS
    shown, token = page(found, params, params.get("NextToken"), size, _INVALID)
    return {"Findings": shown, **({"NextToken": token} if token else {})}


def _describe_hub(account: Account, request: Request) -> dict[str, Any]:
    loaded = _subscribed(account, request.region)[0]
    return {
        "HubArn": f"arn:aws:securityhub:{request.region}:{loaded.scenario.account_id}:hub/default",
        "SubscribedAt": _shown_time(loaded.now - timedelta(days=300)),
        "AutoEnableControls": True,
        "ControlFindingGenerator": "SECURITY_CONTROL",
    }


def _subscribed(account: Account, region: str) -> list[Loaded]:
    """Security Hub is on in a region where a scenario has findings."""
    loaded = [each for each in account.loaded(region) if each.scenario.security_findings]
    if not loaded:
        raise AwsError("InvalidAccessException", "The account is not subscribed to AWS Security Hub.", 401)
    return loaded


def _finding(finding: SecurityFinding, loaded: Loaded) -> Finding:
    scenario = loaded.scenario
    created = _shown_time(loaded.at(finding.at))
    updated = _shown_time(loaded.at(finding.updated if finding.updated is not None else finding.at))
    shown: Finding = {
        "SchemaVersion": "2018-10-08",
        "Id": finding.id,
        "ProductArn": f"arn:aws:securityhub:{scenario.region}::product/aws/{finding.product.lower().replace(' ', '')}",
        "ProductName": finding.product,
        "CompanyName": "AWS",
        "Region": scenario.region,
        "GeneratorId": finding.id.rpartition("/")[0] or finding.id,
        "AwsAccountId": scenario.account_id,
        "Types": list(finding.types),
        "FirstObservedAt": created,
        "LastObservedAt": updated,
        "CreatedAt": created,
        "UpdatedAt": updated,
        "Severity": {"Label": finding.severity, "Normalized": _NORMALISED[finding.severity]},
        "Title": finding.title,
        "Description": finding.description,
        "Resources": [
            {
                "Type": finding.resource_type,
                "Id": finding.resource_id,
                "Partition": "aws",
                "Region": scenario.region,
            }
        ],
        "WorkflowState": "NEW" if finding.workflow == "NEW" else "RESOLVED",
        "Workflow": {"Status": finding.workflow},
        "RecordState": finding.record_state,
    }
    if finding.compliance:
        shown["Compliance"] = {"Status": finding.compliance}
    if finding.remediation:
        shown["Remediation"] = {"Recommendation": {"Text": finding.remediation}}
    return shown


_FIELDS: dict[str, Callable[[Finding], Any]] = {
    "Id": lambda each: each["Id"],
    "ProductArn": lambda each: each["ProductArn"],
    "ProductName": lambda each: each["ProductName"],
    "CompanyName": lambda each: each["CompanyName"],
    "GeneratorId": lambda each: each["GeneratorId"],
    "AwsAccountId": lambda each: each["AwsAccountId"],
    "Region": lambda each: each["Region"],
    "Type": lambda each: each["Types"],
    "Title": lambda each: each["Title"],
    "Description": lambda each: each["Description"],
    "SeverityLabel": lambda each: each["Severity"]["Label"],
    "SeverityNormalized": lambda each: each["Severity"]["Normalized"],
    "CreatedAt": lambda each: each["CreatedAt"],
    "UpdatedAt": lambda each: each["UpdatedAt"],
    "FirstObservedAt": lambda each: each["FirstObservedAt"],
    "LastObservedAt": lambda each: each["LastObservedAt"],
    "ResourceType": lambda each: each["Resources"][0]["Type"],
    "ResourceId": lambda each: each["Resources"][0]["Id"],
    "ResourceRegion": lambda each: each["Resources"][0]["Region"],
    "ComplianceStatus": lambda each: each.get("Compliance", {}).get("Status", ""),
    "RecommendationText": lambda each: each.get("Remediation", {}).get("Recommendation", {}).get("Text", ""),
    "WorkflowStatus": lambda each: each["Workflow"]["Status"],
    "WorkflowState": lambda each: each["WorkflowState"],
    "RecordState": lambda each: each["RecordState"],
}
_POSITIVE: dict[str, Callable[[str, str], bool]] = {
    "EQUALS": lambda value, wanted: value == wanted,
    "PREFIX": str.startswith,
    "CONTAINS": lambda value, wanted: wanted in value,
    "CONTAINS_WORD": lambda value, wanted: wanted.lower() in value.lower().split(),
}
_NEGATIVE = {"NOT_EQUALS": "EQUALS", "PREFIX_NOT_EQUALS": "PREFIX", "NOT_CONTAINS": "CONTAINS"}
_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "Gte": lambda value, bound: value >= bound,
    "Lte": lambda value, bound: value <= bound,
    "Gt": lambda value, bound: value > bound,
    "Lt": lambda value, bound: value < bound,
    "Eq": lambda value, bound: value == bound,
}


def _field(name: str) -> Callable[[Finding], Any]:
    if name not in _FIELDS:
        raise AwsError(_INVALID, f"The simulated account cannot filter or sort by {name}.")
    return _FIELDS[name]


def _matches(finding: Finding, filters: dict[str, Any], now: datetime) -> bool:
    """Different filters must all hold; how those of one field combine depends on their kind."""
    return all(_holds(_field(name)(finding), conditions, now) for name, conditions in filters.items() if conditions)


def _holds(value: Any, conditions: list[dict[str, Any]], now: datetime) -> bool:
    first = conditions[0]
    if "Start" in first or "End" in first or "DateRange" in first:
        return any(_within(value, each, now) for each in conditions)
    if first.keys() & _NUMERIC.keys():
        return any(all(_NUMERIC[name](value, bound) for name, bound in each.items()) for each in conditions)
    return _text_holds(value if isinstance(value, list) else [value], conditions)


def _text_holds(values: list[str], conditions: list[dict[str, Any]]) -> bool:
    """One of the positive conditions must hold, and every negative one."""
    positive: list[bool] = []
    for condition in conditions:
        comparison: str = condition.get("Comparison", "EQUALS")
        test = _POSITIVE[_NEGATIVE.get(comparison, comparison)]
        found = any(test(value, condition["Value"]) for value in values)
        if comparison in _NEGATIVE and found:
            return False
        if comparison not in _NEGATIVE:
            positive.append(found)
    return any(positive) if positive else True


def _within(value: str, condition: dict[str, Any], now: datetime) -> bool:
    moment = datetime.fromisoformat(value)
    if days := condition.get("DateRange"):
        recent = moment >= now - timedelta(days=days["Value"])
        return recent if days.get("Comparison", "WITHIN") == "WITHIN" else not recent
    try:
        start = datetime.fromisoformat(condition["Start"]) if "Start" in condition else moment
        end = datetime.fromisoformat(condition["End"]) if "End" in condition else moment
        return start <= moment <= end
    except (ValueError, TypeError) as error:  # not a date, or one without a time zone
        raise AwsError(_INVALID, "Start and End must be times such as 2026-11-03T10:00:00Z.") from error


def _shown_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


OPERATIONS: dict[str, Operation] = {
    "GetFindings": _get_findings,
    "DescribeHub": _describe_hub,
}
