"""Anomaly detection on the Numenta Anomaly Benchmark: `python -m tests.benchmarks.anomaly FOLDER`.

FOLDER is a copy of the public repository (data/<group>/<file>.csv and labels/combined_windows.json).
`--held-out GROUP` takes the threshold from the other groups only. Without a folder made-up series are scored: the
shapes that the detector was tuned on and those that it was not, with the threshold of the former.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from agent.anomaly import make_detector
from tests.benchmarks.metric_shapes import HELD_OUT, TUNED_ON, generate
from tests.benchmarks.nab import Labelled, Weighed, best_threshold, detect, load, normalised, weigh

AWS_GROUP = "realAWSCloudWatch"
AIM_AWS, AIM_ALL = 65.0, 63.0


def run(corpus: Sequence[Labelled], held_out: str = "", threshold: float | None = None) -> dict[str, float]:
    """Prints a line for each group and the whole; returns their normalised scores and the `threshold`.

    The threshold is the best of all groups but `held_out`, unless it is given.
    """
    began = time.process_time()
    scored = [(series, weigh(series, detect(series, make_detector))) for series in corpus]
    seconds = time.process_time() - began
    if threshold is None:
        threshold = best_threshold([point for series, points in scored if series.group != held_out for point in points])
    groups = {group: [s for s in scored if s[0].group == group] for group in sorted({s.group for s in corpus})}
    results: dict[str, float] = {}
    sys.stdout.write(f"{'group':28} {'files':>5} {'windows':>7} {'found':>6} {'false':>6} {'score':>7}\n")
    for group, members in (*groups.items(), ("all", scored)):
        points = [point for _, weighed in members for point in weighed]
        results[group] = normalised(points, threshold)
        windows, found, false = _counts(points, threshold)
        sys.stdout.write(f"{group:28} {len(members):5} {windows:7} {found:6} {false:6} {results[group]:7.1f}\n")
    length = sum(len(series.times) for series in corpus)
    sys.stdout.write(f"threshold {threshold:.4f}, {length / seconds:,.0f} points a second\n")
    return results | {"threshold": threshold}


def run_made(seeds: int = 3) -> dict[str, float]:
    """The shapes tuned on, then the held-out ones; returns the figures of the latter."""
    tuned = run(generate(range(seeds), TUNED_ON))
    return run(generate(range(100, 100 + seeds), HELD_OUT), threshold=tuned["threshold"])


def _counts(points: Sequence[Weighed], threshold: float) -> tuple[int, int, int]:
    """How many windows there are, how many were found, and how many detections lie outside."""
    detected = [point for point in points if point.score >= threshold]
    found = {point.window for point in detected if point.window}
    return len({p.window for p in points if p.window}), len(found), sum(1 for p in detected if not p.window)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.anomaly", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="a copy of the benchmark's repository")
    parser.add_argument("--held-out", default="", metavar="GROUP", help="take the threshold from the other groups")
    asked = parser.parse_args(arguments)
    try:
        corpus = load(asked.folder) if asked.folder else None
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"{asked.folder} does not hold the benchmark's data and labels folders: {error}\n")
        return 2
    results = run(corpus, asked.held_out) if corpus else run_made()
    return 0 if results["all"] > AIM_ALL and results.get(AWS_GROUP, AIM_ALL + 3) > AIM_AWS else 1


if __name__ == "__main__":
    sys.exit(main())
