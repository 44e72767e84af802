"""How a question is worded, as far as the first words of its answer depend on that."""

from __future__ import annotations

import re

from agent.knowledge import Verdict, words
from agent.models import Finding

NOTEWORTHY = 0.5
NOW = re.compile(r"\b(?:still|now|currently|at the moment|meanwhile|yet|recovered|resolved|fixed|over)\b", re.I)
CHANGES_ASKED = re.compile(
    r"\b(?:chang|deploy|releas|roll|modif|edit|delet|remov|creat|add|alter|touch|mess|fiddl|tinker|tweak|push|ship|merg)\w*",
    re.I,
)
"""Asks for changes as such: `who did this` wants to know who, or else what, caused it."""
_IS = r"^\W*(?:(?:so|and|but|ok|okay|hey|hi|well)\b\W*)*(?:is|are)\s+"
_ENDING = (
    r"(?:\s+(?:now|again|too|still|today|at the moment|right now|yet|at all|at least|either"
    r"|for (?:our |all |the )?(?:users?|customers?|people|clients|anyone|anybody|everyone|everybody|real)))*\W*$"
)
_WELL = re.compile(
    rf"{_IS}(?P<what>.+?)\s+(?:(?:really|actually|itself|even|all|also)\s+)*(?:ok|okay|fine|healthy|alright"
    rf"|all right|good|up|working|stable|fixed|resolved|over)"
    rf"{_ENDING}",
    re.I,
)
_ILL = re.compile(
    rf"{_IS}(?P<what>.+?)\s+(?:(?:really|actually|itself|even|all|also)\s+)*(?:down|broken|failing|affected"
    rf"|in trouble|erroring|stuck|on fire|unhealthy|dead|happening"
    rf"|degraded|slow|wrong){_ENDING}",
    re.I,
)
_SLOW = re.compile(r"\b(?:slow\w*|latency|sluggish|lagg?y|laggs?|takes? (?:so |too )?long|crawling)\b", re.I)
_SLOW_BOOK = re.compile(r"slow|late|wait|delay|time ?out|times out|hang|long", re.I)
_SLOW_METRIC = re.compile(r"Duration|Latency|ResponseTime|Age|Wait|Queue|CPU", re.I)
_SLOW_KINDS = frozenset(
    "trace_slow task_long task_waiting wlm_queue sql_lock queue_backlog dag_late database_load long_statement"  # noqa: SIM905 -- words
    " throttled".split()
)
_HOW_MANY = re.compile(
    r"\bhow many\s+(?:of (?:our|the|my)\s+|different\s+|more\s+)?"
    r"(?!(?:per|an?|in|since|were|was|are|is|do|does|did|have|has|every|each|now|today)\b)([a-z]+)",
    re.I,
)
_ALIKE = {"msg": "messag", "req": "request", "err": "error", "time": ""}
"""Short forms of what findings count, and words that count nothing of their own."""
_NAMES_NOTHING = frozenset(
    "it that this them they everything something anything all things stuff we you there here one ones the our my your"  # noqa: SIM905 -- words
    " still really already aws account site system systems prod production app application apps service services"
    " platform infrastructure infra anyone else other others world".split()
)


def is_check(question: str) -> bool:
    """Whether somebody wants to know whether a thing is well: `is checkout ok?`."""
    return bool(_WELL.search(question) or _ILL.search(question))


def yes_or_no(question: str, wrong: bool) -> str:
    """`Yes: ` or `No: ` before the answer to such a question."""
    if _WELL.search(question):
        return "No: " if wrong else "Yes: "
    return ("Yes: " if wrong else "No: ") if _ILL.search(question) else ""


def checked_thing(question: str) -> str:
    """What such a question is about, if its words name something: `billing` of `is billing ok?`."""
    found = _WELL.search(question) or _ILL.search(question)
    what = re.findall(r"[\w-]+", found["what"]) if found else []
    said = [word for word in what if word.lower() not in _NAMES_NOTHING]
    return said[0] if len(said) == 1 else ""


def unseen_slowness(question: str, verdict: Verdict) -> bool:
    """Whether slowness is asked about, and neither the cause nor any of its signs is about that."""
    if not _SLOW.search(question) or _SLOW_BOOK.search(" ".join([verdict.runbook.title, *verdict.runbook.symptoms])):
        return False
    return not any(_is_slow(hit.finding) for hit in verdict.hits)


def uncounted(question: str, findings: list[Finding]) -> str:
    """What a question wants counted and no finding counts: the customers of `how many customers are affected?`."""
    asked = _HOW_MANY.search(question)
    stem = next(iter(words(asked[1])), "") if asked else ""
    stem = _ALIKE.get(stem, stem)
    counted = any(stem in words(f.statement) or stem[:6] in f.statement.lower() for f in findings)
    return asked[1] if asked and stem and not counted else ""


def _is_slow(finding: Finding) -> bool:
    rises = finding.kind in ("metric_rise", "metric_at_limit")
    slow = finding.kind in _SLOW_KINDS or (rises and bool(_SLOW_METRIC.search(finding.attributes.get("metric", ""))))
    return slow and finding.strength >= NOTEWORTHY
