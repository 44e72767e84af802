"""Checks of commands that look at the network."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from agent.safety.commands.arguments import Read
from agent.safety.commands.tables import word_list

# No `s`: of `ip link` that is short for `set`.
_IP_SHOWN = frozenset({"show", "list", "ls", "lst", "sh", "l", "get", "help", ""})
_WRITTEN_OUT = re.compile(r"%output|^(?:-[a-zA-Z]*w|--write-out=)?@")
"""In a `--write-out`: `%output{FILE}` (curl 8.3 and up), or `@FILE`."""
_LOCAL_HEALTH = re.compile(
    r"^(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?"
    r"(?:/(?:\w+/){0,3}(?:health\w*|ready|readyz|live|livez|healthcheck|status|metrics|ping|version|nginx_status|server-status"
    r"|stub_status|_cluster/health|_cat/\w+|actuator/(?:health|info|metrics)))?/?(?:\?[\w=&]*)?$"
)


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


def check_curl(arguments: Sequence[str], read: Read) -> str:
    if {"-h", "--help", "-V", "--version"} & set(read.flags) and not read.operands:
        return ""
    methods = [arguments[at + 1] for at, each in enumerate(arguments[:-1]) if each in ("-X", "--request")]
    outputs = [arguments[at + 1] for at, each in enumerate(arguments[:-1]) if each in ("-o", "--output")]
    glued = any(re.match(r"-[Xo].|--(?:request|output)=|-[a-zA-Z]+[Xo]", each) for each in arguments)
    if glued or any(each not in ("GET", "HEAD") for each in methods) or any(each != "/dev/null" for each in outputs):
        return "curl is asked for more than a look"
    if any(_WRITTEN_OUT.search(each) for each in arguments):
        return "what it writes out may go to a file, or come from one"
    if not read.operands or not all(_LOCAL_HEALTH.match(each) for each in read.operands):
        return "it fetches something that is not a health check of this machine"
    return ""


NETWORK_CHECKS: dict[str, Callable[[Sequence[str], Read], str]] = {
    "ip": check_ip,
    "wg": check_wg,
    "ntpq": check_ntpq,
    "curl": check_curl,
}
