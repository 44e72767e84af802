"""Asking back, once: the question that one was about, together with what somebody answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent import time_phrases
from agent.models import ChatMessage, Clarification
from agent.name_words import ENVIRONMENTS, GENERIC, STOP
from agent.spelling import words
from agent.vocabulary import names_in

MAX_CHOICES = 4
LONGEST_NAME = 2
"""Words of a name that nobody knows: with more of them they may say anything."""
_WORD = re.compile(r"[^\W_]+")
_IT_IS = re.compile(r"\b(?:it|that)(?:['’]s| is)\b")
_AROUND = words(
    "the a an one ones i mean meant m want please pls plz thx thanks sorry just only in on for of at"
    " with my our yes yeah yep ok okay probably think guess and or to both all either them"
    " der die das den dem ich meine bitte ja im in el la los las le les quiero por favor si oui je veux o os eu sim"
)
"""What may stand around an answer without making a question of it."""
_NO_ANSWER = words(
    "forget cancel stop nevermind mind abort skip wait help nothing none neither no nope nobody undo again escalate"
    " restart resolved fixed solved done later check list get look investigate analyse analyze describe fetch read open"
    " close mute unmute silence egal nein nada non nao"
)
"""A single word that names nothing."""
_ORDINALS = {"1": 0, "first": 0, "1st": 0, "2": 1, "second": 1, "2nd": 1, "3": 2, "third": 2, "3rd": 2, "4": 3}
_ALL = words("both all either")


@dataclass(frozen=True)
class Asked:
    """What is to be answered now. `clarified`: the thread was asked back just before, and is not asked again."""

    question: str
    clarified: bool = False


def asked_now(text: str, history: Sequence[ChatMessage], author: str = "", answering: str = "") -> Asked:
    """The new message, joined to the question that Watchkeeper asked back about if it answers that.

    A click answers the message that it was made on, `answering`, whoever clicked and whatever came since. Words answer
    the latest turn, if they are those of its asker and say no more than a choice, a name or a time.
    """
    replies = [place for place, turn in enumerate(history) if turn.role == "assistant"]
    clicked = next((place for place in replies if answering and history[place].message_ts == answering), None)
    place = clicked if clicked is not None else next(reversed(replies), None)
    back = _question_back(history[place]) if place is not None else None
    if place is None or back is None:
        return Asked(text)
    asked = _asked_before(history, place)
    if asked is None:
        return Asked(text, clarified=True)
    if clicked is not None:
        return Asked(_joined(asked, text), clarified=True)
    if asked.author != author:
        return Asked(text)
    answer = _answer(text, back, history[place])
    return Asked(_joined(asked, answer) if answer else text, clarified=True)


def clarification(question: str, choices: Sequence[str]) -> Clarification:
    """A question back with at most four different choices."""
    distinct = tuple(dict.fromkeys(choice.strip() for choice in choices if choice.strip()))
    return Clarification(question=question.strip() or "Which resource do you mean?", choices=distinct[:MAX_CHOICES])


def _question_back(turn: ChatMessage) -> Clarification | None:
    return turn.answer.clarification if turn.answer else None


def _asked_before(history: Sequence[ChatMessage], place: int) -> ChatMessage | None:
    """The question that the turn at a place asked back about."""
    questions = [turn for turn in history[:place] if turn.role == "user"]
    same = (turn for turn in questions if f"answer:{turn.ts}" == history[place].ts)
    return next(same, None) or next(reversed(questions), None)


def _joined(asked: ChatMessage, answer: str) -> str:
    return f"{asked.text.rstrip()} ({answer.strip()})"


def _answer(text: str, back: Clarification, asked_at: ChatMessage) -> str:
    """What a message answers to a question back; "" when it is something else, and when that is not sure."""
    if text.strip().casefold() in {choice.casefold() for choice in back.choices}:
        return text
    left = _IT_IS.sub(" ", text.casefold())
    phrase = time_phrases.resolve(text, asked_at.at, "UTC")
    if phrase:
        left = " ".join(left.split()).replace(phrase.words.casefold(), " ")
    names = names_in(left)
    for name in names:
        left = left.replace(name, " ")
    said = [word for word in _WORD.findall(left) if word not in _AROUND]
    if pointed := _pointed(text, said, back.choices):
        return pointed
    offered = {word for choice in back.choices for word in _WORD.findall(choice.casefold())}
    known = (offered - STOP) | GENERIC | ENVIRONMENTS.keys()
    strange = [word for word in said if word not in known]
    if not strange:
        return text if phrase or names or said else ""
    is_name = len(strange) == 1 and not names and strange[0] not in STOP | _NO_ANSWER
    return text if is_name and len(said) <= LONGEST_NAME else ""


def _pointed(text: str, said: Sequence[str], choices: Sequence[str]) -> str:
    """`the second one`, `both`."""
    if len(said) == 1 and _ORDINALS.get(said[0], MAX_CHOICES) < len(choices):
        return choices[_ORDINALS[said[0]]]
    everything = not said and not _ALL.isdisjoint(_WORD.findall(text.casefold()))
    return " and ".join(choices) if everything else ""
