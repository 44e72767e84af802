"""How well the words of a text name each resource of an inventory. Pure; `agent.naming` chooses among the matches."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from pydantic import Field

from agent.models import Model
from agent.name_words import (
    ASIDE,
    DEAD_LETTERS,
    DETERMINERS,
    ENVIRONMENTS,
    EVERYDAY,
    KINDS,
    LOOSE_KINDS,
    NAMING_NOTHING,
    OF_A_KIND,
    STOP,
    stem,
)
from agent.spelling import one_slip

SIMILAR = 0.75
"""Of two spellings (difflib's ratio), where a word for a kind stands beside; elsewhere one slip is the most."""
BESIDE = 2
"""So many words away a word for a kind still belongs to a name."""
BY_PART = 0.95
"""The score of a name of which a joined part was said."""
APART = 4
"""So many words apart two words may still belong to one name."""
SHARED = 3
"""A word in so many names means all of them together, unless something points at one."""
MAX_WORDS = 400
"""Of a text; a name further on was not what was asked about."""
SECONDARY = frozenset({"stack", "application", "target-group", "ecs-cluster", "auto-scaling-group", "topic"})
"""What stands behind or around a resource, and often bears its name."""
_ARN = re.compile(r"arn:aws[\w-]*:[^\s,;`'\")>]+")
_ARN_SERVICES = {"states": "stepfunctions", "elasticloadbalancing": "elb", "airflow": "mwaa"}
_WORD = re.compile(r"[^\W_]+")
_JOINED = re.compile(r"(?<![\w./-])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)+(?![\w-]|[./]\w)")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class InventoryItem(Model):
    """One resource that can be named. `service` and `type` as the evidence tools call them: `lambda`, `function`."""

    name: str
    service: str
    type: str
    region: str = ""
    account: str = ""
    arn: str = ""
    tags: dict[str, str] = Field(default={}, description="`Name` counts as a name, too")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.name, self.tags.get("Name", "")) if name)


@dataclass(frozen=True)
class Match:
    """A resource that a text may mean. `score`: 1 its exact name, 0 nothing. `words`: those that named it."""

    item: InventoryItem
    score: float
    words: str
    start: int = 0
    end: int = 0
    """Where the words stand in the text."""
    named_by: frozenset[str] = frozenset()
    """The telling words of its name that the text has; empty when it has the whole name."""
    fits_kind: bool = False
    """Whether a word for its kind stands beside a whole name."""
    is_pointed: bool = True
    """Whether it was named as one thing: by a word for its kind, or by more than one word of its name."""


def by_arn(text: str, inventory: Sequence[InventoryItem]) -> Iterator[Match]:
    """Those whose ARN stands in the text, with a version or not."""
    for written in _ARN.finditer(text):
        arn = written[0].rstrip(".:")
        parts = arn.split(":")
        if len(parts) < 6:
            continue
        same = [item for item in inventory if item.arn and (item.arn == arn or arn.startswith(f"{item.arn}:"))]
        steps, service = set(re.split(r"[:/]", ":".join(parts[5:]))), _ARN_SERVICES.get(parts[2], parts[2])
        for item in same or [i for i in inventory if i.name in steps and i.service == service]:
            yield Match(item, 1.0, arn, written.start(), written.start() + len(arn))


def by_name(text: str, inventory: Sequence[InventoryItem]) -> Iterator[Match]:
    """Those whose name stands in the text as it is, but for upper case."""
    lower = text.lower()
    for item in inventory:
        for name in item.names:
            if name.lower() not in lower:
                continue
            pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-]|\.\w)"
            for place in re.finditer(pattern, text, re.IGNORECASE):
                if _means_the_item(text, place, item):
                    fits = any(item.service in KINDS[word] for word in _kinds_around(text, place))
                    yield Match(item, 1.0, place[0], place.start(), place.end(), fits_kind=fits)


def by_part(text: str, inventory: Sequence[InventoryItem]) -> Iterator[Match]:
    """Those of whose names a joined part stands in the text: `send-mail` of `shop-send-mail`."""
    for place in _JOINED.finditer(text):
        said = split(place[0])
        if len(said) < 2 or NAMING_NOTHING.issuperset(said):
            continue
        for item in inventory:
            names = [split(name) for name in item.names]
            if any(_has(name, said) and ASIDE.isdisjoint({*name} - {*said}) for name in names):
                yield Match(item, BY_PART, place[0], place.start(), place.end())


def _has(name: Sequence[str], part: Sequence[str]) -> bool:
    """Whether a name has these words side by side, and others."""
    ends = range(len(name) - len(part) + 1)
    return len(name) > len(part) and any(tuple(name[at : at + len(part)]) == tuple(part) for at in ends)


def _means_the_item(text: str, place: re.Match[str], item: InventoryItem) -> bool:
    """A name of one word may as well be a word, or another thing's: what stands beside it tells."""
    words = split(place[0])
    if len(words) != 1 or text[place.start() - 1 : place.start()] == "`":
        return bool(words)
    kinds = _kinds_around(text, place)
    if any(item.service in KINDS[word] for word in kinds):
        return True
    is_a_word = _says_little(words[0]) or place[0].lower() in STOP
    return not is_a_word and item.type not in SECONDARY and LOOSE_KINDS.issuperset(kinds)


def _kinds_around(text: str, place: re.Match[str]) -> list[str]:
    around = [*_WORD.findall(text[: place.start()])[-BESIDE:], *_WORD.findall(text[place.end() :])[:BESIDE]]
    return [word for word in map(plain, around) if word in KINDS]


class Names:
    """The names of an inventory as words, and how many names each word is in."""

    def __init__(self, inventory: Sequence[InventoryItem]) -> None:
        self.split = [(item, split(name)) for item in inventory for name in item.names]
        self.count = Counter(word for _, name in self.split for word in set(name))
        self._by_letter: dict[str, list[str]] = {}
        for word in self.count:
            if len(word) >= 5:
                self._by_letter.setdefault(word[0], []).append(word)

    def weight(self, word: str) -> float:
        """1 for what is in one name only, less the more common it is; next to nothing for words that name nothing."""
        if word in NAMING_NOTHING or word.isdigit():
            return 0.15
        return 1 / (1 + math.log(self.count[word]))

    def known(self, word: str, beside_kind: bool) -> tuple[str, float]:
        """The word of a name that a text's word is, and how surely: 1 the same, 0 none."""
        same = stem(word)
        if word in STOP or (same not in self.count and len(word) < 5):
            return "", 0.0
        if same in self.count:
            return same, 1.0
        close = self._by_letter.get(word[0], [])
        if slipped := next((known for known in close if known.startswith(same) or one_slip(same, known)), ""):
            return slipped, 0.9
        if not beside_kind or not close:
            return "", 0.0
        ratio, known = max((SequenceMatcher(None, same, known).ratio(), known) for known in close)
        return (known, ratio) if ratio >= SIMILAR else ("", 0.0)


class Spoken:
    """The words of a text, and those among them that occur in names."""

    def __init__(self, text: str, names: Names) -> None:
        self.text, self.names = text, names
        self.places = list(_WORD.finditer(text))[:MAX_WORDS]
        self.words = [plain(place[0]) for place in self.places]
        self.environment = environment(self.words)
        self.known: dict[str, list[tuple[int, float]]] = {}
        for number, word in enumerate(self.words):
            known, quality = names.known(word, bool(self._kinds(number, number)))
            if known:
                self.known.setdefault(known, []).append((number, quality))

    def whole_names(self) -> Iterator[Match]:
        """Names of which all words stand in the text one after the other, whatever separates them."""
        by_words: dict[tuple[str, ...], list[InventoryItem]] = {}
        for item, name in self.names.split:
            base = tuple(word for word in name if word not in ENVIRONMENTS)
            if len(name) > 2 or (len(name) == 2 and _tells_together(name)):
                by_words.setdefault(name, []).append(item)
            is_weak = len(base) == 2 < len(name) and all(_says_little(word) for word in base)
            if is_weak and _tells_together(base) and self.environment in (environment(name), ""):
                by_words.setdefault(base, []).append(item)
        stems = [stem(word) for word in self.words]
        for length in {len(words) for words in by_words}:
            for first in range(len(stems) - length + 1):
                for item in by_words.get(tuple(stems[first : first + length]), ()):
                    if not self._is_another_kind(item, first, first + length - 1):
                        yield self._match(item, 0.98, first, first + length - 1)

    def only_ones(self) -> Iterator[Match]:
        """`the warehouse`, where there is only one."""
        for number, word in enumerate(self.words):
            before = self.words[max(number - 2, 0) : number]
            of_another = number + 1 < len(self.words) and self.words[number + 1] in OF_A_KIND
            if word in KINDS and word not in LOOSE_KINDS and not DETERMINERS.isdisjoint(before) and not of_another:
                service = KINDS[word][0]
                items = [item for item, _ in self.names.split if item.service == service and item.type not in SECONDARY]
                if len({id(item) for item in items}) == 1:
                    yield self._match(items[0], 0.65, number, number)

    def score(self, item: InventoryItem, name: Sequence[str]) -> Match | None:
        """How well the text names an item; None when it does not."""
        said = {word: self.known[word] for word in name if word in self.known}
        telling = {word for word in said if word not in NAMING_NOTHING and not word.isdigit()}
        if not telling:
            return None
        heaviest = max(telling, key=lambda word: (word not in EVERYDAY, self.names.weight(word), said[word][0][1]))
        centre = said[heaviest][0][0]
        near = {word: spot for word, spots in said.items() if (spot := _nearest(spots, centre))}
        telling &= near.keys()
        numbers = [number for number, _ in near.values()]
        kind, first, last = self._kind(item, min(numbers), max(numbers))
        pointed = kind > 0 or len(near) > 1
        vague = heaviest in EVERYDAY or self.names.count[heaviest] >= SHARED
        if kind <= 0 and len(telling) == 1 and vague and (heaviest in EVERYDAY or not pointed):
            return None
        matched = sum(self.names.weight(word) * quality for word, (_, quality) in near.items())
        coverage = matched / sum(self.names.weight(word) for word in name)
        score = 0.45 + 0.35 * coverage + kind - self._strangeness(item, name)
        return self._match(item, max(min(score, 0.96), 0.0), first, last, frozenset(telling), pointed)

    def _match(
        self,
        item: InventoryItem,
        score: float,
        first: int,
        last: int,
        named_by: frozenset[str] = frozenset(),
        pointed: bool = True,
    ) -> Match:
        start, end = self.places[first].start(), self.places[last].end()
        return Match(item, round(score, 3), self.text[start:end], start, end, named_by, is_pointed=pointed)

    def _kind(self, item: InventoryItem, first: int, last: int) -> tuple[float, int, int]:
        """What words for a kind beside a name add to its score, and the span of words with them."""
        beside = self._kinds(first, last)
        fitting = [n for n in beside if item.service in KINDS[self.words[n]]]
        if fitting:
            is_first = any(KINDS[self.words[n]][0] == item.service for n in fitting)
            return 0.2 if is_first else 0.12, min(first, *fitting), max(last, *fitting)
        strict = [n for n in beside if self.words[n] not in LOOSE_KINDS]
        return (-0.3 if strict else 0.0), first, last

    def _is_another_kind(self, item: InventoryItem, first: int, last: int) -> bool:
        """Whether a word beside the words from first to last says that something else is meant."""
        outside = any(not first <= n <= last for n in self._kinds(first, last))
        return outside and self._kind(item, first, last)[0] < 0

    def _kinds(self, first: int, last: int) -> list[int]:
        """The words for a kind at, or beside, the words from first to last."""
        span = range(max(first - BESIDE, 0), min(last + BESIDE + 1, len(self.words)))
        return [n for n in span if self.words[n] in KINDS]

    def _strangeness(self, item: InventoryItem, name: Sequence[str]) -> float:
        """What speaks against an item: it stands around others, or another environment was said."""
        other = environment(name)
        elsewhere = bool(self.environment and other and other != self.environment)
        aside = any(word in ASIDE and word not in self.words for word in name)
        dead_letters = (
            item.service == "sqs" and not DEAD_LETTERS.isdisjoint(self.words) and DEAD_LETTERS.isdisjoint(name)
        )
        return 0.06 * (item.type in SECONDARY) + 0.3 * elsewhere + 0.25 * (aside or dead_letters)


@lru_cache(maxsize=20_000)
def split(name: str) -> tuple[str, ...]:
    """`checkoutSubmit-orders_v2` as `checkout`, `submit`, `order`, `v2`."""
    return tuple(stem(plain(word)) for word in _WORD.findall(_HUMPS.sub(" ", name)))


def environment(words: Sequence[str]) -> str:
    """The environment that words speak of: `prod`, `staging`, `dev` or nothing."""
    return next((ENVIRONMENTS[word] for word in words if word in ENVIRONMENTS), "")


def plain(word: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(c))


def _says_little(word: str) -> bool:
    return word in NAMING_NOTHING or word in EVERYDAY or word in STOP


def _tells_together(pair: Sequence[str]) -> bool:
    """Whether two words side by side name something: `auth api` and `order import` do, `web app` does not."""
    telling = [word for word in pair if not _says_little(word)]
    weak = [word for word in pair if word in EVERYDAY and word not in STOP]
    return bool(telling) or (bool(weak) and STOP.isdisjoint(pair))


def _nearest(spots: Sequence[tuple[int, float]], centre: int) -> tuple[int, float] | None:
    near = [spot for spot in spots if abs(spot[0] - centre) <= APART]
    return min(near, key=lambda spot: abs(spot[0] - centre)) if near else None
