"""What every evidence tool shares: one decorator that turns a plain function into a read-only LangChain tool.

    @evidence_tool("What did {resource} cost?", days=14)
    def cost_of(look: Look, resource: str = "") -> Found:
        '''What a resource cost by day.'''
        rows = look.call("ce", "get_cost_and_usage", ...)
        return Found("It went up.", findings=[...], console_url=...)

The decorator adds `start` and `end`, runs the function in a thread, and makes an `Evidence` of whatever happens: a tool
never raises into a run. The model reads `render(evidence)`; the graph takes the `Evidence` from the message's artifact.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, StructuredTool

from agent.evidence_text import render
from agent.models import Cost, Evidence, EvidenceStatus, Finding, TimeRange, evidence_id
from agent.ports import AwsSession, Deps
from agent.settings import Settings
from agent.times import clock_time, parse_time

DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedAccess"}
)
MAX_QUERIES_SHOWN = 4
MAX_FINDINGS = 12


@dataclass
class Found:
    """What a tool function found. `no_data` says that it looked and there was nothing."""

    summary: str
    findings: Sequence[Finding] = ()
    console_url: str = ""
    no_data: bool = False


@dataclass
class Look:
    """One tool call's view of the world: the account, the time, and a counter for what it takes."""

    aws: AwsSession
    now: datetime
    window: TimeRange
    settings: Settings
    api_calls: int = 0
    bytes_scanned: int = 0
    usd: float = 0.0
    queries: list[str] = field(default_factory=list[str])

    def call(self, service: str, operation: str, region: str = "", **parameters: Any) -> dict[str, Any]:
        """One API call, counted and noted so that a person can repeat it. `operation` in boto3's snake case."""
        self.api_calls += 1
        if service == "ce":
            self.usd += 0.01  # Cost Explorer's price for a request, aws.amazon.com/aws-cost-management/pricing
        self.note(service, operation, parameters)
        return cast("dict[str, Any]", getattr(self.aws.client(service, region), operation)(**parameters))

    def pages(self, service: str, operation: str, key: str, limit: int = 1000, **parameters: Any) -> list[Any]:
        """All items under `key` over the pages of a listing, at most `limit`."""
        client = self.aws.client(service)
        self.note(service, operation, parameters)
        items: list[Any] = []
        for page in self._pages_of(client, operation, parameters):
            self.api_calls += 1
            items.extend(page.get(key, []))
            if len(items) >= limit:
                break
        return items[:limit]

    def _pages_of(self, client: Any, operation: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if client.can_paginate(operation):
            yield from client.get_paginator(operation).paginate(**parameters)
        else:
            yield getattr(client, operation)(**parameters)

    def note(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        """Put one line into the evidence's query."""
        shown = json.dumps(parameters, default=str, sort_keys=True)
        self.queries.append(f"{service}:{operation} {shown[:600]}")


def evidence_tool(question: str, *, hours: float = 3, days: float = 0) -> Callable[[Callable[..., Found]], BaseTool]:
    """A decorator: `question` may name parameters in braces; `hours` or `days` is how far back it looks by default."""

    def wrap(function: Callable[..., Found]) -> BaseTool:
        return _build(function, question, timedelta(hours=hours) if not days else timedelta(days=days))

    return wrap


def _build(function: Callable[..., Found], question: str, look_back: timedelta) -> BaseTool:
    name = function.__name__

    async def run(runtime: ToolRuntime[Any, Any], **arguments: Any) -> tuple[str, dict[str, Any]]:
        deps = cast("Deps", runtime.context)
        call = {key: value for key, value in arguments.items() if value not in ("", None)}
        runtime.stream_writer({"kind": "tool_started", "tool": name, "question": _fill(question, call)})
        evidence = await _gather(function, name, question, look_back, call, deps)
        runtime.stream_writer({"kind": "evidence", "evidence": evidence.model_dump(mode="json")})
        return render(evidence), evidence.model_dump(mode="json")

    parameters = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "look"]
    optional = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default="", annotation=str) for n in ("start", "end")
    ]
    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    injected = inspect.Parameter("runtime", inspect.Parameter.KEYWORD_ONLY, annotation=ToolRuntime[Any, Any])
    run.__signature__ = inspect.Signature([*own, *optional, injected])  # pyright: ignore[reportFunctionMemberAccess] -- read by LangChain
    run.__annotations__ = {p.name: p.annotation for p in [*own, *optional, injected]}
    run.__name__ = name
    span = f"`start` and `end`: ISO 8601 times or offsets such as -2h; the last {_words(look_back)} by default."
    return StructuredTool.from_function(
        coroutine=run,
        name=name,
        description=f"{inspect.getdoc(function) or name}\n\n{span}",
        response_format="content_and_artifact",
    )


async def _gather(
    function: Callable[..., Found], name: str, question: str, look_back: timedelta, call: dict[str, Any], deps: Deps
) -> Evidence:
    now = deps.clock()
    parameters = {key: value for key, value in call.items() if key not in ("start", "end")}
    try:
        window = _window(call, now, look_back)
    except ValueError as error:
        look = Look(deps.aws, now, TimeRange(start=now - look_back, end=now), deps.settings)
        return _evidence(name, question, call, look, EvidenceStatus.error, Found(str(error)))
    look = Look(deps.aws, now, window, deps.settings)
    try:
        found = await asyncio.to_thread(function, look, **parameters)
        status = EvidenceStatus.no_data if found.no_data else EvidenceStatus.ok
    except Exception as error:  # a tool never raises into a run: the failure itself is evidence of a gap
        status, found = failure(error)
    return _evidence(name, question, call, look, status, found)


def failure(error: Exception) -> tuple[EvidenceStatus, Found]:
    """What an exception says about the evidence that it prevented."""
    if isinstance(error, ClientError):
        code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        status = EvidenceStatus.denied if code in DENIED_CODES else EvidenceStatus.error
        return status, Found(f"{error.operation_name} failed with {code}: {message}"[:600])
    if isinstance(error, (ReadTimeoutError, ConnectTimeoutError, TimeoutError)):
        return EvidenceStatus.timeout, Found("AWS did not answer in time.")
    if isinstance(error, NoCredentialsError):
        return EvidenceStatus.denied, Found("There are no AWS credentials; run `watchkeeper doctor`.")
    if isinstance(error, EndpointConnectionError):
        return EvidenceStatus.error, Found("AWS could not be reached.")
    if isinstance(error, (BotoCoreError, ValueError)):
        return EvidenceStatus.error, Found(str(error)[:600])
    return EvidenceStatus.error, Found(f"The tool itself failed ({type(error).__name__}); please report this.")


def _evidence(
    name: str, question: str, call: dict[str, Any], look: Look, status: EvidenceStatus, found: Found
) -> Evidence:
    strongest = sorted(found.findings, key=lambda f: -f.strength)[:MAX_FINDINGS]
    shown = look.queries[:MAX_QUERIES_SHOWN]
    more = len(look.queries) - len(shown)
    return Evidence(
        id=evidence_id(name, call),
        tool=name,
        status=status,
        question=_fill(question, call),
        query="\n".join(shown) + (f"\n… and {more} more" if more > 0 else "")
        or f"{name} {json.dumps(call, default=str)}",
        parameters=call,
        time_range=look.window,
        summary=found.summary,
        findings=tuple(strongest),
        console_url=found.console_url,
        cost=Cost(api_calls=look.api_calls, bytes_scanned=look.bytes_scanned, usd=round(look.usd, 4)),
    )


def _window(call: dict[str, Any], now: datetime, look_back: timedelta) -> TimeRange:
    end = min(parse_time(call["end"], now), now) if call.get("end") else now
    start = parse_time(call["start"], now) if call.get("start") else end - look_back
    if start >= end:
        raise ValueError(f"The range is empty: start {start.isoformat()} is not before end {end.isoformat()}.")
    return TimeRange(start=start, end=end)


def _fill(question: str, call: dict[str, Any]) -> str:
    class Names(dict[str, Any]):
        def __missing__(self, key: str) -> str:
            return f"any {key}"

    return question.format_map(Names({name: _readable(value) for name, value in call.items()}))


def _readable(value: Any) -> Any:
    """An ISO time as people read it; anything else as it is."""
    try:
        return clock_time(datetime.fromisoformat(value)) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value


def _words(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
