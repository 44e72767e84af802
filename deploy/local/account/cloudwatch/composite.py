"""Composite alarms: states and transitions computed from those of the alarms that the rule names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from deploy.local.account.cloudwatch.evaluate import ALARM, OK, Record, Transition
from deploy.local.account.request import AwsError

_TOKEN = re.compile(r'\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\)|(AND|OR|NOT|TRUE|FALSE)\b|([()]))')


def children_of(rule: str) -> list[str]:
    """The names of the alarms in a rule, in their order."""
    return list(dict.fromkeys(name.rsplit(":", 1)[-1] for _, name, _, _ in _tokens(rule) if name))


def evaluate_rule(rule: str, records: Mapping[str, Record]) -> Record:
    """The composite's record from its children's: its state can only change when one of theirs does."""
    known = {name: records[name] for name in children_of(rule) if name in records}
    states = {name: record.initial for name, record in known.items()}
    changes = sorted((t.at, name, t.after) for name, record in known.items() for t in record.transitions)
    state = initial = _state(rule, states)
    transitions: list[Transition] = []
    for at, name, after in changes:
        states[name] = after
        now = _state(rule, states)
        if now != state:
            transitions.append(Transition(at, state, now, _reason(name, after, now), ()))
            state = now
    since = min((record.since for record in known.values()), default=datetime.min)
    return Record(initial, since, tuple(transitions))


def _reason(name: str, after: str, state: str) -> str:
    return f"{name} transitioned to {after}; the composite alarm's rule is {'true' if state == ALARM else 'false'}."


def _state(rule: str, states: Mapping[str, str]) -> str:
    tokens = _tokens(rule)
    met, rest = _either(tokens, states)
    if rest:
        raise AwsError("ValidationError", f"The alarm rule cannot be read: {rule}")
    return ALARM if met else OK


_Tokens = Sequence[tuple[str, str, str, str]]


def _tokens(rule: str) -> _Tokens:
    found: list[tuple[str, str, str, str]] = []
    position = 0
    while position < len(rule.rstrip()):
        match = _TOKEN.match(rule, position)
        if match is None:
            raise AwsError("ValidationError", f"The alarm rule cannot be read from {rule[position:]!r}.")
        found.append((match[1] or "", match[2] or "", match[3] or "", match[4] or ""))
        position = match.end()
    return found


def _either(tokens: _Tokens, states: Mapping[str, str]) -> tuple[bool, _Tokens]:
    met, rest = _both(tokens, states)
    while rest and rest[0][2] == "OR":
        other, rest = _both(rest[1:], states)
        met = met or other
    return met, rest


def _both(tokens: _Tokens, states: Mapping[str, str]) -> tuple[bool, _Tokens]:
    met, rest = _one(tokens, states)
    while rest and rest[0][2] == "AND":
        other, rest = _one(rest[1:], states)
        met = met and other
    return met, rest


def _one(tokens: _Tokens, states: Mapping[str, str]) -> tuple[bool, _Tokens]:
    if not tokens:
        raise AwsError("ValidationError", "The alarm rule ends too early.")
    (function, name, word, bracket), rest = tokens[0], tokens[1:]
    if function:
        return states.get(name.rsplit(":", 1)[-1]) == function, rest
    if word == "NOT":
        met, rest = _one(rest, states)
        return not met, rest
    if word in ("TRUE", "FALSE"):
        return word == "TRUE", rest
    if bracket == "(":
        met, rest = _either(rest, states)
        if rest and rest[0][3] == ")":
            return met, rest[1:]
    raise AwsError("ValidationError", "The alarm rule's brackets do not match.")
