"""`python -m tests.peers [NAME ...]`: make or renew the peers' environments; all of them when none is named."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv

from tests.peers import ENVIRONMENTS, HERE, peer_python


def main(names: list[str]) -> int:
    known = sorted(lock.parent.name for lock in HERE.glob("*/requirements.lock"))
    if unknown := sorted(set(names) - set(known)):
        sys.stderr.write(f"There is no peer called {', '.join(unknown)}; there are {', '.join(known)}.\n")
        return 2
    for name in names or known:
        make(name)
    return 0


def make(name: str) -> None:
    """Nothing when the environment was made from this very lock file."""
    lock = HERE / name / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    home = ENVIRONMENTS / name
    ready = home / ".ready"
    if ready.exists() and ready.read_text() == digest:
        return
    print(f"Setting up .peers/{name} ...", flush=True)
    shutil.rmtree(home, ignore_errors=True)
    venv.create(home, with_pip=True)
    pip = [str(peer_python(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    ready.write_text(digest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
