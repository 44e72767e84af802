"""Sixteen kinds of log files, imitated: how each begins its lines, and what its program writes (log_statements.txt)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

STATEMENTS = Path(__file__).with_name("log_statements.txt")

Header = Callable[[datetime, random.Random], str]


class Kind(NamedTuple):
    """A log file: `header` is what stands before a message, the space included."""

    name: str
    header: Header
    statements: Sequence[str]


def _pick(draw: random.Random, *texts: str) -> str:
    return draw.choice(texts)


def _syslog(host: str, *programs: str) -> Header:
    def header(at: datetime, draw: random.Random) -> str:
        program = draw.choice(programs)
        pid = f"[{draw.randrange(300, 32000)}]" if program != "kernel" else ""
        return f"{at:%b} {at.day:>2} {at:%H:%M:%S} {host} {program}{pid}: "

    return header


def _hdfs(at: datetime, draw: random.Random) -> str:
    part = _pick(draw, "dfs.DataNode$Receiver", "dfs.FSTable", "dfs.DataNode", "dfs.DataBlockScanner")
    return f"{at:%y%m%d %H%M%S} {draw.randrange(9000)} {_pick(draw, 'INFO', 'INFO', 'WARN')} {part}: "


def _hadoop(at: datetime, draw: random.Random) -> str:
    thread = _pick(draw, "main", "Allocator of rooms", "IPC handler 7 on 62270", f"fetcher#{draw.randrange(9)}")
    part = _pick(draw, "org.example.app.Master", "org.example.task.Listener$Inner", "org.example.ipc.Client")
    return f"{at:%Y-%m-%d %H:%M:%S},{draw.randrange(1000):03} {_pick(draw, 'INFO', 'WARN')} [{thread}] {part}: "


def _spark(at: datetime, draw: random.Random) -> str:
    part = _pick(draw, "storage.Manager", "executor.Backend", "util.Closer", "spark.Tracker")
    return f"{at:%y/%m/%d %H:%M:%S} INFO {part}: "


def _zookeeper(at: datetime, draw: random.Random) -> str:
    thread = _pick(
        draw,
        f"Peer[myid=1]/0:0:0:0:0:0:0:0:2181:Election@{draw.randrange(900)}",
        f"Worker:18897:Manager$Send@{draw.randrange(900)}",
        f"Factory:0.0.0.0/0.0.0.0:2181:Server@{draw.randrange(900)}",
        f"Thread(sid:{draw.randrange(3)} cport:-1)::Prep@476",
    )
    return f"{at:%Y-%m-%d %H:%M:%S},{draw.randrange(1000):03} - {_pick(draw, 'INFO ', 'WARN ')} [{thread}] - "


def _openstack(at: datetime, draw: random.Random) -> str:
    part = _pick(draw, "compute.wsgi.server", "virt.driver", "compute.claims")
    request = f"req-{_hex(draw, 8)}-{_hex(draw, 4)} {_hex(draw, 32)} {_hex(draw, 32)} - - -"
    return (
        f"api.log.1.{at:%Y-%m-%d_%H:%M:%S} {at:%Y-%m-%d %H:%M:%S}.{draw.randrange(1000):03} {draw.randrange(30000)}"
        f" {_pick(draw, 'INFO', 'INFO', 'WARNING')} {part} [{_pick(draw, request, request, '-')}] "
    )


def _bgl(at: datetime, draw: random.Random) -> str:
    node = f"R{draw.randrange(70):02}-M{draw.randrange(2)}-N{draw.randrange(9)}-C:J{draw.randrange(18):02}-U01"
    return (
        f"{_pick(draw, *'-' * 14, 'APPREAD')} {int(at.timestamp())} {at:%Y.%m.%d} {node} {at:%Y-%m-%d-%H.%M.%S}."
        f"{draw.randrange(10**6):06} {node} RAS {_pick(draw, 'KERNEL', 'APP', 'DISCOVERY')} "
        f"{_pick(draw, 'INFO', 'FATAL', 'ERROR')} "
    )


def _hpc(at: datetime, draw: random.Random) -> str:
    node = _pick(draw, f"node-{draw.randrange(256)}", f"gige{draw.randrange(9)}", f"node-D{draw.randrange(9)}")
    part = _pick(draw, "unix.hw net.niff.up", "unix.hw state_change.down", "boot_cmd new", "action start")
    return f"{draw.randrange(10**6)} {node} {part} {int(at.timestamp())} 1 "


def _thunderbird(at: datetime, draw: random.Random) -> str:
    host = _pick(draw, f"dn{draw.randrange(999)}", f"en{draw.randrange(99)}", "tb-admin1")
    program = _pick(draw, "crond(pam_unix)", "sshd", "/system/sbin/gmetad", "ntpd", "kernel")
    pid = f"[{draw.randrange(300, 32000)}]" if program != "kernel" else ""
    return f"- {int(at.timestamp())} {at:%Y.%m.%d} {host} {at:%b} {at.day} {at:%H:%M:%S} {host}/{host} {program}{pid}: "


def _windows(at: datetime, draw: random.Random) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}, {'Info':<22}{_pick(draw, 'CBS', 'CBS', 'CSI'):<7}"


def _mac(at: datetime, draw: random.Random) -> str:
    host = _pick(draw, f"visitor-10-105-160-{draw.randrange(99)}", "authors-Book-Pro")
    program = _pick(
        draw, "kernel[0]", "com.corp.clouds[{}]", "Some Word[{}]", "com.corp.launchd[1] (com.corp.look[{}])"
    )
    return f"{at:%b} {at.day:>2} {at:%H:%M:%S} {host} {program.format(draw.randrange(40000))}: "


def _android(at: datetime, draw: random.Random) -> str:
    part = _pick(draw, "WindowKeeper", "PowerKeeper", "PhoneBar", "AudioTrack")
    ids = f"{draw.randrange(9999):>5} {draw.randrange(9999):>5}"
    return f"{at:%m-%d %H:%M:%S}.{draw.randrange(1000):03} {ids} {_pick(draw, *'DDVIWE')} {part}: "


def _health(at: datetime, draw: random.Random) -> str:
    part = _pick(draw, "Step_Counter", "Step_Keeper", "Step_Tools")
    return f"{at:%Y%m%d-%H:%M:%S}:{draw.randrange(1000)}|{part}|3000{draw.randrange(9999)}|"


def _apache(at: datetime, draw: random.Random) -> str:
    return f"[{at:%a %b %d %H:%M:%S %Y}] [{_pick(draw, 'notice', 'error')}] "


def _proxifier(at: datetime, draw: random.Random) -> str:
    return f"[{at:%m.%d %H:%M:%S}] {_pick(draw, 'browser.exe', 'browser.exe *64', 'Chat.exe', 'mail.exe')} - "


def _hex(draw: random.Random, digits: int) -> str:
    return f"{draw.getrandbits(4 * digits):0{digits}x}"


HEADERS: dict[str, Header] = {
    "HDFS": _hdfs,
    "Hadoop": _hadoop,
    "Spark": _spark,
    "Zookeeper": _zookeeper,
    "OpenStack": _openstack,
    "BGL": _bgl,
    "HPC": _hpc,
    "Thunderbird": _thunderbird,
    "Windows": _windows,
    "Linux": _syslog("combo", "sshd(pam_unix)", "su(pam_unix)", "ftpd", "kernel", "syslogd"),
    "Mac": _mac,
    "Android": _android,
    "HealthApp": _health,
    "Apache": _apache,
    "OpenSSH": _syslog("LabXY", "sshd"),
    "Proxifier": _proxifier,
}


def _kinds() -> Iterator[Kind]:
    """What log_statements.txt holds: below `== HDFS` a statement of that kind on each line."""
    for section in STATEMENTS.read_text().split("\n== ")[1:]:
        name, *statements = filter(None, section.split("\n"))
        yield Kind(name, HEADERS[name], statements)


KINDS: Sequence[Kind] = tuple(_kinds())
