"""`python -m tests.peers [NAME ...]`: make or renew the peers' environments; all of them when none is named."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.peers import ENVIRONMENTS, HERE, peer_python
from tests.peers.node import node_lacks

NODE_LOCK = "package-lock.json"
LOCKS = ("requirements.lock", NODE_LOCK)


def main(names: list[str]) -> int:
    known = sorted(lock.parent.name for kind in LOCKS for lock in HERE.glob(f"*/{kind}"))
    if unknown := sorted(set(names) - set(known)):
        sys.stderr.write(f"There is no peer called {', '.join(unknown)}; there are {', '.join(known)}.\n")
        return 2
    for name in names or known:
        if not make(name):
            return 1
    return 0


def make(name: str) -> bool:
    """Nothing when the environment was made from this very lock file. False when something needed for it is missing."""
    lock = next(HERE / name / kind for kind in LOCKS if (HERE / name / kind).exists())
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    home = ENVIRONMENTS / name
    ready = home / ".ready"
    if ready.exists() and ready.read_text() == digest:
        return True
    if lock.name == NODE_LOCK and (lacking := node_lacks()):
        sys.stderr.write(f"The peer {name} needs {lacking}.\n")
        return False
    print(f"Setting up .peers/{name} ...", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    _install_node(lock, home) if lock.name == NODE_LOCK else _install_python(lock, home)
    ready.write_text(digest)
    return True


def _install_python(lock: Path, home: Path) -> None:
    venv.create(home, with_pip=True)
    pip = [str(peer_python(home.name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)


def _install_node(lock: Path, home: Path) -> None:
    """`npm ci` takes exactly what the lock file names, checks its hashes, and here runs no package's scripts."""
    home.mkdir(parents=True)
    for file in (lock, lock.with_name("package.json")):
        shutil.copy(file, home)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(["npm", "ci", *quiet], cwd=home, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
