"""A PostgreSQL server that lives as long as its tests: one folder, one Unix socket, no TCP.

    with running_postgres() as server:  # "host=/tmp/pg-abc user=postgres"
        psycopg.connect(server, dbname="postgres")

Debian: `apt-get install postgresql`. The server refuses to run as root, so root starts it as `nobody`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

UNPRIVILEGED = "nobody"
QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses=''"


def find_programs() -> Path | None:
    """The folder of initdb and pg_ctl: the newest that Debian has, else what is on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def running_postgres(programs: Path) -> Generator[str]:
    """Connection parameters of a fresh server, which is gone afterwards."""
    # Not in pytest's own folder: only its owner may enter that, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)
        owner = {"user": UNPRIVILEGED}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            env={"LC_ALL": "C.UTF-8", "HOME": str(folder), "PATH": os.defpath},
            **owner,
        )

    cluster = str(folder / "cluster")
    try:
        run("initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-D", cluster, "-w", "-l", str(folder / "log"), "-o", f"{QUICK} -k {folder}", "start")
        try:
            yield f"host={folder} user=postgres"
        finally:
            run("pg_ctl", "-D", cluster, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
