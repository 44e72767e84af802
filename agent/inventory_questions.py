"""Questions for what there is: `list my lambda functions`, `how many queues do we have?`, `is there a table called x?`

    asked_for("do we have a table called sessions?")    # Asked(kind="table", name="sessions", whole=True, checks=True)
    asked_for("which functions are failing?")           # None: that asks how they do

Every word of such a question is known here: one that is not (`failing`, `slow`, `growing`) asks for something else.
English; `agent.languages` puts other languages into it. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from agent.resource_kinds import SERVICE_WORDS, SPOKEN
from agent.vocabulary import BUSINESS, names_in

MAX_CHARS = 240
"""Of such a question; a longer one asks for more."""


@dataclass(frozen=True)
class Asked:
    """`kind` as it was said; `name`: a name or a part of one, or what else tells some from others (`python3.12`)."""

    kind: str
    name: str = ""
    whole: bool = False
    """The name is all of it: `called orders`, and not `with orders in its name`."""
    checks: bool = False
    """Wants a yes or a no."""


_OPEN = (
    r"^\W*(?:(?:hey|hi|hello|ok|okay|so|and|also|please|pls|plz|just|quick question|watchkeeper|can you|could you"
    r"|would you|will you|can i|could i|i (?:want|would like|need) to|i['’]d like to|let me|help me|do you know)\b\W*)*"
)
_MINE = (
    r"(?:(?:me|us|out|up|all|of|the|my|our|your|this account['’]?s|every|each|existing|available|current|currently"
    r"|deployed|active|running|live|different|known|a|an|any|some|full|complete|total|names? of|list of"
    r"|inventory of|overview of|other|one of)\s+)*"
)
_WORD = r"[`'\"“”‘’]?{}[`'\"“”‘’]?"
_NAME = r"[A-Za-z0-9][\w./:*-]*?"
_ANY_NAME = _WORD.format(_NAME)
_BEFORE = rf"(?:{_WORD.format(f'(?P<before>{_NAME})')}\s+)??"
_KIND = rf"(?P<kind>(?:(?:aws|amazon)\s+)?(?:{SPOKEN})s?)\b"
_HERE = (
    r"(?:in|on|within|inside|across|of|under|for)\s+(?:the |this |our |my |your |that |any |all )*"
    r"(?:(?:aws|whole|entire|current|same|demo|simulated|test|[\w-]+)\s+)?"
    r"(?:accounts?|regions?|environments?|env|cloud|organi[sz]ation|org|aws)"
    r"|in (?:the )?(?:aws )?account [\w-]+|in [a-z]{2}(?:-[a-z]+)+-\d|on aws|in (?:prod|production|staging|dev|test|qa)"
)
_HAVE = (
    r"(?:do|does|did) (?:we|i|they|this account|the account|our account|my account|our team|my team|our company)"
    r" (?:(?:currently|actually|all|still|even|really|already) )?"
    r"(?:have|own|use|run|operate|see|got|hold|contain|monitor|manage)(?: (?:running|deployed))?"
    r"|(?:do|can) you (?:(?:currently|actually) )?(?:see|know(?: of| about)?|monitor|watch)"
    r"|have (?:we|i)(?: got)?|have you got|has (?:this|the|our) account(?: got)?"
    r"|(?:that |which )?(?:we|i) (?:have|own|use|run)"
    r"|are there|there are|is there|there is|(?:that |which )?(?:currently |already )?exists?"
    r"|(?:are|is) (?:currently |already )?(?:running|deployed|defined|configured|set up|available|live|active)"
    r"|(?:are|is)(?= (?:in|on|within|here|there|currently) )|runs?|live"
)
_ASIDE = (
    r"right now|now|currently|at the moment|at present|today|these days|in total|total|altogether|overall|at all"
    r"|already|running|active|live|deployed|defined|configured|please|pls|plz|thanks|thank you|for me|too|as well"
    r"|exactly|actually|again|here|there|by name|(?:and |with )?(?:their|the) names|and (?:list|name) them|available"
    r"|existing"
)
_CALLED = r"(?:(?:that|which)(?: is| are|['’]s) )?(?:called|named|(?:by|with) the name(?: of)?)"
_NAMED_SO = (
    r"(?:that |whose names? |with names? (?:that )?|with a name (?:that )?)?"
    r"(?:start(?:ing|s)? with|begin(?:ning|s)? with|contain(?:ing|s)?|match(?:ing|es)?)"
)
_HAS = r"(?:that )?(?:with|hav(?:e|ing)|includ(?:e|es|ing))"
_IN_NAME = r"in (?:the|its|their|a) names?"
_FOR = r"for(?! (?:today|now|yesterday|tomorrow|real|free|sure|once|example|me|us)\b)"
_RUNS_ON = r"(?:that |which )?(?:still )?(?:using|use|uses|run(?:s|ning)?(?: on)?|are (?:still )?on|on|with)"
_MADE = r"(?:(?:python|nodejs|java|ruby|dotnet|go|provided\.al)[\d.]+x?|[a-z]{1,4}\d[a-z]{0,3}\.\w+)"
_SPLIT = (
    rf"{_CALLED} {_ANY_NAME}(?=\s|\W*$)|{_NAMED_SO} {_ANY_NAME}(?=\s|\W*$)|{_HAS} {_ANY_NAME} {_IN_NAME}"
    rf"|{_RUNS_ON} {_MADE}(?=\s|\W*$)|(?:in|on) (?:the )?(?:cluster {_ANY_NAME}(?=\s|\W*$)|{_ANY_NAME} cluster)"
    rf"|{_FOR} {_ANY_NAME}(?=\s|\W*$)"
)
_WHOLE = re.compile(rf"\b{_CALLED} {_WORD.format(f'({_NAME})')}(?=\s|\W*$)", re.I)
_PARTS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b{_NAMED_SO} {_WORD.format(f'({_NAME})')}(?=\s|\W*$)",
        rf"\b{_HAS} {_WORD.format(f'({_NAME})')} {_IN_NAME}",
        rf"\b{_RUNS_ON} ({_MADE})(?=\s|\W*$)",
        rf"\bcluster {_WORD.format(f'({_NAME})')}(?=\s|\W*$)",
        rf"\b(?:in|on) (?:the )?{_WORD.format(f'({_NAME})')} cluster\b",
        rf"\b{_FOR} {_WORD.format(f'({_NAME})')}(?=\s|\W*$)",
    )
)
_TAIL = rf"(?P<tail>(?:[\s,]+(?:{_HAVE}|{_HERE}|{_ASIDE}|{_SPLIT}))"
_THERE = (
    r"(?:(?:do|does|did) (?:we|i|this account|the account|our account|my account)"
    r" (?:(?:even|already|still|currently|actually|really) )?(?:have|own|use|run|hold)|have (?:we|i) got|(?:we|i) have"
    r"|got|(?:is|are) there|(?:do|can) you (?:see|know)|there (?:is|are))\s+(?:(?:any|a|an|the|some|our|one|even)\s+)*"
)


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{_OPEN}{pattern}\W*$", re.I)


_LISTS = _form(
    r"(?:(?:list|show|give|get|enumerate|names?(?: of)?|display|print|tell|see|find|fetch|what(?:['’]?s| is| are)"
    rf"|a list of|all)\s+){{1,2}}{_MINE}{_BEFORE}{_KIND}{_TAIL}*)"
)
_COUNTS = _form(
    r"(?:tell me |show me )?(?:how many|(?:what(?:['’]?s| is)\s+)?(?:the )?(?:total )?(?:number|count) of|count)\s+"
    rf"{_MINE}{_BEFORE}{_KIND}{_TAIL}*)"
)
_WHICH = _form(rf"(?:what|which)\s+(?:(?:kinds?|sorts?|types?) of\s+)?{_MINE}{_BEFORE}{_KIND}{_TAIL}+)")
_HOLDS = _form(
    r"(?:what(?:['’]?s| is)(?: (?:there|running|deployed|defined))?|what (?:do|does) (?:we|i|this account) (?:have|run)"
    r"(?: running| deployed)?|show me everything|list everything)\s+"
    rf"(?:(?:in|on)\s+{_KIND}|(?:in|on) (?:this|my|our|the) (?:aws |whole )?account){_TAIL}*)"
)
_CHECKS = (
    _form(rf"(?:{_THERE}|any\s+){_BEFORE}{_KIND}{_TAIL}*)"),
    _form(
        rf"(?:do|does) (?:the |a |an |our |any )*{_BEFORE}{_KIND}(?: (?:called|named))?"
        rf"(?: (?!still\b){_WORD.format(f'(?P<after>{_NAME})')})?(?: (?:still|already|even))? exists?{_TAIL}*)"
    ),
    _form(rf"{_THERE}(?:thing|something|anything)(?P<tail>\s+{_CALLED} {_ANY_NAME})"),
    _form(rf"does (?:the )?(?P<before>{_NAME})(?: (?:still|already|even))? exist{_TAIL}*)"),
    _form(rf"{_THERE}(?P<before>{_NAME}){_TAIL}*)"),
)
_ALL = re.compile(r"\b(?:all|every|each|my)\b", re.I)
_FORMS = (_LISTS, _COUNTS, _WHICH, _HOLDS, *_CHECKS)
_ENVIRONMENT = re.compile(r"prod|production|staging|dev|test|qa|sandbox|uat|demo", re.I)
EVERYTHING = "resources"
_ABROAD: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I), word)
    for word, words in (
        ("list", "liste(?: mir)?|listez|lista|elenca|zeige?(?: mir)?|montre|mostra|muestra|mostre"),
        ("do we have", "haben we|haben wir|habe ich|avons[- ]we|avons[- ]nous|tenemos|tengo|temos|tenho|abbiamo|ho"),
        ("are there", "gibt it|gibt es|existieren|existent|il y a|hay|existen|existem|ci sono|ha"),
        ("me", "mir"),
        ("", "auf"),
        ("all", "alle|tous|toutes|todos|todas|tutte|tutti"),
        ("my", "meine|unsere|mes|nos|mis|nuestras|nuestros|minhas|nossas|meus|mie|miei|le|les|las|los|as|os"),
        ("called", "namens|mit (?:dem )?name[n]?|appelee?|nommee?|llamad[ao]|chamad[ao]|chiamat[ao]"),
        ("a", "ein|eine|einen|une?|una|uno|um|uma"),
        ("lambda functions", "functions? lambda|lambda[- ]funktion(?:en)?"),
    )
)
"""What `agent.languages` leaves as it is, because these words alone say nothing to anybody else."""


@lru_cache(maxsize=1024)
def asked_for(question: str) -> Asked | None:
    """What a question wants listed, counted or confirmed to exist; None where it asks for anything else."""
    question = " ".join(question.split())
    if len(question) > MAX_CHARS:
        return None
    if asked := _in_english(question):
        return asked
    for words, word in _ABROAD:
        question = words.sub(word, question)
    return _in_english(" ".join(question.replace("¿", "").split()))


def _in_english(question: str) -> Asked | None:
    for form in _FORMS:
        if (found := form.match(question)) and (asked := _asked(found, form in _CHECKS)):
            return None if form is _LISTS and not _is_several(asked.kind, question[: found.start("kind")]) else asked
    return None


def _is_several(kind: str, before: str) -> bool:
    """`The queue` is one that was spoken of before; `lambda` are all of them."""
    return kind.endswith("s") or kind.removeprefix("aws ") in SERVICE_WORDS or _ALL.search(before) is not None


def _asked(found: re.Match[str], checks: bool = False) -> Asked | None:
    """None where the word before the kind is no name: `failing functions` are not those that there are."""
    said = {key: value for key, value in found.groupdict().items() if value}
    kind, tail = said.get("kind", EVERYTHING).lower(), said.get("tail", "")
    before = said.get("before", "")
    spoken = "kind" in said and bool(_ENVIRONMENT.fullmatch(before) or BUSINESS.fullmatch(before))
    if before and not (spoken or names_in(before)):
        return None
    if called := _WHOLE.search(tail):
        return Asked(kind, called[1], whole=True, checks=checks)
    if whole := said.get("after") or (before if checks and not spoken else ""):
        return Asked(kind, whole, whole=True, checks=checks)
    part = next((match[1] for pattern in _PARTS if (match := pattern.search(tail))), before)
    return Asked(kind, part, checks=checks)
