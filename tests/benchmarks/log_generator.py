"""Log files with known truth, in the layout of the public loghub sets: FOLDER/HDFS/HDFS_2k.log[_structured.csv].

python -m tests.benchmarks.log_generator FOLDER             # our own statements
python -m tests.benchmarks.log_generator FOLDER --found     # those that the installed packages write
python -m tests.benchmarks.log_generator FOLDER --nested    # the same, their variables often lists and objects
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.log_formats import KINDS, Kind
from tests.benchmarks.log_found import found_statements
from tests.benchmarks.log_values import NESTED, PLAIN, VALUES, Draw

LINES = 2000
START = datetime(2025, 3, 7, 9, 30, tzinfo=UTC)
FOUND = (14, 110, 36, 50, 43, 120, 46, 149, 50, 118, 300, 160, 75, 6, 27, 8)
"""How many of the statements found go into each file: about what the public files hold."""
_VARIABLE = re.compile(r"\{(\w+)\}")


def fill(statement: str, draw: Draw) -> str:
    """One message of a statement."""
    return _VARIABLE.sub(lambda m: VALUES[m[1]](draw), statement)


def template(statement: str) -> str:
    return _VARIABLE.sub("<*>", statement)


def rows(kind: Kind, statements: Sequence[str], seed: int, lines: int = LINES) -> Iterator[tuple[str, str, str]]:
    """Raw line, message and statement; a few statements are most of a file, and many come once."""
    draw = Draw(f"{kind.name} {seed}")
    order = draw.sample(list(statements), len(statements))
    weights = [1 / (rank + 0.6) ** draw.uniform(1.2, 1.9) for rank in range(len(order))]
    at = START
    chosen = [*order, *draw.choices(order, weights, k=lines - len(order))]
    for statement in draw.sample(chosen, len(chosen)):
        at += timedelta(seconds=draw.expovariate(1 / 3))
        message = fill(statement, draw)
        yield f"{kind.header(at, draw)}{message}", message, statement


def write(folder: Path, kind: Kind, statements: Sequence[str], seed: int = 1, lines: int = LINES) -> None:
    """A raw file and its truth, in the way of loghub."""
    (folder / kind.name).mkdir(parents=True, exist_ok=True)
    made = list(rows(kind, statements, seed, lines))
    ids = {statement: f"E{number}" for number, statement in enumerate(dict.fromkeys(row[2] for row in made), 1)}
    raw = folder / kind.name / f"{kind.name}_2k.log"
    raw.write_text("\n".join(row[0] for row in made) + "\n")
    with raw.with_name(f"{raw.name}_structured.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("LineId", "Content", "EventId", "EventTemplate"))
        for number, (_, message, statement) in enumerate(made, 1):
            table.writerow((number, message, ids[statement], template(statement)))


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print("Give the folder to write to: python -m tests.benchmarks.log_generator FOLDER", file=sys.stderr)
        return 2
    shares = [kind.statements for kind in KINDS]
    if len(arguments) > 1:
        found = found_statements(NESTED if "--nested" in arguments else PLAIN, sum(FOUND))
        starts = [sum(FOUND[:index]) for index in range(len(KINDS))]
        shares = [found[start : start + size] for start, size in zip(starts, FOUND, strict=True)]
    for kind, share in zip(KINDS, shares, strict=True):
        write(Path(arguments[0]), kind, share)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
