"""Whether a command's arguments fit its rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from agent.safety.commands.tables import Rule

_SUSPECT = re.compile(
    r"(?i)--?(?:out(?:put)?(?:[-_]?(?:file|dir|path|directory))?|in-?place|log-?file|edit|kill|reset|clear|force"
    r"|purge|set|add|apply|fix|repair|command|cmd|run|shell|eval|script"
    r"|plugin|config|pager|install|(?:write|save|exec|delete|remove|upload|send)\S*)$"
)
"""Flags that some version of a program may write or execute with, even where none is known to."""


@dataclass
class Read:
    """Arguments as the command would read them; `problem` is why they don't fit, or empty."""

    problem: str = ""
    flags: list[str] = field(default_factory=list[str])
    operands: list[str] = field(default_factory=list[str])
    path: list[str] = field(default_factory=list[str])
    """The subcommands, outermost first."""
    rule: Rule = field(default_factory=Rule)


def fit(rule: Rule, arguments: Sequence[str]) -> Read:
    """Reads arguments by a rule; goes down into its subcommands."""
    read = Read(rule=rule)
    rest = list(arguments)
    while rest and not read.problem:
        word = rest.pop(0)
        if word == "--" and not read.rule.subcommands:
            read.operands += rest
            if rule.flags != "any" and any(each.startswith("-") for each in rest):
                read.problem = "what follows -- looks like a flag"
            break
        if word.startswith("--") and len(word) > 2:
            _long(read, word, rest)
        elif word.startswith("-") and len(word) > 1:
            _word(read, word, rest) if read.rule.words else _letters(read, word, rest)
        elif read.rule.subcommands:
            _descend(read, word)
        else:
            read.operands.append(word)
    read.problem = read.problem or _lacking(read)
    return read


def _descend(read: Read, word: str) -> None:
    inner = read.rule.subcommands.get(word)
    read.path.append(word)
    if inner is None:
        read.problem = f"“{_short(word)}” is not a subcommand known to only read"
        return
    outer = read.rule
    if isinstance(inner.flags, frozenset) and isinstance(outer.flags, frozenset):
        inner = inner.model_copy(update={"flags": inner.flags | outer.flags})
    read.rule = inner.model_copy(
        update={"never": inner.never | outer.never, "values": inner.values | outer.values, "words": outer.words}
    )


def _long(read: Read, word: str, rest: list[str]) -> None:
    name, equals, _ = word.partition("=")
    read.flags.append(name)
    rule = read.rule
    if rule.flags == "any":
        bad = any(each.startswith(name.lower()) for each in rule.never_here) or name in rule.never_here
        bad = bad or (name not in rule.values and bool(_SUSPECT.match(name)))
        takes_next = name in rule.values and not equals
    else:
        bad = name not in rule.flags and name + "=" not in rule.flags
        takes_next = name + "=" in rule.flags and not equals
    if bad:
        read.problem = f"the flag {_short(name)} is not one that is known to only read"
    elif takes_next:
        _take_value(read, word, rest)


def _take_value(read: Read, word: str, rest: list[str]) -> None:
    """The next word is the flag's value; one that looks like a flag may be one, where versions differ."""
    if rest and re.match(r"-[^\d]", rest[0]):
        read.problem = f"what {_short(word)} {_short(rest[0])} means cannot be told"
    elif rest:
        rest.pop(0)


def _word(read: Read, word: str, rest: list[str]) -> None:
    """A flag of one dash that is a whole word; two dashes mean the same to such programs."""
    _long(read, word, rest)


def _letters(read: Read, word: str, rest: list[str]) -> None:
    rule, letters = read.rule, word[1:]
    while letters:
        flag, letters = "-" + letters[0], letters[1:]
        read.flags.append(flag)
        if rule.flags == "any":
            bad, takes = flag in rule.never_here, flag in rule.values
        elif flag[1].isdigit() and "-#" in rule.flags:
            continue
        else:
            takes = flag + "=" in rule.flags
            bad = flag not in rule.flags and not takes
        if bad:
            read.problem = f"the flag {_short(flag)} in {_short(word)} is not one that is known to only read"
            return
        if takes:
            if not letters:
                _take_value(read, word, rest)
            return


def _lacking(read: Read) -> str:
    rule, given = read.rule, read.operands
    if rule.subcommands and not rule.alone and not set(read.flags) & {"--help", "--version"}:
        return "it says no subcommand that is known to only read"
    if rule.needs and not rule.needs & set(read.flags):
        return f"only with {' or '.join(sorted(rule.needs))} does it only read"
    if rule.operands == "none" and given:
        return f"with “{_short(given[0])}” it may change something"
    if isinstance(rule.operands, int) and len(given) > rule.operands:
        return f"with “{_short(given[rule.operands])}” it may write"
    if isinstance(rule.operands, tuple):
        odd = next((each for each in given if not any(fnmatchcase(each, glob) for glob in rule.operands)), None)
        if odd is not None:
            return f"“{_short(odd)}” is not something it is known to only read with"
    return ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
