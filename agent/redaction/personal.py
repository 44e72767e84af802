"""What is no secret but personal: payment card numbers and e-mail addresses. Each can be switched by a setting."""

from __future__ import annotations

from collections.abc import Iterator

from agent.redaction.spans import Expression, Span, span_of, words
from agent.redaction.values import passes_luhn

CARD = Expression(
    r"(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6(?:011|4[4-9]\d|5\d\d|2\d\d)|35[2-8]\d)"
    r"(?:(?:\d{4}){3}|(?:-\d{4}){3}|(?: \d{4}){3})"
    r"|3[47]\d\d(?:\d{11}|-\d{6}-\d{5}| \d{6} \d{5})"
    r"|3(?:0[0-5]|[68]\d)\d(?:\d{10}|-\d{6}-\d{4}| \d{6} \d{4})"
)
"""Visa, Mastercard, Discover, UnionPay, JCB, American Express, Diners Club: their prefixes and usual groups."""
EMAIL = Expression(r"[A-Za-z0-9._%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_PART_OF_MORE = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-/")


def cards(text: bytes) -> Iterator[Span]:
    """Card numbers with a right check digit that are not part of a longer number, id, path or decimal."""
    for found in CARD.compiled.finditer(text):
        start, end = found.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        stands_alone = not (before and before[0] in _PART_OF_MORE) and not (
            after and after[0] in _PART_OF_MORE - {ord(".")}
        )
        decimal = after == b"." and text[end + 1 : end + 2].isdigit()
        if stands_alone and not decimal and passes_luhn(words(found.group()).replace("-", "").replace(" ", "")):
            yield Span(start, end, "card-number")


def emails(text: bytes) -> Iterator[Span]:
    """E-mail addresses, whole."""
    if b"@" in text:
        yield from (span_of(found, 0, "email") for found in EMAIL.compiled.finditer(text))
