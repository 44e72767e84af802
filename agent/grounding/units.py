"""What figures are figures of, and how units turn into one another."""

from __future__ import annotations

import re
from enum import StrEnum


class Unit(StrEnum):
    """What a figure is a figure of. Figures of different units never stand for one another."""

    money = "money"
    percent = "percent"
    bytes = "bytes"
    seconds = "seconds"
    number = "number"
    """How many of something."""
    bare = "bare"
    """A figure as written, whatever its unit: what "1250" stands for in "from 1250 to 1900 ms"."""
    year = "year"
    day = "day"
    """Of the month."""
    date = "date"
    """As 100 * month + day: 1120 is the 20th of November."""


Meaning = tuple[Unit, float]
"""A unit, and by what to multiply a figure to have it in that unit."""


def _sized(power: int) -> tuple[Meaning, ...]:
    """Nobody says whether a megabyte is 1000 or 1024 kilobytes: it may be either."""
    return tuple(dict.fromkeys(((Unit.bytes, 1000.0**power), (Unit.bytes, 1024.0**power))))


def _table(rows: dict[str, tuple[Meaning, ...]]) -> dict[str, tuple[Meaning, ...]]:
    return {word: meanings for words, meanings in rows.items() for word in words.split("|")}


UNITS = _table(
    {
        "%|percent|per cent|pct|percentage points|percentage point|prozent|pour cent|por ciento|por cento|per cento": (
            (Unit.percent, 1.0),
        ),
        "$|€|£|usd|eur|gbp|dollar|dollars|euro|euros|pounds": ((Unit.money, 1.0),),
        "cent|cents|¢": ((Unit.money, 0.01),),
        "byte|bytes": _sized(0),
        "kb|kib|kilobyte|kilobytes": _sized(1),
        "mb|mib|megabyte|megabytes": _sized(2),
        "gb|gib|gigabyte|gigabytes": _sized(3),
        "tb|tib|terabyte|terabytes": _sized(4),
        "pb|pib|petabyte|petabytes": _sized(5),
        "ns|nanoseconds": ((Unit.seconds, 1e-9),),
        "us|µs|μs|microseconds": ((Unit.seconds, 1e-6),),
        "ms|msec|millisecond|milliseconds|millisekunden|millisecondes|milisegundos|millisecondi": (
            (Unit.seconds, 1e-3),
        ),
        "s|sec|secs|second|seconds|sekunde|sekunden|seconde|secondes|segundo|segundos|secondi": ((Unit.seconds, 1.0),),
        "min|mins|minute|minutes|minuten|minuto|minutos|minuti": ((Unit.seconds, 60.0),),
        "h|hr|hrs|hour|hours|stunde|stunden|heure|heures|hora|horas|ore|ora": ((Unit.seconds, 3600.0),),
        "d|day|days|tag|tage|tagen|jour|jours|día|días|dias|dia|giorno|giorni": ((Unit.seconds, 86_400.0),),
        "week|weeks|woche|wochen|semaine|semaines|semana|semanas|settimane": ((Unit.seconds, 604_800.0),),
    }
)
"""Lower case, English and the languages that questions are asked in."""

LETTERS: dict[str, tuple[Meaning, ...]] = {
    "k": ((Unit.number, 1e3), *_sized(1)),
    "K": ((Unit.number, 1e3), *_sized(1)),
    "m": ((Unit.number, 1e6), (Unit.seconds, 60.0)),
    "M": ((Unit.number, 1e6), *_sized(2)),
    "b": ((Unit.number, 1e9),),
    "B": ((Unit.number, 1e9), *_sized(0)),
    "G": ((Unit.number, 1e9), *_sized(3)),
    "T": ((Unit.number, 1e12), *_sized(4)),
}
"""A letter by itself: a million, or what people write for megabytes. With a unit after it, it is the count alone."""

SCALES: dict[str, float] = {
    word: scale
    for words, scale in (
        ("thousand|tausend|mille|mila", 1e3),
        ("million|millions|millionen|mio|mn|millones|milhões|milioni", 1e6),
        ("billion|billions|milliarde|milliarden|mrd|bn|milliards|miliardi", 1e9),
        ("trillion|trillions", 1e12),
    )
    for word in words.split("|")
}

_WORD_ENDS = r"(?![\w'’]|-[a-z])"


def _either(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


CURRENCY = r"(?:[$€£]|\b(?:usd|eur|gbp)\b|\b(?:usd|eur|gbp)(?=\d))"
SCALE = rf"(?:(?-i:[kKmMbBGT])|[\s-](?:{_either(list(SCALES))})\b\.?|(?:mio|mrd|mn|bn)\b\.?)"
UNIT = rf"[\s-]?(?:[%$€£¢]|(?:{_either([word for word in UNITS if word[0].isalpha()])}|(?-i:B)){_WORD_ENDS})"


def factor_of(written: str) -> float:
    """How many a letter or word of scale stands for: 1 for none."""
    word = written.strip(" -.\u00a0")
    return LETTERS[word][0][1] if word in LETTERS else SCALES.get(word.lower(), 1.0)


def meanings_of(written: str) -> tuple[Meaning, ...]:
    """What a unit as written stands for: nothing for none."""
    word = written.strip().lstrip("-").strip()
    return _sized(0) if word == "B" else UNITS.get(word.lower(), ())
