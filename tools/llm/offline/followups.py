"""One more look by another specialist, where what was found points at what nobody has looked at."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.briefs import Brief
from agent.drafts import FollowUp
from agent.knowledge import Verdict
from agent.models import Evidence, Finding
from agent.specialists import Specialist
from tools.llm.offline.focus import focus_of, is_resource

GENERALISTS = ("infra", "logs")
"""Who looks into a resource when no runbook says who should."""
DISCOVERY = "unhealthy_resources"
NOTEWORTHY = 0.5
MAX_FOLLOW_UPS = 2


@dataclass(frozen=True)
class Pointer:
    """A kind of finding whose words point at somebody else's field."""

    kinds: tuple[str, ...]
    says: str
    specialist: str
    question: str


POINTERS = (
    Pointer(
        ("log_error_pattern", "log_new_pattern", "trace_fault"),
        r"connection (?:slots|pool|refused|timed out)|too many (?:clients|connections)|queuepool|database|deadlock",
        "infra",
        "Which database does `{resource}` use, and is it at a limit or failing?",
    ),
    Pointer(
        ("log_error_pattern", "log_new_pattern", "trace_fault"),
        r"throttl|rate exceeded|provisionedthroughput|too many requests|\b429\b",
        "infra",
        "What refuses the requests of `{resource}` for their rate, and since when?",
    ),
    Pointer(
        ("usage_driver",),
        r"invocation|request|retr|message",
        "logs",
        "Which errors or retries does `{resource}` log, and since when?",
    ),
    Pointer(
        ("log_error_pattern", "log_new_pattern"),
        r"\bdag\b|airflow|redshift|\bdbt\b",
        "airflow",
        "Which pipeline or table does `{resource}` depend on, and did it fail?",
    ),
)


def follow_ups(brief: Brief, specialists: Sequence[Specialist], verdict: Verdict | None) -> list[FollowUp]:
    """Whoever has not yet looked at the resource that stands out or is pointed at, if that could change the outcome."""
    more = [] if verdict else [*_pointed_at(brief.evidence, specialists), *_nothing_yet(brief, specialists)]
    resource = _subject(brief, verdict)
    strong = any(f.resource == resource and f.strength > NOTEWORTHY for p in brief.evidence for f in p.findings)
    wanted = verdict.runbook.specialists if verdict else GENERALISTS
    if resource and strong:
        question = f"What is wrong with `{resource}`, since when, and what does it depend on?"
        more += [
            FollowUp(specialist=s.name, question=question)
            for s in specialists
            if s.name in wanted and not _has_looked(s, resource, specialists, brief.evidence)
        ]
    return list({each.specialist: each for each in reversed(more)}.values())[::-1][:MAX_FOLLOW_UPS]


def _pointed_at(evidence: Sequence[Evidence], specialists: Sequence[Specialist]) -> list[FollowUp]:
    by_name = {specialist.name: specialist for specialist in specialists}
    findings = sorted((f for piece in evidence for f in piece.findings), key=lambda f: -f.strength)
    return [
        FollowUp(specialist=pointer.specialist, question=pointer.question.format(resource=finding.resource))
        for finding in findings
        for pointer in POINTERS
        if _points(pointer, finding) and pointer.specialist in by_name
        if not _has_looked(by_name[pointer.specialist], finding.resource, specialists, evidence)
    ]


def _nothing_yet(brief: Brief, specialists: Sequence[Specialist]) -> list[FollowUp]:
    """Where everything looked well to those who were asked, whoever can find what nobody has named."""
    found = any(f.strength >= NOTEWORTHY for piece in brief.evidence for f in piece.findings)
    asked = {piece.tool for piece in brief.evidence}
    finders = [] if found or not asked else [s for s in specialists if DISCOVERY in s.tools and DISCOVERY not in asked]
    question = f"Which resources are unhealthy or in ALARM? Somebody asked: {brief.question}"
    return [FollowUp(specialist=finder.name, question=question) for finder in finders[:1]]


def once_more(brief: Brief, specialists: Sequence[Specialist], verdict: Verdict | None) -> list[FollowUp]:
    """The same look again, where a question is about now and what the thread knows is from some time ago."""
    resource = next((r for hit in verdict.hits if (r := hit.finding.resource)), "") if verdict else ""
    resource = resource or focus_of(brief).known.get("resource", "")
    wanted = [name for name in (verdict.runbook.specialists if verdict else GENERALISTS) if name != "cost"]
    names = [s.name for s in specialists if s.name in wanted]
    question = f"How is `{resource}` now? Somebody asked: {brief.question}" if resource else brief.question
    return [FollowUp(specialist=name, question=question) for name in names[:MAX_FOLLOW_UPS]]


def _subject(brief: Brief, verdict: Verdict | None) -> str:
    """The resource that explains the case, or else the one that stands out: others may well stand out more."""
    explaining = (hit.finding for hit in verdict.hits) if verdict else ()
    return next((f.resource for f in explaining if is_resource(f)), "") or focus_of(brief).known.get("resource", "")


def _points(pointer: Pointer, finding: Finding) -> bool:
    fits = finding.kind in pointer.kinds and finding.strength >= NOTEWORTHY and bool(finding.resource)
    text = " ".join([finding.statement, *finding.attributes.values()])
    return fits and re.search(pointer.says, text, re.I) is not None


def _has_looked(
    specialist: Specialist, resource: str, others: Sequence[Specialist], evidence: Sequence[Evidence]
) -> bool:
    """By a tool that is nobody else's: the changes of a resource may have been read for another reason."""
    shared = {tool for other in others if other.name != specialist.name for tool in other.tools}
    own = set(specialist.tools) - shared or set(specialist.tools)
    return any(piece.tool in own and resource in piece.question for piece in evidence)
