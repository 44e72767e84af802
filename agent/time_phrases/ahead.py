"""Times of day that are still to come: the meeting at 9 says nothing of yesterday's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.spelling import words
from agent.time_phrases.tokens import Token

_BEFORE = words("by due until till bis eta expected planned")
"""Directly before a time of day, or its first word."""
_AHEAD = re.compile(
    r"\b(?:deadline|sla|slo|eta|stand-?up|meeting|hand-?over|(?:on|off|my|end of) shift|maintenance|will|must|gonna"
    r"|(?:ping|remind|wake|tell|call|alert|page|notify) (?:me|us)|frist|termin|schichtende|wartung|muss|soll|wird"
    r"|reuni[oó]n|r[eé]union|plazo|prazo)\b"
)
_BEHIND = words(
    "why was were did didn't wasn't weren't had happened broke went ran got fell began rose came warum war waren wurde"
    " wurden hatte passiert ging brach lief fue fallo falló paso pasó etait était foi falhou caiu"
)
"""One of these or another past tense tells that it may well have been yesterday."""
_NOT_PAST = words("expected need needed speed feed planned scheduled supposed")


def speaks_of_what_is_ahead(clause: Sequence[Token], opened_by: str) -> bool:
    """Whether a time of day in a clause is a deadline or an appointment. `opened_by`: the word before the time, or
    the one that it begins with."""
    said = [token.text for token in clause]
    if any(word in _BEHIND or (word.endswith("ed") and word not in _NOT_PAST) for word in said):
        return False
    return opened_by in _BEFORE or bool(_AHEAD.search(" ".join(said)))
