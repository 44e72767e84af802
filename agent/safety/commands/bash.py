"""A text for bash: two parsers must see the same in it, and every command in it is judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from agent.safety.commands.bash_commands import Surroundings, judge_command
from agent.safety.commands.bash_shfmt import NotBash, ShfmtMissing, read_with_shfmt
from agent.safety.commands.bash_tree import read_with_tree_sitter
from agent.safety.commands.bash_words import Values
from agent.safety.commands.refusals import refusals
from agent.safety.commands.syntax import Command, Script
from agent.safety.commands.tables import word_list
from agent.safety.commands.texts import judge_text
from agent.safety.commands.verdict import AUTO, Verdict, approval, refusal, worst

SHFMT_SECONDS = 1.0
"""Time on the wall for shfmt to answer (it takes some 3 ms), after which there is no second opinion."""
_SHFMT_SECONDS_UNREAD = 0.1
"""The same where tree-sitter could not read the text: shfmt can only make the verdict stricter then."""
_DEEPEST = 4
_MOST_COMMANDS = 200
_HARMLESS_CONSTRUCTS = frozenset({"while", "here-document"})
_LOADED = re.compile(
    r"(?<!\\)[\n;&]|`|\$\(|<<|(?<!-)\b(?:eval|exec|base64|curl|wget|python\d?|perl|(?:ba|z|da|k)?sh)\b"
)
"""What makes a text that cannot be read opaque; without it a syntax error is no more than that, and does nothing."""
_READERS = frozenset({"read", "mapfile", "readarray", "getopts", "printf"})


def judge_bash(text: str, depth: int = 0) -> Verdict:
    """`depth`: how many shells run this one (`sh -c`)."""
    if "\r\n" not in text:
        return _judged(text, depth)
    unix = _judged(text.replace("\r\n", "\n"), depth)
    return worst((unix, approval("Its lines end as on Windows, which bash takes for a part of their last words.")))


def _judged(text: str, depth: int) -> Verdict:
    early = worst((judge_text(text), *refusals("bash").of_text(text)))
    if early.decision == "refuse":
        return early
    heard = [early]
    first: Script | None = None
    try:
        first = read_with_tree_sitter(text)
        heard += judge_script(first, depth)
    except NotBash:
        heard.append(approval("One of two parsers cannot read it."))
    except RecursionError:
        return refusal("It is nested too deeply to judge.")
    if first is None or worst(heard).decision == "auto":
        heard += _second_opinion(text, first, depth)
    return worst(heard)


def _second_opinion(text: str, first: Script | None, depth: int) -> Iterator[Verdict]:
    """What shfmt sees: asked where tree-sitter found nothing against a text, or could not read it."""
    try:
        second = read_with_shfmt(text, SHFMT_SECONDS if first is not None else _SHFMT_SECONDS_UNREAD)
        if first is not None and not first.agrees_with(second):
            yield approval("Two parsers read it differently.")
        yield from judge_script(second, depth)
    except NotBash:
        yield _unread(text) if first is None else approval("One of two parsers cannot read it.")
    except ShfmtMissing as error:
        yield approval(f"There is no second opinion: {error}.")
    except RecursionError:
        yield refusal("It is nested too deeply to judge.")


def _unread(text: str) -> Verdict:
    if _LOADED.search(text):
        return refusal("It cannot be read as bash.")
    return approval("It cannot be read as bash; it will most likely do nothing.")


def judge_script(script: Script, depth: int) -> Iterator[Verdict]:
    """Every command of it, and what they are together."""
    if len(script.commands) > _MOST_COMMANDS:
        yield refusal("It has too many commands to judge.")
        return
    if depth > _DEEPEST:
        yield refusal("It is wrapped too deeply to judge.")
        return
    for construct in sorted(script.constructs - _HARMLESS_CONSTRUCTS):
        yield approval(f"It has a construct that is not judged further ({construct}).")
    around = Surroundings(
        values=_values(script),
        functions=frozenset(script.functions),
        read_text=lambda text, inner: judge_bash(text, max(inner, depth + 1)),
    )
    for command in script.commands:
        yield judge_command(command, around)
    yield _together(script)


def _values(script: Script) -> Values:
    """What variables are set to, with those that `read` and its like set as unknown."""
    values: Values = dict(script.values)
    for command in script.commands:
        if any(word.value in _READERS for word in command.words[:8]):
            values |= {word.value: () for word in command.words[1:] if word.value.isidentifier()}
    return values


def _together(script: Script) -> Verdict:
    """What no single command shows: a fork bomb, or something fetched and run."""
    for name, body in script.functions.items():
        calls = sum(each.name == name for each in body)
        if calls >= 2 or (calls and any(each.name == name and each.piped_from for each in body)):
            return refusal("It is a fork bomb: a function that starts itself again and again.")
    fetched = any(each.name in word_list("fetching") for each in _with_inner(script))
    if fetched and any(_runs_file(each) for each in _with_inner(script)):
        return refusal("It fetches a program and runs it.")
    return AUTO


def _with_inner(script: Script) -> Iterator[Command]:
    for command in script.commands:
        yield command
        if command.name in ("sudo", "nohup", "timeout", "env", "time", "doas", "nice") and len(command.words) > 1:
            yield replace(command, words=command.words[1:])


def _runs_file(command: Command) -> bool:
    first = next((each for each in command.arguments if not each.startswith("-")), "")
    name = command.name
    if name == "chmod":
        return "x" in first or (first.isdigit() and any(int(digit) % 2 for digit in first[-3:]))
    if name.rsplit("/", 1)[-1] in word_list("shells") | word_list("interpreters") | {"source", "."}:
        return bool(first)
    return name.startswith(("./", "/tmp/", "/var/tmp/", "/dev/shm/", "~/", "../"))  # noqa: S108 - compared, not used
