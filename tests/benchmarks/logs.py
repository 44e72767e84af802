"""`python -m tests.benchmarks.logs FOLDER`: the log summary measured on labelled log files, one configuration for all.

FOLDER holds loghub's 2k sets, raw lines and truth, in folders of their own or side by side:
    HDFS/HDFS_2k.log  HDFS/HDFS_2k.log_structured.csv  (HDFS_2k.log_structured_corrected.csv is preferred)

GA, grouping accuracy (Zhu et al., ICSE-SEIP 2019): the share of lines whose predicted group holds exactly the lines of
their true group. FGA (Jiang et al., ISSTA 2024): the harmonic mean of precision and recall over groups, 2PR / (P + R),
P = right groups / predicted groups, R = right groups / true groups.
Saved: 1 - tokens of the rendered summary / tokens of the raw file; a token is a run of letters, a run of digits, or one
other mark that is not white space. Shown: the share of true templates of which at least one message stands word for
word in the summary.
"""

from __future__ import annotations

import csv
import re
import sys
import time
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import mean

from agent.log_summary import summarise, template_ids

AIMS = {"ga": 0.88, "fga": 0.89, "speed": 100_000, "saved": 0.945, "shown": 0.96}
TRUTHS = ("_structured_corrected.csv", "_structured.csv")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")


@dataclass(frozen=True)
class Labelled:
    """One log file: line i printed `contents[i]` from the true template `events[i]`."""

    name: str
    lines: list[str]
    contents: list[str]
    events: list[str]


@dataclass(frozen=True)
class Score:
    ga: float
    fga: float
    speed: float
    saved: float
    shown: float


def read(folder: Path) -> Iterator[Labelled]:
    """The labelled files below a folder. Raises ValueError with a sentence to show when there are none."""
    raw = sorted({*folder.glob("*_2k.log"), *folder.glob("*/*_2k.log")}) if folder.is_dir() else []
    pairs = [(path, truth) for path in raw if (truth := _truth_of(path))]
    if not pairs:
        raise ValueError(
            f"There are no labelled log files in {folder}: give the folder that holds HDFS/HDFS_2k.log and "
            "HDFS/HDFS_2k.log_structured.csv of loghub."
        )
    for path, truth in pairs:
        yield _labelled(path, truth)


def _truth_of(path: Path) -> Path | None:
    return next((truth for end in TRUTHS if (truth := path.with_name(path.name + end)).exists()), None)


def _labelled(path: Path, truth: Path) -> Labelled:
    # Only \n ends a line: some messages hold other marks that Python's splitlines would take for one.
    raw = path.read_bytes().decode("utf-8", "replace").split("\n")
    csv.field_size_limit(10**7)
    with truth.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        table = [row for row in csv.DictReader(file) if row.get("EventId")]
    numbers = [int(row["LineId"]) - 1 for row in table]
    kept = [
        (raw[n].rstrip("\r"), row["Content"] or "", row["EventId"])
        for n, row in zip(numbers, table, strict=True)
        if n < len(raw)
    ]
    name = path.name.removesuffix("_2k.log")
    return Labelled(name, [k[0] for k in kept], [k[1] for k in kept], [k[2] for k in kept])


def grouping(predicted: Sequence[Hashable], true: Sequence[Hashable]) -> tuple[float, float]:
    """GA and FGA."""
    groups, truth = _groups(predicted), _groups(true)
    right = groups & truth
    ga = sum(map(len, right)) / max(len(true), 1)
    precision, recall = len(right) / max(len(groups), 1), len(right) / max(len(truth), 1)
    return ga, 2 * precision * recall / (precision + recall) if right else 0.0


def _groups(ids: Sequence[Hashable]) -> set[frozenset[int]]:
    members: dict[Hashable, list[int]] = defaultdict(list)
    for index, identity in enumerate(ids):
        members[identity].append(index)
    return set(map(frozenset, members.values()))


def tokens(text: str) -> int:
    return len(_TOKEN.findall(text))


def shown(log: Labelled, summary: str) -> float:
    """The share of true templates that a reader of the summary sees an example of."""
    flat = " ".join(summary.split())
    messages: dict[str, set[str]] = defaultdict(set)
    for content, event in zip(log.contents, log.events, strict=True):
        messages[event].add(" ".join(content.split()))
    return mean(any(message in flat for message in found) for found in messages.values())


def score(log: Labelled) -> Score:
    began = time.process_time()
    ids = template_ids(log.lines)
    seconds = time.process_time() - began
    summary = summarise(log.lines).render()
    ga, fga = grouping(ids, log.events)
    saved = 1 - tokens(summary) / tokens("\n".join(log.lines))
    return Score(ga, fga, len(log.lines) / max(seconds, 1e-9), saved, shown(log, summary))


def run(folder: Path) -> bool:
    """Print a row for each file and the mean; whether every aim is reached."""
    logs = list(read(folder))
    print(f"{'set':<14}" + "".join(f"{field.name:>10}" for field in fields(Score)))
    scores = [score(log) for log in logs]
    for log, got in zip(logs, scores, strict=True):
        print(_row(log.name, got))
    lines = sum(len(log.lines) for log in logs)
    speed = lines / sum(len(log.lines) / got.speed for log, got in zip(logs, scores, strict=True))
    ga, fga, _, saved, seen = (mean(column) for column in zip(*map(astuple, scores), strict=True))
    total = Score(ga, fga, speed, saved, seen)
    print(_row("mean", total))
    print("aim           " + "".join(f"{AIMS[field.name]:>10,}" for field in fields(Score)))
    return all(getattr(total, name) >= aim for name, aim in AIMS.items())


def _row(name: str, got: Score) -> str:
    return f"{name:<14}{got.ga:>10.3f}{got.fga:>10.3f}{got.speed:>10,.0f}{got.saved:>10.3f}{got.shown:>10.3f}"


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("Give the folder with the log files: python -m tests.benchmarks.logs FOLDER", file=sys.stderr)
        return 2
    try:
        return 0 if run(Path(arguments[0])) else 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
