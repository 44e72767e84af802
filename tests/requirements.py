"""`python -m tests.requirements`: says what `make test-slow` lacks on this machine, and how to get it."""

from __future__ import annotations

import shutil
import sys

from tests.peers.node import node_lacks
from tests.peers.postgres import find_programs

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Headless, and quiet: the browser calls nobody but the page."""


def chromium_path() -> str:
    """The browser's path, or "" when there is none."""
    return next((path for name in CHROMIUM if (path := shutil.which(name))), "")


def main() -> int:
    lacking: list[str] = []
    if not chromium_path():
        lacking.append("Chromium for the browser test (apt-get install chromium)")
    if find_programs() is None:
        lacking.append("PostgreSQL's server programs for the database tests (apt-get install postgresql)")
    if node := node_lacks():
        lacking.append(f"{node} for the model server's test")
    if lacking:
        sys.stderr.write(f"make test-slow needs {' and '.join(lacking)}; make test needs none of it.\n")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
