"""What kind of answer a question wants, and which findings give it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from agent.knowledge import WEAKEST
from agent.models import Evidence, Finding


class Intent(StrEnum):
    why = "why"
    when = "when"
    change = "change"
    amount = "amount"
    remedy = "remedy"
    logs = "logs"
    waste = "waste"
    limits = "limits"


_PATTERNS: tuple[tuple[Intent, str], ...] = (
    (Intent.waste, r"\bwast(e|es|ed|ing)\b|\b(idle|unused|oversized|forgotten)\b|save money|\bsavings?\b"),
    (Intent.limits, r"\bquotas?\b|service limits?\b"),
    (
        Intent.remedy,
        r"what (should|can|do|shall|could) (i|we)|how (do|can|should) (i|we)|\bfix\b|next step|mitigat|prevent",
    ),
    (Intent.when, r"\bwhen\b|since when|what time|how long|\bstart(ed)?\b|\bbeg[ai]n\b"),
    (Intent.change, r"\bwho\b|what changed|\bchanges?\b|\bdeploy"),
    (Intent.amount, r"how much|how many|\bdollars?\b|what did .* cost"),
    (Intent.logs, r"\blogs?\b|\berror message|\bstack|\bexception"),
)

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
    Intent.change: ("deployment", "change_before_onset", "type_change", "no_change"),
    Intent.amount: ("cost_rise", "usage_driver", "cost_drop", "budget_exceeded", "metric_rise", "queue_backlog"),
    Intent.waste: ("idle_resource", "nothing_idle"),
    Intent.limits: ("quota_near_limit", "quota_free"),
    Intent.logs: ("log_error_pattern", "log_new_pattern", "log_quiet", "sql_error", "task_failed"),
}


def intent_of(question: str) -> Intent:
    """The first pattern that fits, else `why`."""
    return next((intent for intent, pattern in _PATTERNS if re.search(pattern, question, re.I)), Intent.why)


def relevant(evidence: Iterable[Evidence], intent: Intent) -> list[tuple[Finding, str]]:
    """Findings that answer this kind of question, strongest first, with their evidence ids."""
    kinds = KINDS.get(intent)
    findings = [(f, piece.id) for piece in evidence for f in piece.findings if f.strength >= WEAKEST]
    found = [(finding, piece) for finding, piece in findings if kinds is None or finding.kind in kinds]
    if intent is Intent.when:
        found = [(finding, piece) for finding, piece in found if finding.at]
    if intent is Intent.amount and kinds:  # money before usage, whatever is stronger
        return sorted(found, key=lambda pair: (kinds.index(pair[0].kind), -pair[0].strength))
    return sorted(found, key=lambda pair: -pair[0].strength)
