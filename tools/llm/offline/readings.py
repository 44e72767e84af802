"""The reading of a metric that a question asks for by name: `what's the p99 latency of checkout-api?`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.briefs import Brief
from agent.drafts import AnswerDraft
from agent.models import Finding
from tools.llm.offline.claims import MAX_CLAIMS, Found, claims_of
from tools.llm.offline.verdicts import is_about, subjects_of

METRICS: dict[str, str] = {
    r"latency|duration|response times?|run ?times?": r"Duration|Latency|ResponseTime",
    r"cpu": r"CPU",
    r"memory|ram": r"Memory",
    r"connections?": r"Connections",
    r"error (?:rate|count)|errors|5xx|failure rate": r"Error|5XX",
    r"throttles": r"Throttl",
    r"invocations?|calls|request (?:rate|count)|requests|traffic": r"Invocation|RequestCount|^Requests",
    r"concurrency|concurrent executions": r"Concurren",
    r"queue (?:depth|length|size)|backlog": r"MessagesVisible",
    r"(?:age of the )?oldest message": r"OldestMessage",
    r"disk|disk space|storage": r"Disk|Storage",
}
"""What people call a metric, and what CloudWatch does."""
_ASKED = re.compile(
    r"^\W*(?:(?:hey|hi|and|so|please|pls|also|ok)\b\W*)*"
    r"(?:what(?:['’]?s| is| are| was| were)|how (?:high|low|big|deep|full|busy|old) (?:is|are|was|were)"
    r"|(?:show|give|tell|get|plot|graph|chart)(?: me| us)?)\s+"
    r"(?:(?:the|our|its|current|latest|average|avg|mean|median|max|maximum|peak|p\d\d(?:\.\d)?|overall|usual|typical"
    r"|[a-z]+[-_][\w-]+)(?:['’]s)?\s+)*"
    rf"(?P<metric>{'|'.join(METRICS)})(?: (?:usage|utili[sz]ation|load|rate|level|count|consumption|time))?\b"
    r"(?=\W*$|\s+(?:of|for|on|in|at|from|over|during|since|now|right|today|yesterday|like|per|between|this|last|looking)\b)",
    re.I,
)
"""`What is the memory leak in checkout-api?` asks for no reading."""
_PERCENTILE = re.compile(r"\bp\d\d(?:\.\d)?\b", re.I)
_DETAILS = re.compile(r" \(.*$")


def with_reading(draft: AnswerDraft, brief: Brief) -> AnswerDraft:
    """The answer with the reading first, if one is asked for by name and was taken; else as it is.

    CloudWatch was asked for one statistic a metric: a percentile that this is not is said to be missing.
    """
    found = _readings(brief)
    if not found or found[0][0].statement in draft.headline:
        return draft
    claims = [*claims_of(found[:1]), *draft.claims]
    said = _DETAILS.sub(".", found[0][0].statement)
    asked = _PERCENTILE.search(brief.question)
    missing = f"I read no {asked[0].lower()}. " if asked and asked[0].lower() not in said.lower() else ""
    headline = f"{missing}{said} {draft.headline}".strip()
    known = {claim.text: claim for claim in claims}
    return draft.model_copy(update={"headline": headline, "claims": list(known.values())[:MAX_CLAIMS]})


def _readings(brief: Brief) -> Sequence[Found]:
    """Findings of the metric that is asked for about what the question is about; what departs comes first."""
    asked = _ASKED.search(brief.question)
    if not asked:
        return ()
    called = next(name for words, name in METRICS.items() if re.fullmatch(words, asked["metric"], re.I))
    subjects = subjects_of(brief)
    found = [(f, p.id) for p in brief.evidence for f in p.findings if _is_reading(f, called)]
    found = [pair for pair in found if not subjects or any(is_about(pair[0], subject) for subject in subjects)]
    return sorted(found, key=lambda pair: -pair[0].strength)


def _is_reading(finding: Finding, called: str) -> bool:
    return finding.kind.startswith("metric_") and bool(re.search(called, finding.attributes.get("metric", "")))
