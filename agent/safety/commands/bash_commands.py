"""One simple bash command: what runs it, what it is, what it is given, where its output goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from agent.safety.commands.arguments import Read, fit
from agent.safety.commands.bash_words import (
    Values,
    computes_unseen,
    names_secret,
    unjudgeable,
    variants,
    with_words,
    without_braces,
)
from agent.safety.commands.checks import CHECKS
from agent.safety.commands.refusals import refusals
from agent.safety.commands.secrets import is_device, secret_tree, tells_of_secret
from agent.safety.commands.syntax import Command, Redirect, Word
from agent.safety.commands.tables import SENT, Rule, Wrapper, allowed, word_list, wrappers
from agent.safety.commands.verdict import AUTO, Verdict, approval, refusal, worst

_BINARIES = re.compile(r"^/(?:usr/(?:local/)?)?s?bin/(?=[^/]+$)")
_DEEPEST = 6
_NO_GLOBS = frozenset(
    {
        "aws",
        "gcloud",
        "az",
        "listing_words",
        "redis",
        "ps",
        "environment",
        "ip",
        "sysctl",
        "curl",
        "getent",
        "read",
        "cd",
    }
)
_RUNNING = frozenset(
    {"exec", "run", "x", "ssh", "debug", "attach", "start", "create", "shell", "dlx", "script", "test", "bisect"}
)
_FIND_HARM = ("-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls")
_LISTENED_TO = re.compile(
    r"(?i)^_?(?:GIT|AWS|KUBE|DOCKER|PYTHON|PERL|RUBY|NODE|NPM|LD|DYLD|BASH|LESS|MAN|PAGER|\w+_PAGER|SSH|CURL|WGET|GREP|TAR|GZIP|RIPGREP"
    r"|SYSTEMD|HTTPS?|ALL|NO|SSL|OPENSSL|GCONV|LOCPATH|TERM|CLOUDSDK|AZURE|TF|VAULT|HELM|PG|MYSQL|REDIS|ANSIBLE|JAVA|JDK|GO|CARGO"
    r"|COMPOSER|XDG|GTK|QT|MALLOC|POSIX|PROMPT|PS\d|EDITOR|VISUAL|BROWSER|\w+_(?:OPTS|OPTIONS|COMMAND|PROXY|HOST|URL|HOME|CONFIG))"
)
"""Variables that programs listen to: where they are exported already, setting one changes what later commands do."""
_HISTORY = re.compile(r"^HIST(FILE|SIZE|FILESIZE|CONTROL|IGNORE)$")


@dataclass(frozen=True)
class Surroundings:
    """What a command needs to know of the text around it."""

    values: Values
    functions: frozenset[str]
    read_text: Callable[[str, int], Verdict]
    """Judges a text that a shell reads once more, at a depth."""
    depth: int = 0
    fed: bool = False
    """Whether words are added that nobody sees (`xargs`)."""


def judge_command(command: Command, around: Surroundings) -> Verdict:
    """The worst that is to be said of a command, for every value its variables may have."""
    heard = [judge_redirect(each) for each in command.redirects]
    heard += [_judge_assignment(name, word, command) for name, word in command.assignments]
    if command.words:
        heard.append(_judge_name(command.words[0]))
        heard += [
            _judge_words(with_words(command, words), around)
            for words in variants(command.words, around.values)
            if words
        ]
    return worst(heard)


def _judge_name(word: Word) -> Verdict:
    """Refuses a name that is computed, or put together so as not to be recognised."""
    if not word.static:
        return refusal("The name of a command is computed: what would run cannot be told.")
    if word.braced or (word.globbed and word.value not in ("[", "[[")):
        return refusal("The name of a command is a pattern: what would run cannot be told.")
    if len(word.parts) > 1:
        if len(word.parts) == 2 and word.parts[0].kind == "quoted" and len(word.parts[0].text) == 1:
            return approval("A backslash before the name of a command passes by an alias.")
        return refusal(f"The name of a command is put together of pieces ({word.value[:40]}), which hides it.")
    if all(part.kind == "quoted" for part in word.parts):
        return approval("The name of a command is in quotes.")
    return AUTO


def _judge_assignment(name: str, value: Word, command: Command) -> Verdict:
    if _HISTORY.match(name):
        return refusal("It hides the history of commands.")
    if name.upper() in word_list("loaders") and not (name == "IFS" and command.name == "read"):
        return approval(f"Setting {name} changes what later programs are or load.")
    if value.odd or names_secret(value, True):
        return approval(f"What {name[:40]} is set to cannot be told, or is a secret.")
    alone = not command.words and not _LISTENED_TO.match(name)
    harmless = alone or name in word_list("settable") or name == "IFS" or name.startswith("LC_")
    harmless = harmless or (name in word_list("pagers") and value.static and value.value in ("", "cat"))
    return AUTO if harmless else approval(f"The variable {name[:40]} may change what the command does.")


def judge_redirect(redirect: Redirect) -> Verdict:
    target = redirect.target
    if target is None:
        return AUTO
    if redirect.operator == "<<<":
        unclear = target.evaluated or names_secret(target, True)
        return approval("It is given a secret, or something computed.") if unclear else AUTO
    if redirect.operator in ("<", "<&"):
        unclear = target.odd or any(True for _ in target.substitutions()) or names_secret(target, True)
        return (
            approval("It reads a file that nobody should read by itself, or that cannot be told.") if unclear else AUTO
        )
    descriptor = redirect.operator in (">&", "<&") and re.fullmatch(r"\d+|-", target.value)
    if target.static and (descriptor or target.value in ("/dev/null", "/dev/stderr", "/dev/stdout")):
        return AUTO
    for text in {target.told, target.value}:
        if heard := refusals("bash").of_write(text, redirect.operator == ">>"):
            return refusal(f"{heard[0].reasons[0]} (It writes to {text[:80]}.)")
    return approval(f"It writes to a file ({target.told[:80]}).")


def _judge_words(command: Command, around: Surroundings) -> Verdict:
    words = without_braces(command.words)
    if words is None or (len(words) != len(command.words) and command.name in wrappers()):
        return approval("It has braces that stand for too much.")
    return judge_plain(with_words(command, words), around)


def judge_plain(command: Command, around: Surroundings) -> Verdict:
    """A command with its final words: refused, unwrapped, or looked up in the allow-list."""
    if around.depth > _DEEPEST:
        return refusal("It is wrapped too deeply to judge.")
    path = command.name
    name = _BINARIES.sub("", path)
    if name in around.functions:
        return approval(f"{name[:40]} is a function that the text defines.")
    told = [word.told for word in command.words[1:]]
    heard = refusals("bash").of_command(name.rsplit("/", 1)[-1], told)
    heard += _judge_by_kind(command, name, around)
    return worst(heard)


def _judge_by_kind(command: Command, name: str, around: Surroundings) -> Iterator[Verdict]:
    from agent.safety.commands.bash_runners import judge_find, judge_interpreter, judge_shell, unwrapped

    bare = name.rsplit("/", 1)[-1]
    if name == "eval":
        yield refusal("eval runs a text that nobody has seen.")
    elif _asks_for_help(name, command):
        yield AUTO
    elif bare in word_list("shells") and bare not in wrappers():
        yield judge_shell(command, around)
    elif name in ("source", "."):
        yield from _judge_source(command)
    elif bare in word_list("interpreters") and _allowed(command, name, around).decision != "auto":
        yield judge_interpreter(command, around)
    elif name == "find":
        yield from judge_find(command, around)
    elif name in wrappers() and not (name in allowed() and _allowed(command, name, around).decision == "auto"):
        yield from unwrapped(command, wrappers()[name], around)
    elif "/" in name:
        yield approval(f"It runs a program by its path ({name[:60]}).")
    else:
        yield _allowed(command, name, around)


def _asks_for_help(name: str, command: Command) -> bool:
    """`rm --help`, `git --version`; `docker volume ls --help` where the words before it run nothing."""
    words = [word.value if word.static else "$" for word in command.words[1:]]
    if words in (["--help"], ["--version"]):
        return name in word_list("answering") or name in allowed()
    rule = allowed().get(name)
    plain = all(re.fullmatch(r"[a-z][a-z-]*", each) and each not in _RUNNING for each in words[:-1])
    return bool(rule and rule.subcommands and words[-1:] == ["--help"] and plain and len(words) <= 4)


def _judge_source(command: Command) -> Iterator[Verdict]:
    printed = any(part.process for word in command.words[1:] for part in word.substitutions())
    if printed or command.piped_from or "/dev/stdin" in command.arguments:
        yield refusal("It runs what another command prints.")
    else:
        yield approval("It runs another script.")


def _allowed(command: Command, name: str, around: Surroundings) -> Verdict:
    """What the allow-list says of it."""
    rule = allowed().get(name)
    if rule is None:
        return approval(f"{name[:60]} is not on the list of commands that only read.")
    problem = rule_problem(command, name, rule, around)
    return approval(f"{name[:60]}: {problem}.") if problem else AUTO


def rule_problem(command: Command, name: str, rule: Rule, around: Surroundings) -> str:
    """Why a command does not fit its rule; empty if it only reads."""
    free = is_free(rule)
    problem = unjudgeable(
        command, free and not rule.contents, rule.contents, name in ("echo", "printf", "[", "[[", "test")
    )
    if problem:
        return problem
    if name == "[[" and computes_unseen(command.words):
        return "it computes a name, or what another command prints, which can run something"
    if around.fed and (problem := _fed_problem(command, name, rule)):
        return problem
    if rule.check in ("awk", "sed", "jq") and _program_globbed(command):
        return "its program is a pattern that becomes what lies in the directory"
    looks = rule.contents or name in ("find", "locate", "ls", "fd", "stat", "tree")
    for word in command.words[1:]:
        if names_secret(word, rule.contents):
            return "it is about a secret"
        if rule.contents and rule.check not in ("grep", "rg") and is_device(word.told):
            return "it reads a device"
        if looks and rule.check not in ("awk", "sed") and tells_of_secret(word.told):
            return "it looks for secrets"
        if word.globbed and (rule.check in _NO_GLOBS or (rule.subcommands and name != "git")):
            return "a pattern in it becomes what lies in the directory"
        if not free and _may_become_flag(word, name):
            return "a file may have a name like a flag: write ./* instead"
    arguments = _with_dash(name, command.arguments)
    # A variable that is empty leaves no word at all: both ways must be harmless.
    ways = [arguments] if "" not in arguments or free else [arguments, tuple(each for each in arguments if each)]
    computed = not all(word.static for word in command.words[1:])
    return next((problem for each in ways if (problem := _misfit(rule, each, computed))), "")


def _misfit(rule: Rule, arguments: Sequence[str], computed: bool) -> str:
    read = fit(rule, arguments)
    if computed and (rule.sends or read.rule.sends):
        return SENT
    return read.problem or _checked(rule, arguments, read)


def _program_globbed(command: Command) -> bool:
    words = [word for word in command.words[1:] if not word.value.startswith("-")]
    return any(word.globbed for word in (words if command.name.endswith("q") else words[:1]))


def _may_become_flag(word: Word, name: str) -> bool:
    """Whether a glob can match a planted file whose name is a flag that does harm."""
    if not word.globbed or word.parts[0].kind != "plain" or not re.match(r"[*?\[-]", word.value):
        return False
    if name == "find":
        return any(fnmatchcase(each, word.value) for each in _FIND_HARM)
    return name not in ("awk", "gawk", "mawk", "sed", "grep", "egrep", "fgrep")


def _checked(rule: Rule, arguments: Sequence[str], read: Read) -> str:
    names = dict.fromkeys(each for each in (rule.check, read.rule.check) if each)
    return next((problem for name in names if (problem := CHECKS[name](arguments, read))), "")


def _with_dash(name: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """`tar tf` as `tar -tf`."""
    if name in ("tar", "bsdtar") and arguments and re.fullmatch(r"[a-zA-Z]+", arguments[0]):
        return ("-" + arguments[0], *arguments[1:])
    return arguments


def is_free(rule: Rule) -> bool:
    """Whether no flag and no operand of it can do harm."""
    bound = rule.never or rule.subcommands or rule.check or rule.sends
    return rule.flags == "any" and not bound and rule.operands == "any"


def _fed_problem(command: Command, name: str, rule: Rule) -> str:
    """Words come from another command: only where none can do harm, and only names of files that a lister found."""
    if not is_free(rule) and rule.check != "grep":
        return "it is given words that nobody sees"
    if not rule.contents:
        return ""
    for source in command.piped_from:
        source_name = _BINARIES.sub("", source.name)
        if source_name not in word_list("name_listers"):
            return f"it reads files that {source_name[:40]} names"
        if any(secret_tree(word.value) for word in source.words[1:] if word.value and not word.value.startswith("-")):
            return "it reads everything under a directory that also holds secrets"
    return "" if command.piped_from else "it reads files that nobody sees the names of"


def inner_command(command: Command, words: Sequence[Word]) -> Command:
    """The command that another one runs: its words, and what is piped in."""
    return Command(tuple(words), (), (), command.piped_from)


def wrapper_flags_fit(wrapper: Wrapper, words: Sequence[Word]) -> tuple[bool, int]:
    """Whether a wrapper's own flags are known, and where its command starts."""
    at = 0
    left = wrapper.operands
    while at < len(words):
        text = words[at].value
        if text == "--":
            at += 1
            break
        if text in wrapper.flags:
            at += 1
        elif text + "=" in wrapper.flags:
            at += 2
        elif (
            (text.partition("=")[0] + "=" in wrapper.flags and "=" in text)
            or (re.fullmatch(r"-\d+", text) and "-#" in wrapper.flags)
            or (re.match(r"-[a-zA-Z].", text) and text[:2] + "=" in wrapper.flags)
            or (re.fullmatch(r"-[a-zA-Z0-9]{2,}", text) and all("-" + each in wrapper.flags for each in text[1:]))
        ):
            at += 1
        elif text.startswith("-") and len(text) > 1:
            return False, at
        elif left:
            left, at = left - 1, at + 1
        else:
            break
    return True, at
