"""CloudWatch Logs Insights: queries are started, polled and stopped; records and fields are looked up."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from typing import Any

from deploy.local.account.logs.insights import Query, QueryError, Row, parse_query
from deploy.local.account.logs.insights.values import as_text
from deploy.local.account.logs.queries import Queries, Report, RunningQuery, execute, log_name
from deploy.local.account.logs.store import Group, find_group
from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.state import Account

_INVALID = "InvalidParameterException"
MAX_GROUPS = 50
MAX_RESULTS = 10_000
_FIELDS_WINDOW_MS = 8 * 60_000
"""GetLogGroupFields looks at this much on either side of a given time; without one, at the last 15 minutes."""
_FAR_FUTURE_S = 10**11


def _start_query(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    if params.get("queryLanguage", "CWLI") != "CWLI":
        raise AwsError(_INVALID, f"The query language {params['queryLanguage']} is not available in this account.")
    groups = _groups(account, request)
    query = _parse(params["queryString"])
    start, end = _time_range(params, groups)
    limit = params.get("limit")
    if limit is not None and not 1 <= limit <= MAX_RESULTS:
        raise AwsError(_INVALID, f"limit must be between 1 and {MAX_RESULTS}.")
    created = round(account.now().timestamp() * 1000)
    queries = account.memory(Queries)
    return {"queryId": queries.start(query, groups, created, lambda: execute(query, groups, start, end, limit)).id}


def _parse(text: str) -> Query:
    try:
        return parse_query(text)
    except QueryError as error:
        location = {"startCharOffset": error.start, "endCharOffset": error.end}
        detail = {"location": location, "message": str(error)}
        raise AwsError("MalformedQueryException", f"{error}", queryCompileError=detail) from error


def _groups(account: Account, request: Request) -> list[Group]:
    params = request.params
    given = [params.get(name) for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers")]
    chosen = [value for value in given if value]
    if len(chosen) != 1:
        raise AwsError(_INVALID, "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must be given.")
    names: list[str] = [chosen[0]] if isinstance(chosen[0], str) else chosen[0]
    if len(names) > MAX_GROUPS:
        raise AwsError(_INVALID, f"A query can read at most {MAX_GROUPS} log groups.")
    found = {group.name: group for group in (find_group(account, request.region, name) for name in names)}
    return list(found.values())


def _time_range(params: dict[str, Any], groups: list[Group]) -> tuple[int, int]:
    """From the request's inclusive seconds to [start, end) in milliseconds."""
    start, end = params["startTime"], params["endTime"]
    if not 0 <= start <= end < _FAR_FUTURE_S:
        raise AwsError(_INVALID, "startTime and endTime must be seconds since 1970, startTime not after endTime.")
    if end * 1000 < min(group.earliest for group in groups):
        message = (
            "The query's end date and time is either before the log groups' creation time"
            " or exceeds the log groups' log retention settings"
        )
        raise AwsError("MalformedQueryException", message)
    return start * 1000, (end + 1) * 1000


def _get_query_results(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    running = account.memory(Queries).find(params["queryId"])
    report = running.report
    reply: dict[str, Any] = {
        "queryLanguage": "CWLI",
        "status": running.status,
        "statistics": _statistics(report, running),
    }
    if report is None:
        return {**reply, "results": []}
    results, token = page(_results(report), params, params.get("nextToken"), params.get("maxItems", MAX_RESULTS))
    return {**reply, "results": results, **({"nextToken": token} if token else {})}


def _results(report: Report) -> list[list[dict[str, str]]]:
    """Rows of raw events end with a pointer for GetLogRecord."""
    outcome = report.outcome
    return [
        [{"field": name, "value": value} for name, value in (*result, *_pointer(row))]
        for result, row in zip(outcome.results, outcome.rows, strict=True)
    ]


def _pointer(row: Row) -> list[tuple[str, str]]:
    if row.event is None:
        return []
    position = json.dumps([row.group, row.event.timestamp, row.event.event_id])
    return [("@ptr", base64.urlsafe_b64encode(position.encode()).decode())]


def _statistics(report: Report | None, running: RunningQuery) -> dict[str, float]:
    return {
        "recordsMatched": float(report.outcome.matched if report else 0),
        "recordsScanned": float(report.records if report else 0),
        "bytesScanned": float(report.bytes if report else 0),
        "estimatedRecordsSkipped": 0.0,
        "estimatedBytesSkipped": 0.0,
        "logGroupsScanned": float(len(running.group_names)),
    }


def _stop_query(account: Account, request: Request) -> dict[str, Any]:
    running = account.memory(Queries).find(request.params["queryId"])
    if running.status not in ("Scheduled", "Running"):
        raise AwsError(_INVALID, f"Query {running.id} is not running: its status is {running.status}.")
    running.stopped = True
    return {"success": True}


def _describe_queries(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    name, status = params.get("logGroupName"), params.get("status")
    queries = [
        {
            "queryId": running.id,
            "queryString": running.query.text,
            "queryLanguage": "CWLI",
            "status": running.status,
            "createTime": running.created,
            "logGroupName": running.group_names[0],
        }
        for running in account.memory(Queries).newest_first()
        if (name is None or name in running.group_names) and status in (None, running.status)
    ]
    found, token = page(queries, params, params.get("nextToken"), params.get("maxResults", 1000))
    return {"queries": found, **({"nextToken": token} if token else {})}


def _get_log_record(account: Account, request: Request) -> dict[str, Any]:
    try:
        log, at, event_id = json.loads(base64.urlsafe_b64decode(request.params["logRecordPointer"].encode()))
    except (binascii.Error, UnicodeError, ValueError, TypeError) as error:
        raise AwsError(_INVALID, "The specified logRecordPointer is invalid.") from error
    group = find_group(account, request.region, log.partition(":")[2])
    event = next((event for event in group.events(at, at + 1) if event.event_id == event_id), None)
    if event is None:
        raise AwsError("ResourceNotFoundException", "The log record does not exist any more.")
    row = Row(event, log)
    return {"logRecord": {name: as_text(row.get(name)) for name in dict.fromkeys(row.field_names())}}


def _get_log_group_fields(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    group = find_group(account, request.region, params.get("logGroupName") or params.get("logGroupIdentifier") or "")
    middle = params["time"] * 1000 if params.get("time") else group.now - _FIELDS_WINDOW_MS
    events = group.events(middle - _FIELDS_WINDOW_MS, middle + _FIELDS_WINDOW_MS)
    counts = Counter(name for event in events for name in set(Row(event, log_name(group)).field_names()))
    fields = [{"name": name, "percent": round(100 * count / len(events))} for name, count in counts.most_common()]
    return {"logGroupFields": fields}


def _describe_field_indexes(account: Account, request: Request) -> dict[str, Any]:
    groups = [find_group(account, request.region, each) for each in request.params["logGroupIdentifiers"]]
    indexes = [
        {
            "logGroupIdentifier": group.arn,
            "fieldIndexName": name,
            "lastScanTime": group.now,
            "firstEventTime": group.earliest,
            "lastEventTime": group.now,
        }
        for group in groups
        for name in sorted(group.index_fields)
    ]
    return {"fieldIndexes": indexes}


OPERATIONS: dict[str, Operation] = {
    "StartQuery": _start_query,
    "GetQueryResults": _get_query_results,
    "StopQuery": _stop_query,
    "DescribeQueries": _describe_queries,
    "GetLogRecord": _get_log_record,
    "GetLogGroupFields": _get_log_group_fields,
    "DescribeFieldIndexes": _describe_field_indexes,
}
