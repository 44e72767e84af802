"""Whether a word names a secret: a path, in any spelling that the shell would resolve to it, or a telling name."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from agent.safety.commands.tables import read_yaml, word_list

_GLOB = re.compile(r"[*?\[]")


@cache
def _data() -> Any:
    return read_yaml("secrets")


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(each, re.IGNORECASE) for each in _data()["patterns"])


@cache
def _paths() -> tuple[str, ...]:
    homes, kept_there = _data()["homes"].split(), _data()["in_homes"].split()
    return (*_data()["paths"].lower().split(), *(f"{home}/{path}" for home in homes for path in kept_there))


@cache
def _basenames() -> tuple[str, ...]:
    return tuple(str(_data()["basenames"]).lower().split())


@cache
def _searched() -> re.Pattern[str]:
    return re.compile(str(_data()["searched"]))


@cache
def _names() -> re.Pattern[str]:
    return re.compile(str(_data()["names"]))


def secret_in(text: str, pattern: str | None = None, loose: bool = False) -> bool:
    """Whether `text` names a secret; `pattern` is the same with globs, if it has any.

    `loose`: a `*` may stand for slashes too, as one that stands for a variable does.
    """
    plain = normal(text)
    if any(each.search(plain) for each in _patterns()):
        return True
    return pattern is not None and _glob_meets(normal(pattern).lower(), loose or "**" in pattern)


def tells_of_secret(text: str) -> bool:
    """Whether a name or pattern of files is one that secrets have."""
    return bool(_names().search(text))


def is_device(text: str) -> bool:
    """Whether a word names a device, which is not to be read as a file."""
    return bool(re.search(str(_data()["devices"]), normal(text)))


def searches_secrets(text: str) -> bool:
    """Whether a search for this over many files is a search for secrets."""
    return bool(_searched().search(text))


def secret_tree(path: str) -> bool:
    """Whether so much lies under a path that reading all of it reads secrets: `/`, `/etc`, a home."""
    clean = normal(path.removeprefix("file://"))
    clean = clean.rstrip("/*") or ("/" if clean.startswith("/") else ".")
    return clean in word_list("secret_trees") or bool(re.match(r"(/home/|/Users/|~)[^/]*$|\$?HOME$|/proc/|\.\.", clean))


def normal(path: str) -> str:
    """A path without `//`, `/./` and `/x/../`."""
    path = re.sub(r"(?<!:)/{2,}", "/", path)
    path = re.sub(r"(?:/\.)+(?=/|$)", "", path)
    while (shorter := re.sub(r"/(?!\.\.)[^/]+/\.\.(?=/|$)", "", path, count=1)) != path:
        path = shorter
    return path


def _matches_by_step(path: str, pattern: str) -> bool:
    """As a shell matches: a `*` does not pass a slash."""
    steps, wanted = path.split("/"), pattern.split("/")
    return len(steps) == len(wanted) and all(fnmatchcase(a, b) for a, b in zip(steps, wanted, strict=True))


def _ends_so(path: str, pattern: str, match: Callable[[str, str], bool]) -> bool:
    """Whether a pattern that is relative to somewhere can be the end of the path."""
    if pattern.startswith("/"):
        return False
    steps = path.split("/")
    ends = ("/".join(steps[at:]) for at in range(1, len(steps) - 1))
    return any(match(end, pattern.removeprefix("./")) for end in ends)


def _glob_meets(pattern: str, loose: bool) -> bool:
    """Whether a glob can become the path of a secret."""
    if not _GLOB.search(pattern):
        return False
    if "/" in pattern:
        match = fnmatchcase if loose else _matches_by_step
        return any(match(path, pattern) or _ends_so(path, pattern, match) for path in _paths())
    telling = len(re.findall(r"[A-Za-z0-9]", pattern)) >= 2
    return telling and any(fnmatchcase(name, pattern) for name in _basenames())
