"""Text without characters that nobody sees: foreign text must not hide anything, nor turn around what stands beside it.

    >>> visible("pay\\u200bment \\u202efdp.exe")
    'payment fdp.exe'

Taken out: zero-width characters, marks that turn the direction of writing, tag characters, soft hyphens, variation
selectors (but not the one after a symbol, which makes it an emoji), control characters, fillers without a picture.
Joiners stay where they are seen: between the parts of one emoji, and between letters that would join without (Persian,
Hindi). Spaces of other widths become spaces, line separators become ends of lines.
"""

from __future__ import annotations

import re

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff"
_SYMBOLS = "\u00a9\u00ae\u203c\u2049\u2100-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_JOINING = "\u0620-\u064a\u066e-\u06d3\u06fa-\u06ff\u0710-\u072f\u0750-\u077f\u08a0-\u08b4\u0900-\u0dff"
"""Letters of scripts that are written joined, and the marks of Indian ones."""
_STRAY = (
    f"(?<![{_SYMBOLS}])\ufe0f",
    f"(?<![{_SYMBOLS}{_JOINING}])(?<![{_SYMBOLS}]\ufe0f)\u200d|\u200d(?![{_SYMBOLS}{_JOINING}])",
    f"(?<![{_JOINING}])\u200c|\u200c(?![{_JOINING}])",
)
"""A selector and joiners that are not between what they are for."""
INVISIBLE = re.compile("|".join((f"[{_HIDDEN}{_CONTROL}]", *_STRAY)))
_ASCII_CONTROL = bytes(code for code in (*range(32), 127) if chr(code) not in "\t\n\r")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000]")
_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")


def visible(text: str) -> str:
    """The text as it looks. Whatever is taken out joins what stood around it."""
    if text.isascii() and text.isprintable():
        return text
    return INVISIBLE.sub("", _ENDS.sub("\n", _SPACES.sub(" ", text)))


def hides_something(text: str) -> bool:
    """Whether `INVISIBLE` finds anything; quick for long texts in which it does not."""
    if text.isascii():
        return len(text.encode().translate(None, _ASCII_CONTROL)) < len(text)
    return INVISIBLE.search(text) is not None
