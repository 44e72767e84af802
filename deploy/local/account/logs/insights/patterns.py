"""The `pattern` command: texts that differ only in numbers, ids, addresses and times share a pattern."""

import re
from collections import defaultdict

from deploy.local.account.logs.insights.expressions import Evaluate
from deploy.local.account.logs.insights.rows import Row
from deploy.local.account.logs.insights.values import as_text

PATTERN_COLUMNS = ("@pattern", "@ratio", "@sampleCount", "@severityLabel")

_VARIABLE = re.compile(
    r"""(?P<Time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)
      | (?P<UUID>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)
      | (?P<IPAddress>\b\d{1,3}(?:\.\d{1,3}){3}\b)
      | (?P<Token>\b(?=\w*\d)(?=\w*[A-Za-z_])\w{6,}\b)
      | (?P<Number>(?<![A-Za-z_\d.])-?\d+(?:\.\d+)?)
    """,
    re.VERBOSE,
)
_SEVERITIES = (
    ("ERROR", re.compile(r"\b(?:ERROR|FATAL|CRITICAL|SEVERE|[A-Za-z.]*Exception|Traceback|panic)\b", re.IGNORECASE)),
    ("WARN", re.compile(r"\b(?:WARN|WARNING)\b", re.IGNORECASE)),
    ("DEBUG", re.compile(r"\b(?:DEBUG|TRACE)\b", re.IGNORECASE)),
    ("INFO", re.compile(r"\bINFO\b", re.IGNORECASE)),
)


def patterns_of(rows: list[Row], operand: Evaluate) -> list[Row]:
    """One row a pattern, the most frequent first."""
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        value = operand(row)
        if value is not None:
            counts[pattern_of(as_text(value))] += 1
    total = sum(counts.values())
    return [
        Row(None, "", dict(zip(PATTERN_COLUMNS, (text, count / total, count, _severity(text)), strict=True)))
        for text, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def pattern_of(text: str) -> str:
    """`took 12 ms for 10.0.0.7` -> `took <Number-1> ms for <IPAddress-2>`."""
    number = 0

    def token(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return f"<{match.lastgroup}-{number}>"

    return _VARIABLE.sub(token, text)


def _severity(text: str) -> str:
    return next((label for label, pattern in _SEVERITIES if pattern.search(text)), "NONE")
