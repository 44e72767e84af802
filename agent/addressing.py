"""Whether a message that mentions nobody is meant for Watchkeeper: people also talk to each other in its threads.

    calls_for_answer("since when?")                                  # True
    calls_for_answer("I think it's the deploy, rolling back now")    # False
    calls_for_answer("<@U02LI> can you check?")                      # False: somebody else is asked

A question or an imperative calls for an answer; who tells, thanks, agrees or speaks to a person gets none.
"""

from __future__ import annotations

import re

from agent.imperatives import IS_A_NOUN, OPENERS, VERBS
from agent.languages import english

_PERSON = r"(?:<[@!][^>]*>|@[\w.-]+)"
_TO_PERSON = re.compile(
    rf"^\W*(?:(?:{OPENERS}|thanks|thx|cc|fyi)\b\W*)*{_PERSON}|{_PERSON}[\s?!.]*$"
    rf"|{_PERSON}[\s,:]*(?:can|could|would|will|please|pls|do|did|are|have)\b",
    re.I,
)
"""A person is spoken to, rather than asked about."""
_FILLER = (
    r"(?:and|so|but|also|then|now|ok|okay|hey|hi|hello|yes|yeah|yep|no|nope|hm+|oh|ah|wait|well|please"
    r"|pls|plz|just|thanks"
    r"|thank you|thx|cool|great|nice|watchkeeper|bot)"
)
_OPENING = re.compile(rf"^\W*(?:{_FILLER}\b[^\w?]*)*", re.I)
_NAMED_FIRST = re.compile(r"^[\w.-]+[,:]?\s+(?:can|could|would|will|did|do|are|have) (?:you|u)\b", re.I)
"""`li can you check?`; `why did you` has a question's own word there."""
_QUESTION_WORD = re.compile(r"^(?:why|what|when|where|which|who|how|since|until)\b", re.I)
_HUMAN = re.compile(
    r"^(?:(?:can|could|is|has|have|does|did|do|will|would|should) )?(?:any|some|every)(?:one|body)\b"
    r"|^(?:can|could|would|will|are|do) (?:all of you|y['’]?all|you (?:guys|all|two|folks)|folks|team)\b"
    r"|^(?:are )?(?:you|u) (?:ok|okay|there|on it|on this|around|in|free|joining|sure|looking|seeing|coming|able|all)\b"
    rf"|^did (?:you|u) (?:already |just |also )?(?:{VERBS}|call|page|ping|merge|push|ship|sleep|tell)"
    r"|^who(?:['’]?s| is| are|['’]?re) (?:on\b|looking|taking|handling|joining|around|free|in\b|oncall|available)"
    r"|^(?:should|shall|can|could|do) (?:i|we|someone) (?:need to |have to )?(?:call|page|wake|ping"
    r"|escalate|join|hop|jump"
    r"|post|tell|notify|meet|talk|sync|chat|open a|declare|ask)\b"
    r"|^(?:really|seriously|right|huh|what|wtf|eh|sure|same|me too|so|why not|correct|agreed?|no|yes|ok|okay)?\W*$",
    re.I,
)
"""Questions of people to people, and those that want no answer."""
_TELLS = re.compile(
    r"^(?:i|we|they|he|she|imo|imho|afaik|looks like|seems|sounds like|guess|maybe|probably|think"
    r"|believe)(?:['’]\w+)?\b"
    r"(?! (?:wonder|(?:want|need|(?:woul)?d? ?like) to (?:know|see)))",
    re.I,
)
_TAG = re.compile(
    r",?\s*\b(?:right|no|eh|ok|okay|yeah|huh|correct|or|yes|isn['’]t it|don['’]t you think)\s*\?+\s*$", re.I
)
_ASKS = re.compile(
    r"^(?:why\b(?! not\b)|whys\b|who(?:['’]?s)?\b(?! knows| cares| would have)|since when|for how long|whose\b"
    r"|how(?:['’]?s| (?:much|many|long|come|often|far|big|bad|old|do|does|did|is|are|was|can|should))\b"
    r"|what(?:['’]?s)?\b(?! (?:a|an|i|we|you|they|he|she)\b)|what (?:about|time)\b"
    r"|(?:when|where)(?:['’]?s| (?:is|are|was|were|did|does|do|has|have|can|will|exactly))\b|where\W*$|when\W*$"
    r"|which\b(?! (?:explains?|means?|makes?|is|was|would|should|i|we)\b)"
    r"|any(?:thing)?\b(?!way| (?:time|case)))",
    re.I,
)
"""Questions that need no question mark."""
_ASKS_WHETHER = re.compile(
    r"^(?:(?:is|are|was|were|does|has|have|can|could|should|will|would)(?:n['’]?t)? (?:it|that|this|there"
    r"|you|u|we|they)"
    r" [\w./-]+|(?:is|are|was|were|did|does|has|have|can|could|should|will|would)(?:n['’]?t)?"
    r" (?:the|our|my|this|that|these|those|it|all|both|any|you|we|they|[\w.]+[-_/][\w./-]+) [\w./-]+ [\w./-]+"
    r"|did [\w.-]+ [\w.-]+ [\w.-]+|(?:is|are|was|were) [\w.]+[-_/][\w./-]+ [\w-]+)",
    re.I,
)
_ELSEWHERE = re.compile(r"^(?:why|what|who|when|where|which|how|since when)\b", re.I)
"""In another language a question's word is not told from a relative one."""
_LOOK = (
    r"(?:show|list|check|look (?:at|into|up|for|again|deeper)|compare|explain|find|tell (?:me|us)|give (?:me|us)|get"
    r"|describe|summari[sz]e|sum up|analy[sz]e|investigate|search|dig|count|plot|draw|graph|chart|repeat"
    r"|try again|expand"
    r"|narrow|focus|break (?:it |this |that )?down|pull up|fetch|print|re-?check|double-?check|forecast"
    r"|estimate|name)\b"
)
_NOT_A_LOOK = (
    r"(?!\s+(?:in|back|out|with (?!yesterday|last|the|before)|your|yours|ich|gerade|about it|some|well"
    r"|good|great|fine|ok|below|above|attached"
    r"|(?:a|an|one|two|five|\d+)\s+(?:sec\w*|min\w*|moment|bit|hour\w*|few))\b)"
)
_ORDERS = re.compile(
    rf"^(?:(?:can|could|would|will) (?:you|u) (?:\w+ )?|(?:i|we)(?:['’]d)? (?:need|want|like) you to |please )*"
    rf"(?:{_LOOK}{_NOT_A_LOOK}{IS_A_NOUN}|{VERBS}(?!\s+(?:in|of|on|since|ich|gerade)\b){IS_A_NOUN}"
    r"|(?:help|explain|elaborate|continue|go on|go deeper|tell me more|try again|undo)(?:\W|\s(?:please"
    r"|pls|me|us)\b)*$)",
    re.I,
)
_NARROWS = re.compile(
    r"^(?:only|just|same|instead) (?:for|in|on|from|since|with)\b(?! (?:me|us|now)\b)"
    r"|^for [\w./-]+ (?:only|instead|too)\b",
    re.I,
)
"""`only for checkout please` asks for less of the same."""
_SENTENCE = re.compile(r"(?<=[?!.])\s+|\n+")
_CLAUSE = re.compile(r"\s*[,;–—]\s*|\s+-\s+|[.!]+\s*$")


def calls_for_answer(text: str) -> bool:
    """Whether a message without a mention asks or orders Watchkeeper something, in the supported languages."""
    if _TO_PERSON.search(text):
        return False
    said = english(text)
    return any(_calls(sentence.strip(), bool(said.language)) for sentence in _SENTENCE.split(said.text))


def _calls(sentence: str, is_foreign: bool) -> bool:
    asks = sentence.endswith("?")
    if asks and _TAG.search(sentence):
        sentence, asks = _TAG.sub("", sentence), False
    plain = _without_opening(sentence)
    if _HUMAN.search(plain) or (_NAMED_FIRST.search(plain) and not _QUESTION_WORD.search(plain)):
        return False
    clauses = [_without_opening(clause) for clause in _CLAUSE.split(sentence)]
    if any(_is_request(clause, is_foreign) for clause in clauses if clause):
        return True
    return asks and not _TELLS.search(plain)


def _is_request(clause: str, is_foreign: bool) -> bool:
    if _HUMAN.search(clause):
        return False
    patterns = (_ASKS, _ASKS_WHETHER, _ORDERS, _NARROWS, *((_ELSEWHERE,) if is_foreign else ()))
    return any(pattern.search(clause) for pattern in patterns)


def _without_opening(text: str) -> str:
    return _OPENING.sub("", text, count=1).strip()
