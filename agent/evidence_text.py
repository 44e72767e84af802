"""Evidence as the text that a model reads, and back.

One piece looks like this; the offline analyst reads the same lines as every other model:

    [ev_1a2b3c4d] lambda_errors · ok · 2026-11-20T12:00Z to 2026-11-20T15:00Z · read 2026-11-20T15:00Z
    Asked: Which functions fail?
    Found: checkout fails since 14:18.
    - metric_rise (0.97) at 2026-11-20T14:18Z on checkout {"metric": "Errors"}: Errors rose from 1 to 190 a minute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from agent.models import Evidence, EvidenceStatus, Finding, TimeRange

MAX_SUMMARY_CHARS = 1200
MAX_STATEMENT_CHARS = 400
MAX_TOOL_CHARS = 60
MAX_ATTRIBUTE_CHARS = 400
MAX_FINDINGS_CHARS = 5500
"""For the findings of one piece together: some 1,400 tokens. The strongest come first, so the weakest are left out."""
NOTE_CHARS = 80
"""For the line that says how many pieces were left out."""
LATER_SHARE = 0.25
"""Of the room, for pieces that come last."""
_STAMP = "%Y-%m-%dT%H:%MZ"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\dZ"
_HEAD = re.compile(
    rf"^\[(ev_\w+)\] (.+?) · ({'|'.join(EvidenceStatus)})(?: · ({_TIME}) to ({_TIME}))?(?: · read ({_TIME}))?$",
)
_FINDING = re.compile(rf"^- (\w+) \(([01]\.\d\d)\)(?: at ({_TIME}))?(?: on ([^{{]*?))? (?={{)")
_JSON = json.JSONDecoder()
_LINE_BREAKS = re.compile(r"[\x7f-\x9f\u2028\u2029]")
"""Characters that JSON leaves alone and that some readers take for the end of a line."""


def render(evidence: Evidence) -> str:
    """One piece of evidence as a model reads it, bounded in size."""
    span = evidence.time_range
    when = f" · {span.start:{_STAMP}} to {span.end:{_STAMP}}" if span else ""
    read = f" · read {evidence.gathered_at:{_STAMP}}" if evidence.gathered_at else ""
    lines = [
        f"[{evidence.id}] {_one_line(evidence.tool, MAX_TOOL_CHARS)} · {evidence.status}{when}{read}",
        f"Asked: {_one_line(evidence.question, MAX_STATEMENT_CHARS)}",
        f"Found: {_one_line(evidence.summary, MAX_SUMMARY_CHARS)}",
        *_finding_lines(evidence.findings),
    ]
    return "\n".join(lines)


def render_all(pieces: Iterable[Evidence], max_chars: int = 0, last: Collection[str] = ()) -> str:
    """All pieces in their order, or as much of them as there is room for: see `fit`. 0 sets no bound."""
    pieces = list(pieces)
    kept = fit(pieces, max_chars, last) if max_chars else pieces
    left_out = len(pieces) - len(kept)
    note = [f"(and {left_out} more pieces of evidence, for which there is no room)"] if left_out else []
    return "\n\n".join([*(render(piece) for piece in kept), *note])


def fit(pieces: Sequence[Evidence], max_chars: int, last: Collection[str] = ()) -> list[Evidence]:
    """The pieces without their weakest findings; where that is not enough, without the weakest pieces.

    Every piece keeps its strongest finding before any keeps a second one. Those whose ids are in `last` come after all
    others, whose further findings leave them a quarter. Order stays as it is.
    """
    if sum(len(render(piece)) + 2 for piece in pieces) <= max_chars:
        return list(pieces)
    places = sorted(range(len(pieces)), key=lambda n: -_strength(pieces[n]))
    first = [n for n in places if pieces[n].id not in last]
    later = [n for n in places if pieces[n].id in last]
    kept: dict[int, list[int]] = {}
    room = _add_pieces(kept, pieces, first, max_chars - NOTE_CHARS)
    reserved = int(max_chars * LATER_SHARE) if later else 0
    room = _add_findings(kept, pieces, first, room - reserved) + reserved
    room = _add_findings(kept, pieces, later, _add_pieces(kept, pieces, later, room))
    _add_findings(kept, pieces, first, room)
    return [_with(pieces[place], sorted(kept[place])) for place in sorted(kept)]


def _add_pieces(kept: dict[int, list[int]], pieces: Sequence[Evidence], places: Sequence[int], room: int) -> int:
    """Adds to `kept` (numbers of findings by piece) those with their strongest finding that there is room for.

    Returns the room that is left.
    """
    for place in places:
        strongest = _by_strength(pieces[place])[:1]
        size = len(render(_with(pieces[place], strongest))) + 2
        if size <= room:
            room -= size
            kept[place] = strongest
    return room


def _add_findings(kept: dict[int, list[int]], pieces: Sequence[Evidence], places: Sequence[int], room: int) -> int:
    """The same with further findings of the pieces that are there."""
    others = [(n, f) for n in places if n in kept for f in _by_strength(pieces[n]) if f not in kept[n]]
    for place, number in sorted(others, key=lambda pair: -pieces[pair[0]].findings[pair[1]].strength):
        size = len(_finding_line(pieces[place].findings[number])) + 1
        if size <= room:
            room -= size
            kept[place].append(number)
    return room


def _with(piece: Evidence, numbers: Sequence[int]) -> Evidence:
    return piece.model_copy(update={"findings": tuple(piece.findings[n] for n in numbers)})


def _by_strength(piece: Evidence) -> list[int]:
    return sorted(range(len(piece.findings)), key=lambda n: -piece.findings[n].strength)


def _strength(piece: Evidence) -> float:
    return max((finding.strength for finding in piece.findings), default=0.0)


def parse(text: str) -> list[Evidence]:
    """The evidence in a text that `render_all` wrote, possibly between other lines. What is not evidence is skipped."""
    pieces: list[Evidence] = []
    for line in text.split("\n"):
        if head := _from_head(line):
            pieces.append(head)
        elif pieces and line.startswith("Asked: "):
            pieces[-1] = pieces[-1].model_copy(update={"question": line[7:]})
        elif pieces and line.startswith("Found: "):
            pieces[-1] = pieces[-1].model_copy(update={"summary": line[7:]})
        elif pieces and (finding := _from_line(line)):
            pieces[-1] = pieces[-1].model_copy(update={"findings": (*pieces[-1].findings, finding)})
    return pieces


def _finding_lines(findings: Sequence[Finding]) -> list[str]:
    lines: list[str] = []
    for finding in findings:
        line = _finding_line(finding)
        if lines and sum(map(len, lines)) + len(line) > MAX_FINDINGS_CHARS:
            return [*lines, f"(and {len(findings) - len(lines)} weaker findings)"]
        lines.append(line)
    return lines


def _finding_line(finding: Finding) -> str:
    at = f" at {finding.at:{_STAMP}}" if finding.at else ""
    # The first brace of a line begins the JSON, so there is none in the resource.
    on = f" on {_one_line(finding.resource, 200).replace('{', '(')}" if finding.resource.strip() else ""
    attributes = {name: _clipped(value) for name, value in finding.attributes.items()}
    details = _LINE_BREAKS.sub(_escaped, json.dumps(attributes, ensure_ascii=False, sort_keys=True))
    statement = _one_line(finding.statement, MAX_STATEMENT_CHARS)
    return f"- {finding.kind} ({finding.strength:.2f}){at}{on} {details}: {statement}"


def _one_line(text: str, limit: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def _clipped(text: str) -> str:
    return text if len(text) <= MAX_ATTRIBUTE_CHARS else text[: MAX_ATTRIBUTE_CHARS - 1] + "…"


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _from_head(line: str) -> Evidence | None:
    match = _HEAD.match(line)
    if match is None:
        return None
    try:
        span = TimeRange(start=_stamp(match[4]), end=_stamp(match[5])) if match[4] else None
        read = _stamp(match[6]) if match[6] else None
    except ValueError:  # no such day
        return None
    return Evidence(
        id=match[1],
        tool=match[2],
        status=EvidenceStatus(match[3]),
        question="",
        query="",
        summary="",
        time_range=span,
        gathered_at=read,
    )


def _from_line(line: str) -> Finding | None:
    """The finding that a line holds, if it holds one."""
    match = _FINDING.match(line)
    if match is None:
        return None
    try:
        attributes, end = _JSON.raw_decode(line, match.end())
        return Finding(
            kind=match[1],
            strength=float(match[2]),
            at=_stamp(match[3]) if match[3] else None,
            resource=match[4] or "",
            attributes=attributes,
            statement=line[end:].removeprefix(": "),
        )
    except ValueError:  # not JSON, or not a finding's
        return None


def _stamp(text: str) -> datetime:
    return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
