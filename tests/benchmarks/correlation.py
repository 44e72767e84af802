"""How well alerts are grouped into incidents: `python -m tests.benchmarks.correlation FILE`.

FILE holds a recorded stream, `[{"t": seconds, "system", "service", "title", "incident"}]`, as one JSON array or a row a
line. Alerts are taken in the order of time, and each is decided on when it comes. Without a file made-up streams are
scored: the families that the constants were chosen on, and those that they were not.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from agent.triage import Correlator, alert_from_stream
from tests.benchmarks.correlation_held_out import HELD_OUT
from tests.benchmarks.correlation_score import Score, b_cubed
from tests.benchmarks.correlation_streams import FAMILIES, Family, Row, streams

GAP_SECONDS, WINDOW_SECONDS = 60.0, 300.0
NAMES = ("t", "system", "service", "title", "incident")

Grouping = Callable[[Sequence[Row]], list[object]]


def ours(rows: Sequence[Row]) -> list[object]:
    correlator = Correlator()
    return [correlator.assign(alert_from_stream(row)) for row in rows]


def session_gap(rows: Sequence[Row]) -> list[object]:
    """The plain rule to beat: a system's alerts are one incident until it is quiet for a minute."""
    last: dict[str, float] = {}
    incident: dict[str, int] = {}
    groups: list[object] = []
    for row in rows:
        system = row["system"]
        if row["t"] - last.get(system, -GAP_SECONDS * 2) > GAP_SECONDS:
            incident[system] = incident.get(system, 0) + 1
        last[system] = row["t"]
        groups.append((system, incident[system]))
    return groups


def fixed_windows(rows: Sequence[Row]) -> list[object]:
    return [(row["system"], row["t"] // WINDOW_SECONDS) for row in rows]


GROUPINGS: dict[str, Grouping] = {
    "ours": ours,
    "60 s gap per system": session_gap,
    "fixed five minutes": fixed_windows,
}


def load(path: Path) -> list[Row]:
    """Raises ValueError, which says what is missing, for a file that holds no such stream."""
    text = path.read_text(encoding="utf-8").strip()
    rows: list[Row] = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    if not rows:
        raise ValueError("it has no rows")
    missing = next((name for row in rows for name in NAMES if name not in row), None)
    if missing:
        raise ValueError(f"a row has no {missing!r}")
    return sorted(rows, key=lambda row: row["t"])


def run(rows: Sequence[Row]) -> dict[str, Score]:
    """Prints a table for the whole and one for each system; returns the scores of the whole."""
    truth = [str(row["incident"]) for row in rows]
    groups: dict[str, list[object]] = {}
    for name, grouping in GROUPINGS.items():
        began = time.process_time()
        groups[name] = grouping(rows)
        if name == "ours":
            sys.stdout.write(f"{len(rows) / (time.process_time() - began):,.0f} alerts a second\n")
    systems = list(dict.fromkeys(str(row["system"]) for row in rows))
    sys.stdout.write(f"{'system':24} {'alerts':>7} {'incidents':>9}  {'grouping':20} precision  recall     F1\n")
    for system in systems if len(systems) > 1 else ():
        chosen = [number for number, row in enumerate(rows) if str(row["system"]) == system]
        _print(system, [truth[number] for number in chosen], _part(groups, chosen))
    return _print("all", truth, groups)


def _part(groups: dict[str, list[object]], chosen: Sequence[int]) -> dict[str, list[object]]:
    return {name: [given[number] for number in chosen] for name, given in groups.items()}


def _print(system: str, truth: Sequence[str], groups: dict[str, list[object]]) -> dict[str, Score]:
    scores = {name: b_cubed(given, truth) for name, given in groups.items()}
    for name, score in scores.items():
        sys.stdout.write(
            f"{system[:24]:24} {len(truth):7} {len(set(truth)):9}  {name:20}"
            f" {score.precision:9.3f} {score.recall:7.3f} {score.f1:6.3f}\n"
        )
    return scores


def run_made(families: dict[str, Family], seeds: range = range(3)) -> dict[str, float]:
    """Prints F1 family by family; returns the mean of each grouping over the families."""
    means: dict[str, list[float]] = {name: [] for name in GROUPINGS}
    sys.stdout.write(f"{'family':14}" + "".join(f"{name:>22}" for name in GROUPINGS) + "\n")
    for family in families:
        made = [rows for _, rows in streams(seeds, {family: families[family]})]
        for name, grouping in GROUPINGS.items():
            means[name].append(fmean(b_cubed(grouping(rows), [row["incident"] for row in rows]).f1 for rows in made))
        sys.stdout.write(f"{family:14}" + "".join(f"{means[name][-1]:22.3f}" for name in GROUPINGS) + "\n")
    overall = {name: fmean(values) for name, values in means.items()}
    sys.stdout.write(f"{'mean':14}" + "".join(f"{value:22.3f}" for value in overall.values()) + "\n")
    return overall


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.correlation", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="a recorded stream; without it, made-up ones")
    asked = parser.parse_args(arguments)
    if asked.file is None:
        sys.stdout.write("Families that the constants were chosen on\n")
        chosen_on = run_made(FAMILIES)
        sys.stdout.write("\nFamilies held out\n")
        held_out = run_made(HELD_OUT)
        return 0 if all(means["ours"] > means["60 s gap per system"] for means in (chosen_on, held_out)) else 1
    try:
        rows = load(asked.file)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{asked.file} does not hold a stream of alerts: {error}\n")
        return 2
    scores = run(rows)
    return 0 if scores["ours"].f1 > scores["60 s gap per system"].f1 else 1


if __name__ == "__main__":
    sys.exit(main())
