"""Routing: what a question wants, and who looks into it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from agent.beyond import is_beyond
from agent.briefs import Brief
from agent.drafts import FollowUp, Route
from agent.imperatives import asks_for_change
from agent.knowledge import KnowledgeBase, words
from agent.languages import lexicons
from agent.routing import MAX_SPECIALISTS, MODEL, choose_specialists
from agent.specialists import Specialist
from agent.vocabulary import BUSINESS, FILE, PIPELINES, USAGE, names_in, service_in
from tools.llm.offline.intents import WAYS, Intent, intent_of, relevant
from tools.llm.offline.inventory import in_full
from tools.llm.offline.parts import each_listed, parts_of
from tools.llm.offline.spend import has_total, services_of
from tools.llm.offline.thread import asked_before, is_of_another_time, wanted
from tools.llm.offline.wording import CHANGES_ASKED

GENERALISTS = ("infra", "logs")
"""Who looks into a complaint that is about nobody's things in particular."""
MAX_TALK_WORDS = 10
MAX_VAGUE_WORDS = 9
_TALK = re.compile(
    r"^\W*(?:hi|hiya|hello|hey|yo|thanks?|thank you|thx|ty|tysm|cheers|good (?:morning|afternoon|evening"
    r"|night|job|bot|work)"
    r"|morning|night|gn|nice(?: one)?|great|awesome|amazing|excellent|perfect|cool|lol|haha|wow|well done"
    r"|bye|goodbye|cya|see (?:you|ya|u)|later|take care|signing off|(?:i['’]?m )?(?:off|going) to bed"
    r"|talk (?:to you )?later"
    r"|have a (?:good|nice|great|lovely)|happy (?:friday|weekend|holidays)|that['’]?s (?:all|it)\b"
    r"|you rock|love (?:it|you)"
    r"|sorry|my bad|never ?mind|nvm|got it|makes sense|ok|okay|k|kk|how are you|how's it going|what's up|sup"
    r"|(?:much )?appreciated?|roger|understood|copy that|all good|sounds good|will do|nothing else|no worries"
    r"|(?:i['’]?m )?(?:good|done) for (?:now|today)|you(?:['’]re| are) (?:the best|a star|great|amazing|awesome)"
    r"|alright"
    r"|all right|no thanks?|much better|super|fine)\b"
    r"|\b(?:thanks?(?: (?:you|a lot|so much|a ton|again|mate|man|everyone|all))?|thx|ty|cheers)\W*$",
    re.I,
)
_PRAISE = re.compile(
    r"\b(?:good|great|nice|awesome|amazing|excellent|fantastic|lovely|solid|brilliant) "
    r"(?:job|work|one|catch|call|find|bot|day|night|evening|weekend|morning|afternoon|stuff|team|report|answer)\b",
    re.I,
)
"""What is said to be nice: a `great job` is no pipeline's."""
_ALL_WELL = re.compile(r"\ball (?:good|fine|well|set|ok|okay|clear)\b(?!.*\?)", re.I)
"""As a statement; with a question mark it asks."""
_HELP = re.compile(
    r"^\W*(?:(?:hi|hello|hey|ok|and|so|please|watchkeeper)\b\W*)*(?:help(?:\W+(?:me|us|please|out))*\W*$"
    r"|help (?:me )?(?:with|using) "
    r"(?:this|you)|what (?:\w+ )?(?:can|do|could) (?:you|i|we) (?:\w+ )?(?:do|help|ask|know)\b"
    r"|what are you\b|who are you"
    r"|how (?:do|can|should) (?:i|we) (?:use|ask|talk to) (?:you|this)|how do you work"
    r"|what is (?:this bot|watchkeeper)"
    r"|what (?:commands|questions|features)|what (?:(?:kinds?|sorts?|types?) of \w+ )?(?:can|could|should|may) (?:i"
    r"|we) ask"
    r"|what do you (?:do|know about|support|cover)\b|what(?:['’]s| is) your (?:job|purpose|role)\b|how can (?:you"
    r"|u) help|are you (?:a|an) (?:bot|human|ai)\b"
    r"|how does (?:this|the|it|watchkeeper)(?: (?:bot|thing|assistant|app|tool))? work\b)",
    re.I,
)
_COMPLAINT = re.compile(
    r"\b(?:can(?:no|['’])?t|can not|could ?n['’]?t|does ?n['’]?t|do ?n['’]?t|did ?n['’]?t|won['’]?t|is ?n['’]?t"
    r"|are ?n['’]?t|ain['’]?t|not|no longer|nothing|never|unable to|fails? to|failing to|stop(?:s|ped)|(?:nobody"
    r"|no ?one"
    r"|none of (?:us|them|our \w+)) can)"
    r" (?:\w+ ){0,2}(?:work|load|open|log|pay|order|buy|check|reach|connect|get|getting|see|receiv|respond"
    r"|responding|start|arriv|run|go|going|come|coming|build|deliver|place|sign|use|access"
    r"|send|sent|save|upload|download|finish|update|updating|updated|sync|show|process|processed)\w*"
    r"|\b(?:nobody|no ?one)(?:['’]s| is| has)? (?:got|gets?|getting|receiv\w+)\b"
    r"|\bwhere(?:['’]?s| is| are| r| did)? (?:my|our|the|all|today['’]?s|they|it)\b"
    r"|^\W*(?:status|health|sitrep|overview|state)(?: (?:check|report|update|overview|of prod\w*|please|pls))*\W*$"
    r"|\b(?:logged out|kicked out|stuck|frozen|hangs?|hanging|empty|missing|(?:is|are) gone|angry"
    r"|complain\w*|weird|unhappy|(?:on|of) fire"
    r"|acting up|acting weird|falling over|fell over|dying|died|dead|crawling|laggy|flaky|in trouble|borked|hosed"
    r"|busted|bust|kaput|wonky|janky|screwed|fubar|red|choke[sd]?|choking|hiccups?|playing up|throwing up|tanked"
    r"|tanking"
    r"|not (?:good|happy|healthy|right|available|reachable|possible)|(?:is|are|r) off|something off|keeps? \w+ing"
    r"|customers? (?:say|report)\w*)\b"
    r"|\b(?:anything|something|everything|it|all|what)(?:'s| is)? (?:wrong|broken|ok|okay|fine|alright"
    r"|good|happening|going on|up)"
    r"|\bis (?:it|that|this|everything|anything|something) (?:\w+ )?(?:wrong|broken|ok|okay|fine|alright"
    r"|good|down|up|on fire)\b"
    r"|\b(?:is|are) (?:the |our |all )?[\w -]+ (?:ok|okay|fine|healthy|alright|working|up|down|broken)\b",
    re.I,
)
_WHY = re.compile(
    r"\b(?:why|how come|since when|what happened|what['’]?s (?:wrong|up|going on)|root cause"
    r"|rca)\b",
    re.I,
)
_BILL = re.compile(
    r"\b(?:costs?|spend|spent|spending|bills?|billing|budgets?|expensive|prices?|usd|dollars?|charged"
    r"|(?<!lose )(?<!losing )money)\b|\$",
    re.I,
)
"""Money of ours: `customers can't pay` is about the shop's."""
_POINTS = re.compile(
    r"\b(?:it|that|this|them|those|these|the (?:other|same|second|first|last) (?:one|ones|thing|account"
    r"|service|time))\b",
    re.I,
)
_LOOKS = re.compile(
    r"\b(?:who|compare|check|show|explain|look|tell me (?:about|more)|what about|how about|same|which|again"
    r"|more|why|investigate|look into)\b",
    re.I,
)
NEW_SUBJECT = re.compile(
    r"\b(?:different (?:thing|topic|question|issue|problem)|another (?:thing|question|topic|issue|problem"
    r"|one)|something else"
    r"|new (?:topic|question|issue|problem)|unrelated|by the way|btw|separately|next (?:question|problem|issue))\b",
    re.I,
)
_BARE = re.compile(
    r"^\W*(?:(?:hey|hi|hello|so|and|ok|okay|guys|team|watchkeeper|please|pls)\b\W*)*"
    r"(?:(?P<why>why(?: (?:is|was) (?:that|this))?|how come|how so)"
    r"|what(?:['’]?s| is| has| just)? (?:just )?(?:happened|went wrong|changed here|broke|failed|wrong here|new here)"
    r"|anything i (?:should|need to) know|fill me in"
    r"|(?:what did i|did i) miss(?: (?:anything|something))?|catch me up|brief me)\b"
    r"(?: (?:here|there|guys|today|overnight|last night|tonight|this (?:morning|afternoon|evening)|now|please|pls"
    r"|again|while i was \w+))*\W*$",
    re.I,
)
"""Asks about whatever is the matter, and names nothing: under somebody's words it is about those."""
_SNAKE = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+")
_TABLE = re.compile(r"[a-z_]{2,}\.(?!(?:com|net|org|dev|app|local|internal|amazonaws)\b)[a-z_]{3,}")
_DATA = ("mwaa", "redshift", "s3", "rds")
"""Services of which something that was found may still be about a pipeline: what it reads and what it fills."""
OF_OTHER_SCRIPTS = "Without a language model I read English, {} only. "
WHICH = "What is it about? Name the resource, the service or the account, and since when."
CHOICES = ["What is broken right now", "What changed in the last day", "What costs more than usual", "Failed pipelines"]


def route(brief: Brief, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> Route:
    """One to three specialists for each part of a question; none for talk, help, writes and what evidence answers."""
    brief = in_full(brief)
    question = brief.question
    if _HELP.search(question):
        return Route(kind="help")
    if is_beyond(question) and not _refers_back(brief, specialists):
        return Route(kind="out_of_scope")
    if asks_for_change(question):
        return Route(kind="write")
    if _is_talk(question, specialists):
        return Route(kind="small_talk")
    kind = "question"
    if _is_of_the_bill(brief, specialists) and not has_total(brief):
        kind, question = "follow_up", _asked_of_the_bill(brief)
    elif _refers_back(brief, specialists):
        if is_of_another_time(brief) and wanted(brief) is not Intent.spend:
            kind, question = "follow_up", f"{asked_before(brief) or question} ({question}, about {_subject(brief)})"
        elif relevant(brief.evidence, intent_of(question)):
            return Route(kind="follow_up")
        else:
            question = f"{question} (about {_subject(brief)})"
    elif _BARE.search(question) and (said := asked_before(brief)):
        question = f"{said} ({question})"
    parts = asked_parts(question, knowledge, specialists)
    if len(parts) == 1 and (listed := each_listed(question, brief.scope.get("listed", ""))):
        parts = list(listed.values())
    if brief.scope.get("unknown") and len(parts) == 1:
        return _which(brief.scope)
    assignments = [
        FollowUp(specialist=name, question=part)
        for part in parts
        for name in _who(part, knowledge, specialists, _scope_of(part, parts, brief.scope))
    ]
    if not assignments and not brief.evidence and (bare := _BARE.search(question)) and not bare["why"]:
        assignments = [FollowUp(specialist=s.name, question=question) for s in specialists if s.name in GENERALISTS]
    if assignments:
        return Route(kind=kind, assignments=assignments)
    if _is_of_another_script(question):
        return Route(kind="clarify", clarification=_languages_read() + WHICH, choices=CHOICES)
    if not brief.evidence and _is_vague(question):
        return Route(kind="clarify", clarification=WHICH, choices=CHOICES)
    return Route(kind="out_of_scope")


def _is_of_the_bill(brief: Brief, specialists: Sequence[Specialist]) -> bool:
    """Whether a thread's question asks for one more sum: by itself, or as `and for EC2?` and `and in May?` do."""
    if not brief.evidence or wanted(brief) is not Intent.spend or NEW_SUBJECT.search(brief.question):
        return False
    if intent_of(brief.question) is Intent.spend:
        return _refers_back(brief, specialists)
    narrowed = bool(services_of(brief.question) or brief.scope.get("start"))
    return narrowed and not names_in(brief.question) and not brief.scope.get("resource")


def _asked_of_the_bill(brief: Brief) -> str:
    """A question for a sum that stands alone: `and for EC2?` with what was asked before it."""
    alone = intent_of(brief.question) is Intent.spend
    return brief.question if alone else f"{brief.question} ({asked_before(brief)})"


def _languages_read() -> str:
    return OF_OTHER_SCRIPTS.format(", ".join(sorted(lexicon.language for lexicon in lexicons())))


def _which(scope: dict[str, str]) -> Route:
    """Nobody looks for a thing that does not exist: whoever asked knows best what they mean."""
    nearest = [name for name in scope.get("nearest", "").split(", ") if name]
    ask = "Do you mean one of these?" if nearest else "What is it called in AWS, or what is it a part of?"
    return Route(
        kind="clarify", clarification=f"Nothing that I see here is called {scope['unknown']}. {ask}", choices=nearest
    )


def _scope_of(part: str, parts: Sequence[str], scope: dict[str, str]) -> dict[str, str]:
    """What was found to be meant, for the part of a question that says so: the others are about something else."""
    resource = scope.get("resource", "")
    return scope if len(parts) == 1 or set(words(part)) & set(words(resource)) else {}


def asked_parts(question: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist]) -> list[str]:
    """The parts of a compound question, where each is about something that a specialist handles."""
    parts = parts_of(question)
    return parts if all(_who(part, knowledge, specialists, {}) for part in parts) else [question]


def _who(
    question: str, knowledge: KnowledgeBase, specialists: Sequence[Specialist], scope: dict[str, str]
) -> list[str]:
    names = [specialist.name for specialist in specialists]
    way = WAYS.get(intent := intent_of(question))
    data = _is_data(question, specialists, scope)
    chosen = choose_specialists(question, knowledge, specialists)
    if way and not (intent is Intent.change and data):
        of_us = intent is not Intent.change or chosen or scope.get("resource") or CHANGES_ASKED.search(question)
        return ([name for name in way.specialists if name in names] or names[:1]) if of_us else []
    money = "cost" in names and _is_about_money(question, specialists, scope)
    if money != ("cost" in chosen):
        others = [name for name in chosen if name != "cost"]
        chosen = ["cost", *others[: MAX_SPECIALISTS - 1]] if money else others
    if not data and "airflow" in chosen and not _handles("airflow", question, specialists):
        chosen = [name for name in chosen if name != "airflow"]
    if data and "airflow" not in chosen:
        chosen = [*chosen[: MAX_SPECIALISTS - 1], "airflow"]
    about_something = _COMPLAINT.search(question) or scope.get("resource")
    about_something = about_something or (BUSINESS.search(question) and _WHY.search(question))
    able = GENERALISTS if intent is Intent.logs else ("infra",)
    if about_something and not {*able, "airflow"} & set(chosen):
        general = [name for name in names if name in GENERALISTS]
        return [*general, *(name for name in chosen if name != "cost" or _BILL.search(question))]
    if chosen and chosen[0] == "airflow" and not data and "infra" in names:
        return list(dict.fromkeys(["airflow", "infra", *chosen]))[:MAX_SPECIALISTS]
    return chosen


def _is_about_money(question: str, specialists: Sequence[Specialist], scope: dict[str, str]) -> bool:
    """Whether it is, apart from its names: `is send-mail ok?` is not, nor does a runbook like it make it so."""
    left = question.lower()
    for name in (*names_in(question), scope.get("resource", "")):
        left = left.replace(name.lower(), " ") if name else left
    return _handles("cost", left, specialists) or bool(_BILL.search(left) or USAGE.search(question))


def _is_joined(name: str) -> bool:
    """`load_orders`, `raw.sales`: tasks, columns and tables are called so, and resources of AWS seldom are."""
    return bool(_SNAKE.fullmatch(name) or _TABLE.fullmatch(name))


def _handles(name: str, text: str, specialists: Sequence[Specialist]) -> bool:
    """Whether a text has a word that this specialist handles."""
    handles = [handle for specialist in specialists if specialist.name == name for handle in specialist.handles]
    spoken = " ".join(words(text))
    return any(re.search(rf"\b{re.escape(' '.join(words(handle)))}\b", spoken) for handle in handles)


def _is_data(question: str, specialists: Sequence[Specialist], scope: dict[str, str]) -> bool:
    """Whether a question names a pipeline, a model or what they fill. What is `late` or `missing` may be anything else.

    Pipelines and tables have their own changes, too: a new column type is in no CloudTrail. A name with underscores
    that the inventory does not have is a task's or a column's.
    """
    if "airflow" not in [specialist.name for specialist in specialists] or scope.get("service", "mwaa") not in _DATA:
        return False
    unknown = not scope.get("resource")
    names = any(MODEL.fullmatch(name) or (unknown and _is_joined(name)) for name in names_in(question))
    names = names or any(FILE.fullmatch(name) for name in names_in(question))
    return names or not PIPELINES.isdisjoint(re.findall(r"[a-z]+", question.lower()))


def _is_talk(question: str, specialists: Sequence[Specialist]) -> bool:
    said = re.findall(r"[a-z0-9]+", _PRAISE.sub(" ", question.lower()))
    handled = {
        handle for specialist in specialists for handle in specialist.handles
    }  # in full: `saved` is no `savings`
    short = len(question.split()) <= MAX_TALK_WORDS
    complains = _COMPLAINT.search(_ALL_WELL.sub(" ", question))
    about = handled & set(said) or names_in(question) or service_in(question) or complains or _BARE.search(question)
    return short and bool(_TALK.search(question)) and not about and not _LOOKS.search(question)


def _is_vague(question: str) -> bool:
    """It points at something, and nobody can tell at what."""
    short = len(question.split()) <= MAX_VAGUE_WORDS
    points = _POINTS.search(question) and _LOOKS.search(question)
    return short and bool(points or _BARE.search(question))


def _is_of_another_script(question: str) -> bool:
    """Whether most letters are neither Latin nor anything else that the lexicons know: Japanese, Russian, Arabic."""
    letters = [letter for letter in question if letter.isalpha()]
    return 2 * sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters) > len(letters)


def _refers_back(brief: Brief, specialists: Sequence[Specialist]) -> bool:
    """Whether a question leans on the thread: earlier evidence, and nothing named that is new."""
    if not brief.evidence or NEW_SUBJECT.search(brief.question) or intent_of(brief.question) is Intent.inventory:
        return False
    known = " ".join(f"{piece.summary} {piece.findings}" for piece in brief.evidence).lower()
    meant = [*names_in(brief.question), *filter(None, [brief.scope.get("resource", "")])]
    fresh = [name for name in meant if name.lower() not in known]
    service = service_in(brief.question)
    return not fresh and (not service or service in known)


def _subject(brief: Brief) -> str:
    findings = sorted((f for piece in brief.evidence for f in piece.findings if f.resource), key=lambda f: -f.strength)
    return findings[0].resource if findings else "the incident above"
