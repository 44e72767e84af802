"""What is refused before anything is parsed: too long, or with characters that hide what it is."""

from __future__ import annotations

import unicodedata

from agent.safety.commands.verdict import AUTO, Verdict, approval, refusal

MOST_BYTES = 8192

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def judge_text(text: str) -> Verdict:
    """Refuses empty text, over 8 KB, control, bidirectional and invisible characters, and unusual blanks."""
    if not text.strip():
        return refusal("There is no command.")
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return refusal("It is longer than 8 KB: nobody can judge it.")
    for char in set(text):
        if (problem := _problem(char)) is not None:
            return refusal(f"It has {problem} (U+{ord(char):04X}), which hides what it does.")
    if not text.isascii() and _looks_like_another(text):
        return approval("It has letters that look like others.")
    return AUTO


def _looks_like_another(text: str) -> bool:
    """Full-width and the like, or a word of Latin letters with some of another alphabet among them."""
    if unicodedata.normalize("NFKC", text) != unicodedata.normalize("NFC", text):
        return True
    for word in text.split():
        scripts = {unicodedata.name(char, "?").split()[0] for char in word if char.isalpha()}
        if len(scripts) > 1:
            return True
    return False


def _problem(char: str) -> str | None:
    if char in "\n\t ":
        return None
    if char in _BIDI:
        return "a character that turns the direction of writing"
    category = unicodedata.category(char)
    if category == "Cc":
        return "a control character"
    if category in ("Cf", "Co", "Cn", "Cs"):
        return "an invisible or undefined character"
    if category in ("Zs", "Zl", "Zp"):
        return "a blank that is not a space"
    if "VARIATION SELECTOR" in unicodedata.name(char, "") or char in "\u115f\u1160\u3164\uffa0\u2800\u034f":
        return "an invisible character"
    return None
