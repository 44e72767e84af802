"""What every evidence tool shares: one decorator that turns a plain function into a read-only LangChain tool.

    @evidence_tool("What did [{resource}|everything] cost?", days=14)
    def cost_of(look: Look, resource: str = "") -> Found:
        '''What a resource cost by day.'''
        rows = look.call("ce", "get_cost_and_usage", ...)
        return Found("It went up.", findings=[...], console_url=...)

The decorator adds `start`, `end`, `account` and `region`, runs the function in a thread, and makes an `Evidence` of
whatever happens: a tool never raises into a run. The model reads `render(evidence)`; the graph takes the `Evidence`
from the message's artifact.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from langchain.tools import ToolRuntime
from langchain_core.tools import BaseTool, StructuredTool

from agent.models import Chart, Cost, Evidence, EvidenceStatus, Finding, Table, TimeRange, evidence_id
from agent.ports import Deps
from agent.redaction import redact
from agent.times import clock_time, parse_time
from tools.evidence import deadline
from tools.evidence.failures import EXPECTED, failure
from tools.evidence.found import Found
from tools.evidence.look import Look
from tools.evidence.reported import reported
from tools.evidence.threads import in_thread

__all__ = ["Found", "Look", "evidence_tool"]

log = logging.getLogger(__name__)

MAX_QUERIES_SHOWN = 40
"""What a look of a busy account asks; more of them nobody repeats by hand."""
MAX_QUERY_CHARS = 12_000
"""Of all of them: evidence is kept with every answer."""
MAX_FINDINGS = 12
GRACE_SECONDS = 0.5
"""For a tool to come back with what it has when its deadline has passed."""
RELATIVE_SECONDS = 300
"""A call that says how long ago it means is kept no longer than so, however slowly its subject changes."""
DAYS_FACTOR = 12
"""What looks back over days changes so much more slowly, and is kept so much longer."""
COMMON_PARAMETERS = ("start", "end", "account", "region")
"""What every tool can be given."""
_A_DAY = timedelta(days=1)
_OPTIONAL = re.compile(r"\[(?P<given>[^]|]*)(?:\|(?P<missing>[^]]*))?\]")
_NAME = re.compile(r"{(\w+)}")


def evidence_tool(question: str, *, hours: float = 3, days: float = 0) -> Callable[[Callable[..., Found]], BaseTool]:
    """A decorator: `hours` or `days` is how far back it looks by default.

    `question` may name parameters in braces. `[of {service}|of all]` is its first half when the parameter is given,
    else its second, which may be missing.
    """

    def wrap(function: Callable[..., Found]) -> BaseTool:
        return _build(function, question, timedelta(hours=hours) if not days else timedelta(days=days))

    return wrap


def _build(function: Callable[..., Found], question: str, look_back: timedelta) -> BaseTool:
    name = function.__name__

    async def run(runtime: ToolRuntime[Any, Any], **arguments: Any) -> tuple[str, dict[str, Any]]:
        deps = cast("Deps", runtime.context)
        call = {key: value for key, value in arguments.items() if value not in ("", None)}
        gathering = _Gathering(function, name, question, look_back, call, deps)
        return await reported(runtime, name, _fill(question, call), lambda: _gather(gathering))

    parameters = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != "look"]
    optional = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default="", annotation=str) for n in COMMON_PARAMETERS
    ]
    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    injected = inspect.Parameter("runtime", inspect.Parameter.KEYWORD_ONLY, annotation=ToolRuntime[Any, Any])
    run.__signature__ = inspect.Signature([*own, *optional, injected])  # pyright: ignore[reportFunctionMemberAccess] -- read by LangChain
    run.__annotations__ = {p.name: p.annotation for p in [*own, *optional, injected]}
    run.__name__ = name
    span = (
        f"`start` and `end`: ISO 8601 times or offsets such as -2h; the last {_words(look_back)} by default. "
        "`account` and `region`: another account, by id or name, and region than the usual one."
    )
    return StructuredTool.from_function(
        coroutine=run,
        name=name,
        description=f"{inspect.getdoc(function) or name}\n\n{span}",
        response_format="content_and_artifact",
    )


async def _gather(gathering: _Gathering) -> Evidence:
    """The evidence of one call, from the cache where it is fresh enough; never an exception."""
    seconds = gathering.deps.settings.tool_timeout_seconds
    try:
        async with asyncio.timeout(seconds + GRACE_SECONDS):
            return await in_thread(gathering.run)
    except TimeoutError:
        return gathering.failed(TimeoutError(f"no answer within {seconds:g} s"))


@dataclass
class _Gathering:
    """One call of a tool: what to run, where, and what becomes of it."""

    function: Callable[..., Found]
    name: str
    question: str
    look_back: timedelta
    call: dict[str, Any]
    deps: Deps
    look: Look | None = None

    def run(self) -> Evidence:
        """In a thread: AWS's own clients wait."""
        try:
            with deadline.within(self.deps.settings.tool_timeout_seconds):
                self.look = self._begin()
                return self._kept(self.look)
        except Exception as error:
            return self.failed(error)

    def _begin(self) -> Look:
        deps, now = self.deps, self.deps.clock()
        aws = deps.aws.at(self.call.get("account", ""), self.call.get("region", ""))
        return Look(aws, now, _window(self.call, now, self.look_back), deps.settings, deps.cache, deps.budget)

    def _kept(self, look: Look) -> Evidence:
        """Answers that nothing was missing from are kept for the next who asks the same."""
        seconds = self.deps.settings.evidence_cache_seconds * (DAYS_FACTOR if self.look_back >= _A_DAY else 1)
        if not seconds:
            return self._evidence(look)
        fresh: list[Evidence] = []

        def gather() -> Evidence:
            fresh.append(self._evidence(look))
            return fresh[0]

        kept = self.deps.cache.fetch(self._key(look, seconds), seconds, gather, lambda e: _is_whole(e, look))
        return kept if fresh else kept.model_copy(update={"cost": Cost()})

    def _key(self, look: Look, seconds: float) -> str:
        """Times count as they are written, which is exactly; now, and what is told from it, to a few minutes."""
        relative = any(isinstance(value, str) and value.startswith("-") for value in self.call.values())
        about_now = int(look.now.timestamp() // min(seconds, RELATIVE_SECONDS if relative else seconds))
        asked = {name: self.call.get(name, "") for name in ("start", "end")}
        what = json.dumps([self._parameters, asked, about_now], default=str)
        return "|".join(["evidence", self.name, look.aws.label, look.aws.region, what])

    @property
    def _parameters(self) -> dict[str, Any]:
        return {key: value for key, value in sorted(self.call.items()) if key not in COMMON_PARAMETERS}

    def _evidence(self, look: Look) -> Evidence:
        try:
            found = self.function(look, **self._parameters)
            status = EvidenceStatus.no_data if found.no_data else EvidenceStatus.ok
        except Exception as error:  # a tool never raises into a run: the failure itself is evidence of a gap
            if not isinstance(error, EXPECTED):
                log.warning("the tool %s failed", self.name, exc_info=True)
            status, found = failure(error)
        return self._made(status, found)

    def failed(self, error: Exception) -> Evidence:
        return self._made(*failure(error))

    def _made(self, status: EvidenceStatus, found: Found) -> Evidence:
        look = self.look
        asked = f"{self.name} {json.dumps(self.call, default=str)}"
        strongest = sorted(found.findings, key=lambda f: -f.strength)[:MAX_FINDINGS]
        return Evidence(
            id=evidence_id(self.name, self.call),
            tool=self.name,
            status=status,
            question=redact(_fill(self.question, self.call)),
            query=redact(_noted(look.queries if look else []) or asked),
            parameters=self.call,
            time_range=look.window if look else None,
            region=look.aws.region if look else "",
            summary=redact(found.summary),
            findings=tuple(_redacted(finding) for finding in strongest),
            charts=tuple(_redacted_chart(chart) for chart in found.charts),
            tables=tuple(_redacted_table(table) for table in found.tables),
            console_url=found.console_url,
            cost=Cost(api_calls=look.api_calls, bytes_scanned=look.bytes_scanned, usd=round(look.usd, 4))
            if look
            else Cost(),
            gathered_at=self.deps.clock(),
        )


def _is_whole(evidence: Evidence, look: Look) -> bool:
    """Whether nothing was missing: only then others may use it too."""
    answered = evidence.status in (EvidenceStatus.ok, EvidenceStatus.no_data)
    return answered and not look.failed_calls and look.seconds_left > 0


def _noted(queries: Sequence[str]) -> str:
    """One line for each different query, in the order in which they were asked, as many as can be kept."""
    different = list(dict.fromkeys(queries))
    kept: list[str] = []
    for query in different[:MAX_QUERIES_SHOWN]:
        if sum(map(len, kept)) + len(query) > MAX_QUERY_CHARS:
            break
        kept.append(query)
    more = len(different) - len(kept)
    return "\n".join([*kept, f"… and {more} more"] if more else kept)


def _redacted(finding: Finding) -> Finding:
    details = {name: redact(value) for name, value in finding.attributes.items()}
    return finding.model_copy(
        update={"statement": redact(finding.statement), "resource": redact(finding.resource), "attributes": details}
    )


def _redacted_table(table: Table) -> Table:
    rows = tuple(tuple(redact(cell) for cell in row) for row in table.rows)
    return table.model_copy(update={"title": redact(table.title), "rows": rows})


def _redacted_chart(chart: Chart) -> Chart:
    """Titles, labels and names may hold a resource's own words; figures are figures."""
    series = tuple(each.model_copy(update={"name": redact(each.name)}) for each in chart.series)
    labels = tuple(redact(label) for label in chart.labels)
    return chart.model_copy(update={"title": redact(chart.title), "labels": labels, "series": series})


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

    def chosen(part: re.Match[str]) -> str:
        given = all(name in call for name in _NAME.findall(part["given"]))
        return part["given"] if given else part["missing"] or ""

    names = Names({name: _readable(value) for name, value in call.items()})
    return _OPTIONAL.sub(chosen, question).format_map(names)


def _readable(value: Any) -> Any:
    """An ISO time as people read it; anything else as it is."""
    try:
        return clock_time(datetime.fromisoformat(value)) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value


def _words(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
