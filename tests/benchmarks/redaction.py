"""How much of public test vectors is hidden, and how fast: `python -m tests.benchmarks.redaction FOLDER`.

FOLDER holds vectors that were made elsewhere, in any of the forms that `redaction_vectors` reads. Without a folder only
the speed is measured. Speeds are of CPU time, so that another program does not change them.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from pathlib import Path

from agent.redaction import redact
from tests.agent.secrets import ASSIGNMENTS, TOKENS, VALUES, assigned
from tests.benchmarks.redaction_vectors import Vector, read_vectors

MISSES_SHOWN = 40
LOG_LINES = (
    "2026-11-21T11:03:{n:02d}.123Z INFO [orders-api] request 4d1f2c7a-7b1e-4a39-9d2b-0a5f2f6f3c{n:02d} took {n}5 ms\n",
    '{{"ts":"2026-11-21T11:03:{n:02d}Z","level":"WARN","key":"orders","msg":"retry {n} of 5","account":"123456789"}}\n',
    "START RequestId: 8e0a9d7b-2c1f-4a1e-9f3e-1111222233{n:02d} Version: $LATEST\n",
    'ERROR:  password authentication failed for user "app" (attempt {n})\n',
    "[2026-11-21, 11:03:{n:02d} UTC] {{taskinstance.py:1150}} INFO - dag_id=orders run_id=scheduled__{n}\n",
)


def main() -> None:
    _speeds()
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        if not folder.is_dir():
            sys.exit(f"{folder} is no folder; name one that holds the vectors.")
        _vectors(read_vectors(folder))


def _speeds() -> None:
    logs = log_corpus(4_000_000)
    redact("warm up password=hunter2")
    print(f"logs, one secret in 200 lines: {_megabytes_a_second(logs):6.1f} MB/s")
    one_line = logs.replace("\n", " ")[:1_000_000]
    began = time.process_time()
    redact(one_line)
    print(f"1 MB on one line:              {time.process_time() - began:6.3f} s")
    print(f"1 MB on one line, no spaces:   {len('x' * 10**6) / 1e6 / _megabytes_a_second('a1B/' * 250_000):6.3f} s")


def log_corpus(size: int) -> str:
    """Log lines as services write them, with a secret in every two-hundredth."""
    chance, lines, length = random.Random(0), list[str](), 0
    while length < size:
        line = chance.choice(LOG_LINES).format(n=chance.randrange(60))
        if chance.random() < 0.005:
            line = assigned(chance.choice(ASSIGNMENTS), "token", chance.choice(list(VALUES.values()))(chance)) + "\n"
        elif chance.random() < 0.001:
            line = f"got {chance.choice(list(TOKENS.values()))(chance)}\n"
        lines.append(line)
        length += len(line)
    return "".join(lines)


def _megabytes_a_second(text: str) -> float:
    began = time.process_time()
    redact(text)
    return len(text) / 1e6 / (time.process_time() - began)


def _vectors(vectors: list[Vector]) -> None:
    """Recall by kind, the misses, and how much that is no secret was touched."""
    total, hidden, kept, touched = Counter[str](), Counter[str](), 0, 0
    missed: list[Vector] = []
    for vector in vectors:
        if not vector.secret:
            kept += 1
            touched += redact(vector.text) != vector.text
            continue
        total[vector.kind] += 1
        if vector.is_hidden_in(redact(vector.text)):
            hidden[vector.kind] += 1
        else:
            missed.append(vector)
    for kind, count in sorted(total.items()):
        print(f"{kind:40} {hidden[kind]:6} of {count:6}")
    if total:
        print(f"{'recall':40} {sum(hidden.values()) / total.total():.2%} of {total.total()}")
    if kept:
        print(f"{'texts without a secret that were touched':40} {touched / kept:.2%} of {kept}")
    for vector in missed[:MISSES_SHOWN]:
        print(f"  missed {vector.kind}: {vector.text[:160]!r}")


if __name__ == "__main__":
    main()
