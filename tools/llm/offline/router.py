"""Routing: what a question wants, and who looks into it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.briefs import Brief
from agent.drafts import FollowUp, Route
from agent.knowledge import KnowledgeBase
from agent.routing import choose_specialists
from agent.specialists import Specialist
from agent.vocabulary import names_in, service_in
from tools.llm.offline.intents import intent_of, relevant

_GREETING = r"hi|hello|hey|thanks|thank you|help|good (?:morning|afternoon|evening)|what (?:can|do) you do|who are you"
_FILLER = r"there|watchkeeper|everyone|team|all|me|again|please|a lot|so much|very much|today|for us"
_HELP = re.compile(rf"^\W*(?:{_GREETING})\b\W*(?:(?:{_GREETING}|{_FILLER})\b\W*)*$", re.I)
_POLITE = r"^\W*(?:(?:please|can you|could you|would you|now|hey|hi|hello|ok|okay|watchkeeper)\b\W*)*"
_VERBS = (
    r"(restart|reboot|scale|delete|remove|roll ?back|stop|kill|terminate|drop|deploy|disable|enable|purge"
    r"|redrive|clear|set|increase|decrease)\b"
)
_WRITE = re.compile(_POLITE + _VERBS + r"(?!\s+(?:in|of)\b)", re.I)
_ORDER = re.compile(rf"\b(?:and|then|just|must|now)\s+{_VERBS}\s+(?:the|all|our|my|this|that|every)\b[^?]*$", re.I)
"""An order further on in a sentence that is no question."""


def route(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> Route:
    """One to three specialists for a question, none for help, writes and what earlier evidence answers."""
    question = brief.question
    if _HELP.match(question):
        return Route(kind="help")
    if _WRITE.match(question) or _ORDER.search(question):
        return Route(kind="write")
    if _refers_back(brief):
        if relevant(brief.evidence, intent_of(question)):
            return Route(kind="follow_up")
        question = f"{question} (about {_subject(brief)})"
    chosen = choose_specialists(question, knowledge, specialists)
    if not chosen:
        return Route(kind="out_of_scope")
    return Route(kind="question", assignments=[FollowUp(specialist=name, question=question) for name in chosen])


def _refers_back(brief: Brief) -> bool:
    """Whether a question leans on the thread: earlier evidence, and nothing named that is new."""
    if not brief.evidence:
        return False
    known = " ".join(f"{piece.summary} {piece.findings}" for piece in brief.evidence).lower()
    fresh = [name for name in names_in(brief.question) if name.lower() not in known]
    service = service_in(brief.question)
    return not fresh and (not service or service in known)


def _subject(brief: Brief) -> str:
    findings = sorted((f for piece in brief.evidence for f in piece.findings if f.resource), key=lambda f: -f.strength)
    return findings[0].resource if findings else "the incident above"
