"""Further checks of single commands, named by `check` in the tables. Each gives why not, or an empty text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from agent.safety.commands.arguments import Read
from agent.safety.commands.checks_clouds import CLOUD_CHECKS
from agent.safety.commands.scripts import awk_problem, jq_problem, sed_problem
from agent.safety.commands.secrets import searches_secrets, secret_in, secret_tree
from agent.safety.commands.tables import word_list

Check = Callable[[Sequence[str], Read], str]

_ENVIRONMENT_NAMES = re.compile(
    r"(?i)^(?:PATH|PWD|OLDPWD|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|HOSTNAME|EDITOR|PAGER|DISPLAY|SHLVL|UID|EUID"
    r"|AWS_(?:DEFAULT_)?REGION|AWS_PROFILE|JAVA_HOME|GOPATH|GOROOT|VIRTUAL_ENV|KUBECONFIG|XDG_\w+|PPID|COLUMNS|LINES)$"
)
_FIND_TESTS = frozenset(
    [
        "-H",
        "-L",
        "-P",
        "-O0",
        "-O1",
        "-O2",
        "-O3",
        "-D",
        "-daystart",
        "-depth",
        "-d",
        "-follow",
        "-ignore_readdir_race",
        "-maxdepth",
        "-mindepth",
        "-mount",
        "-noleaf",
        "-warn",
        "-nowarn",
        "-xdev",
        "-x",
        "-X",
        "-regextype",
        "-amin",
        "-anewer",
        "-atime",
        "-cmin",
        "-cnewer",
        "-ctime",
        "-empty",
        "-executable",
        "-false",
        "-fstype",
        "-gid",
        "-group",
        "-ilname",
        "-iname",
        "-inum",
        "-ipath",
        "-iregex",
        "-iwholename",
        "-links",
        "-lname",
        "-mmin",
        "-mtime",
        "-name",
        "-newer",
        "-nogroup",
        "-nouser",
        "-path",
        "-perm",
        "-readable",
        "-regex",
        "-samefile",
        "-size",
        "-true",
        "-type",
        "-uid",
        "-used",
        "-user",
        "-wholename",
        "-writable",
        "-xtype",
        "-context",
        "-print",
        "-print0",
        "-printf",
        "-ls",
        "-prune",
        "-quit",
        "-a",
        "-and",
        "-o",
        "-or",
        "-not",
        "-newermt",
        "-newerat",
        "-newerct",
        "-newermm",
        "-newerma",
        "-newermc",
        "-neweraa",
        "-Bmin",
        "-Btime",
        "-newerBt",
        "-acl",
        "-E",
        "-s",
        "-flags",
        "-sparse",
        "-nogroup",
        "-help",
        "--help",
        "-version",
        "--version",
    ]
)
_SETUID = re.compile(r"[-+/]?(?:0?[2-7][0-7]{3}|[ugoa,=+rwx]*[+=][rwxXt]*s.*)$")
# No `s`: of `ip link` that is short for `set`.
_IP_SHOWN = frozenset({"show", "list", "ls", "lst", "sh", "l", "get", "help", ""})
_REDIS = re.compile(
    r"(?i)^(?:info|ping|dbsize|slowlog (?:get|len)|client (?:list|info|id|getname)|memory (?:usage|stats|doctor)|role"
    r"|time|lastsave|latency (?:latest|doctor|history)|cluster (?:info|nodes|slots|shards|myid)|ttl|pttl|type|exists"
    r"|strlen|llen|scard|hlen|zcard|xlen|xinfo|object (?:encoding|idletime|freq)|command(?: count)?|module list|pubsub"
    r"|config get (?:max|save|append|timeout|tcp)[\w-]*)(?: |$)"
)
_LOCAL_HEALTH = re.compile(
    r"^(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?"
    r"(?:/(?:\w+/){0,3}(?:health\w*|ready|readyz|live|livez|healthcheck|status|metrics|ping|version|nginx_status|server-status"
    r"|stub_status|_cluster/health|_cat/\w+|actuator/(?:health|info|metrics)))?/?(?:\?[\w=&]*)?$"
)


def check_find(arguments: Sequence[str], _: Read) -> str:
    """`-exec` and its like are taken out by the judge before this is asked."""
    after_perm = False
    for word in arguments:
        if after_perm and _SETUID.match(word):
            return "it looks for setuid files, as attackers do"
        numeric = re.match(r"-\d", word) or after_perm
        if word.startswith("-") and word not in _FIND_TESTS and not numeric:
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


def check_ps(_: Sequence[str], read: Read) -> str:
    if "-E" in read.flags or any("e" in each.lower() for each in read.operands if re.fullmatch(r"[a-zA-Z]+", each)):
        return "with e it shows the environment of processes, where secrets are"
    return ""


def check_lsof(arguments: Sequence[str], _: Read) -> str:
    return "it is told to change its mode" if any(each.startswith(("+m", "+r0")) for each in arguments) else ""


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


def check_pager(_: Sequence[str], read: Read) -> str:
    return "it is told what to do first" if any(each.startswith("+") for each in read.operands) else ""


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


def check_ip(_: Sequence[str], read: Read) -> str:
    words = read.operands
    if not words:
        return ""
    verb = words[1] if len(words) > 1 else ""
    namespaces = words[0] == "netns" and verb in {"list", "identify", "pids", "list-id", ""}
    if words[0] not in word_list("ip_objects") or not (namespaces or (words[0] != "netns" and verb in _IP_SHOWN)):
        return f"ip {' '.join(words[:2])[:40]} is not known to only read"
    return ""


def check_wg(_: Sequence[str], read: Read) -> str:
    shown = {
        "interfaces",
        "peers",
        "latest-handshakes",
        "transfer",
        "endpoints",
        "allowed-ips",
        "fwmark",
        "listen-port",
    }
    return "" if len(read.operands) < 2 or read.operands[1] in shown else "it shows keys"


def check_ntpq(arguments: Sequence[str], _: Read) -> str:
    asked = [each for each in arguments if not each.startswith("-")]
    return (
        ""
        if all(re.fullmatch(r"peers|rv|as|associations|lpeers|opeers|sysinfo|[\w.:-]+", each) for each in asked)
        else "odd"
    )


def check_pacman(arguments: Sequence[str], _: Read) -> str:
    first = arguments[0] if arguments else ""
    reads = re.fullmatch(r"-Q[a-z]*|-S[silg]+|-F[lsx]*|-T|--query|-h|--help|-V|--version", first)
    long_writes = any(
        re.match(r"--(?:sync|upgrade|remove|refresh|clean|database|hookdir|config|root|dbpath)", a) for a in arguments
    )
    further = any(re.fullmatch(r"-[A-Z].*", each) for each in arguments[1:])
    return "" if reads and not long_writes and not further else "it may change packages"


def check_redis(_: Sequence[str], read: Read) -> str:
    return (
        ""
        if not read.operands or _REDIS.match(" ".join(read.operands))
        else "that redis command is not known to only read"
    )


def check_curl(arguments: Sequence[str], read: Read) -> str:
    if {"-h", "--help", "-V", "--version"} & set(read.flags) and not read.operands:
        return ""
    methods = [arguments[at + 1] for at, each in enumerate(arguments[:-1]) if each in ("-X", "--request")]
    outputs = [arguments[at + 1] for at, each in enumerate(arguments[:-1]) if each in ("-o", "--output")]
    glued = any(re.match(r"-[Xo].|--(?:request|output)=|-[a-zA-Z]+[Xo]", each) for each in arguments)
    if glued or any(each not in ("GET", "HEAD") for each in methods) or any(each != "/dev/null" for each in outputs):
        return "curl is asked for more than a look"
    if not read.operands or not all(_LOCAL_HEALTH.match(each) for each in read.operands):
        return "it fetches something that is not a health check of this machine"
    return ""


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


CHECKS: dict[str, Check] = {
    "find": check_find,
    "grep": check_grep,
    "rg": check_ripgrep,
    "awk": check_awk,
    "sed": check_sed,
    "jq": check_jq,
    "tar": check_tar,
    "ps": check_ps,
    "lsof": check_lsof,
    "environment": check_environment,
    "test": check_test,
    "builtin": check_builtin,
    "cd": check_cd,
    "pager": check_pager,
    "read": check_read,
    "history": check_history,
    "command": check_command,
    "ulimit": check_ulimit,
    "sysctl": check_sysctl,
    "chage": check_chage,
    "getent": check_getent,
    "service": check_service,
    "ip": check_ip,
    "wg": check_wg,
    "ntpq": check_ntpq,
    "pacman": check_pacman,
    "redis": check_redis,
    "curl": check_curl,
    "git": check_git,
    "git_tag": check_git_tag,
    "git_config": check_git_config,
    **CLOUD_CHECKS,
}
