"""X-Ray: summaries of traces, their documents, and the service graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.account.paging import page
from deploy.local.account.request import AwsError, Operation, Request
from deploy.local.account.state import Account
from deploy.local.account.xray.filter_expression import FilterError, Test, compile_filter
from deploy.local.account.xray.traces import Part, Trace, segments, traces

_INVALID = "InvalidRequestException"
LONGEST = timedelta(hours=6)
SUMMARIES_IN_A_PAGE = 100
SERVICES_IN_A_PAGE = 20
MOST_IDS = 5

Node = tuple[str, str]
"""A node's name and type."""


def get_trace_summaries(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    if params.get("Sampling") or params.get("TimeRangeType", "TraceId") not in ("TraceId", "Event"):
        raise AwsError(_INVALID, "The simulated account neither samples traces nor looks for services' own times.")
    start, end = _range(params)
    test = _filter(params.get("FilterExpression", ""))
    seen = list(traces(account, request.region, start, end))
    found = sorted((trace for trace in seen if test(trace, [trace.root])), key=lambda trace: trace.root.start)
    shown, token = page(found, params, params.get("NextToken"), SUMMARIES_IN_A_PAGE, _INVALID)
    reply = {
        "TraceSummaries": [_summary(trace) for trace in shown],
        "ApproximateTime": end,
        "TracesProcessedCount": len(seen),
    }
    return {**reply, "NextToken": token} if token else reply


def batch_get_traces(account: Account, request: Request) -> dict[str, Any]:
    wanted: list[str] = request.params["TraceIds"]
    if len(wanted) > MOST_IDS:
        raise AwsError(_INVALID, f"At most {MOST_IDS} trace ids may be given.")
    found: dict[str, Trace] = {}
    for trace_id in wanted:
        at = _time_of(trace_id)
        near = traces(account, request.region, at, at + timedelta(seconds=2))
        found.update((trace.id, trace) for trace in near if trace.id == trace_id)
    shown = [
        {"Id": trace.id, "Duration": trace.root.seconds, "LimitExceeded": False, "Segments": segments(trace)}
        for trace in found.values()
    ]
    return {"Traces": shown, "UnprocessedTraceIds": [each for each in wanted if each not in found]}


def get_service_graph(account: Account, request: Request) -> dict[str, Any]:
    params = request.params
    if params.get("GroupName") or params.get("GroupARN"):
        raise AwsError(_INVALID, "The simulated account has no X-Ray groups.")
    start, end = _range(params)
    services = _graph(list(traces(account, request.region, start, end)), start, end)
    shown, token = page(services, params, params.get("NextToken"), SERVICES_IN_A_PAGE, _INVALID)
    reply = {"StartTime": start, "EndTime": end, "Services": shown, "ContainsOldGroupVersions": False}
    return {**reply, "NextToken": token} if token else reply


def _range(params: dict[str, Any]) -> tuple[datetime, datetime]:
    start, end = params["StartTime"], params["EndTime"]
    if not timedelta(0) < end - start <= LONGEST:
        raise AwsError(_INVALID, "The time range must be longer than nothing, and at most 6 hours.")
    return start, end


def _filter(text: str) -> Test:
    if not text:
        return lambda trace, parts: True
    try:
        return compile_filter(text)
    except FilterError as error:
        raise AwsError(_INVALID, f"Invalid filter expression: {error}.") from None


def _time_of(trace_id: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(trace_id.split("-")[1], 16), UTC)
    except (ValueError, IndexError):
        raise AwsError(_INVALID, f"Invalid trace id: {trace_id}.") from None


def _summary(trace: Trace) -> dict[str, Any]:
    nodes, root = trace.nodes, trace.root
    names = dict.fromkeys((node.call.name, node.type) for node in nodes)
    return {
        "Id": trace.id,
        "StartTime": datetime.fromtimestamp(root.start, UTC),
        "Duration": root.seconds,
        "ResponseTime": root.seconds,
        "HasFault": any(node.fault for node in nodes),
        "HasError": any(node.error for node in nodes),
        "HasThrottle": any(node.throttle for node in nodes),
        "IsPartial": False,
        "Http": {"HttpURL": trace.url, "HttpStatus": root.call.status} if trace.url else {},
        "ServiceIds": [_named(node, trace.account_id) for node in names],
        "EntryPoint": _named((root.call.name, root.type), trace.account_id),
        "Revision": 1,
    }


def _named(node: Node, account_id: str) -> dict[str, Any]:
    name, kind = node
    return {"Name": name, "Names": [name], "AccountId": account_id, **({"Type": kind} if kind else {})}


def _graph(found: Sequence[Trace], start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Every node with what it answered, and its edges with what it was answered."""
    worked: dict[Node, list[Part]] = {}
    called: dict[tuple[Node, Node], list[Part]] = {}
    roots: set[Node] = set()
    for trace in found:
        roots.add(_node(trace.root))
        for part in trace.nodes:
            worked.setdefault(_node(part), []).append(part)
        for caller, callee in trace.root.edges():
            called.setdefault((_node(caller), _node(callee)), []).append(callee)
    numbers = {node: number for number, node in enumerate(worked)}
    span = {"StartTime": start, "EndTime": end}
    account_id = found[0].account_id if found else ""
    return [
        {
            "ReferenceId": numbers[node],
            **_named(node, account_id),
            "Root": node in roots,
            "State": "active",
            **span,
            "Edges": list(_edges(node, numbers, called, span)),
            "SummaryStatistics": _statistics(parts),
        }
        for node, parts in worked.items()
    ]


def _edges(
    node: Node, numbers: dict[Node, int], called: dict[tuple[Node, Node], list[Part]], span: dict[str, datetime]
) -> Iterator[dict[str, Any]]:
    for (caller, callee), parts in called.items():
        if caller == node:
            yield {"ReferenceId": numbers[callee], **span, "SummaryStatistics": _statistics(parts), "Aliases": []}


def _node(part: Part) -> Node:
    return part.call.name, part.type


def _statistics(parts: Iterable[Part]) -> dict[str, Any]:
    every = list(parts)
    faults = sum(part.fault for part in every)
    errors = sum(part.error for part in every)
    throttles = sum(part.throttle for part in every)
    return {
        "OkCount": len(every) - faults - errors,
        "ErrorStatistics": {"ThrottleCount": throttles, "OtherCount": errors - throttles, "TotalCount": errors},
        "FaultStatistics": {"OtherCount": faults, "TotalCount": faults},
        "TotalCount": len(every),
        "TotalResponseTime": sum(part.seconds for part in every),
    }


OPERATIONS: dict[str, Operation] = {
    "GetTraceSummaries": get_trace_summaries,
    "BatchGetTraces": batch_get_traces,
    "GetServiceGraph": get_service_graph,
}
