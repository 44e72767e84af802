"""Checks of commands that look at files and at text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from agent.safety.commands.arguments import Read
from agent.safety.commands.scripts import awk_problem, jq_problem, sed_problem
from agent.safety.commands.secrets import searches_secrets, secret_in, secret_tree
from agent.safety.commands.tables import word_list

_SETUID = re.compile(r"[-+/]?(?:0?[2-7][0-7]{3}|[ugoa,=+rwx]*[+=][rwxXt]*s.*)$")


def check_find(arguments: Sequence[str], _: Read) -> str:
    """`-exec` and its like are taken out by the judge before this is asked."""
    after_perm = False
    for word in arguments:
        if after_perm and _SETUID.match(word):
            return "it looks for setuid files, as attackers do"
        numeric = re.match(r"-\d", word) or after_perm
        if word.startswith("-") and word not in word_list("find_tests") and not numeric:
            return f"find's {word[:40]} is not one that is known to only look"
        after_perm = word == "-perm"
    return ""


def check_grep(arguments: Sequence[str], read: Read) -> str:
    recursive = {"-r", "-R", "--recursive", "--dereference-recursive"} & set(read.flags)
    wide = recursive or any("*" in each for each in read.operands)
    named = [each for each in arguments if not each.startswith("-")]
    if any(each.startswith(("--include", "--exclude")) and secret_in(each) for each in arguments):
        return "it looks for secrets"
    if wide and any(
        searches_secrets(each) for each in named[:1] + [a for a in arguments if a.startswith(("-e", "--regexp"))]
    ):
        return "it searches many files for what looks like secrets"
    if recursive and any(secret_tree(each) for each in read.operands[1:] or ["."]):
        return "it reads everything under a directory that also holds secrets"
    return ""


def check_ripgrep(arguments: Sequence[str], read: Read) -> str:
    return check_grep(arguments, Read(flags=[*read.flags, "-r"], operands=read.operands))


def check_awk(_: Sequence[str], read: Read) -> str:
    return awk_problem(read.operands[0]) if read.operands else "it has no program"


def check_sed(arguments: Sequence[str], read: Read) -> str:
    scripts = [arguments[at + 1] for at, each in enumerate(arguments[:-1]) if each in ("-e", "--expression")]
    scripts += [each[2:] for each in arguments if re.match(r"-e.", each)]
    scripts += [each.partition("=")[2] for each in arguments if each.startswith("--expression=")]
    if not scripts and {"-e", "--expression"} & set(read.flags):
        return "its script could not be told from its flags"
    if not scripts:
        scripts = read.operands[:1]
    return next((problem for each in scripts if (problem := sed_problem(each))), "" if scripts else "it has no script")


def check_jq(arguments: Sequence[str], _: Read) -> str:
    return next((problem for each in arguments if (problem := jq_problem(each))), "")


def check_tar(arguments: Sequence[str], _: Read) -> str:
    return "a name with a colon is another machine to tar" if any(":" in each for each in arguments) else ""


def check_lsof(arguments: Sequence[str], _: Read) -> str:
    return "it is told to change its mode" if any(each.startswith(("+m", "+r0")) for each in arguments) else ""


def check_no_response_files(arguments: Sequence[str], _: Read) -> str:
    """`nm @file` takes its flags from a file, and one of them loads a plugin."""
    return "it takes flags from a file that nobody has seen" if any(a.startswith("@") for a in arguments) else ""


def check_pager(_: Sequence[str], read: Read) -> str:
    return "it is told what to do first" if any(each.startswith("+") for each in read.operands) else ""


FILES_CHECKS: dict[str, Callable[[Sequence[str], Read], str]] = {
    "find": check_find,
    "grep": check_grep,
    "rg": check_ripgrep,
    "awk": check_awk,
    "sed": check_sed,
    "jq": check_jq,
    "tar": check_tar,
    "lsof": check_lsof,
    "no_response_files": check_no_response_files,
    "pager": check_pager,
}
