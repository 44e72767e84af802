"""Questions in German, Spanish, French, Portuguese and Italian, put into the English words that the rules know.

    english("Seit wann ist die Datenbank langsam?")
    # English(text="since when ist die database slow?", language="German")

It is a lexicon of the domain's words (`prompts/languages/`), not a translator: what it does not know stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from agent.errors import PromptError
from prompts.loader import HERE, YAML

FOLDER = HERE / "languages"
ENOUGH = 2
"""Words of a language from which a text counts as written in it, if there are more of them than English ones."""
SHORT = 5
"""Words up to which one is enough, where none is English."""
_ENGLISH = frozenset(
    "the a an is are was were be do does did has have had can could will would should why when what who which how"  # noqa: SIM905 -- words
    " our my your we you i it its this that these those and or not no as of in on at to for from with since up"
    " any".split()
)
_SHARED = frozenset(
    "absent active alarm alarms boot budget change checkout client clients code come comment container crash"  # noqa: SIM905 -- likewise
    " crashes dashboard dashboards database db define delete deploy deployed deployment deploys double error"
    " errors execute favor file fine gang halt hey import journal kill laden lag limit limits log login logs"
    " loop mach message messages model na normal note offline page pages pare pipeline purge quota quotas quote"
    " ram rate red reduce refuse release released report restart revision rollback rollout rota scale service"
    " services session sessions set shop site slow stock stocks stop storage table tables tasks team throttle"
    " throttling tot traffic trigger tue type upload user users version versions web".split()
)
"""Words of another language that are English too, and so speak for neither."""
_WORD = re.compile(r"[\w'-]+")
_IS = re.compile(r"(?<![\w'-])[èéÈÉ](?![\w'-])")
"""Italian and Portuguese for `is`; without its accent it would be their `and`."""
_ACCENT = re.compile(r"[À-ÖØ-öø-ÿ¿¡]")
"""English does without."""
_COMPOUND = re.compile(r"(?<![\w./-])[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z][A-Za-z0-9]*)+(?![\w-]|[./]\w)")
"""`Lambda-Rechnung`, `peux-tu`: words with hyphens, which may be names as well."""
_ENCLITIC = frozenset("moi toi le la les nous vous tu il elle on je ce t".split())  # noqa: SIM905 -- likewise
"""What French hangs on a verb: `raconte-moi`, `tourne-t-il`."""
_ORDER_LAST = re.compile(
    r"\b(please|can you)\s+((?:\S+\s+){1,8}?)(restart|fix|roll back|scale|delete|stop|increase|decrease|enable|set"
    r"|trigger|retry)(?=\s*[.!?]*$)",
    re.I,
)
"""The verb at the end, where English has it first: `please orders-api restart`."""
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
    plain = without_accents(_IS.sub("is", text))
    lexicon = _lexicon_of(without_accents(text), has_accents=_ACCENT.search(text) is not None)
    if lexicon is None:
        return English(text)

    def put(match: re.Match[str]) -> str:
        return next(
            (f"{word} {_gap(f)}".strip() for p, word in lexicon.phrases if (f := p.fullmatch(match[0]))), match[0]
        )

    apart = _COMPOUND.sub(lambda found: _apart(found[0], lexicon), plain)
    return English(_ORDER_LAST.sub(r"\1 \3 \2", lexicon.any_phrase.sub(put, apart)).strip(), lexicon.language)


def without_accents(text: str) -> str:
    """`déployé` as `deploye`, `ß` as `ss`."""
    spread = unicodedata.normalize("NFD", text.replace("ß", "ss").replace("’", "'"))
    return "".join(each for each in spread if not unicodedata.combining(each))


def _apart(compound: str, lexicon: Lexicon) -> str:
    """`Lambda-Rechnung` as `Lambda Rechnung`, if a part of it is a word of the language; a name stays whole."""
    if lexicon.any_phrase.fullmatch(compound):
        return compound
    parts = compound.split("-")
    known = [part for part in parts if lexicon.any_phrase.fullmatch(part)]
    named = compound.islower() and len(known) < len(parts) and parts[-1] not in _ENCLITIC
    return compound if named or not (known or parts[-1] in _ENCLITIC) else " ".join(parts)


def _gap(found: re.Match[str]) -> str:
    """The words in the middle of a phrase that has a gap: `starte orders-api neu`."""
    return found[1] if found.groups() else ""


def _lexicon_of(plain: str, has_accents: bool) -> Lexicon | None:
    """That of the language to which most words of a text belong; None for English and for what is not known."""
    said = _WORD.findall(_NAME.sub(" ", plain).lower())
    counts = {lexicon: sum(word in lexicon.own for word in said) for lexicon in lexicons()}
    best = max(counts, key=lambda lexicon: (counts[lexicon], counts[lexicon] and _covered(plain, lexicon)))
    counts[best] += has_accents and counts[best] > 0
    as_english = sum(word in _ENGLISH for word in said)
    enough = 1 if len(said) <= SHORT and not as_english else ENOUGH
    return best if counts[best] >= enough and counts[best] > as_english else None


def _covered(plain: str, lexicon: Lexicon) -> int:
    """Letters of a text that a lexicon can translate: of two related languages, the one that knows more of it."""
    return sum(len(found[0]) for found in lexicon.any_phrase.finditer(plain))


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
        own=frozenset(content["function_words"].split()) | ((single | _spread(first)) - in_english - _ENGLISH),
        phrases=tuple((re.compile(expression, re.I), word) for expression, word in expressions),
        any_phrase=re.compile(
            rf"(?<![\w./-])(?:{'|'.join(expression for expression, _ in expressions)})(?![\w-]|[./]\w)", re.I
        ),
    )


def _spread(phrases: Iterable[str]) -> set[str]:
    """The words of the phrases with a gap and of verbs with `not`: they are the language's own, too."""
    return {word for phrase in phrases if "…" in phrase for word in _WORD.findall(phrase) if len(word) > 2}


def _expression(phrase: str) -> str:
    escaped = re.escape(phrase).replace(r"\*", r"\w*").replace(r"\ ", r"\s+").replace(r"\-", "[- ]")
    return escaped.replace("…", r"((?:[\w./-]+\s+){0,4}?[\w./-]+)")
