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
from tools.llm.offline.intents import WAYS, Intent, intent_of, relevant
from tools.llm.offline.parts import parts_of

GENERALISTS = ("infra", "logs")
"""Who looks into a complaint that is about nobody's things in particular."""
MAX_TALK_WORDS = 10
MAX_VAGUE_WORDS = 9
_TALK = re.compile(
    r"^\W*(?:hi|hiya|hello|hey|yo|thanks?|thank you|thx|ty|tysm|cheers|good (?:morning|afternoon|evening"
    r"|night|job|bot|work)"
    r"|morning|nice(?: one)?|great|awesome|perfect|cool|lol|haha|wow|bye|goodbye|see you|well done"
    r"|you rock|love (?:it|you)"
    r"|sorry|my bad|never ?mind|nvm|got it|makes sense|ok|okay|how are you|how's it going|what's up|sup)\b",
    re.I,
)
_HELP = re.compile(
    r"^\W*(?:(?:hi|hello|hey|ok|and|so|please|watchkeeper)\b\W*)*(?:help(?:\W+(?:me|us|please|out))*\W*$"
    r"|help (?:me )?(?:with|using) "
    r"(?:this|you)|what (?:\w+ )?(?:can|do|could) (?:you|i|we) (?:\w+ )?(?:do|help|ask|know)\b"
    r"|what are you\b|who are you"
    r"|how (?:do|can|should) (?:i|we) (?:use|ask|talk to) (?:you|this)|how do you work"
    r"|what is (?:this bot|watchkeeper)"
    r"|what (?:commands|questions|features))",
    re.I,
)
_POLITE = (
    r"^\W*(?:(?:please|pls|plz|can you|could you|would you|will you|can u|just|now|then|and|so|hey|hi"
    r"|hello|ok|okay|yes|yep"
    r"|go ahead|let's|lets|i (?:need|want) you to|we need to|you should|watchkeeper|quickly|maybe)\b\W*)*"
)
_VERBS = (
    r"(?:re-?start|re-?boot|bounce|scale|resize|delete|remove|roll(?:ing)? ?(?:\w+ )?back|revert|undo"
    r"|stop|kill|terminate"
    r"|shut ?down|drop|re-?deploy|deploy|disable|enable|purge|redrive|clear|flush|drain|set|increase"
    r"|decrease|raise|lower|bump"
    r"|double|turn (?:off|on|it)|switch (?:off|on)|re-?run|retry|trigger|kick|fix|patch|create|add|update"
    r"|change|rotate|unblock"
    r"|apply|execute|run (?:the|it|that|this)|spin up|pause|resume)\b"
)
_WRITE = re.compile(rf"{_POLITE}{_VERBS}(?!\s+(?:in|of|on|since)\b)(?!\?)", re.I)
_ORDER = re.compile(
    rf"\b(?:and|then|just|must|now|please)\s+{_VERBS}\s+(?:the|all|our|my|this|that|every|it)\b[^?]*$", re.I
)
"""An order further on in a sentence that is no question."""
_ASKS = re.compile(
    r"\?\s*$|^\W*(?:why|what|when|who|which|where|how|is|are|was|were|did|does|should|has|have|any)\b", re.I
)
_COMPLAINT = re.compile(
    r"\b(?:can(?:no|')?t|can not|could ?n'?t|does ?n'?t|do ?n'?t|did ?n'?t|won'?t|is ?n'?t|are ?n'?t|not"
    r"|no longer|nothing|never)"
    r" (?:\w+ ){0,2}(?:work|load|open|log|pay|order|buy|reach|connect|get|getting|see|receive|respond"
    r"|responding|start|arrive|run"
    r"|send|sent|save|upload|download|finish|update|updating|updated|sync|show|process|processed)\w*"
    r"|\b(?:logged out|kicked out|stuck|frozen|hangs?|hanging|empty|missing|(?:is|are) gone|angry"
    r"|complain\w*|weird|unhappy|(?:on|of) fire"
    r"|acting up|falling over|fell over|dying|died|dead|crawling|laggy|flaky|in trouble|customers? (?:say"
    r"|report)\w*)\b"
    r"|\b(?:anything|something|everything|it|all|what)(?:'s| is)? (?:wrong|broken|ok|okay|fine|alright"
    r"|good|happening|going on|up)"
    r"|\bis (?:it|that|this|everything|anything|something) (?:\w+ )?(?:wrong|broken|ok|okay|fine|alright"
    r"|good|down|up|on fire)\b"
    r"|\b(?:is|are) (?:the |our |all )?[\w -]+ (?:ok|okay|fine|healthy|alright|working|up|down|broken)\b",
    re.I,
)
_BILL = re.compile(
    r"\b(?:costs?|spend|spent|spending|bills?|billing|budgets?|expensive|prices?|usd|dollars?)\b|\$", re.I
)
"""Money of ours: `customers can't pay` is about the shop's."""
_POINTS = re.compile(
    r"\b(?:it|that|this|them|those|these|the (?:other|same|second|first|last) (?:one|ones|thing|account"
    r"|service|time))\b",
    re.I,
)
_LOOKS = re.compile(
    r"\b(?:compare|check|show|explain|look|tell me (?:about|more)|what about|how about|same|which|again"
    r"|more|why|investigate|look into)\b",
    re.I,
)
_NEW_SUBJECT = re.compile(
    r"\b(?:different (?:thing|topic|question|issue|problem)|another (?:thing|question|topic|issue|problem"
    r"|one)|something else"
    r"|new (?:topic|question|issue|problem)|unrelated|by the way|btw|separately|next (?:question|problem|issue))\b",
    re.I,
)
WHICH = "What is it about? Name the resource, the service or the account, and since when."
CHOICES = ["What is broken right now", "What changed in the last day", "What costs more than usual", "Failed pipelines"]


def route(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> Route:
    """One to three specialists for each part of a question; none for talk, help, writes and what evidence answers."""
    question = brief.question
    if _HELP.search(question):
        return Route(kind="help")
    if is_write(question):
        return Route(kind="write")
    if _is_talk(question, specialists):
        return Route(kind="small_talk")
    if _refers_back(brief, specialists):
        if relevant(brief.evidence, intent_of(question)):
            return Route(kind="follow_up")
        question = f"{question} (about {_subject(brief)})"
    assignments = [
        FollowUp(specialist=name, question=part)
        for part in asked_parts(question, knowledge, specialists)
        for name in _who(part, knowledge, specialists, brief.scope)
    ]
    if assignments:
        return Route(kind="question", assignments=assignments)
    if not brief.evidence and _is_vague(question):
        return Route(kind="clarify", clarification=WHICH, choices=CHOICES)
    return Route(kind="out_of_scope")


def is_write(question: str) -> bool:
    """Whether a sentence asks for a change, and for nothing else."""
    clauses = [clause for clause in re.split(r"[.,;!?]+\s+|\s+-\s+", question) if clause.strip()]
    asks = any(_ASKS.search(clause) for clause in clauses if not _WRITE.match(clause)) and bool(_ASKS.search(question))
    orders_it = any(_WRITE.match(clause) for clause in clauses) or bool(_ORDER.search(question))
    return bool(_WRITE.match(question)) or (orders_it and not asks)


def asked_parts(question: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> list[str]:
    """The parts of a compound question, where each is about something that a specialist handles."""
    parts = parts_of(question)
    return parts if all(_who(part, knowledge, specialists, {}) for part in parts) else [question]


def _who(
    question: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist], scope: dict[str, str]
) -> list[str]:
    names = [specialist.name for specialist in specialists]
    way = WAYS.get(intent := intent_of(question))
    if way and not (intent is Intent.change and _is_data(question, knowledge, specialists)):
        return [name for name in way.specialists if name in names] or names[:1]
    chosen = choose_specialists(question, knowledge, specialists)
    about_something = _COMPLAINT.search(question) or scope.get("resource")
    if about_something and not {*GENERALISTS, "airflow"} & set(chosen):
        general = [name for name in names if name in GENERALISTS]
        return [*general, *(name for name in chosen if name != "cost" or _BILL.search(question))]
    return chosen


def _is_data(question: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> bool:
    """Pipelines and tables have their own changes: a new column type is in no CloudTrail."""
    return choose_specialists(question, knowledge, specialists)[:1] == ["airflow"]


def _is_talk(question: str, specialists: Sequence[Specialist]) -> bool:
    said = re.findall(r"[a-z0-9]+", question.lower())
    handled = {
        handle for specialist in specialists for handle in specialist.handles
    }  # in full: `saved` is no `savings`
    short = len(question.split()) <= MAX_TALK_WORDS
    about = handled & set(said) or names_in(question) or service_in(question) or _COMPLAINT.search(question)
    return short and bool(_TALK.match(question)) and not about and not _LOOKS.search(question)


def _is_vague(question: str) -> bool:
    """It points at something, and nobody can tell at what."""
    short = len(question.split()) <= MAX_VAGUE_WORDS
    return short and bool(_POINTS.search(question) and _LOOKS.search(question))


def _refers_back(brief: Brief, specialists: Sequence[Specialist]) -> bool:
    """Whether a question leans on the thread: earlier evidence, and nothing named that is new."""
    if not brief.evidence or _NEW_SUBJECT.search(brief.question):
        return False
    known = " ".join(f"{piece.summary} {piece.findings}" for piece in brief.evidence).lower()
    fresh = [name for name in names_in(brief.question) if name.lower() not in known]
    service = service_in(brief.question)
    return not fresh and (not service or service in known)


def _subject(brief: Brief) -> str:
    findings = sorted((f for piece in brief.evidence for f in piece.findings if f.resource), key=lambda f: -f.strength)
    return findings[0].resource if findings else "the incident above"
