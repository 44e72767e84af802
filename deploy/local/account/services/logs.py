"""CloudWatch Logs: groups, streams and events. Queries are in logs_insights.py."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

from deploy.local.account.logs.filter_pattern import PatternError, compile_pattern
from deploy.local.account.logs.generator import LogEvent
from deploy.local.account.logs.store import Group, find_group, groups_of
from deploy.local.account.paging import decode_token, encode_token, page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.services import logs_insights
from deploy.local.account.state import Account

_INVALID = "InvalidParameterException"
_INFREQUENT = "INFREQUENT_ACCESS"
_GROUPS_IN_A_PAGE = 50
"""However many are asked for: the service may return fewer than the limit too."""
MAX_EVENTS = 10_000
MAX_SCANNED = 50_000
"""Events that one page of FilterLogEvents looks at: a page can be empty and yet not the last one."""
_SLACK_MS = 1000
"""Lines that follow the last one of a stream's span at once, such as a Lambda's REPORT, still belong to it."""
_NAME_PATTERN = re.compile(r"\^?[._\-/#A-Za-z0-9]{3,24}(\|\^?[._\-/#A-Za-z0-9]{3,24}){0,4}")


def _describe_log_groups(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
    if prefix and pattern:
        raise AwsError(_INVALID, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    found = [
        group
        for group in groups_of(account, request.region).values()
        if group.name.startswith(prefix or "") and (pattern or "").lower() in group.name.lower()
    ]
    if identifiers := params.get("logGroupIdentifiers"):
        wanted = {find_group(account, request.region, each).name for each in identifiers}
        found = [group for group in found if group.name in wanted]
    return _group_page(_of_class(found, params), request, _described)


def _list_log_groups(account: Account, request: Request) -> dict[str, Any]:
    pattern = request.params.get("logGroupNamePattern") or ""
    if pattern and not _NAME_PATTERN.fullmatch(pattern):
        raise AwsError(_INVALID, f"Invalid log group name pattern: {pattern}")
    regex = re.compile(re.escape(pattern).replace(r"\^", "^").replace(r"\|", "|"), re.IGNORECASE)
    found = [group for group in groups_of(account, request.region).values() if regex.search(group.name)]
    return _group_page(_of_class(found, request.params), request, _summarised, most=1000)


def _of_class(groups: list[Group], params: dict[str, Any]) -> list[Group]:
    log_class = params.get("logGroupClass")
    accounts = params.get("accountIdentifiers")
    return [
        group
        for group in groups
        if log_class in (None, group.log_class) and (not accounts or group.account_id in accounts)
    ]


def _group_page(groups: list[Group], request: Request, show: Any, most: int = 50) -> dict[str, Any]:
    size = min(_limit(request, 50, most), _GROUPS_IN_A_PAGE)
    found, token = page(groups, request.params, request.params.get("nextToken"), size)
    return _with_token({"logGroups": [show(group) for group in found]}, token)


def _summarised(group: Group) -> dict[str, Any]:
    return {"logGroupName": group.name, "logGroupArn": group.arn, "logGroupClass": group.log_class}


def _described(group: Group) -> dict[str, Any]:
    shown: dict[str, Any] = {
        **_summarised(group),
        "arn": f"{group.arn}:*",
        "creationTime": group.created,
        "metricFilterCount": 0,
        "storedBytes": group.stored_bytes(),
    }
    return shown if group.retention_days is None else {**shown, "retentionInDays": group.retention_days}


def _describe_log_streams(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    group = _group(account, request)
    prefix, by_time = params.get("logStreamNamePrefix"), params.get("orderBy") == "LastEventTime"
    if prefix and by_time:
        raise AwsError(_INVALID, "Cannot order by LastEventTime with a logStreamNamePrefix.")
    spans = [(name, span) for name, span in group.stream_spans().items() if name.startswith(prefix or "")]
    spans.sort(
        key=lambda item: (item[1][1], item[0]) if by_time else (item[0],), reverse=params.get("descending", False)
    )
    found, token = page(spans, params, params.get("nextToken"), _limit(request, 50, 50))
    streams = [
        {
            "logStreamName": name,
            "creationTime": first,
            "firstEventTimestamp": first,
            "lastEventTimestamp": last,
            "lastIngestionTime": last + 1000,
            "arn": f"{group.arn}:log-stream:{name}",
            "storedBytes": 0,  # the service itself has reported 0 for every stream since 2019
        }
        for name, (first, last) in found
    ]
    return _with_token({"logStreams": streams}, token)


def _filter_log_events(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    group = _readable_group(account, request)
    matches = _pattern(params.get("filterPattern", ""))
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names and prefix:
        raise AwsError(_INVALID, "logStreamNames and logStreamNamePrefix are mutually exclusive.")
    if names and not set(names) <= group.stream_spans().keys():
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    backwards = params.get("startFromHead") is False
    start, end = _time_range(params, group, inclusive=True)
    after = decode_token(params["nextToken"], params) if params.get("nextToken") else None
    if after:
        start, end = (start, after[0] + 1) if backwards else (after[0], end)
    limit, scanned, last = _limit(request, MAX_EVENTS, MAX_EVENTS), 0, None
    found: list[LogEvent] = []
    token = None
    for event in group.walk(start, end, backwards=backwards):
        if after and _not_after(event, after, backwards=backwards):
            continue
        if last is not None and (len(found) == limit or scanned == MAX_SCANNED):
            token = encode_token([last.timestamp, last.event_id], params)
            break
        last, scanned = event, scanned + 1
        if (names and event.stream not in names) or (prefix and not event.stream.startswith(prefix)):
            continue
        if matches(event.message):
            found.append(event)
    events = [{**_shown(event), "logStreamName": event.stream, "eventId": event.event_id} for event in found]
    return _with_token({"events": events, "searchedLogStreams": []}, token)


def _not_after(event: LogEvent, position: list[Any], *, backwards: bool) -> bool:
    """Whether a page that ended at `position` already held this event."""
    key = [event.timestamp, event.event_id]
    return key >= position if backwards else key <= position


def _get_log_events(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    group, stream = _readable_group(account, request), params["logStreamName"]
    span = group.stream_spans().get(stream)
    if span is None:
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    start, end = _time_range(params, group, inclusive=False)
    start, end = max(start, span[0]), min(end, span[1] + _SLACK_MS)
    limit = _limit(request, MAX_EVENTS, MAX_EVENTS)
    token = params.get("nextToken")
    direction, position = _cursor(token, params) if token else ("f" if params.get("startFromHead") else "b", None)
    backwards = direction == "b"
    key = [position[0], position[1]] if position else None
    if key:
        start, end = (start, min(end, key[0] + 1)) if backwards else (max(start, key[0]), end)
    events = (
        event
        for event in group.walk(start, end, backwards=backwards)
        if event.stream == stream and not (key and _not_after(event, key, backwards=backwards))
    )
    found = list(islice(events, limit))
    if backwards:
        found.reverse()
    return {"events": [_shown(event) for event in found], **_stream_tokens(found, key, start, end, params)}


def _stream_tokens(
    found: list[LogEvent], key: list[Any] | None, start: int, end: int, params: dict[str, Any]
) -> dict[str, str]:
    """At either end of a stream the service hands back the token it was given, so an empty page repeats its own."""
    first = [found[0].timestamp, found[0].event_id] if found else key or [end, ""]
    last = [found[-1].timestamp, found[-1].event_id] if found else key or [start, ""]
    request = _without_direction(params)
    return {
        "nextForwardToken": "f/" + encode_token(last, request),
        "nextBackwardToken": "b/" + encode_token(first, request),
    }


def _cursor(token: str, params: dict[str, Any]) -> tuple[str, Any]:
    direction, _, rest = token.partition("/")
    if direction not in ("f", "b"):
        raise AwsError(_INVALID, "The specified nextToken is invalid.")
    return direction, decode_token(rest, _without_direction(params))


def _without_direction(params: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in params.items() if key != "startFromHead"}


def _test_metric_filter(account: Account, request: Request) -> dict[str, Any]:
    matches = _pattern(request.params["filterPattern"])
    messages = request.params["logEventMessages"]
    found = [
        {"eventNumber": number, "eventMessage": message, "extractedValues": {}}
        for number, message in enumerate(messages, 1)
        if matches(message)
    ]
    return {"matches": found}


def _list_tags(account: Account, request: Request) -> dict[str, Any]:
    return {"tags": find_group(account, request.region, request.params["resourceArn"]).tags}


def _nothing_configured(member: str) -> Operation:
    """Metric filters and subscriptions: scenarios have none, and the log group must still exist."""

    def operation(account: Account, request: Request) -> dict[str, Any]:
        if name := request.params.get("logGroupName"):
            find_group(account, request.region, name)
        return {member: []}

    return operation


def _group(account: Account, request: Request) -> Group:
    name, identifier = request.params.get("logGroupName"), request.params.get("logGroupIdentifier")
    if bool(name) == bool(identifier):
        raise AwsError(_INVALID, "Exactly one of logGroupName and logGroupIdentifier must be given.")
    return find_group(account, request.region, str(name or identifier))


def _readable_group(account: Account, request: Request) -> Group:
    """Groups of the Infrequent Access class answer queries only."""
    group = _group(account, request)
    if group.log_class == _INFREQUENT:
        message = f"{request.operation} is not supported for log groups of the class {_INFREQUENT}."
        raise AwsError("InvalidOperationException", message)
    return group


def _pattern(text: str) -> Any:
    try:
        return compile_pattern(text)
    except PatternError as error:
        raise AwsError(_INVALID, f"Invalid filter pattern. {error}") from error


def _time_range(params: dict[str, Any], group: Group, *, inclusive: bool) -> tuple[int, int]:
    """[start, end) in milliseconds. FilterLogEvents includes the end time, GetLogEvents does not."""
    start = params.get("startTime", group.earliest)
    end = params.get("endTime", group.now) + (1 if inclusive or "endTime" not in params else 0)
    if start < 0 or end < start:
        raise AwsError(_INVALID, "The start time must be before the end time, and neither may be negative.")
    return start, end


def _limit(request: Request, default: int, highest: int) -> int:
    limit = request.params.get("limit", default)
    if not 1 <= limit <= highest:
        raise AwsError(_INVALID, f"1 validation error detected: limit must be between 1 and {highest}.")
    return limit


def _shown(event: LogEvent) -> dict[str, Any]:
    return {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingestion_time}


def _with_token(reply: dict[str, Any], token: str | None) -> dict[str, Any]:
    return {**reply, "nextToken": token} if token else reply


OPERATIONS: dict[str, Operation] = {
    "DescribeLogGroups": _describe_log_groups,
    "ListLogGroups": _list_log_groups,
    "DescribeLogStreams": _describe_log_streams,
    "FilterLogEvents": _filter_log_events,
    "GetLogEvents": _get_log_events,
    "TestMetricFilter": _test_metric_filter,
    "ListTagsForResource": _list_tags,
    "DescribeMetricFilters": _nothing_configured("metricFilters"),
    "DescribeSubscriptionFilters": _nothing_configured("subscriptionFilters"),
    **logs_insights.OPERATIONS,
}
