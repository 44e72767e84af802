"""A thing that a question points at by a name that nothing has: `is payments ok?` where nothing is called payments.

    unknown_name("is payments ok?", inventory.items, handled)
    # Unknown(name="payments", nearest=("repayments-worker",))

Only a thing of which somebody asks how it does counts. A complaint (`invoices are late`) speaks of the business.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from agent.name_matches import InventoryItem, plain, split
from agent.name_words import ENVIRONMENTS, EVERYDAY, GENERIC, KINDS, NAMING_NOTHING, STOP, stem
from agent.spelling import one_slip, words

MIN_LETTERS = 4
MAX_NEAREST = 4
SIMILAR = 0.6
"""Of two spellings, difflib's ratio, from which one may stand for the other."""
ELSEWHERE = words(
    "cloudwatch cloudtrail cloudfront cloudformation route53 dns iam kms vpc kinesis kafka msk redis"
    " elasticache eks kubernetes"
    " k8s bedrock opensearch elasticsearch athena glue emr efs codebuild codedeploy terraform github"
    " gitlab slack pagerduty"
    " datadog grafana anybody somebody traffic performance whole entire biggest largest busiest affected"
    " correct true monday"
    " tuesday wednesday thursday friday saturday sunday weekend"
)
"""What no inventory lists, and what names nothing either."""
_STATE = (
    r"(?:ok|okay|fine|healthy|unhealthy|alright|all right|up|down|alive|dead|slow|broken|working|running"
    r"|failing|erroring"
    r"|degraded|stuck|flaky|throttled|throttling|overloaded|timing out|crashing|affected|in trouble|acting up"
    r"|having (?:issues|problems|trouble)|langsam|kaputt|lento|lenta|lent|lente)"
)
_NAME = r"(?P<name>[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)"
_KIND = rf"(?P<kind>{'|'.join(sorted(map(re.escape, KINDS), key=len, reverse=True))})"
_AFTER = r"(?:(?:really|still|now|currently|even|also|too|so|again|back|doing|all) )*"
_ASKING = r"(?:^|[^\w\s]\s*|\b(?:why|and|but|or|so|also|hey|hi|ok|warum|wieso|und|pourquoi|porque|que|perche|y|et)\s+)"
"""Before the verb of a question: `dynamo is acting up` asks after no `acting`."""
_POINTS = (
    re.compile(rf"{_ASKING}(?:is|ist|est|esta|está)\s+{_NAME}\s+{_AFTER}{_STATE}\b", re.I),
    re.compile(rf"\bis\s+(?:the\s+|our\s+)?{_NAME}\s+{_KIND}\s+{_AFTER}{_STATE}\b", re.I),
    re.compile(rf"\bwhat(?:['’]?s| is) (?:wrong|going on|happening|up) with\s+{_NAME}\s*[?.!]*$", re.I),
    re.compile(rf"\bhow(?:['’]?s| is)\s+{_NAME}\s+(?:doing|going|looking)\b", re.I),
)


@dataclass(frozen=True)
class Unknown:
    """`name` as it was said; `nearest`: at most four names that are somewhat like it, the likest first."""

    name: str
    nearest: tuple[str, ...] = ()


def unknown_name(question: str, inventory: Sequence[InventoryItem], handled: Collection[str]) -> Unknown | None:
    """What a question points at and nothing in the inventory is called; None when there is no such thing.

    `handled`: lower-case words of the specialists, which are the domain's and nobody's names.
    """
    said = next((found["name"] for pattern in _POINTS for found in pattern.finditer(question)), "")
    if not inventory or not _is_a_name(said, handled):
        return None
    names = list(dict.fromkeys(name for item in inventory for name in item.names))
    if any(_is_called(name, said) for name in names):
        return None
    ranked = sorted(((_likeness(name, said), name) for name in names), key=lambda pair: (-pair[0], pair[1]))
    return Unknown(said, tuple(name for score, name in ranked if score >= SIMILAR)[:MAX_NEAREST])


def _is_a_name(said: str, handled: Collection[str]) -> bool:
    word = plain(said)
    if len(word) < MIN_LETTERS:
        return False
    if "-" in word:
        return not {*split(word)} <= NAMING_NOTHING
    says_nothing = word in STOP | GENERIC | ENVIRONMENTS.keys() | KINDS.keys() | ELSEWHERE or stem(word) in EVERYDAY
    return not says_nothing and not {word, stem(word)} & {*handled}


def _is_called(name: str, said: str) -> bool:
    """Whether a name has what was said in it, or nearly so."""
    name, word = plain(name), plain(said)
    if word in name or name in word:
        return True
    return "-" not in word and any(part == stem(word) or _begins_alike(part, stem(word)) for part in split(name))


def _begins_alike(part: str, word: str) -> bool:
    return len(part) >= MIN_LETTERS and part[0] == word[0] and (one_slip(part, word) or part.startswith(word))


def _likeness(name: str, said: str) -> float:
    """0..1: by the words that both have, or by their spelling."""
    own, wanted = ({word for word in split(text) if word not in NAMING_NOTHING} for text in (name, said))
    shared = len(own & wanted) / max(len(wanted), 1)
    best = max((SequenceMatcher(None, word, other).ratio() for word in own for other in wanted), default=0.0)
    return max(shared, best)
