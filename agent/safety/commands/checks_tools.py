"""Checks of git, of package managers and of databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from agent.safety.commands.arguments import Read

_REDIS = re.compile(
    r"(?i)^(?:info|ping|dbsize|slowlog (?:get|len)|client (?:list|info|id|getname)|memory (?:usage|stats|doctor)|role"
    r"|time|lastsave|latency (?:latest|doctor|history)|cluster (?:info|nodes|slots|shards|myid)|ttl|pttl|type|exists"
    r"|strlen|llen|scard|hlen|zcard|xlen|xinfo|object (?:encoding|idletime|freq)|command(?: count)?|module list|pubsub"
    r"|config get (?:max|save|append|timeout|tcp)[\w-]*)(?: |$)"
)


def check_pacman(arguments: Sequence[str], _: Read) -> str:
    first = arguments[0] if arguments else ""
    reads = re.fullmatch(r"-Q[a-z]*|-S[silg]+|-F[lsx]*|-T|--query|-h|--help|-V|--version", first)
    long_writes = any(
        re.match(r"--(?:sync|upgrade|remove|refresh|clean|database|hookdir|config|root|dbpath)", a) for a in arguments
    )
    further = any(re.fullmatch(r"-[A-Z].*", each) for each in arguments[1:])
    return "" if reads and not long_writes and not further else "it may change packages"


def check_brew(_: Sequence[str], read: Read) -> str:
    """A formula that is named by its path, its address or its tap is a program in Ruby, and is loaded."""
    loaded = any("/" in each or each.endswith(".rb") for each in read.operands)
    return "it loads a formula from elsewhere" if loaded else ""


def check_redis(_: Sequence[str], read: Read) -> str:
    return (
        ""
        if not read.operands or _REDIS.match(" ".join(read.operands))
        else "that redis command is not known to only read"
    )


def check_git(arguments: Sequence[str], read: Read) -> str:
    if any("::" in each and not each.startswith("--format") for each in read.operands):
        return "an address with :: can run a command"
    if any("=" in after for before, after in pairwise(arguments) if before == "-C"):
        return "it may set what git runs"
    if read.path[:1] == ["ls-remote"] and any(re.match(r"-u|--u|--e", each) for each in arguments):
        return "it names a program to run"
    return ""


def check_git_tag(_: Sequence[str], read: Read) -> str:
    listing = {"-l", "--list", "--contains", "--no-contains", "--points-at", "-n", "--verify", "-v", "--merged"} & set(
        read.flags
    )
    return "" if listing or not read.operands else "it makes a tag"


def check_git_config(_: Sequence[str], read: Read) -> str:
    telling = any(
        re.search(r"(?i)credential|token|password|extraheader|insteadof|secret", each) for each in read.operands
    )
    everything = "-l" in read.flags or "--list" in read.flags
    return "it may show a secret" if telling or everything or len(read.operands) > 2 else ""


TOOLS_CHECKS: dict[str, Callable[[Sequence[str], Read], str]] = {
    "pacman": check_pacman,
    "brew": check_brew,
    "redis": check_redis,
    "git": check_git,
    "git_tag": check_git_tag,
    "git_config": check_git_config,
}
