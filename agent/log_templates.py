"""Log messages grouped by the template that printed them, cautiously: for evidence, where a name in a message matters.

`log_miner` is its fast and thorough counterpart, for summaries. That takes `KeyError: 'a'` and `KeyError: 'b'`, paths
and `user=` for cases of one statement, which here stay what they are unless they are many.

The method follows Brain (Yu et al., IEEE TSC 2023): words that occur equally often at their places were printed
together, so the longest such combination is a message's root; what is more frequent than the root is constant or varies
with the whole group, and what is rarer is a parameter unless it takes only a couple of values.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

PARAMETER = "<*>"
MAX_WORDS = 60
MAX_BRANCHES = 2
"""A place with more distinct words than this, among messages of one root, holds a parameter."""
ROOT_SHARE = 0.5
"""A root is at least this share as frequent as the message's most frequent word."""

Key = tuple[str, ...]

_EMAIL = r"[\w.+-]+@[\w-]+\.[\w.]+\b"
_PARAMETERS = r"""
      [0-9a-fA-F][0-9a-fA-F]{7}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}     # UUID
    | \d\d\d\d-\d\d-\d\d(?:[T\x20]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?    # date, time
    | \b(?:
        \d\d:\d\d:\d\d(?:[.,]\d+)?\b
      | \d\d{0,2}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?\b                               # IPv4 and port
      | ip-\d+-\d+-\d+-\d+\b
      | EMAIL
      | 0x[0-9a-fA-F]+\b
      | (?=[0-9a-fA-F]*\d)(?=[0-9a-fA-F]*[a-fA-F])[0-9a-fA-F]{7,}\b                   # hex id
      | [a-z][a-z]{1,7}_(?=[0-9a-zA-Z]*\d)[0-9a-zA-Z]{6,}\b                           # ord_51c0a97d2e47
      | (?=[A-Za-z]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{10,}\b                              # request id, access key id
      )
    | (?<!\w)[+-]?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?                              # number, with its unit
      (?=$|[^A-Za-z\d]|ms\b|s\b|us\b|ns\b|m\b|h\b|[KMGT]i?B?\b|B\b|%)
    | (?<=[A-Za-z][_-])\d+\b                                                         # order-4711, worker_3
    """
"""Each alternative begins with the characters that it can begin with, which `re` looks at first."""
_MASK = re.compile(_PARAMETERS.replace("EMAIL", _EMAIL), re.VERBOSE)
_MASK_WITHOUT_EMAIL = re.compile(_PARAMETERS.replace("| EMAIL", ""), re.VERBOSE)
_SPLIT = re.compile(r"\s+|(?<=[=:,(\[])(?=[^\s/])|(?=[,)\];])")


_IDENTIFIER = re.compile(
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
    r"|\b(?:[a-z]{2,8}_)?(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b"
)


def identifiers(message: str) -> set[str]:
    """The UUIDs and hexadecimal ids in a message."""
    return set(_IDENTIFIER.findall(message))


def mask(message: str) -> str:
    """The first line of a message with what is surely a parameter (numbers, ids, addresses) replaced by `<*>`."""
    first = message.split("\n", 1)[0]
    return (_MASK if "@" in first else _MASK_WITHOUT_EMAIL).sub(PARAMETER, first)


def templates(masked: Iterable[str]) -> dict[str, str]:
    """From every distinct masked message to its template."""
    counts = Counter(masked)
    words = {text: tuple(w for w in _SPLIT.split(text)[:MAX_WORDS] if w) for text in counts}
    by_length: dict[int, list[str]] = defaultdict(list)
    for text, split in words.items():
        by_length[len(split)].append(text)
    found: dict[str, str] = {}
    for group in by_length.values():
        found.update(_templates_of_length(group, words, counts))
    return found


def _templates_of_length(group: Sequence[str], words: Mapping[str, Key], counts: Mapping[str, int]) -> dict[str, str]:
    frequency: Counter[tuple[int, str]] = Counter()
    for text in group:
        for place in enumerate(words[text]):
            frequency[place] += counts[text]
    by_root: dict[tuple[int, Key], list[str]] = defaultdict(list)
    for text in group:
        by_root[_root(words[text], frequency)].append(text)
    found: dict[str, str] = {}
    for (root_frequency, _), members in by_root.items():
        for text, key in _refine(members, words, frequency, root_frequency).items():
            found[text] = _written(text, words[text], key)
    return found


def _root(split: Key, frequency: Mapping[tuple[int, str], int]) -> tuple[int, Key]:
    """The longest combination of equally frequent constant words; the more frequent one when two are as long."""
    places: dict[int, list[str]] = defaultdict(list)
    for place, word in enumerate(split):
        if PARAMETER not in word:
            places[frequency[place, word]].append(f"{place}:{word}")
    if not places:
        return (0, split)
    floor = max(places) * ROOT_SHARE
    best = max((f for f in places if f >= floor), key=lambda f: (len(places[f]), f))
    return best, tuple(places[best])


def _refine(
    members: Sequence[str], words: Mapping[str, Key], frequency: Mapping[tuple[int, str], int], root_frequency: int
) -> dict[str, Key]:
    length = len(words[members[0]])
    values = [{words[text][place] for text in members} for place in range(length)]
    branches = [
        place
        for place in range(length)
        if 1 < len(values[place]) <= MAX_BRANCHES and _rare(values[place], place, frequency, root_frequency)
    ]
    kept = {place for place in range(length) if len(values[place]) == 1} | set(branches)
    return {
        text: tuple(word if place in kept else PARAMETER for place, word in enumerate(words[text])) for text in members
    }


def _rare(values: Iterable[str], place: int, frequency: Mapping[tuple[int, str], int], root_frequency: int) -> bool:
    """Whether each value is repeated, as words of a template are and ids are not."""
    return all(1 < frequency[place, value] < root_frequency for value in values)


def _written(text: str, split: Key, key: Key) -> str:
    """The template with the message's own spacing."""
    out: list[str] = []
    position = 0
    for word, kept in zip(split, key, strict=True):
        start = text.index(word, position)
        out.append(" " if start > position else "")
        out.append(kept)
        position = start + len(word)
    return "".join(out).strip()
