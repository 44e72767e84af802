"""What a thread remembers, within a budget of tokens: recent turns as they were said, older ones in a line each.

    memory = recall(thread.messages, 4000, about="and the payments queue?")
    memory.turns      # the latest, verbatim
    memory.summary    # ("Ana asked: which DAG is late? Answer: orders_daily waits for a file. [ev_9f8e7d6c]", ...)
    memory.evidence   # what recent answers, the first and the remembered ones cite, then the strongest of the rest

No model condenses anything, so the same thread is always remembered in the same words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.briefs import MAX_TURNS, turn_line
from agent.evidence_text import fit, render
from agent.knowledge import words
from agent.models import ChatMessage, Evidence
from agent.tokens import chars_within, tokens
from agent.vocabulary import names_in

TURNS_SHARE, SUMMARY_SHARE = 0.15, 0.36
"""Of the budget; evidence gets what is left of it."""
LINE_BREAK = 1
"""Tokens between two lines."""
NEAR_LINES = 4
"""Older exchanges that are told in full because they have words in common with the new question."""

_NAME = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)+")


@dataclass(frozen=True)
class Memory:
    """What a brief tells of a thread."""

    turns: tuple[ChatMessage, ...] = ()
    summary: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Exchange:
    """A question of somebody and the answer to it, either possibly missing. `number` counts from 0."""

    number: int
    question: ChatMessage | None = None
    answer: ChatMessage | None = None

    @property
    def cited(self) -> tuple[str, ...]:
        """Ids of the evidence that the answer cites; all of its evidence when it says nothing about that."""
        if self.answer is None:
            return ()
        if self.answer.answer is None:
            return tuple(piece.id for piece in self.answer.evidence)
        claims = (*self.answer.answer.claims, *self.answer.answer.disagreements)
        return tuple(dict.fromkeys(i for claim in claims for i in claim.evidence))

    @property
    def asked(self) -> str:
        if self.question is None:
            return ""
        return turn_line(self.question).removeprefix("user: ")

    @property
    def answered(self) -> str:
        if self.answer is None:
            return ""
        return self.answer.answer.headline if self.answer.answer else self.answer.text.partition("\n")[0]

    def line(self, asked_chars: int, answered_chars: int) -> str:
        """The exchange in one line; `answered_chars` 0 tells the question only, and not whose it was."""
        asked = self.asked if answered_chars or self.question is None else self.question.text
        parts = [_cut(asked, asked_chars)] if asked else []
        if self.answered and answered_chars:
            ids = f" [{', '.join(self.cited[:3])}]" if self.cited else ""
            parts.append(f"Answer: {_cut(self.answered, answered_chars)}{ids}")
        return " ".join(parts)


LEVELS = ((200, 240), (100, 100), (44, 0))
"""Characters of question and answer in a line: in full, short, and the subject only."""


def recall(history: Sequence[ChatMessage], budget_tokens: int, about: str = "") -> Memory:
    """The thread as far as `budget_tokens` reach. `about` is the new question: what is near it is remembered best."""
    turns = _latest(history, int(budget_tokens * TURNS_SHARE))
    older = _exchanges(history[: len(history) - len(turns)])
    near = _near(older, about)
    summary = _condense(older, near, int(budget_tokens * SUMMARY_SHARE))
    used = sum(tokens(turn_line(turn)) + LINE_BREAK for turn in turns) + sum(map(_told, summary))
    recent = _exchanges(turns)
    beginning = [exchange for exchange in (*older, *recent) if exchange.cited][:1]  # such as the alert
    wanted = (*recent[:-2:-1], *beginning, *near[:1], *recent[-2::-1], *near[1:])
    first = [i for exchange in wanted for i in exchange.cited]
    return Memory(turns, tuple(summary), tuple(_evidence(history, first, budget_tokens - used)))


def _latest(history: Sequence[ChatMessage], room: int) -> tuple[ChatMessage, ...]:
    kept: list[ChatMessage] = []
    for turn in reversed(history[-MAX_TURNS:]):
        room -= tokens(turn_line(turn)) + LINE_BREAK
        if room < 0:
            break
        kept.append(turn)
    return tuple(reversed(kept))


def _exchanges(history: Sequence[ChatMessage]) -> list[Exchange]:
    """Questions with their answers: an answer's `ts` names its question, or it follows it."""
    exchanges: list[Exchange] = []
    places = dict[str, int]()
    for turn in history:
        if turn.role == "user":
            places[f"answer:{turn.ts}"] = len(exchanges)
            exchanges.append(Exchange(len(exchanges), question=turn))
            continue
        place = places.get(turn.ts, len(exchanges) - 1)
        if place < 0 or exchanges[place].answer is not None:
            exchanges.append(Exchange(len(exchanges), answer=turn))
        else:
            exchanges[place] = Exchange(place, exchanges[place].question, turn)
    return exchanges


def _near(exchanges: Sequence[Exchange], about: str) -> list[Exchange]:
    """The exchanges that have the rarest words in common with the new question, best first."""
    said = [_tokens(f"{exchange.asked} {exchange.answered}") for exchange in exchanges]
    counts = {word: sum(word in text for text in said) for word in _tokens(about)}
    scores = [sum(1 / counts[word] for word in counts if word in text) for text in said]
    ranked = sorted(exchanges, key=lambda e: (-scores[e.number], -e.number))
    return [exchange for exchange in ranked[:NEAR_LINES] if scores[exchange.number] > 0]


def _tokens(text: str) -> set[str]:
    """Words, and names as a whole: `svc-3` is more than `svc`, also where no space parts it from Chinese."""
    return {*words(text), *(name.lower() for name in names_in(text)), *_NAME.findall(text.lower())}


def _condense(exchanges: Sequence[Exchange], near: Sequence[Exchange], room: int) -> list[str]:
    """A line for each exchange: how the thread began, the near and the latest ones in full, the others shorter."""
    lines = dict[int, str]()
    first = [*exchanges[:1], *near]
    order = [*first, *(e for e in reversed(exchanges) if e not in first)]
    shortest = {e.number: _told(e.line(*LEVELS[-1])) for e in order}
    for level, (asked, answered) in enumerate(LEVELS):
        rest = sum(shortest[e.number] for e in order if e.number not in lines)
        for exchange in order:
            if exchange.number in lines:
                continue
            line = exchange.line(asked, answered)
            takes, least = _told(line), shortest[exchange.number]
            # Of the others, nobody gets a longer line while somebody else would get none for it.
            reserved = rest - least if exchange not in first and level + 1 < len(LEVELS) else 0
            if takes + reserved <= room:
                lines[exchange.number], room, rest = line, room - takes, rest - least
    return [lines[number] for number in sorted(lines) if lines[number]]


def _told(line: str) -> int:
    """The tokens of a line with what a brief writes before it."""
    return tokens(f"earlier: {line}") + LINE_BREAK


def _evidence(history: Sequence[ChatMessage], first: Sequence[str], room: int) -> list[Evidence]:
    """Pieces by id as long as there is room, those named first, then by strength; in the order of the thread."""
    pieces = {piece.id: piece for turn in history for piece in turn.evidence}
    strength = {i: max((f.strength for f in piece.findings), default=0.0) for i, piece in pieces.items()}
    order = [i for i in dict.fromkeys(first) if i in pieces]
    order += [i for i in sorted(pieces, key=lambda i: -strength[i]) if i not in order]
    kept = set[str]()
    for number in order:
        small = _within(pieces[number], room)
        if small is None:
            break
        pieces[number] = small
        kept.add(number)
        room -= tokens(render(small)) + LINE_BREAK
    return [piece for i, piece in pieces.items() if i in kept]


def _within(piece: Evidence, room: int) -> Evidence | None:
    """The piece, if need be without its weakest findings; None where even its strongest is too much."""
    text = render(piece)
    if tokens(text) + LINE_BREAK <= room:
        return piece
    small = fit([piece], chars_within(room, text))
    return small[0] if small and tokens(render(small[0])) + LINE_BREAK <= room else None


def _cut(text: str, limit: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"
