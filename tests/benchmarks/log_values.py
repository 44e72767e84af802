"""What stands in the variables of generated log lines: numbers, ids, addresses, names, lists and objects."""

from __future__ import annotations

import random
from collections.abc import Callable

Draw = random.Random
_NAMES = """
orders user_events PaymentService billing-worker checkout HttpClient fact_sales eu-west primary ReplicaSet tmp_upload
mysql kafka staging SessionStore daily_report gzip utf manager sync
"""
IDENTIFIERS = _NAMES.split()
USERS = ("root", "news", "cyrus", "ann", "oracle")
NAMES = (
    "webmaster",
    "pi",
    "ubnt",
    "ftpuser",
    "jenkins",
    "test",
    "admin",
    "support",
    "guest",
    "nagios",
    "git",
    "backup",
)
STATES = ("NEW", "INITED", "RUNNING", "SUCCEEDED", "UNASSIGNED", "ASSIGNED", "FAIL_CLEANUP", "KILLED")
HOSTS = ("proxy.cs.example.edu", "www.example.com", "ns.marry.example.org", "mail-a.example.net", "cdn.img.example.io")
INTENTS = ("SCREEN_ON", "SCREEN_OFF", "TIME_TICK", "BATTERY_CHANGED", "USER_PRESENT")
BUNDLES = ("com.corp.systemui", "com.corp.chat.qq", "com.sport.live", "android", "com.corp.phone")


def _hex(draw: Draw, digits: int) -> str:
    return f"{draw.getrandbits(4 * digits):0{digits}x}"


def _ip(draw: Draw) -> str:
    return ".".join(str(draw.randrange(1, 255)) for _ in range(4))


def _path(draw: Draw) -> str:
    depth = draw.randrange(2, 6)
    return "/" + "/".join(draw.choice(("var", "lib", "data", "tmp", "a1", "etc", "jobs", "x")) for _ in range(depth))


def _few(*texts: str) -> Callable[[Draw], str]:
    return lambda draw: draw.choice(texts)


def _number(top: int) -> Callable[[Draw], str]:
    return lambda draw: str(int(top ** draw.random()))


VALUES: dict[str, Callable[[Draw], str]] = {
    "n": _number(100_000),
    "sn": _number(8),
    "long": lambda draw: str(draw.randrange(10**11, 10**12)),
    "neg": lambda draw: str(-draw.randrange(1, 9)),
    "f": lambda draw: f"{draw.uniform(0, 300):.{draw.randrange(1, 4)}f}",
    "port": lambda draw: str(draw.randrange(1024, 65535)),
    "ip": _ip,
    "ipport": lambda draw: f"{_ip(draw)}:{draw.randrange(1024, 65535)}",
    "ipv6": lambda draw: f"fe80::{_hex(draw, 4)}:{_hex(draw, 4)}",
    "mac": lambda draw: ":".join(_hex(draw, 2) for _ in range(6)),
    "uuid": lambda draw: "-".join(_hex(draw, size) for size in (8, 4, 4, 4, 12)),
    "hex": lambda draw: f"0x{draw.getrandbits(draw.choice((8, 16, 32))):x}",
    "hex8": lambda draw: _hex(draw, 8),
    "hexn": lambda draw: _hex(draw, 7),
    "hexlong": lambda draw: _hex(draw, 24),
    "path": _path,
    "urlpath": lambda draw: f"/v2/{_hex(draw, 32)}/servers/{draw.choice(('detail', 'action', 'all'))}",
    "url": lambda draw: f"hdfs://{draw.choice(HOSTS)}:9000{_path(draw)}",
    "winpath": lambda draw: f"C:\\Windows\\{draw.choice(('winsxs', 'logs'))}\\x86_{_hex(draw, 8)}\\core.dll",
    "winstamp": lambda draw: f"2016/9/2{draw.randrange(9)}:20:30:31.{draw.randrange(999)}",
    "host": lambda draw: draw.choice((*HOSTS, f"node-{draw.randrange(99)}.example.com")),
    "hostorip": lambda draw: draw.choice((_ip(draw), draw.choice(HOSTS))),
    "hostorempty": _few("", *HOSTS),
    "hostport": lambda draw: f"{draw.choice(HOSTS)}:{draw.choice((80, 443, 5070))}",
    "user": lambda draw: draw.choices(USERS, (50, 20, 10, 3, 1))[0],
    "users": lambda draw: ",".join(draw.sample(USERS, 2)),
    "name": _few(*NAMES),
    "block": lambda draw: f"blk_{draw.choice(('', '-'))}{draw.randrange(10**18)}",
    "attempt": lambda draw: f"attempt_1445_00{draw.randrange(99)}_m_{draw.randrange(99):06}_0",
    "task": lambda draw: f"task_1445_00{draw.randrange(99)}_{draw.choice('mr')}_{draw.randrange(99):06}",
    "job": lambda draw: f"job_1445_00{draw.randrange(99)}",
    "room": lambda draw: f"container_1445_01_{draw.randrange(99):06}",
    "jvm": lambda draw: f"jvm_1445_{draw.choice('mr')}_{draw.randrange(99):06}",
    "rdd": lambda draw: f"rdd_{draw.randrange(99)}_{draw.randrange(99)}",
    "core": lambda draw: f"core.{draw.randrange(9999)}",
    "state": _few(*STATES),
    "client": _few("WindowsUpdateAgent", "DFSClient_NONMAPREDUCE_15", "WindowsServer", "Setup"),
    "cls": _few("LinkedBlockingQueue", "ArrayBlockingQueue"),
    "size": lambda draw: f"{draw.uniform(1, 900):.1f} {draw.choice(('KB', 'MB', 'B'))}",
    "service": _few("sparkExecutorActorSystem", "sparkDriver"),
    "word": _few("spawning", "deleting", "networking"),
    "word2": _few("system.charge.show", "system.call.count", "system.time.showampm"),
    "u": _few("U01", "U", "P"),
    "part": lambda draw: draw.choice(
        (f"alt{draw.randrange(3)}", f"SCSI-WWID:{_hex(draw, 4)}-{_hex(draw, 4)}", "admin")
    ),
    "free3": _few("not ready", "power is off now", "no reply"),
    "fans": lambda draw: " ".join(draw.choice((str(draw.randrange(3300, 3700)), "****")) for _ in range(6)),
    "onoff": _few("on", "off", "failed"),
    "onoffw": _few("On", "Off"),
    "store": lambda draw: draw.choice(("full", f"storage{draw.randrange(600)}")),
    "nic": lambda draw: f"{draw.choice(('eth', 'en', 'ee', 'alt'))}{draw.randrange(3)}",
    "source": _few("Bird_A1", "Bird_B2", "Bird_C5", "Bird_Dx"),
    "qid": lambda draw: f"jA9{_hex(draw, 9).upper()}",
    "pci": lambda draw: f"0000:0{draw.randrange(9)}:1f.{draw.randrange(9)}",
    "package": lambda draw: (
        f"Package_for_KB{draw.randrange(10**6)}~31bf{_hex(draw, 8)}~amd64~~6.1.{draw.randrange(9)}.2"
    ),
    "hive": _few("SOFTWARE", "SYSTEM", "SECURITY", "SAM", "COMPONENTS", "DRIVERS"),
    "key": lambda draw: f"{{{_hex(draw, 8)}-{_hex(draw, 4)}}}/{draw.choice(('SOFTWARE', 'SAM'))}",
    "ctime": lambda draw: f"{draw.choice(('Mon', 'Sat', 'Sun'))} Jul {draw.randrange(1, 28)} 23:16:42 2005",
    "driver": _few("usbfs", "hub", "hiddev", "QEMU"),
    "proc": _few("httpd", "python", "mysqld"),
    "stamp2": lambda draw: f"ARPT: {draw.randrange(10**6)}.{draw.randrange(10**6):06}",
    "ssid": _few("CalVisitor", "eduroam", "Cafe Wifi 2"),
    "bundle": _few(*BUNDLES),
    "acpi": _few("EC.LID0", "ARPT", "RTC"),
    "tag": _few("View Lock", "*launch*", "RIL_ACK", "Wifi in suspend", "Audio"),
    "bool": _few("true", "false"),
    "dotted": lambda draw: f"com.view.{draw.choice(('Root', 'Tree', 'Pane'))}.do{draw.choice(('Draw', 'Die'))}",
    "intent": lambda draw: f"android.intent.action.{draw.choice(INTENTS)}",
    "life": lambda draw: draw.choice(
        ("<1 sec", f"00:{draw.randrange(60):02}", f"0{draw.randrange(9)}:{draw.randrange(60):02}")
    ),
    "ident": _few(*IDENTIFIERS),
    "few": _few(*IDENTIFIERS[:3]),
    "list": lambda draw: str(draw.sample(IDENTIFIERS, draw.randrange(1, 5))),
    "dict": lambda draw: str({name: draw.randrange(99) for name in draw.sample(IDENTIFIERS, draw.randrange(1, 4))}),
    "error": lambda draw: f"{draw.choice(('KeyError', 'ValueError', 'OSError'))}('{draw.choice(IDENTIFIERS)}')",
}
"""From the name of a variable to a function that draws a value."""
_PLAIN = "n n user name host path uuid ip hexn f bundle url word2 ipport state"
_NESTED = "n ident ident few list dict error path user uuid"
PLAIN = _PLAIN.split()
"""Variables for statements that were found without any, as often as they are named."""
NESTED = _NESTED.split()
"""The same, with lists and objects."""
