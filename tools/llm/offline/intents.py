"""What kind of answer a question wants, who looks for it with what, and which findings give it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agent.inventory_questions import asked_for
from agent.knowledge import WEAKEST
from agent.models import Evidence, Finding
from tools.llm.offline.spend_words import SPEND


class Intent(StrEnum):
    why = "why"
    when = "when"
    change = "change"
    amount = "amount"
    spend = "spend"
    forecast = "forecast"
    remedy = "remedy"
    logs = "logs"
    waste = "waste"
    limits = "limits"
    outage = "outage"
    inventory = "inventory"


_MONEY = r"\b(?:costs?|spend|spent|spending|pay|paid|paying|bill|dollars?|usd|\$)\b|\$"
_ROSE = r"\b(?:driv\w*|behind|blame|caus\w*|spik\w*|jump\w*|increas\w*|rises?|rising|rose|went|goes|high\w*)\b"
_PATTERNS: tuple[tuple[Intent, str], ...] = (
    (
        Intent.waste,
        r"\bwast(e|es|ed|ing)\b|\b(idle|unused|oversized|forgotten)\b|save (some )?money|\bsavings?\b"
        r"|(nobody|no one|never|not|n't|nothing) (really |even )?(uses?|used|need(s|ed)?)\b",
    ),
    (Intent.limits, r"\bquotas?\b|\b(service|account|aws) limits?\b"),
    (
        Intent.outage,
        r"\baws (itself|status|outage|health)\b|outage (at|of|in|on) aws|\bis aws\b.*\b(down|ok|outage|issues?)",
    ),
    (
        Intent.forecast,
        r"\bforecast|\bproject(ed|ion)\b|end of (the )?month|(exceed|blow|over|within|hit|stay|left"
        r"|burn)\b.*\bbudgets?\b"
        rf"|\bbudgets?\b.*\b(left|exceed|over|ok|fine|blow)|will (we|it|this|the).*(?:{_MONEY})",
    ),
    (Intent.spend, "|".join(f"(?:{pattern})" for pattern in SPEND)),
    (
        Intent.remedy,
        r"what (should|can|do|shall|could|to) (i|we|do)\b|how (do|can|should) (i|we)|\bfix\b|next step"
        r"|mitigat|prevent",
    ),
    (Intent.change, r"\bwho\b|what (has |have |was |got |all )?(been )?changed|\bchanges (were|have|since|in|on|to)\b"),
    (
        Intent.change,
        r"^\W*(?:(?:hey|hi|so|and|ok|but|also)\b\W*)*(was|were|is|did|any|is there|was there|has|have)\b.*\b("
        r"deploys?|deployed|deployments?|releases?d?|rollouts?|changes?|changed|touch(?:ed)?|mess(?:ed|ing)? with"
        r"|fiddl\w+|tinker\w*|modif\w+|altered|edited|tweak\w*|pushed|shipped|merged)\b",
    ),
    (
        Intent.spend,
        rf"(how much|what (did|do|does)).*({_MONEY})|({_MONEY}).*\b(compared?|versus|vs|than)\b"
        rf"|\b(compare|break ?down|split|list|show|give|table)\s+"
        rf"(me |us |of |the |our |my |all |aws |daily |total )*({_MONEY})"
        rf"(?!.*{_ROSE})"
        rf"|({_MONEY}).*\b(break ?down|(per|by|of each|for each) (aws )?(service|account|region|day|team|tag)s?)\b"
        rf"(?!.*{_ROSE})",
    ),
    (Intent.amount, r"how much|how many"),
    (Intent.when, r"\bwhen\b(?! (i|we|you|they|it|he|she|someone|people)\b)|since when|what time|how long"),
    (Intent.when, r"\bwhen did\b|\bwhen (was|were)\b|\b(start(ed)?|beg[ai]n)\?$"),
    (Intent.change, r"\bdeploy(ed|s|ments?)?\b|\bchanges?\b"),
    (Intent.logs, r"\blogs?\b|\berror message|\bstack ?-?trace|\bexceptions?\b|\btraceback"),
)
_OF_A_CHANGE = re.compile(
    r"\bwhen (?:was|were|did|is|has)\b(?!.*\b(?:start|beg[ai]n|fail|break|broke|spike|rise|go )).*"
    r"\b(?:deploy|releas|roll(?:ed)? (?:out|back)|chang|modif|alter|merg|ship|touch)",
    re.I,
)
"""Asks for a change's time, not for the trouble's."""
_WHO_HOLDS = re.compile(
    r"\bwho(?:['’]s| is| are)?\b.*\b(?:hog|hold|us(?:es|ing)|eat|call|send|hitt?|own|connect|lock|block)(?:s|ing"
    r"|ed)?\b"
    r"|\b(?:connections?|sessions?)\b.*\bwho (?:has |have )?opened\b"
    r"|\bwho (?:has |have )?opened\b.*\b(?:connections?|sessions?)\b",
    re.I,
)
"""Asks for a thing: who `is hogging the connections` is nobody who changed something."""
_WHO_ALONE = re.compile(r"^(?!.*\b(?:chang|deploy|creat|delet|remov|modif|touch|did|approv)\w*).*\bwho\b", re.I)
_CAUSE = re.compile(r"\bwhy\b|\bhow come\b|\bwhat('s| is| was)? (caus|wrong|going on|happen)|\breason\b", re.I)
_NOT_WITH_A_CAUSE = (Intent.change, Intent.when, Intent.amount, Intent.spend, Intent.forecast, Intent.logs)
"""`Why did it exceed the budget after the deploy` asks for the cause all the same."""


@dataclass(frozen=True)
class Way:
    """Who answers a plain question, and the tools that are all it takes."""

    specialists: tuple[str, ...]
    tools: tuple[str, ...]


WAYS: dict[Intent, Way] = {
    Intent.waste: Way(("cost",), ("idle_resources",)),
    Intent.limits: Way(("infra",), ("quota_usage",)),
    Intent.outage: Way(("infra",), ("aws_health",)),
    Intent.forecast: Way(("cost",), ("budget_status", "cost_forecast")),
    Intent.inventory: Way(("infra",), ("list_resources",)),
    Intent.spend: Way(("cost",), ("cost_breakdown",)),
    Intent.change: Way(("infra",), ("recent_changes", "deployments")),
}

KINDS: dict[Intent, tuple[str, ...]] = {
    Intent.when: (
        "metric_rise",
        "metric_at_limit",
        "cost_rise",
        "log_new_pattern",
        "task_failed",
        "out_of_memory",
        "throttled",
    ),
    Intent.change: ("deployment", "deployment_failed", "change_before_onset", "type_change", "no_change"),
    Intent.amount: ("queue_backlog", "dead_letters", "cost_rise", "usage_driver", "cost_drop", "metric_rise"),
    Intent.spend: ("cost_rise", "cost_drop", "cost_steady", "usage_driver", "cost_total"),
    Intent.forecast: ("budget_exceeded", "cost_rise", "cost_steady", "cost_drop"),
    Intent.waste: ("idle_resource", "nothing_idle"),
    Intent.limits: ("quota_near_limit", "quota_free"),
    Intent.outage: ("health_event", "aws_healthy"),
    Intent.inventory: ("inventory",),
    Intent.logs: ("log_error_pattern", "log_new_pattern", "sql_error", "task_failed", "log_quiet"),
}
_MONEY_KINDS = ("cost_rise", "usage_driver", "cost_drop", "budget_exceeded")
_NORMAL = ("nothing_idle", "quota_free", "aws_healthy", "cost_steady", "no_change", "log_quiet")
"""What says that all is well, which is an answer to a plain question."""


def intent_of(question: str) -> Intent:
    """The first pattern that fits, else `why`. Who makes costs is a cause; who made a change is a person."""
    if asked_for(question):
        return Intent.inventory
    found = (intent for intent, pattern in _PATTERNS if re.search(pattern, question, re.I))
    if _OF_A_CHANGE.search(question):
        return Intent.change
    if _WHO_HOLDS.search(question):
        return Intent.why
    if re.search(_MONEY, question, re.I) and _WHO_ALONE.search(question):
        return Intent.why
    asks_why = bool(_CAUSE.search(question))
    return next(
        (i for i in found if not (asks_why and i in _NOT_WITH_A_CAUSE and not _wants_a_time(question, i))), Intent.why
    )


def _wants_a_time(question: str, intent: Intent) -> bool:
    """`Since when, and why` gets both."""
    return intent is Intent.when and bool(re.search(r"since when|when did|what time|how long", question, re.I))


def relevant(evidence: Iterable[Evidence], intent: Intent) -> list[tuple[Finding, str]]:
    """Findings that answer this kind of question with their evidence ids: strongest first, changes newest first."""
    kinds = KINDS.get(intent)
    findings = [
        (f, piece.id) for piece in evidence for f in piece.findings if f.strength >= WEAKEST or f.kind in _NORMAL
    ]
    found = [(f, piece) for f, piece in findings if (f.kind in kinds if kinds else f.strength >= WEAKEST)]
    if intent is Intent.when:
        found = [(finding, piece) for finding, piece in found if finding.at]
    if intent in (Intent.waste, Intent.limits, Intent.outage, Intent.change, Intent.logs) and kinds:
        departs = [pair for pair in found if pair[0].kind not in _NORMAL]
        found = departs or found
    if intent in (Intent.spend, Intent.amount, Intent.forecast) and kinds:  # what is asked for before what is stronger
        return sorted(found, key=lambda pair: (kinds.index(pair[0].kind), -pair[0].strength))
    return sorted(found, key=lambda pair: -pair[0].strength)
