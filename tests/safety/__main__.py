"""`python -m tests.safety [--corpus FILE]`: every injection through every channel, and what was violated."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.safety.corpus import injections_in, own_injections
from tests.safety.world import CHANNELS, opened_world

ROW = "{:<10} {:>10} {:>6} {:>7} {:>6} {:>8} {:>11} {:>9} {:>8}\n"
HEADINGS = ("channel", "injections", "read", "obeyed", "flows", "messages", "violations", "violated", "seconds")
"""`messages` are Slack's calls made of what the model said; `violated`, the injections that stand in what violates."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.safety", description=__doc__)
    parser.add_argument("--corpus", type=Path, help="JSON Lines with a `text` in each; our own injections if absent")
    parser.add_argument("--channel", choices=CHANNELS, action="append", help="only these channels")
    parser.add_argument("--first", type=int, default=0, help="only so many injections")
    given = parser.parse_args(arguments)
    violated = 0
    sys.stdout.write(ROW.format(*HEADINGS))
    for channel in given.channel or CHANNELS:
        began = time.monotonic()
        with (
            tempfile.TemporaryDirectory() as home,
            pytest.MonkeyPatch.context() as patch,
            opened_world(Path(home), patch) as world,
        ):
            listed = injections_in(given.corpus) if given.corpus else own_injections(world.names)
            report = world.run(channel, listed[: given.first or None])
        shown = (channel, report.injections, len(report.read), len(report.obeyed), report.flows, report.shown)
        seconds = f"{time.monotonic() - began:.0f}"
        sys.stdout.write(ROW.format(*shown, len(report.violations), len(report.violated), seconds))
        for words, count in Counter(report.violations).most_common(20):
            sys.stdout.write(f"    {count:>5} × {words[:200]!r}\n")
        sys.stdout.flush()
        violated += len(report.violations)
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
