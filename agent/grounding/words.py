"""Numbers in words, put into digits: "two hundred errors" holds a figure as well as "200 errors" does."""

from __future__ import annotations

import re

_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = (
    {word: n for n, word in enumerate(_WORDS.split())}
    | {word: 10 * n for n, word in enumerate(_TENS.split(), 2)}
    | {"dozen": 12}
)
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORD = "(?:" + "|".join([*_SMALL, *_LARGE]) + ")"
_SPELT = re.compile(
    rf"\b(?:an?\s(?=hundred|thousand|million|billion|dozen))?{_WORD}(?:(?:\s|-|\sand\s){_WORD})*\b", re.I
)
_AFTER_DIGITS = re.compile(r"[\d.,]\s?$")
_FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75", "⅓": ".33", "⅔": ".67"}
_FRACTION = re.compile(r"(?<!\d)(\d*)([½¼¾⅓⅔])")


def in_digits(text: str) -> str:
    """The text with its spelt numbers in digits. "2 million" and "millions of" stay as they are."""
    text = _FRACTION.sub(lambda match: (match[1] or "0") + _FRACTIONS[match[2]], text)
    return _SPELT.sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    words = [word for word in re.split(r"[\s-]+", match[0].lower()) if word in _SMALL or word in _LARGE]
    began = match.string[max(0, match.start() - 2) : match.start()]
    if words[0] in _LARGE and not match[0].lower().startswith("a") and (_AFTER_DIGITS.search(began) or len(words) == 1):
        return match[0]
    whole = part = 0
    for word in words:
        if word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        else:
            whole, part = whole + max(part, 1) * _LARGE[word], 0
    return str(whole + part)
