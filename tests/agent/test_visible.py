from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.visible import visible

SEEN_FORMATS = "ARABIC|SYRIAC|KAITHI|EGYPTIAN"
"""Of Unicode's format characters those that have a picture."""


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("pay\u200bment", "payment"),
        ("\u202efdp.exe", "fdp.exe"),
        ("a\u2066b\u2069", "ab"),
        ("soft\u00adhyphen", "softhyphen"),
        ("".join(chr(0xE0000 + ord(c)) for c in "approve"), ""),
        ("byte\ufeff order", "byte order"),
        ("wide\u3000and\u00a0thin\u2009space", "wide and thin space"),
        ("line\u2028two\r\nthree\u0085four", "line\ntwo\nthree\nfour"),
        ("bell\x07 esc\x1b[31m", "bell esc[31m"),
        ("data in selectors\ufe01\ufe02\U000e0101", "data in selectors"),
        ("⚠️ and ❤️ stay, a\ufe0f does not", "⚠️ and ❤️ stay, a does not"),
        ("a family \U0001f468\u200d\U0001f469\u200d\U0001f467 and a \u2764\ufe0f\u200d\U0001f525",) * 2,
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 and \u0915\u094d\u200d\u0937",) * 2,
        ("joiners in pass\u200dwo\u200crd, and a\ufe0f\u200d\U0001f525", "joiners in password, and a\U0001f525"),
        (
            "two \U0001f468\u200d\u200d\U0001f469 and \u0645\u200c\u200c\u0645",
            "two \U0001f468\U0001f469 and \u0645\u0645",
        ),
        ("half \ud83d an emoji", "half  an emoji"),
        ("tab\tand\nline stay; so do é, א and 中", "tab\tand\nline stay; so do é, א and 中"),
    ],
)
def test_what_nobody_sees_is_taken_out(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(st.text())
def test_nothing_hidden_is_left_and_a_second_time_changes_nothing(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    for character in shown:
        kind, name = unicodedata.category(character), unicodedata.name(character, "")
        assert character in "\n\t\ufe0f\u200c\u200d" or (
            kind not in ("Cc", "Cs", "Zl", "Zp")
            and (kind != "Cf" or any(script in name for script in SEEN_FORMATS.split("|")))
        )
