"""Raw log lines to the statements that printed them, fast: work is done once a shape, of which there are few.

1. Runs of digits become 0 (log_tokens.shapes); most lines of a statement are then the same text.
2. The header is learnt from what lines have in common, and cut off (log_headers).
3. Words that are surely parameters are masked (log_tokens).
4. Messages are grouped by their number of words and the words that programs write at their places (log_vocabulary).
   Within a group the other places are judged by their values (_split), and groups that are cases of wider ones join
   those (_take_in).
5. Templates that differ only in how often a parameter is repeated are one (normal).

Grouping by length and then by constant words is Drain's idea (He et al., ICWS 2017), judging the other places by how
many values they take is Brain's (Yu et al., IEEE TSC 2023).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from agent.log_headers import Layout, kind_of, learn
from agent.log_lines import Parsed, exception_in, level_of_header, parse_line
from agent.log_tokens import PARAMETER, Constants, Tokens, is_parameter, joined, shapes

MAX_CHARS = 4000
MAX_WORDS = 80
"""What comes later in a message does not tell statements apart."""
FEW_VALUES = 3
"""A place with no more names than this may be one of the words that tell statements apart."""
OFTEN = 10
"""Names which each come so often, in step with other names, tell statements apart."""

Row = tuple[str, ...]

_UNITS = "ns|us|ms|s|secs?|seconds?|mins?|minutes?|hours?|days?|[KMGT]i?B|bytes?"
_WORD = re.compile(r"\||[^\s|]+")
"""A word of a header; bars are words of their own."""
_RUN = re.compile(rf"<\*>(?:[\s,;:/|.+-]*<\*>| (?:{_UNITS})\b)+")
_BEFORE_NAMES = frozenset(("to", "on", "from", "by", "for", "user", "host", "node", "named", "of", "name", "thread"))


@dataclass(frozen=True, slots=True)
class Mined:
    """Of each line its template and its shape; of each shape the number of words in its header, and its masked words.

    -1 words: the header is one of those that `log_lines` knows.
    """

    lines: Sequence[str]
    templates: list[str]
    shapes: list[str]
    headers: dict[str, int]
    rows: dict[str, Row]

    def parsed(self, index: int) -> Parsed:
        """A line without its header and with single spaces, its level, and the exception that it names."""
        line, words = self.lines[index], self.headers[self.shapes[index]]
        if words < 0:
            known = parse_line(line)
            return replace(known, message=" ".join(known.message.split()))
        header = list(islice(_WORD.finditer(line), words))
        message = " ".join(line[header[-1].end() :].split())
        return Parsed(message, level_of_header(word[0] for word in header), exception_in(message))


def mine(lines: Sequence[str]) -> Mined:
    """The template of each line: its message with `<*>` for parameters. Never fails, whatever the text."""
    shape_of = shapes(lines)
    counts = Counter(shape_of)
    first = dict(zip(reversed(shape_of), reversed(lines), strict=True))
    headers, messages = _messages(counts, first)
    tokens = Tokens()
    rows = {shape: tuple(map(tokens.__getitem__, joined(text).split()[:MAX_WORDS])) for shape, text in messages.items()}
    weights: dict[Row, int] = defaultdict(int)
    for shape, row in rows.items():
        weights[row] += counts[shape]
    template_of = templates_of(weights)
    found = {shape: template_of[row] for shape, row in rows.items()}
    return Mined(lines, list(map(found.__getitem__, shape_of)), shape_of, headers, rows)


def _messages(counts: Mapping[str, int], first: Mapping[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """Of each shape the number of words in its header (see `Mined`), and its message."""
    words = {shape: shape[:MAX_CHARS].replace("|", " | ").split() for shape in counts}
    by_kind: dict[str, list[str]] = defaultdict(list)
    for shape, split in words.items():
        by_kind[kind_of(split[0]) if split else "empty"].append(shape)
    headers: dict[str, int] = {}
    messages: dict[str, str] = {}
    for kind, members in by_kind.items():
        layout = _layout(kind, [words[shape] for shape in members], [counts[shape] for shape in members])
        for shape in members:
            start = layout.start(words[shape])
            headers[shape] = start or -1
            messages[shape] = " ".join(words[shape][start:]) if start else shapes([parse_line(first[shape]).message])[0]
    return headers, messages


def _layout(kind: str, lines: Sequence[Sequence[str]], counts: Sequence[int]) -> Layout:
    return Layout() if kind in ("json", "empty") else learn(lines, counts)


def templates_of(weights: Mapping[Row, int]) -> dict[Row, str]:
    """From each masked message to its template. `weights` says how often each came."""
    constants = Constants()
    groups: dict[Row, list[Row]] = defaultdict(list)
    for row in weights:
        groups[tuple(map(constants.__getitem__, row))].append(row)
    parts = {
        words: [_Part(_template(rows), rows) for rows in _split(group, weights)] for words, group in groups.items()
    }
    _take_in(parts)
    return {row: normal(" ".join(part.template)) for found in parts.values() for part in found for row in part.rows}


@dataclass(slots=True)
class _Part:
    """Rows taken for messages of one statement."""

    template: Row
    rows: list[Row]


def _template(rows: Sequence[Row]) -> Row:
    return tuple(place[0] if len(set(place)) == 1 else PARAMETER for place in zip(*rows, strict=True))


def _split(rows: list[Row], weights: Mapping[Row, int]) -> Iterable[list[Row]]:
    """Rows of the same words of statements, parted where the other places tell statements apart.

    A place with several values is a parameter, unless too few places are alike, or few names come often and in step.
    """
    if len(rows) == 1:
        return [rows]
    places = [set(values) for values in zip(*rows, strict=True)]
    mixed = [place for place, values in enumerate(places) if len(values) > 1 and not all(map(is_parameter, values))]
    if not mixed:
        return [rows]
    alike = sum(len(values) == 1 and _is_word(next(iter(values))) for values in places)
    pivot = min(mixed, key=lambda place: (len(places[place]), place))
    few = len(places[pivot])
    unlike = alike == 0 or (2 * alike < len(mixed) and len(rows) < OFTEN)
    if unlike or (few <= FEW_VALUES and (alike < len(mixed) or _in_step(rows, mixed, few, weights))):
        return [part for group in _by(rows, pivot) for part in _split(group, weights)]
    if mixed == [0] and few <= FEW_VALUES and (alike < 3 or all(map(str.isupper, places[0]))):
        return _by(rows, 0)
    return [rows]


def _is_word(token: str) -> bool:
    """Whether a token says something: marks and bare parameters do not, keys such as `uid=<*>` do."""
    return any(map(str.isalpha, token))


def _in_step(rows: Sequence[Row], mixed: Sequence[int], few: int, weights: Mapping[Row, int]) -> bool:
    """Whether the mixed places change together, between few variants that each came often."""
    if len(mixed) < 2:
        return False
    variants: dict[Row, int] = defaultdict(int)
    for row in rows:
        variants[tuple(row[place] for place in mixed)] += weights[row]
    return len(variants) == few and min(variants.values()) >= OFTEN


def _by(rows: Iterable[Row], place: int) -> list[list[Row]]:
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        parts[PARAMETER if is_parameter(row[place]) else row[place]].append(row)
    return list(parts.values())


def _take_in(parts: dict[Row, list[_Part]]) -> None:
    """Give templates to a wider one of which they are a case: one word of statements stands where that has names."""
    wide = {words: [part for part in found if _is_wide(words, part)] for words, found in parts.items()}
    for words in sorted(parts, key=lambda words: (words.count(""), words)):
        for part in list(parts[words]):
            if home := _home(words, part.template, wide):
                home.rows += part.rows
                parts[words].remove(part)


def _is_wide(words: Row, part: _Part) -> bool:
    return any(not word and place == PARAMETER for word, place in zip(words, part.template, strict=True))


def _home(words: Row, template: Row, wide: Mapping[Row, list[_Part]]) -> _Part | None:
    for place, word in enumerate(words):
        if not word or PARAMETER in word:
            continue
        for home in wide.get((*words[:place], "", *words[place + 1 :]), ()):
            if _covers(home.template, template) and _holds_names(home, place):
                return home
    return None


def _covers(wide: Row, narrow: Row) -> bool:
    return all(w in (n, PARAMETER) for w, n in zip(wide, narrow, strict=True))


def _holds_names(part: _Part, place: int) -> bool:
    """Whether the place of a template has names in it, or stands where names do."""
    if place >= 4 and part.template[place - 1] in _BEFORE_NAMES:
        return True
    return len({row[place] for row in part.rows if not is_parameter(row[place])}) >= 2


def normal(text: str) -> str:
    """A template with each run of parameters, and their units, as one parameter."""
    return _RUN.sub(PARAMETER, text) if PARAMETER in text else text
