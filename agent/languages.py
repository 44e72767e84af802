"""Questions in German, Spanish, French, Portuguese and Italian, put into the English words that the rules know.

    english("Seit wann ist die Datenbank langsam?")
    # English(text="since when ist die database slow?", language="German")

It is a lexicon of the domain's words (`prompts/languages/`), not a translator: what it does not know stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from agent.errors import PromptError
from agent.vocabulary import names_in
from prompts.loader import HERE, YAML

FOLDER = HERE / "languages"
ENOUGH = 2
"""Words of a language from which a text counts as written in it, if there are more of them than English ones."""
SHORT = 5
"""Words up to which one is enough, where none is English."""
_ENGLISH = frozenset(
    "the a an is are was were be do does did has have had can could will would should why when what who which how"  # noqa: SIM905 -- words
    " our my your we you i it its this that these those and or not no of in on at to for from with since up any".split()
)
_SHARED = frozenset(
    "alarm alarms budget change code come container database db delete deploy deployment error errors file"  # noqa: SIM905 -- likewise
    " import journal limit limits log logs message messages note offline pare pipeline quota quotas refuse report scale"
    " service services sessions table tables tot".split()
)
"""Words of another language that are English too, and so speak for neither."""
_WORD = re.compile(r"[\w'-]+")
_NAME = re.compile(r"(?<!\S)\S*\w[_./-]\w\S*")


@dataclass(frozen=True)
class English:
    """A text in the rules' words. `language` is what it was written in, empty for English."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Lexicon:
    """One file of `prompts/languages/`."""

    language: str
    own: frozenset[str]
    """Words that only this language has: a text with some of them is written in it."""
    phrases: tuple[tuple[re.Pattern[str], str], ...]
    """What to look for, and its English; the longest first."""
    any_phrase: re.Pattern[str]


def english(text: str) -> English:
    """The text with the words that the lexicon knows in English. English, and names of resources, stay untouched."""
    plain = without_accents(text)
    lexicon = _lexicon_of(plain)
    if lexicon is None:
        return English(text)
    names = {name.lower() for name in names_in(text)}

    def put(match: re.Match[str]) -> str:
        if match[0].lower() in names:
            return match[0]
        return next(
            (f"{word} {_gap(f)}".strip() for p, word in lexicon.phrases if (f := p.fullmatch(match[0]))), match[0]
        )

    return English(lexicon.any_phrase.sub(put, plain), lexicon.language)


def without_accents(text: str) -> str:
    """`déployé` as `deploye`, `ß` as `ss`."""
    spread = unicodedata.normalize("NFD", text.replace("ß", "ss").replace("’", "'"))
    return "".join(each for each in spread if not unicodedata.combining(each))


def _gap(found: re.Match[str]) -> str:
    """The words in the middle of a phrase that has a gap: `starte orders-api neu`."""
    return found[1] if found.groups() else ""


def _lexicon_of(plain: str) -> Lexicon | None:
    """That of the language to which most words of a text belong; None for English and for what is not known."""
    said = _WORD.findall(_NAME.sub(" ", plain).lower())
    counts = {lexicon: sum(word in lexicon.own for word in said) for lexicon in lexicons()}
    best = max(counts, key=lambda lexicon: counts[lexicon])
    as_english = sum(word in _ENGLISH for word in said)
    enough = 1 if len(said) <= SHORT and not as_english else ENOUGH
    return best if counts[best] >= enough and counts[best] > as_english else None


@cache
def lexicons() -> tuple[Lexicon, ...]:
    """All languages, by name. A file that is wrong raises PromptError."""
    found: list[Lexicon] = []
    for path in sorted(FOLDER.glob("*.yaml")):
        try:
            found.append(_lexicon(yaml.load(path.read_text("utf-8"), Loader=YAML)))  # noqa: S506 - a safe loader
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, re.error) as error:
            raise PromptError(f"prompts/languages/{path.name} is no lexicon: {error}") from error
    return tuple(found)


def _lexicon(content: dict[str, Any]) -> Lexicon:
    words: dict[str, str] = content["words"]
    pairs = [(without_accents(each.strip()), word) for word, all_ in words.items() for each in all_.split(",")]
    first = dict(reversed(pairs))  # what stands first in the file counts
    ordered = sorted(first.items(), key=lambda pair: -len(pair[0]))
    in_english = {part for word in words for part in word.split()} | _SHARED
    single = {phrase for phrase in first if _WORD.fullmatch(phrase)}
    expressions = [(_expression(phrase), word) for phrase, word in ordered]
    return Lexicon(
        language=content["name"],
        own=frozenset(content["function_words"].split()) | (single - in_english),
        phrases=tuple((re.compile(expression, re.I), word) for expression, word in expressions),
        any_phrase=re.compile(rf"(?<![\w-])(?:{'|'.join(expression for expression, _ in expressions)})(?![\w-])", re.I),
    )


def _expression(phrase: str) -> str:
    escaped = re.escape(phrase).replace(r"\*", r"\w*").replace(r"\ ", r"\s+")
    return escaped.replace("…", r"((?:[\w./-]+\s+){0,4}?[\w./-]+)")
