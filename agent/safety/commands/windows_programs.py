"""Programs of Windows that only read, for both of its shells."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

from agent.safety.commands.secrets import secret_in, secret_tree, tells_of_secret
from agent.safety.commands.tables import SENT, read_yaml, spread, word_list

_HELP = ("/?", "--help", "--version")


class WindowsRule(BaseModel):
    """What a program of Windows may be given and still only read; flags are compared without case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flags: Literal["any"] | frozenset[str] = "any"
    never: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()
    """The words that may come first; nothing else only reads."""
    operands: Literal["any", "none"] | int = "any"
    contents: bool = False
    sends: bool = False
    check: str = ""

    @field_validator("flags", "never", "first", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return frozenset(value.lower().split()) if isinstance(value, str) and value != "any" else value


@cache
def windows_rules() -> dict[str, WindowsRule]:
    return {name: WindowsRule.model_validate(entry) for name, entry in spread(read_yaml("windows")).items()}


def is_computed(arguments: Sequence[str]) -> bool:
    """Whether a word has anything that a shell of Windows puts something else in the place of."""
    return any(re.search(r"[%$(]", each) for each in arguments)


def windows_problem(name: str, arguments: Sequence[str]) -> str:
    """Why a program with these arguments may do more than read; empty if it only reads."""
    name = name.lower().removesuffix(".exe").removesuffix(".com")
    rule = windows_rules().get(name)
    if list(arguments) in ([each] for each in _HELP) and (rule is not None or name in word_list("answering_windows")):
        return ""
    if rule is None:
        return "it is not on the list of programs that only read"
    if rule.sends and is_computed(arguments):
        return SENT
    given = [each.lower() for each in arguments]
    if rule.first and (not given or given[0] not in rule.first):
        return f"only {', '.join(sorted(rule.first)[:4])} and the like only read"
    flags = [each for each in given if re.match(r"[/-]\D", each) and each not in rule.first]
    operands = [each for each in given if each not in flags][1 if rule.first else 0 :]
    return _flag_problem(rule, flags) or _operand_problem(name, rule, operands) or _checked(rule, given)


def _flag_problem(rule: WindowsRule, flags: Sequence[str]) -> str:
    for flag in flags:
        bare = re.split(r"[:=]", flag, maxsplit=1)[0]
        known = rule.flags == "any" or bare in rule.flags
        if not known or any(bare.startswith(each) or (len(bare) > 1 and each.startswith(bare)) for each in rule.never):
            return f"the flag {flag[:40]} is not one that is known to only read"
    return ""


def _operand_problem(name: str, rule: WindowsRule, operands: Sequence[str]) -> str:
    if rule.operands == "none" and operands:
        return f"with “{operands[0][:40]}” it may change something"
    if isinstance(rule.operands, int) and len(operands) > rule.operands:
        return "it is given more than it needs to read"
    for each in operands:
        if secret_in(each, each) or each.startswith("\\\\") or "://" in each:
            return "it is about a secret, or another machine"
        if (rule.contents or name in ("dir", "where", "tree")) and (
            # `dir /s .key` finds all that ends so, as `*.key` does.
            tells_of_secret(f"*{each}" if each.startswith(".") else each) or (rule.contents and secret_tree(each))
        ):
            return "it looks for secrets"
    return ""


def _checked(rule: WindowsRule, given: Sequence[str]) -> str:
    return _CHECKS[rule.check](given) if rule.check else ""


def _wmic(given: Sequence[str]) -> str:
    text = " ".join(given)
    writes = re.search(r"\b(call|create|delete|set|assoc)\b|/format|/node|/user|/output|/append|/record|http", text)
    return "it may change something" if writes or not re.search(r"\b(get|list)\b", text) else ""


def _netsh(given: Sequence[str]) -> str:
    """`netsh … show …`, without profiles' keys."""
    writes = {
        "add",
        "set",
        "delete",
        "reset",
        "exec",
        "import",
        "export",
        "dump",
        "start",
        "stop",
        "install",
        "connect",
        "-f",
        "-r",
        "-c",
    }
    if "show" not in given or writes & set(given) or any(each.startswith("key") for each in given):
        return "only `show` only reads"
    return ""


def _fsutil(given: Sequence[str]) -> str:
    reads = {
        ("fsinfo",),
        ("volume", "diskfree"),
        ("volume", "list"),
        ("behavior", "query"),
        ("dirty", "query"),
        ("file", "queryextents"),
    }
    return "" if any(tuple(given[: len(each)]) == each for each in reads) else "it may change something"


def _no_equals(given: Sequence[str]) -> str:
    return "it sets what opens files" if any("=" in each for each in given) else ""


def _no_signs(given: Sequence[str]) -> str:
    return "it sets attributes" if any(each.startswith(("+", "-")) for each in given) else ""


_CHECKS: dict[str, Callable[[Sequence[str]], str]] = {
    "wmic": _wmic,
    "netsh": _netsh,
    "fsutil": _fsutil,
    "no_equals": _no_equals,
    "no_signs": _no_signs,
}
