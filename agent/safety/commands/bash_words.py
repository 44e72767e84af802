"""What words become: known variables put in, braces expanded, and whether what is left can be judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from agent.safety.commands.secrets import secret_in
from agent.safety.commands.syntax import Command, Part, Word, braces_expanded, word_of
from agent.safety.commands.tables import word_list

_MOST_VARIANTS = 16
_PLAIN_SPECIAL = frozenset("?#$!")
_COMPARISONS = frozenset({"-eq", "-ne", "-lt", "-le", "-gt", "-ge"})
_COUNTERS = {("wc", "-l"), ("wc", "-w"), ("wc", "-c"), ("wc", "-m"), ("nproc",), ("date", "+%s")}
_TELLING_VARIABLE = re.compile(r"(?i)pass|secret|token|credential|key|auth|pwd$|_pw\b|dsn|conn|database_url")

Values = dict[str, tuple[Word, ...]]


def variants(words: Sequence[Word], values: Values) -> list[tuple[Word, ...]]:
    """The command's words with each value that its own text gives a variable; one that cannot be told is `odd`."""
    used = sorted({name for word in words for name in word.variables() if name in values})
    choices = [_known(values[name]) for name in used]
    if any(choice is None for choice in choices) or _many(choices):
        unknown = {name: None for name, choice in zip(used, choices, strict=True) if choice is None or _many(choices)}
        known = {name: choice[0] for name, choice in zip(used, choices, strict=True) if choice and name not in unknown}
        return [_put_in(words, {**known, **unknown})]
    picks = product(*(choice for choice in choices if choice is not None))
    return [_put_in(words, dict(zip(used, pick, strict=True))) for pick in picks]


def _known(words: tuple[Word, ...]) -> list[str] | None:
    """Texts that a variable may have; None where that cannot be told."""
    plain = [word.value for word in words if word.static and not word.globbed and not word.braced]
    return list(dict.fromkeys(plain)) if plain and len(plain) == len(words) else None


def _many(choices: Sequence[list[str] | None]) -> bool:
    count = 1
    for choice in choices:
        count *= len(choice or [""])
    return count > _MOST_VARIANTS


def _put_in(words: Sequence[Word], chosen: dict[str, str | None]) -> tuple[Word, ...]:
    return tuple(new for word in words for new in _one_put_in(word, chosen))


def _one_put_in(word: Word, chosen: dict[str, str | None]) -> Iterator[Word]:
    if not any(name in chosen for name in word.variables()):
        yield word
        return
    parts = tuple(_replaced(part, chosen) for part in word.parts)
    alone = len(word.parts) == 1
    if alone and parts[0].kind == "quoted" and re.search(r"\s", parts[0].text):
        yield from (word_of(piece) for piece in parts[0].text.split())
    else:
        yield Word(parts)


def _replaced(part: Part, chosen: dict[str, str | None]) -> Part:
    if part.kind != "variable" or part.text not in chosen:
        return part
    value = chosen[part.text]
    return Part("odd", part.text) if value is None else Part("quoted", value)


def without_braces(words: Sequence[Word]) -> tuple[Word, ...] | None:
    """The words with braces expanded; None where that is too much, a range, or partly quoted."""
    result: list[Word] = []
    for word in words:
        if not word.braced:
            result.append(word)
            continue
        expanded = braces_expanded(word.value) if {part.kind for part in word.parts} == {"plain"} else None
        if expanded is None:
            return None
        result += [word_of(each, "plain") for each in expanded if each]
    return tuple(result)


def unjudgeable(command: Command, free: bool, contents: bool, prints: bool) -> str:
    """Why the value of some argument cannot be judged; empty where all are literal, or of a harmless kind.

    `free`: no flag and no operand of the command can do harm. `contents`: it prints the files that it is given.
    `prints`: it prints its words and opens none.
    """
    for word in command.words[1:]:
        for part in word.parts:
            if part.kind == "odd":
                if not free or part.text != "parameter":
                    return "an argument is computed in a way that hides its value"
            elif part.kind == "variable":
                positional = free and re.fullmatch(r"\d+|[@*]", part.text)
                if not positional and (problem := _variable_problem(part.text)):
                    return problem
            elif (
                part.kind == "commands"
                and not (prints and not part.process)
                and not _plain_output(part, free, contents)
            ):
                return "an argument is the output of another command"
    return ""


def _variable_problem(name: str) -> str:
    if _TELLING_VARIABLE.search(name) and name not in ("PWD", "OLDPWD"):
        return f"the variable {name[:40]} may hold a secret"
    if name in word_list("loaders") and name not in ("HOME", "SHELL", "PATH", "EDITOR", "TMPDIR"):
        return f"the variable {name[:40]} is a way to hide text"
    if name in word_list("shell_set"):
        return f"${name[:40]} is what an earlier command left there"
    if not re.match(r"[A-Za-z_]", name) and name not in _PLAIN_SPECIAL:
        return "what its arguments are cannot be told"
    return ""


def _plain_output(part: Part, free: bool, contents: bool) -> bool:
    """A process substitution that is read, or a substitution by commands whose output can do no harm here.

    A free command takes any; `date +-delete` prints what it is told to, so for others only fixed outputs are plain.
    """
    if part.process:
        return part.text == "<("
    if free:
        return True
    plain = word_list("path_producers" if contents else "fixed_producers")
    return bool(part.commands) and all(each.name.rsplit("/", 1)[-1] in plain for each in part.commands)


def computes_unseen(words: Sequence[Word]) -> bool:
    """Whether `[[ x -eq 1 ]]` has a side that is no number: bash computes both, and runs what a name in one of them
    holds (`x='a[$(id)]'`), or what another command has printed."""
    compared = [at for at, word in enumerate(words) if word.static and word.value in _COMPARISONS]
    return any(not _is_number(side) for at in compared for side in (*words[at - 1 : at], *words[at + 1 : at + 2]))


def _is_number(word: Word) -> bool:
    return all(
        part.kind == "variable" or re.fullmatch(r"[-+]?\d+", part.text) or (part.commands and _counts(part.commands))
        for part in word.parts
    )


def _counts(commands: Sequence[Command]) -> bool:
    """Whether all that is printed in the end is a number."""
    piped_on = [each for command in commands for each in command.piped_from]
    return all(command in piped_on or (command.name, *command.arguments) in _COUNTERS for command in commands)


def names_secret(word: Word, contents: bool) -> bool:
    """Whether a word is, or may become, the name of a secret. One in pieces that is to be read is taken as a glob."""
    literal = word.value
    has_pieces = not word.static and any(part.literal and part.text for part in word.parts)
    pattern = None
    if word.globbed or "*" in literal or "?" in literal or "[" in literal or (has_pieces and contents):
        pattern = word.pattern
    return secret_in(literal, pattern, loose=has_pieces) or (not word.static and secret_in(word.told, None))


def with_words(command: Command, words: Sequence[Word]) -> Command:
    return replace(command, words=tuple(words))
