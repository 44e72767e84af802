"""What may be said without a claim: that nothing was found. Code alone writes these sentences, and checks them again.

no_name("checkout-apo")                  # "I found nothing called checkout-apo where I may look; ..."
holds("Nothing is wrong.", evidence)     # False: not one of the sentences, so it needs claims
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from agent.figures import count
from agent.models import Evidence, EvidenceStatus, Finding

NOTEWORTHY = 0.5
"""Strength from which a finding is out of the ordinary."""
UNREAD = "Inconclusive: nothing could be read."
WHO_UNREAD = "Inconclusive: what was changed, and by whom, could not be read."
SPELLING = "is it spelt as in AWS? (I am the offline analyst: I know names and English words only.)"
_NO_LOOK = ("no_change", "log_quiet")
"""Kinds that are found of a name whether it exists or not."""
_CHANGE_LOG = "recent_changes"
_USABLE = (EvidenceStatus.ok, EvidenceStatus.no_data)


def nothing_unusual(checks: int) -> str:
    return f"Inconclusive: {count(checks, 'check')} found nothing out of the ordinary."


def none_of(kinds: Iterable[str]) -> str:
    return f"Nothing was found ({' or '.join(kinds).replace('_', ' ')})."


def no_name(name: str) -> str:
    return f"I found nothing called {name} where I may look; {SPELLING}"


def did_you_mean(name: str, other: str) -> str:
    return f"I found nothing called {name} where I may look; did you mean {other}?"


def all_well(name: str, checks: int) -> str:
    return f"{name} shows nothing out of the ordinary in {count(checks, 'check')}."


def in_english_only(language: str) -> str:
    return f"(I read {language}, but as the offline analyst I answer in English only.)"


def summed_up(evidence: Sequence[Evidence], otherwise: str) -> str:
    """What can be said of evidence that carried no claim."""
    pieces = readable(evidence)
    if evidence and not pieces:
        return UNREAD
    return nothing_unusual(len(pieces)) if pieces and not _unusual(pieces) else otherwise


def holds(text: str, evidence: Sequence[Evidence]) -> bool:
    """Whether a text is made of this module's sentences alone, and each is true of the evidence."""
    rest, pieces = text.strip(), readable(evidence)
    while rest:
        for pattern, is_true in _SENTENCES:
            sentence = pattern.match(rest)
            if sentence and is_true(sentence, pieces):
                rest = rest[sentence.end() :].lstrip()
                break
        else:
            return False
    return bool(text.strip())


def readable(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The pieces that say something, if only that there is nothing."""
    return [piece for piece in evidence if piece.status in _USABLE]


def changes_unread(evidence: Sequence[Evidence]) -> bool:
    """Whether somebody looked for changes, and no look could read any."""
    looks = [piece for piece in evidence if piece.tool == _CHANGE_LOG]
    return bool(looks) and not readable(looks)


def stands_out(name: str, evidence: Iterable[Evidence]) -> bool:
    """Whether anything out of the ordinary has to do with a name."""
    wanted = name.lower()
    return any((f.resource and f.resource.lower() in wanted) or wanted in _text(f) for f in _unusual(evidence))


def is_seen(name: str, evidence: Iterable[Evidence]) -> bool:
    """Whether a finding shows that there is something of this name."""
    wanted = name.lower()
    return any(f.kind not in _NO_LOOK and wanted in _text(f) for piece in evidence for f in piece.findings)


def _unusual(evidence: Iterable[Evidence]) -> list[Finding]:
    return [finding for piece in evidence for finding in piece.findings if finding.strength >= NOTEWORTHY]


def _text(finding: Finding) -> str:
    said = f"{finding.resource} {finding.statement} {' '.join(finding.attributes.values())}".lower()
    return said.replace(" - ", "-")  # `EC2 - Other` is what people write as EC2-Other


def _any_of(kinds: str, evidence: Iterable[Evidence]) -> bool:
    return any(finding.kind.replace("_", " ") in kinds.split(" or ") for finding in _unusual(evidence))


Check = Callable[[re.Match[str], Sequence[Evidence]], bool]


def _pattern(sentence: str, number: str = "0") -> re.Pattern[str]:
    """Where a sentence has this number there may be any, and where it has X a name, kinds or a language."""
    escaped = re.escape(sentence).replace(number, r"([\d,]+)")
    return re.compile(escaped.replace("X", "(.{1,200}?)") + r"(?=\s|$)")


_SENTENCES: tuple[tuple[re.Pattern[str], Check], ...] = (
    (_pattern(UNREAD), lambda _, pieces: not pieces),
    (_pattern(WHO_UNREAD), lambda _, pieces: all(piece.tool != _CHANGE_LOG for piece in pieces)),
    (_pattern(nothing_unusual(0)), lambda said, pieces: _is_quiet(said[1], pieces)),
    (_pattern(nothing_unusual(1), "1"), lambda said, pieces: _is_quiet(said[1], pieces)),
    (_pattern(none_of(["X"])), lambda said, pieces: bool(pieces) and not _any_of(said[1], pieces)),
    (_pattern(no_name("X")), lambda said, pieces: _is_unknown(said[1], pieces)),
    (_pattern(did_you_mean("X", "X")), lambda said, pieces: _is_unknown(said[1], pieces) and is_seen(said[2], pieces)),
    (_pattern(all_well("X", 0)), lambda said, pieces: _is_well(said[1], pieces)),
    (_pattern(all_well("X", 1), "1"), lambda said, pieces: _is_well(said[1], pieces)),
    (_pattern(in_english_only("X")), lambda said, _: said[1].isalpha()),
)


def _is_quiet(checks: str, pieces: Sequence[Evidence]) -> bool:
    return int(checks.replace(",", "")) <= len(pieces) and not _unusual(pieces)


def _is_well(name: str, pieces: Sequence[Evidence]) -> bool:
    return _is_name(name) and not stands_out(name, pieces)


def _is_unknown(name: str, pieces: Sequence[Evidence]) -> bool:
    """What somebody called a thing may be some words, and is no sentence."""
    return (_is_name(name) or re.fullmatch(r"[^.!?,;:]{1,60}", name) is not None) and not is_seen(name, pieces)


def _is_name(text: str) -> bool:
    return not re.search(r"\s", text)
