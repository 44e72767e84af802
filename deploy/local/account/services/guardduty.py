"""GuardDuty: detectors and findings, by criteria that are honoured or refused, never ignored."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.schema.health import GuardDutyFinding
from deploy.local.account.state import Account, Loaded
from deploy.local.account.text import stable_id

MAX_FINDINGS = 50
_BAD = "BadRequestException"
Found = tuple[Loaded, GuardDutyFinding]


def _is_among(value: Any, wanted: Any) -> bool:
    return str(value) in wanted


def _is_not_among(value: Any, wanted: Any) -> bool:
    return str(value) not in wanted


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("Equals", "Eq"), _is_among),
    **dict.fromkeys(("NotEquals", "Neq"), _is_not_among),
    **dict.fromkeys(("GreaterThanOrEqual", "Gte"), operator.ge),
    **dict.fromkeys(("LessThanOrEqual", "Lte"), operator.le),
    **dict.fromkeys(("GreaterThan", "Gt"), operator.gt),
    **dict.fromkeys(("LessThan", "Lt"), operator.lt),
}
_LARGEST_INTEGER = {"Gte": 2**31 - 1, "Lte": 2**31 - 1, "Gt": 2**31 - 1, "Lt": 2**31 - 1}
"""The older names take integers, in which no time in milliseconds fits."""


def list_detectors(account: Account, request: Request) -> dict[str, Any]:
    """A region has its one detector as soon as a scenario there has findings; before, GuardDuty is off."""
    return {"DetectorIds": [_detector(request.region)] if _all(account, request.region) else []}


def list_findings(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    found = _of_detector(account, request)
    criteria = params.get("FindingCriteria", {}).get("Criterion", {})
    chosen = [each for each in found if all(_meets(each, field, rule) for field, rule in criteria.items())]
    order = params.get("SortCriteria") or {"AttributeName": "updatedAt", "OrderBy": "DESC"}
    field = order.get("AttributeName", "updatedAt")
    chosen.sort(key=lambda each: _value(each, field), reverse=order.get("OrderBy", "DESC") == "DESC")
    size = params.get("MaxResults") or MAX_FINDINGS
    if not 1 <= size <= MAX_FINDINGS:
        raise AwsError(_BAD, f"MaxResults must be between 1 and {MAX_FINDINGS}.")
    shown, token = page([finding.id for _, finding in chosen], params, params.get("NextToken"), size, _BAD)
    return {"FindingIds": shown, "NextToken": token or ""}


def get_findings(account: Account, request: Request) -> dict[str, Any]:
    wanted = request.params["FindingIds"]
    if len(wanted) > MAX_FINDINGS:
        raise AwsError(_BAD, f"At most {MAX_FINDINGS} findings can be asked for at a time.")
    known = {finding.id: (loaded, finding) for loaded, finding in _of_detector(account, request)}
    return {"Findings": [_described(*known[each], request.region) for each in wanted if each in known]}


def _detector(region: str) -> str:
    return stable_id("detector", region).replace("-", "")


def _all(account: Account, region: str) -> list[Found]:
    return [(loaded, each) for loaded in account.loaded(region) for each in loaded.scenario.guardduty_findings]


def _of_detector(account: Account, request: Request) -> list[Found]:
    if request.params["DetectorId"] != _detector(request.region) or not _all(account, request.region):
        raise AwsError(
            _BAD, "The request is rejected because the input detectorId is not owned by the current account."
        )
    return _all(account, request.region)


def _updated(found: Found) -> datetime:
    loaded, finding = found
    return loaded.at(finding.updated if finding.updated is not None else finding.at)


def _value(found: Found, field: str) -> Any:
    loaded, finding = found
    values = {
        "severity": finding.severity,
        "type": finding.type,
        "id": finding.id,
        "service.archived": str(finding.archived).lower(),
        "updatedAt": _updated(found).timestamp() * 1000,
        "createdAt": loaded.at(finding.at).timestamp() * 1000,
    }
    if field not in values:
        raise NotImplementedError
    return values[field]


def _meets(found: Found, field: str, rule: Mapping[str, Any]) -> bool:
    if not set(rule) <= set(_TESTS):
        raise NotImplementedError
    if any(wanted > _LARGEST_INTEGER[name] for name, wanted in rule.items() if name in _LARGEST_INTEGER):
        raise AwsError(_BAD, "The request is rejected because the parameter findingCriteria has an invalid value.")
    value = _value(found, field)
    return all(_TESTS[name](value, wanted) for name, wanted in rule.items())


def _described(loaded: Loaded, finding: GuardDutyFinding, region: str) -> dict[str, Any]:
    account_id, created = loaded.scenario.account_id, loaded.at(finding.at)
    updated = _updated((loaded, finding))
    return {
        "AccountId": account_id,
        "Arn": f"arn:aws:guardduty:{region}:{account_id}:detector/{_detector(region)}/finding/{finding.id}",
        "Id": finding.id,
        "Partition": "aws",
        "Region": region,
        "SchemaVersion": "2.0",
        "Type": finding.type,
        "Title": finding.title,
        "Description": finding.description or finding.title,
        "Severity": finding.severity,
        "CreatedAt": _stamp(created),
        "UpdatedAt": _stamp(updated),
        "Resource": _resource(finding),
        "Service": {
            "Archived": finding.archived,
            "Count": finding.count,
            "DetectorId": _detector(region),
            "EventFirstSeen": _stamp(created),
            "EventLastSeen": _stamp(updated),
            "ServiceName": "guardduty",
        },
    }


def _resource(finding: GuardDutyFinding) -> dict[str, Any]:
    name = finding.resource_id
    parts: dict[str, dict[str, Any]] = {
        "Instance": {"InstanceDetails": {"InstanceId": name}},
        "AccessKey": {"AccessKeyDetails": {"UserName": name, "AccessKeyId": "", "UserType": "AssumedRole"}},
        "S3Bucket": {"S3BucketDetails": [{"Name": name, "Arn": f"arn:aws:s3:::{name}"}]},
        "Lambda": {"LambdaDetails": {"FunctionName": name}},
        "ECSCluster": {"EcsClusterDetails": {"Name": name}},
        "RDSDBInstance": {"RdsDbInstanceDetails": {"DbInstanceIdentifier": name}},
        "Container": {"ContainerDetails": {"Name": name}},
    }
    return {"ResourceType": finding.resource_type, **parts[finding.resource_type]}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


OPERATIONS: dict[str, Operation] = {
    "GetFindings": get_findings,
    "ListDetectors": list_detectors,
    "ListFindings": list_findings,
}
