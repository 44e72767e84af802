r"""Secrets by the name that they are given: `DB_PASSWORD=…`, `"clientSecret": "…"`, `--token …`, `<Token>…</Token>`.

At each word such as `password` this reads on to the value, in whatever language it is written: env files, JSON, YAML,
XML, HCL, Python, query strings, flags, `{"Key": "DbPassword", "Value": "…"}`, and any of them inside a JSON string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from agent.redaction.names import AWS_SECRET_KEY, NAMES, WHOLE_WORDS, is_flag, trust_in
from agent.redaction.spans import Expression, Span, words
from agent.redaction.values import Trust, is_secret

JUDGED = 160
"""How many bytes of a value decide whether it is a secret. A longer one is hidden to its end."""

_QUOTE = r"""(?:\\*["'`]|&quot;|&#34;|%22|%27)"""
_BLOCK = r"(?:[|>][+-]?[ \t]*(?:\r?\n|\\r\\n|\\n)[ \t]{1,40})"
_TYPE = r"[A-Za-z_][A-Za-z_.|\[\]]{0,30}"
_SIGN = r"(?:[<>?+.!|&:~-]{0,4}=>?|:{1,3}|->|%3[AaDd]|,|\|{1,2}|\()"
AFTER_NAME = Expression(
    rf"[\w.\-]{{0,60}}(?:{_QUOTE}|[)\]*_]){{0,3}}"
    r"(?:"
    # {"Key": "DbPassword", "Value": "…"}, name: DB_PASSWORD⏎ value: …, <name>password</name><value>…
    rf"(?:[\s,;]|\\n|\\t){{0,40}}(?:</\w{{1,20}}>\s{{0,20}}<|[\"'\\]{{0,3}})(?i:parameter|string)?(?i:value){_QUOTE}?\s{{0,3}}[:=>]\s{{0,5}}"
    # password: str = "…", var apiToken string = "…"
    rf"|[ \t]{{0,3}}:?[ \t]{{0,3}}{_TYPE}[ \t]{{1,3}}=[ \t]{{0,5}}"
    # =, :, =>, :=, URL-encoded, a YAML block, an XML element
    rf"|[ \t]{{0,10}}(?:>\s{{0,40}}|{_SIGN}(?:[ \t]{{0,40}}{_BLOCK}|\s{{0,40}}{_QUOTE}|[ \t]{{0,40}}))"
    # the password for orders is …
    r"|[ \t]{1,4}(?:(?:for|of|to|on) [\w./@-]{1,40}(?: [\w./@-]{1,40})?[ \t])?(?:is|was)[ \t:]{1,4}"
    # --password …
    r"|[ \t]{1,10}"
    r")"
    rf"(?:[*_~]{{1,3}}[ \t]{{1,3}})?(?:[\[({{]\s{{0,10}})?(?:{_QUOTE}\w{{1,10}}{_QUOTE}\s{{0,3}}:\s{{0,3}})?"
    rf"(?:[A-Za-z]{{0,2}}{_QUOTE}{{1,3}})?"
)
"""From the word to where its value begins: the rest of the name, the sign, brackets and opening quotes."""

CLOSED = {
    b'"': Expression(r'(?:[^"\\\r\n]|\\[^\r\n])*'),
    b"'": Expression(r"(?:[^'\\\r\n]|\\[^\r\n])*"),
    b"`": Expression(r"[^`\r\n]*"),
}
CLOSED_IN_A_STRING = {quote: Expression(rf"[^{quote.decode()}\\\r\n]*") for quote in CLOSED}
OPEN = Expression(r"""[^\s"'`<>\\]*""")

REST_OF_NAME = re.compile(rb"[\w.\-]*")
OPENING = re.compile(rb"(\\*)([\"'`])$")
NEXT_PAIR = re.compile(rb"[&;,|)\]}](?=[\"']?[\s\[({]{0,2}[\"']?[\w.\-]+[\"']?\s?[=:])|&(?:amp|quot|#34);")
NAME_AFTER_ALL = re.compile(rb"\\*[\"']\s{0,3}[:=]")
"""After what looked like a value: `"secret", "next": …` is a list of names."""
BRACKETS = {b")": b"(", b"]": b"[", b"}": b"{"}
CLOSING = frozenset({b".", b",", b";", b":", b"|", *BRACKETS})
END_IN_ADDRESS = re.compile(rb"(?i)%(?:22|26|27|2c|3b|7d|5d|0a|20)")


class _Value(NamedTuple):
    start: int
    end: int
    quoted: bool
    sign: str


class Assignment:
    """The rule for one of NAMES, called where the word stands in the text."""

    def __init__(self, word: str) -> None:
        self.word, self.length, self.kind = word, len(word), NAMES[word][0]
        self.whole = word in WHOLE_WORDS

    def __call__(self, text: bytes, at: int) -> Iterable[Span]:
        after = at + self.length
        if self.whole and not _stands_alone(text, at, after):
            return ()
        value_at = AFTER_NAME.end_of_match(text, after, 400)
        if value_at < 0 or text.startswith(b"[redacted:", value_at):
            return ()
        between = text[after:value_at]
        rest = REST_OF_NAME.match(between).group()  # pyright: ignore[reportOptionalMemberAccess] -- it matches nothing, too
        before = words(text[max(0, at - 60) : at])
        trust = trust_in(self.word, before, words(rest))
        if trust is None:
            return ()
        value = _read(text, value_at, between, words(between[len(rest) :]))
        if not _is_assigned(text, value, trust, before):
            return ()
        end = _end(text, value, between)
        return (Span(value_at, end, self._kind(before, end - value_at), specific=False),)

    def _kind(self, before: str, length: int) -> str:
        is_aws = length == 40 and self.word == "key" and AWS_SECRET_KEY.search(before[-25:])
        return "aws-secret-key" if is_aws else self.kind


def _stands_alone(text: bytes, start: int, end: int) -> bool:
    """Whether the word is one in its name: `pass`, `DB_PASS`, `dbPass`, not `bypass`, `passed`."""
    first, last = text[start : start + 1], text[end - 1 : end]
    before, after = text[start - 1 : start] if start else b"", text[end : end + 1]
    begins = not before.isalpha() or (before.islower() and first.isupper())
    ends = not after.isalpha() or (last.islower() and after.isupper())
    return begins and ends


def _read(text: bytes, start: int, between: bytes, sign: str, reach: int = JUDGED) -> _Value:
    """The value that begins at `start`: to its closing quote, or to where an unquoted one ends."""
    opening = OPENING.search(between)
    if opening:
        expressions = CLOSED_IN_A_STRING if opening.group(1) else CLOSED
        return _Value(start, expressions[opening.group(2)].end_of_match(text, start, reach), True, sign.strip())
    end = OPEN.end_of_match(text, start, reach)
    value = text[start:end]
    for ending in (NEXT_PAIR, END_IN_ADDRESS) if b"%" in between else (NEXT_PAIR,):
        if found := ending.search(value):
            value = value[: found.start()]
    return _Value(start, start + len(_without_closing(value)), False, sign.strip())


def _end(text: bytes, value: _Value, between: bytes) -> int:
    """Where the value ends that may reach beyond what was judged: read on in growing steps, so in its length's time."""
    start, end, reach = value.start, value.end, JUDGED
    while end >= start + reach - 4 and reach < len(text):  # within a character of the bound
        reach *= 4
        end = _read(text, start, between, "", reach).end
    return end


def _without_closing(value: bytes) -> bytes:
    """Without the punctuation of the sentence or the call that the value stands in."""
    while value[-1:] in CLOSING and not (value[-1:] in BRACKETS and BRACKETS[value[-1:]] in value):
        value = value[:-1]
    return value


def _is_assigned(text: bytes, value: _Value, trust: Trust, before: str) -> bool:
    """Whether the sign gives the value to the name, and the value looks like a secret then."""
    content = words(text[value.start : value.end])
    sign = value.sign.strip("\"'`\\ [{)]")
    if not sign:  # nothing but blanks and quotes
        if not is_flag(before) and not (trust is Trust.password and value.quoted):
            return False
    elif sign.endswith(("is", "was", "is:", "was:")):
        if trust is Trust.key or content.isalpha():
            return False
    elif sign == "," and value.quoted and NAME_AFTER_ALL.match(text, value.end):
        return False
    elif sign in {",", "(", "|", "||"} and not value.quoted:
        if content.isalpha() or text[value.start - 1 : value.start].isspace():
            trust = Trust.key  # a list of words or a call, unless it is a row: `password,hunter2,`
    elif not value.quoted and content.isalpha() and content.islower() and _goes_on_as_prose(text, value.end):
        return False
    return is_secret(content, trust, quoted=value.quoted)


def _goes_on_as_prose(text: bytes, end: int) -> bool:
    """Whether another word follows: `password: authentication failed` is a sentence."""
    return text[end : end + 1] == b" " and text[end + 1 : end + 2].isalpha()
