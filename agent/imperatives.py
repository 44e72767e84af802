"""Requests to change something, told from talk about changes. English; `agent.languages` puts other languages into it.

asks_for_change("could someone please restart checkout-api")   # True
asks_for_change("I think it's the deploy, rolling back now")   # False: somebody says what they do themselves
"""

from __future__ import annotations

import re

VERBS = (
    r"(?:re-?start|re-?boot|bounce|scale|resize|delete|remove|roll (?:[\w./-]+ ){0,3}?back|rollback|revert|undo"
    r"|stop|kill|terminate|shut ?down|drop|re-?deploy|deploy|disable|enable|purge|redrive|clear|flush"
    r"|drain|set|increase"
    r"|decrease|raise|lower|bump|double|turn (?:off|on|it)|switch (?:off|on)|re-?run|retry|trigger|kick"
    r"|fix|patch|create"
    r"|add|update|change|rotate|unblock|apply|execute|run (?:the|it|that|this)|spin up|pause|resume|un-?pause"
    r"|re-?set|restore|re-?create|re-?build|re-?queue|re-?play|re-?process|re-?configure|nuke|wipe|truncate|attach"
    r"|detach|grant|revoke|whitelist|allow-?list|quarantine|back-?fill|fail-? ?over|upgrade|downgrade|migrate"
    r"|un-?install|silence|snooze|hotfix|crank)\b"
)
_NAME = r"[\w.]+[-_/][\w./-]+"
_AIMED = (
    rf"(?:(?:abort|adjust|alter|ban|block|cancel|cap|cast|configure|cut|dial|empty|expand|extend|flip|hike|install"
    rf"|launch|limit|mute|promote|provision|push|ramp|recover|reduce|rename|replace|ship|shrink|skip|start|swap|throttle"
    rf"|tune|tweak)\s+(?:the|all|our|my|this|that|these|those|it|them|both|every|a|an|{_NAME})\b"
    r"|give\s+(?:(?:me|us|him|her|them)\s+(?:\S+\s+){0,3}?(?:access|admin|permissions?|rights|root|sudo)"
    r"|(?!me\b|us\b)(?:\S+\s+){1,5}?(?:more|extra|less|\d\S*))\b"
    r"|make\s+(?:\S+\s+){1,5}?(?:on[- ]demand|bigger|smaller|larger|public|private|primary|auto-?scal\w*)\b"
    r"|put\s+(?:\S+\s+){1,6}?(?:back|on (?:version|revision|v\d|on[- ]demand)|in(?:to)? (?:maintenance|standby))\b"
    r"|(?:bring|get)\s+(?:\S+\s+){0,6}?back (?!with|to me|to us)(?:to|on|up|online|the)\b"
    r"|(?:go|return|switch|roll)\s+back\s+to\s+(?:version|revision|v\d|the (?:last|previous|old|former))"
    r"|bring\s+(?:the|our|it|them|back)\b|take\s+(?:\S+\s+){1,4}?(?:down|offline|out of (?:service|rotation))\b"
    r"|(?:send|move|shift|route|redirect)\s+(?!me\b|us\b|on\b)(?:\S+\s+){1,6}?(?:to|into|back)\b"
    r"|(?:switch|point|flip)\s+(?:\S+\s+){1,6}?(?:to|over|back|at)\b|mark\s+(?:\S+\s+){1,4}?as\b"
    r"|(?:do|perform|initiate|start|trigger|make)\s+(?:an?|the)\s+(?:\w+ )?(?:roll-?back|re-?start|re-?boot"
    r"|re-?deploy\w*"
    r"|fail-?over|back-?fill|re-?run|reset|purge|rotation)\b"
    r"|(?:open|close)\s+(?:up\s+)?(?:the\s+)?(?:port|firewall|security group)s?\b)"
)
"""Everyday verbs and such as are nouns, too: with what makes an order of them."""
IS_A_NOUN = (
    r"(?!\s*(?:$|[:,;]\s*\w)|\s+(?:is|was|are|were|has|have|had|went|goes|failed|fails|worked|works|done"
    r"|finished|complete\w*"
    r"|looks?|helped|did|does|didn['’]t|isn['’]t|wasn['’]t|seems?|will|would|broke|breaks|caused|causes|status|history"
    r"|succeeded|out|ongoing|pending|loops?|took|takes|ran|hangs?|hung|stuck|running|costs?|errors?|rates?)\b)"
)
"""After a verb that is a noun as well: `deploy failed`, `fix is out`, `update: all fine`."""
OPENERS = r"(?:please|pls|plz|just|simply|now|then|and|so|hey|hi|hello|ok|okay|yes|yep|quickly|maybe|watchkeeper)"
"""What may stand before the first word that counts."""
_SOMEBODY = r"(?:you|u|someone|somebody|anyone|anybody)"
_POLITE = (
    rf"^\W*(?:(?:{OPENERS}|(?:please )?(?:can|could|would|will) {_SOMEBODY}|go ahead|let['’]?s"
    rf"|(?:{_SOMEBODY}|we) (?:should|must|(?:has|have|needs?|got|ought) to|gotta)"
    rf"|(?:i|we)(?:['’]d| would)? (?:need|want|like|love) (?:{_SOMEBODY} )?to"
    r"|(?:would|is) it (?:be )?possible to)\b\W*)*"
)
_WRITE = re.compile(rf"{_POLITE}{VERBS}(?!\s+(?:in|of|on|since)\b)(?!\?){IS_A_NOUN.replace('$|', '')}", re.I)
_AIMED_ORDER = re.compile(rf"{_POLITE}{_AIMED}", re.I)
_ORDER = re.compile(
    rf"\b(and|then|just|must|now|please)\s+{VERBS}\s+(?:the|all|our|my|this|that|every|it)\b[^?]*$", re.I
)
"""An order further on in a sentence that is no question."""
_TELLS = re.compile(r"\b(?:i|we|they|he|she)(?:['’]\w+)?\b(?!['’]?\w* (?:need|want|like|love)\b)", re.I)
"""Somebody does it themselves: `I'll go and restart the service`."""
_DONE = (
    r"(?:re-?started|re-?booted|bounced|scaled|resized|deleted|removed|rolled back|reverted|stopped"
    r"|killed|disabled|enabled"
    r"|purged|redriven|re-?deployed|cleared|drained|increased|decreased|raised|lowered|bumped|doubled|turned (?:off|on)"
    r"|re-?run|retried|unblocked|paused|resumed)\b"
)
_HAVE_DONE = re.compile(
    rf"(?<!do )(?<!did )\b(?:(?:i|we)(?:['’]d| would)? (?:need|want|like)|(?:please|can (?:you|u|we)|could (?:you|u"
    rf"|we)) (?:get|have))"
    rf"\s+(?!(?:to )?know\b)(?:[\w./:-]+\s+){{1,6}}?{_DONE}",
    re.I,
)
_MIND = re.compile(
    r"\bmind (?:re-?start|re-?boot|bounc|scal|delet|remov|roll|revert|stopp|kill|disabl|enabl|purg"
    r"|re-?deploy|clear|drain"
    r"|increas|decreas|rais|lower|bump|doubl|turn|re-?runn|retry|paus|resum)ing\b",
    re.I,
)
_ASKS = re.compile(
    r"\?\s*$|^\W*(?:why|what|when|who|which|where|how|is|are|was|were|did|does|should|has|have|any)\b", re.I
)
_CHOICE = re.compile(r"\bor\b[^.!?]*\?", re.I)
"""`tune it or leave it?` asks which."""
_BEGS = re.compile(rf"\b(?:please|pls|plz|(?:can|could|would|will) {_SOMEBODY})\b", re.I)
_CLAUSE = re.compile(r"[.,;!?]+\s+|\s+-\s+")


def asks_for_change(text: str) -> bool:
    """Whether a message asks for a change, and for nothing else."""
    if _CHOICE.search(text) and not _BEGS.search(text):
        return False
    if _HAVE_DONE.search(text) or _MIND.search(text) or _orders(text):
        return True
    clauses = [clause for clause in _CLAUSE.split(text) if clause.strip()]
    orders = any(_orders(clause) or _is_order(clause) for clause in clauses)
    asks = any(_ASKS.search(clause) for clause in clauses if not _orders(clause)) and bool(_ASKS.search(text))
    return orders and not asks


def _orders(text: str) -> bool:
    """Whether a text begins with an order."""
    return bool(_WRITE.match(text) or _AIMED_ORDER.match(text))


def _is_order(clause: str) -> bool:
    found = _ORDER.search(clause)
    return found is not None and (found[1].lower() == "please" or not _TELLS.search(clause[: found.start()]))
