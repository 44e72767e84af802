"""Commands that run others: wrappers, `find -exec`, shells and interpreters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent.safety.commands.bash_commands import (
    Surroundings,
    inner_command,
    judge_command,
    rule_problem,
    wrapper_flags_fit,
)
from agent.safety.commands.secrets import secret_tree
from agent.safety.commands.syntax import Command, Part, Word
from agent.safety.commands.tables import Wrapper, allowed, word_list
from agent.safety.commands.verdict import AUTO, Verdict, approval, refusal, worst

_EXEC = ("-exec", "-execdir", "-ok", "-okdir")
_CODE_FLAG = re.compile(r"-[a-zA-Z]*[cerpE]$|--(?:eval|execute|command|print)$|-[a-zA-Z]*e.+")
_PLACE = re.compile(r"\{\}|%")


def unwrapped(command: Command, wrapper: Wrapper, around: Surroundings) -> Iterator[Verdict]:
    """What a wrapper runs, judged in its place."""
    if command.name == "env":
        command = _env_without_assignments(command)
    known, at = wrapper_flags_fit(wrapper, command.words[1:])
    inner = command.words[1 + at :]
    if not known:
        yield from _somewhere_inside(inner, command, around)
        yield approval(f"{command.name} has a flag that is not known to be harmless.")
        return
    if wrapper.at_best != "auto":
        yield approval(f"{command.name} runs another command, in other surroundings.")
    if not inner:
        if command.name in ("xargs", "command", "env", "time"):
            yield approval("It shows environment variables.") if command.name == "env" else AUTO
        else:
            yield approval(f"{command.name} is given no command.")
        return
    deeper = replace(around, depth=around.depth + 1, fed=around.fed or wrapper.fed)
    if wrapper.text:
        yield _read_again(inner, deeper)
        return
    if wrapper.fed:
        yield from _fed_name(inner)
        inner = tuple(_with_place(word) for word in inner) if _takes_place(command) else inner
    yield judge_command(replace(inner_command(command, inner), assignments=command.assignments), deeper)


def _env_without_assignments(command: Command) -> Command:
    """`env A=1 ls` as `A=1 ls`, still under env, so that the assignments are judged."""
    words = list(command.words)
    at = 1
    kept: list[tuple[str, Word]] = []
    while at < len(words):
        name, equals, value = words[at].value.partition("=")
        if equals and re.fullmatch(r"\w+", name):
            kept.append((name, Word((Part("quoted", value),) if words[at].static else (Part("odd"),))))
            words.pop(at)
        elif words[at].value.startswith("-"):
            at += 1
        else:
            break
    if not kept:
        return command
    inner = words[at:]
    return Command((words[0], *words[1:at], *inner), tuple(kept), (), command.piped_from)


def _somewhere_inside(words: Sequence[Word], command: Command, around: Surroundings) -> Iterator[Verdict]:
    """Every place where the inner command may begin: only to refuse, since the wrapper's flags are unknown."""
    deeper = replace(around, depth=around.depth + 1)
    for at, word in enumerate(words[:8]):
        if re.match(r"[a-zA-Z/]", word.value) or not word.static:
            verdict = judge_command(inner_command(command, words[at:]), deeper)
            if verdict.decision == "refuse" and word.static:
                yield verdict
                return


def _read_again(words: Sequence[Word], around: Surroundings) -> Verdict:
    """Words that a shell reads once more as one text (`watch`, `ssh`, `su -c`)."""
    given = [word for word in words if word.value != "-c"]
    if not all(word.static for word in given):
        return approval("A shell reads text once more that cannot be told.")
    text = " ".join(word.value for word in given)
    return around.read_text(text, around.depth) if text.strip() else AUTO


def _fed_name(inner: Sequence[Word]) -> Iterator[Verdict]:
    """A shell or an interpreter whose program comes through the pipe is opaque."""
    bare = inner[0].value.rsplit("/", 1)[-1]
    last = inner[-1].value
    if _PLACE.fullmatch(inner[0].value):
        yield refusal("The name of a command comes through the pipe.")
    elif bare in word_list("shells") and (len(inner) == 1 or last in ("-c", "-s", "-x") or _PLACE.fullmatch(last)):
        yield refusal("What the shell runs comes through the pipe.")


def _takes_place(command: Command) -> bool:
    return any(word.value.startswith(("-I", "-i", "--replace")) for word in command.words)


def _with_place(word: Word) -> Word:
    """A word with its place holder as something unknown."""
    if not word.static or not _PLACE.search(word.value):
        return word
    return Word(
        tuple(
            Part("variable", "place") if _PLACE.fullmatch(p) else Part("quoted", p)
            for p in re.split(r"(\{\}|%)", word.value)
            if p
        )
    )


def judge_find(command: Command, around: Surroundings) -> Iterator[Verdict]:
    """`find`, with the commands of its `-exec` taken out and judged by themselves."""
    words = list(command.words)
    kept: list[Word] = []
    roots = [word for word in words[1:] if word.value and not word.value.startswith(("-", "(", "!"))]
    deeper = replace(around, depth=around.depth + 1)
    while words:
        word = words.pop(0)
        if not (word.static and word.value in _EXEC):
            kept.append(word)
            continue
        if word.value in ("-ok", "-okdir"):
            yield approval("find asks before each: nobody is there to answer.")
        inner: list[Word] = []
        while words and words[0].value != ";" and not (words[0].value == "+" and inner and inner[-1].value == "{}"):
            inner.append(words.pop(0))
        if not words:
            yield approval("find's -exec has no end.")
        words = words[1:]
        yield from _judge_exec(inner, roots, command, deeper)
    rest = Command(tuple(kept), (), (), command.piped_from)
    problem = rule_problem(rest, "find", allowed()["find"].model_copy(update={"flags": "any"}), around)
    yield approval(f"find: {problem}.") if problem else AUTO


def _judge_exec(
    inner: Sequence[Word], roots: Sequence[Word], command: Command, around: Surroundings
) -> Iterator[Verdict]:
    if not inner:
        yield approval("find's -exec runs nothing.")
        return
    if "{}" in inner[0].value:
        yield approval("It runs the programs that it finds.")
        return
    rule = allowed().get(inner[0].value)
    if rule is not None and rule.contents and any(secret_tree(root.value) for root in roots):
        yield approval("It reads everything under a directory that also holds secrets.")
    placed = [Word((Part("quoted", "./found"),)) if word.value == "{}" else word for word in inner]
    hidden = [word for word in inner[1:] if "{}" in word.value and word.value != "{}"]
    if hidden:
        yield approval("A name of a file becomes part of a text that is run.")
    yield judge_command(inner_command(command, placed), around)


def judge_shell(command: Command, around: Surroundings) -> Verdict:
    """A shell: its `-c` text is judged; what it reads from a pipe is not known."""
    words = command.words[1:]
    for at, word in enumerate(words):
        if re.fullmatch(r"-[a-z]*c", word.value) and word.static:
            if at + 1 >= len(words):
                return refusal("A shell is started without a text that can be judged.")
            return _shell_text(words[at + 1], around)
        if not word.value.startswith(("-", "+")) or not word.static:
            break
    operands = [word for word in words if not (word.static and word.value.startswith(("-", "+")))]
    if any(True for word in operands for _ in word.substitutions()):
        return refusal("A shell runs what another command prints.")
    fed = bool(command.piped_from) or any(each.operator in ("<", "<<", "<<<") for each in command.redirects)
    if (not operands and (fed or around.fed)) or any(word.value in ("-", "/dev/stdin") for word in operands):
        return refusal("A shell runs what comes through its input, which nobody has seen.")
    return approval("It starts a shell." if not operands else "It runs a script.")


def _shell_text(word: Word, around: Surroundings) -> Verdict:
    if any(True for _ in word.substitutions()) or word.odd:
        return refusal("A shell runs a text that is computed.")
    if not word.static:
        text = word.told
        if re.fullmatch(r"\$\w+", text):
            return refusal("A shell runs a text that is computed.")
        return worst((approval("A shell runs a text with variables in it."), around.read_text(text, around.depth + 1)))
    return worst((approval("It starts a shell with a text."), around.read_text(word.value, around.depth + 1)))


def judge_interpreter(command: Command, around: Surroundings) -> Verdict:
    """Python, Perl and their like: approval at best; refused where the program comes from elsewhere."""
    words = command.words[1:]
    if any(True for word in words for part in word.substitutions() if part.process or _CODE_FLAG.match(words[0].value)):
        return refusal("An interpreter runs what another command prints.")
    named = any(not word.value.startswith("-") or re.match(r"-m.", word.value) or not word.static for word in words)
    coded = any(_CODE_FLAG.match(word.value) for word in words)
    fed = bool(command.piped_from) or any(each.operator in ("<", "<<<") for each in command.redirects)
    if (fed and not named and not coded) or any(word.value in ("-", "/dev/stdin") for word in words[:1]):
        return refusal("An interpreter runs what comes through its input, which nobody has seen.")
    return approval("It runs a program text, which is not judged.")
