"""`python -m tests.requirements`: says what `make test-all` lacks on this machine, and how to get it."""

from __future__ import annotations

import shutil
import sys

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
    if chromium_path():
        return 0
    sys.stderr.write("make test-all needs Chromium for the browser test; install it, as in: apt-get install chromium\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
