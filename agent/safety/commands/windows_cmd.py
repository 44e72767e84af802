"""A text for cmd.exe. There is no parser for it, so only a small, plain subset can be `auto`: programs with words
and quoted words, piped into one another. Carets, tricks with variables, redirects and blocks want a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.safety.commands.arguments import fit
from agent.safety.commands.checks import CHECKS
from agent.safety.commands.refusals import refusals
from agent.safety.commands.secrets import secret_in
from agent.safety.commands.tables import SENT, allowed, read_yaml
from agent.safety.commands.texts import judge_text
from agent.safety.commands.verdict import AUTO, Verdict, approval, worst
from agent.safety.commands.windows_programs import is_computed, windows_problem

_WORD = re.compile(r'"([^"]*)"|([^\s"]+)')
_HARMLESS_REDIRECT = re.compile(r"(?:\s2>&1|\s[12]?>\s?nul)(?=\s|$|\|)", re.IGNORECASE)
_SPECIAL = re.compile(r"[&<>()^!;,`\n@]|%~|%\d|%\*")
_VARIABLE = re.compile(r"%([A-Za-z_]\w*)%")
_PLAIN_VARIABLES = frozenset(
    [
        "USERPROFILE",
        "USERNAME",
        "COMPUTERNAME",
        "SYSTEMROOT",
        "WINDIR",
        "TEMP",
        "TMP",
        "PROGRAMFILES",
        "SYSTEMDRIVE",
        "APPDATA",
        "LOCALAPPDATA",
    ]
)


def judge_cmd(text: str) -> Verdict:
    text = text.replace("\r\n", "\n")
    early = worst((judge_text(text), *windows_refusals(text)))
    if early.decision != "auto":
        return early
    plain = _HARMLESS_REDIRECT.sub("", text.strip())
    if plain.count('"') % 2:
        return approval("Its quotes do not come in pairs.")
    bare = re.sub(r'"[^"]*"', '""', plain)
    if special := _SPECIAL.search(bare):
        return approval(f"It has more than plain words (“{special.group()!r}”), which cmd.exe reads in its own way.")
    if any(name.upper() not in _PLAIN_VARIABLES for name in _VARIABLE.findall(plain)) or "%" in _VARIABLE.sub(
        "", plain
    ):
        return approval("What its variables hold cannot be told.")
    return worst(_judge_stage(each) for each in re.split(r'\|(?=(?:[^"]*"[^"]*")*[^"]*$)', plain))


def windows_refusals(text: str) -> Iterator[Verdict]:
    """Patterns of what is never run; also tried with what is used to hide a text taken out."""
    laid_bare = re.sub(r"[`^]|['\"]\s*\+\s*['\"]", "", text)
    unquoted = re.sub(r"['\"]", "", laid_bare)
    texts = dict.fromkeys((text, laid_bare, unquoted))
    yield from dict.fromkeys(verdict for each in texts for verdict in refusals("windows").of_text(each))


def _judge_stage(stage: str) -> Verdict:
    found = list(_WORD.finditer(stage))
    if not found or len(_WORD.sub("", stage).strip()) or _glued(stage):
        return approval("It cannot be split into words with certainty.")
    if found[0].group(1) is not None:
        return approval("The name of the program is in quotes.")
    words = [match.group(1) if match.group(1) is not None else match.group(2) for match in found]
    return judge_windows_words(words[0], words[1:])


def _glued(stage: str) -> bool:
    """Whether a quote stands in the middle of a word."""
    return bool(re.search(r'[^\s:=]"[^\s"]|[^\s"]"[^\s]', re.sub(r'(^|[\s:=])"[^"]*"(?=\s|$)', r"\1", stage)))


def judge_windows_words(name: str, arguments: list[str]) -> Verdict:
    """A program with its words, from either shell of Windows."""
    lowered = name.lower().removesuffix(".exe")
    if any(secret_in(each, each) for each in arguments):
        return approval(f"{lowered[:40]}: it is about a secret.")
    if lowered in str(read_yaml("powershell")["programs"]).split():
        rule = allowed()[lowered]
        read = fit(rule, arguments)
        checks = dict.fromkeys(each for each in (rule.check, read.rule.check) if each)
        sent = SENT if (rule.sends or read.rule.sends) and is_computed(arguments) else ""
        problem = read.problem or sent or next((p for each in checks if (p := CHECKS[each](arguments, read))), "")
    else:
        problem = windows_problem(lowered, arguments)
    return approval(f"{lowered[:60]}: {problem}.") if problem else AUTO
