"""Checks of the shell's own commands, and of those that show the machine and its users."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from agent.safety.commands.arguments import Read
from agent.safety.commands.secrets import secret_tree

_ENVIRONMENT_NAMES = re.compile(
    r"(?i)^(?:PATH|PWD|OLDPWD|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|HOSTNAME|EDITOR|PAGER|DISPLAY|SHLVL|UID|EUID"
    r"|AWS_(?:DEFAULT_)?REGION|AWS_PROFILE|JAVA_HOME|GOPATH|GOROOT|VIRTUAL_ENV|KUBECONFIG|XDG_\w+|PPID|COLUMNS|LINES)$"
)


def check_ps(_: Sequence[str], read: Read) -> str:
    if "-E" in read.flags or any("e" in each.lower() for each in read.operands if re.fullmatch(r"[a-zA-Z]+", each)):
        return "with e it shows the environment of processes, where secrets are"
    return ""


def check_environment(_: Sequence[str], read: Read) -> str:
    if not read.operands or not all(_ENVIRONMENT_NAMES.match(each) for each in read.operands):
        return "it shows environment variables, where secrets are"
    return ""


def check_test(arguments: Sequence[str], _: Read) -> str:
    odd = any(("[" in each and each not in ("[", "[[")) or "$(" in each or "`" in each for each in arguments)
    return "a test can evaluate what it is given" if odd or "-v" in arguments or "-R" in arguments else ""


def check_builtin(arguments: Sequence[str], read: Read) -> str:
    options = [each for each in arguments if not re.fullmatch(r"[-+][euxo]+|pipefail", each)]
    if arguments and not options:
        return ""
    return "it changes the shell, or lists all that is set in it"


def check_history(_: Sequence[str], __: Read) -> str:
    return "the history of commands often holds secrets"


def check_cd(_: Sequence[str], read: Read) -> str:
    """Later names are relative to it, so it must be told, and hold no secrets of its own."""
    to = read.operands[0] if read.operands else ""
    unclear = not to or to.startswith(("-", "~", "+")) or ".." in to or secret_tree(to)
    return "what later names are relative to cannot be told, or holds secrets" if unclear else ""


def check_read(_: Sequence[str], read: Read) -> str:
    return "" if all(each.isidentifier() for each in read.operands) else "it evaluates the name that it is given"


def check_command(arguments: Sequence[str], _: Read) -> str:
    return "" if list(arguments[:1]) in (["-v"], ["-V"]) else "it runs a command"


def check_ulimit(arguments: Sequence[str], _: Read) -> str:
    return "" if all(re.fullmatch(r"-[SHacdefilmnpqrstuvx]+", each) for each in arguments) else "it sets a limit"


def check_sysctl(arguments: Sequence[str], _: Read) -> str:
    return (
        "it sets a kernel variable"
        if any("=" in each and not each.startswith("--pattern=") for each in arguments)
        else ""
    )


def check_chage(_: Sequence[str], read: Read) -> str:
    return "" if {"-l", "--list"} & set(read.flags) or not read.operands else "it changes an account"


def check_getent(_: Sequence[str], read: Read) -> str:
    known = {"hosts", "ahosts", "ahostsv4", "ahostsv6", "services", "protocols", "networks", "rpc", "netgroup"}
    return "" if read.operands and read.operands[0] in known else "it lists accounts"


def check_service(arguments: Sequence[str], read: Read) -> str:
    given = read.operands
    return "" if not given or (len(given) == 2 and given[1] == "status") else "only `status` only reads"


SYSTEM_CHECKS: dict[str, Callable[[Sequence[str], Read], str]] = {
    "ps": check_ps,
    "environment": check_environment,
    "test": check_test,
    "builtin": check_builtin,
    "history": check_history,
    "cd": check_cd,
    "read": check_read,
    "command": check_command,
    "ulimit": check_ulimit,
    "sysctl": check_sysctl,
    "chage": check_chage,
    "getent": check_getent,
    "service": check_service,
}
