"""What X-Ray saw: which node of a request fails or got slow, and with which exception."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from langchain_core.tools import BaseTool

from agent.errors import BudgetExceeded
from agent.models import Finding, TimeRange
from agent.times import clock_time, parse_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.logs.trace_documents import (
    Culprit,
    Figures,
    Node,
    downstream,
    failing_part,
    graph_of,
    own_increase,
    slowest_part,
)
from tools.evidence.names import bare_name, matches
from tools.evidence.partial import explain, gather

LONGEST = timedelta(hours=6)
"""X-Ray answers for at most so long a range."""
MAX_NODES = 500
MAX_SUMMARIES = 300
MAX_TRACES_READ = 10
TRACES_IN_A_CALL = 5
MAX_CULPRITS = 3
LEAST_REQUESTS = 10
SLOWER = 1.5
SLOWER_SECONDS = 0.05
"""A node is slow when a request takes this much longer there, as a factor and in seconds, than before."""
MORE_FAULTS = 2.0
STEADY_STRENGTH = 0.25

Graph = Mapping[str, Node]


@dataclass
class Samples:
    """Single traces of a range. What cannot be read goes into `failures`: the service graph tells much without it."""

    look: Look
    span: TimeRange
    failures: list[str]

    def summaries(self, expression: str, most: int) -> list[Any]:
        """Of the traces that a filter expression chooses."""
        try:
            return self.look.pages(
                "xray",
                "get_trace_summaries",
                "TraceSummaries",
                most,
                StartTime=self.span.start,
                EndTime=self.span.end,
                FilterExpression=expression,
            )
        except (ClientError, BotoCoreError, TimeoutError, BudgetExceeded) as error:
            self.failures.append(f"trace summaries ({explain(error)})")
            return []

    def judged(self, summaries: Sequence[Any], judge: Callable[[Any], Culprit | None]) -> list[Culprit]:
        """The culprits of a few traces, spread over all that are listed."""
        step = max(len(summaries) // MAX_TRACES_READ, 1)
        ids = [summary["Id"] for summary in summaries[::step]][:MAX_TRACES_READ]
        parts = [ids[first : first + TRACES_IN_A_CALL] for first in range(0, len(ids), TRACES_IN_A_CALL)]
        try:
            read = [trace for part in parts for trace in self._documents(part)]
        except (ClientError, BotoCoreError, TimeoutError, BudgetExceeded) as error:
            self.failures.append(f"traces ({explain(error)})")
            read = []
        return [culprit for trace in read if (culprit := judge(trace))]

    def _documents(self, ids: list[str]) -> list[Any]:
        return self.look.pages("xray", "batch_get_traces", "Traces", TRACES_IN_A_CALL, TraceIds=ids)


@evidence_tool("Where do requests[ to {resource}] fail or take long?", hours=1)
def traces(look: Look, resource: str = "", onset: str = "") -> Found:
    """X-Ray traces: the share of requests that fail, the node that fails first with its exception, and the node that
    got slower, against the time before. All services by default; at most six hours.

    Args:
        resource: a service, function or API as X-Ray names it, or part of the name; what it calls is looked at too
        onset: when trouble began, if known; the time before it is what the rest is compared with
    """
    span, before = _ranges(look, onset)
    read = gather(
        {
            "the service graph": lambda: _graph(look, span),
            "the service graph of the time before": lambda: _graph(look, before),
        }
    )
    graph, earlier = (
        read.results.get("the service graph", {}),
        read.results.get("the service graph of the time before", {}),
    )
    link = console.xray_traces(look.aws, _filter(resource and bare_name(resource)), span)
    if not graph:
        return Found(f"X-Ray saw no requests in this range.{read.caveat}", console_url=link, no_data=True)
    chosen = _chosen(graph, resource)
    if not chosen:
        saw = ", ".join(list(graph)[:8])
        text = f"X-Ray saw no {bare_name(resource)}; it saw {saw}."
        return Found(f"{text}{read.caveat}", console_url=link, no_data=True)
    samples = Samples(look, span, read.failures)
    worst = max(chosen, key=lambda name: graph[name].figures.bad)
    about = chosen[0] if resource and graph[chosen[0]].figures.bad else worst
    found = [*_failing(samples, graph, earlier, about), *_slow(samples, graph, earlier, chosen)]
    findings = sorted(found, key=lambda finding: -finding.strength)
    head = _headline(graph, chosen[0])
    if not findings:
        compared = "" if earlier else ", with nothing to compare their durations with"
        text = f"{head} none of its parts fails or is slower than before{compared}."
        steady = Finding(kind="trace_healthy", statement=text, strength=0.35, resource=chosen[0])
        return Found(f"{text}{read.caveat}", [steady], link)
    return Found(f"{head} {findings[0].statement}{read.caveat}", findings, link)


def _ranges(look: Look, onset: str) -> tuple[TimeRange, TimeRange]:
    """The range to look at, and the time before it: at most six hours each."""
    start = parse_time(onset, look.now) if onset else look.window.start
    end = min(max(look.window.end, start + timedelta(minutes=10)), look.now)
    if start >= end:
        raise ValueError(f"The onset {start.isoformat()} is not before the end of the range, {end.isoformat()}.")
    span = TimeRange(start=start, end=end) if end - start <= LONGEST else _at_an_end(start, end, bool(onset))
    look.window = span
    length = max(span.end - span.start, timedelta(minutes=30))
    return span, TimeRange(start=span.start - length, end=span.start)


def _at_an_end(start: datetime, end: datetime, from_start: bool) -> TimeRange:
    if from_start:
        return TimeRange(start=start, end=start + LONGEST)
    return TimeRange(start=end - LONGEST, end=end)


def _graph(look: Look, span: TimeRange) -> Graph:
    found = look.pages("xray", "get_service_graph", "Services", MAX_NODES, StartTime=span.start, EndTime=span.end)
    return graph_of(found)


def _chosen(graph: Graph, resource: str) -> list[str]:
    """The nodes asked for and what they call, the best match first; all of them, the busiest first, when none is."""
    if not resource:
        return sorted(graph, key=lambda name: -graph[name].figures.total)
    scored = sorted(((matches(name, resource), name) for name in graph), key=lambda pair: (-pair[0], pair[1]))
    best = scored[0][0]
    return downstream(graph, [name for score, name in scored if score and score == best])


def _headline(graph: Graph, name: str) -> str:
    figures = graph[name].figures
    return f"X-Ray counted {figures.total:,} requests to {name}, {figures.bad:,} of which failed ({figures.share:.1%});"


def _failing(samples: Samples, graph: Graph, earlier: Graph, start: str) -> Iterator[Finding]:
    """The innermost failing parts of a node's traces that failed, by how many traces they are to blame for."""
    if not graph[start].figures.bad:
        return
    summaries = samples.summaries(_filter(start, "fault OR throttle"), MAX_SUMMARIES)
    times = sorted(summary["StartTime"] for summary in summaries if "StartTime" in summary)
    # Of a listing that was cut off, nothing says that its first is the first of all.
    began = times[0] if times and len(summaries) < MAX_SUMMARIES else None
    read = samples.judged(summaries, failing_part)
    if not read:
        yield _fault(graph, earlier, start, Culprit(start), 0, 0, began, samples.look.now)
    for culprit, count in _tally(read):
        yield _fault(graph, earlier, start, culprit, count, len(read), began, samples.look.now)


def _fault(
    graph: Graph,
    earlier: Graph,
    start: str,
    culprit: Culprit,
    count: int,
    read: int,
    began: datetime | None,
    now: datetime,
) -> Finding:
    figures, then = graph[start].figures, earlier[start].figures if start in earlier else Figures()
    known = then.share * MORE_FAULTS > figures.share and then.total >= LEAST_REQUESTS
    strength = STEADY_STRENGTH if known else 0.45 + 0.5 * min(figures.share * 4, 1.0)
    where = f" when {culprit.caller} calls it" if culprit.caller else ""
    why = (
        ": " + ": ".join(part for part in (culprit.exception, culprit.message[:160]) if part)
        if culprit.exception
        else ""
    )
    answered = f" with HTTP {culprit.status}" if culprit.status >= 400 else ""
    of_read = f"; so in {count} of {read} traces read" if read else ""
    compared = f", {then.share:.1%} before" if then.total else ""
    since = f" since {clock_time(began, now)}" if began else ""
    attributes = {
        "service": start,
        "node": culprit.node,
        "caller": culprit.caller,
        "exception": culprit.exception.rsplit(".", 1)[-1],
        "share": f"{figures.share:.3f}",
        "traces": str(figures.bad),
    }
    return Finding(
        kind="trace_fault",
        statement=f"{figures.share:.1%} of {figures.total:,} requests to {start} fail{since}{compared}: "
        f"{culprit.node} fails{answered}{where}{why}{of_read}.",
        strength=round(strength * (0.5 + 0.5 * count / read if read else 0.7), 2),
        at=began,
        resource=culprit.node,
        attributes={key: value for key, value in attributes.items() if value},
    )


def _slow(samples: Samples, graph: Graph, earlier: Graph, chosen: Sequence[str]) -> Iterator[Finding]:
    """The nodes at which a request takes longer than before, not counting what they wait for, the worst first."""
    own = {name: own_increase(graph, earlier, name) for name in chosen if _comparable(graph, earlier, name)}
    ranked = sorted((name for name in own if own[name] >= SLOWER_SECONDS), key=lambda name: -own[name])
    for name in ranked[:MAX_CULPRITS]:
        now, then = graph[name].figures.mean, earlier[name].figures.mean
        factor = now / then if then else 0.0
        if factor < SLOWER:
            continue
        part = _slowest_part_of(samples, name, now) if name == ranked[0] else ""
        yield Finding(
            kind="trace_slow",
            statement=f"A request takes {now:.2f} s at {name}, {then:.2f} s before ({factor:.1f} times as long); "
            f"{own[name]:.2f} s more are its own.{part}",
            strength=round(min(0.4 + 0.1 * factor, 0.92), 2),
            at=samples.span.start,
            resource=name,
            attributes={
                "node": name,
                "seconds": f"{now:.3f}",
                "before": f"{then:.3f}",
                "factor": f"{factor:.1f}",
                "traces": str(graph[name].figures.total),
            },
        )


def _comparable(graph: Graph, earlier: Graph, name: str) -> bool:
    then = earlier.get(name)
    return then is not None and min(graph[name].figures.total, then.figures.total) >= LEAST_REQUESTS


def _slowest_part_of(samples: Samples, name: str, mean: float) -> str:
    """Where slow traces of a node spend their time, as a sentence; nothing when X-Ray has none."""
    summaries = samples.summaries(_filter(name, f"responsetime >= {mean:.3f}"), MAX_TRACES_READ)
    read = samples.judged(summaries, slowest_part)
    if not read:
        return ""
    node, count = Counter(culprit.node for culprit in read).most_common(1)[0]
    seconds = [culprit.seconds for culprit in read if culprit.node == node]
    return f" In {count} of {len(read)} slow traces read, {node} took the most time, {sum(seconds) / count:.2f} s."


def _tally(read: Sequence[Culprit]) -> list[tuple[Culprit, int]]:
    """One culprit of each kind with how often it came, the most frequent first."""
    kinds = Counter((each.node, each.caller, each.exception) for each in read)
    first = {(each.node, each.caller, each.exception): each for each in reversed(read)}
    return [(first[kind], count) for kind, count in kinds.most_common(MAX_CULPRITS)]


def _filter(name: str, inner: str = "") -> str:
    """A filter expression for requests that a service had a part in: `service("checkout") { fault }`."""
    if not name:
        return ""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'service("{quoted}")' + (f" {{ {inner} }}" if inner else "")


TOOLS: tuple[BaseTool, ...] = (traces,)
