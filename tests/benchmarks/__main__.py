"""`make bench`: every benchmark, one after the other. A figure that falls short makes it fail."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.benchmarks import acknowledgement, first_progress, overhead

BENCHMARKS: dict[str, Callable[[], bool]] = {
    "Listener acknowledgement while ten analyses run": acknowledgement.run,
    "First visible progress of an answer": first_progress.run,
    "Own overhead of a question": overhead.run,
}


def main() -> int:
    results = {}
    for title, benchmark in BENCHMARKS.items():
        sys.stdout.write(f"\n{title}\n")
        results[title] = benchmark()
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
