"""Log lines by Logs Insights where FilterLogEvents cannot, or need not, look at them all.

Groups of the Infrequent Access class answer nothing else; a field with an index is found without scanning the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from agent.log_lines import LogLine
from agent.models import TimeRange
from tools.evidence.base import Look
from tools.evidence.logs.insights import group_of_log, run_query

MAX_LINES = 10_000
_FIELDS = "fields @timestamp, @message, @logStream, @log"
_UNSUPPORTED = frozenset({"InvalidOperationException", "InvalidParameterException", "ValidationException"})

_EQUALITY = (
    re.compile(r"""^\{\s*\$\.([\w.@-]+)\s*=\s*"?([^"{}&|*]+?)"?\s*\}$"""),
    re.compile(r"""^(@?[A-Za-z][\w.]*)\s*[=:]\s*"?([\w./:@-]+)"?$"""),
)
_FIRST_FILTER = re.compile(
    r"""(?ix)^\s* (?:fields\s[^|]+\|\s*)?
    filter\s+ (?P<field>@?[\w.]+) \s*=\s* (?P<value>"[^"]*"|'[^']*'|[\w.-]+) \s*(?:\||$)"""
)


def lines_by_query(
    look: Look, groups: Sequence[str], span: TimeRange, command: str
) -> tuple[list[LogLine], TimeRange, str]:
    """The lines that a filter command keeps, the range that was read, and a note where that is not all."""
    query = " | ".join(part for part in (_FIELDS, command, "sort @timestamp desc", f"limit {MAX_LINES}") if part)
    answer = run_query(look, query, groups, span, limit=MAX_LINES)
    lines = [
        LogLine(
            datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC),
            row.get("@message", "").rstrip(),
            f"{group_of_log(row.get('@log', ''))}\t{row.get('@logStream', '')}",
        )
        for row in answer.rows
        if row.get("@timestamp")
    ]
    return sorted(lines, key=lambda line: line.at), answer.span, answer.note


def needs_a_query(error: Exception) -> bool:
    """Whether FilterLogEvents refused because of what the group is, as it does for Infrequent Access."""
    return isinstance(error, ClientError) and error.response["Error"].get("Code") in _UNSUPPORTED


def filter_command(pattern: str) -> str:
    """A filter pattern as Insights writes it; ValueError for one that it has no short form of."""
    if not pattern:
        return ""
    if len(pattern) > 2 and pattern.startswith("%") and pattern.endswith("%"):
        return f"filter @message like /{pattern[1:-1].replace('/', chr(92) + '/')}/"
    if pattern.startswith('"') and pattern.endswith('"') and len(pattern) > 2:
        return f"filter @message like {pattern}"
    words = pattern.split()
    if all(word.startswith("?") and len(word) > 1 for word in words):
        return f"filter @message like /{'|'.join(re.escape(word[1:].strip(chr(34))) for word in words)}/"
    if re.fullmatch(r"\w+", pattern):
        return f'filter @message like "{pattern}"'
    raise ValueError(f"The filter pattern {pattern} cannot be put to a group that answers only Logs Insights queries.")


def equality(pattern: str) -> tuple[str, str] | None:
    """The field and the value of `requestId=4f1c` or `{ $.requestId = "4f1c" }`."""
    match = next((found for form in _EQUALITY if (found := form.match(pattern.strip()))), None)
    return (match[1], match[2].strip()) if match else None


def index_command(look: Look, groups: Sequence[str], span: TimeRange, field: str, value: str) -> str:
    """`filterIndex field = "value"` where every group has had an index on the field for the whole range, or nothing."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'filterIndex {field} = "{quoted}"' if field in indexed_fields(look, groups, span) else ""


def with_index(look: Look, query: str, groups: Sequence[str], span: TimeRange) -> str:
    """The query; led by a filterIndex when it begins by filtering on a field that has an index."""
    match = _FIRST_FILTER.match(query)
    if match is None or match["field"] not in indexed_fields(look, groups, span):
        return query
    return f"filterIndex {match['field']} = {match['value']} | {query}"


def indexed_fields(look: Look, groups: Sequence[str], span: TimeRange) -> set[str]:
    """Fields with an index in every one of the groups that is as old as the range: filterIndex skips what is older."""
    try:
        known = _indexes(look, groups)
    except (ClientError, BotoCoreError):
        return set()  # an index only makes a query cheaper
    since = span.start.timestamp()
    each = [{name for name, first in known.get(group, {}).items() if first <= since} for group in groups]
    return set[str].intersection(*each) if each else set()


def _indexes(look: Look, groups: Sequence[str]) -> dict[str, dict[str, float]]:
    """By group and field the epoch second of the first event that the index holds."""
    found: dict[str, dict[str, float]] = {}
    token: dict[str, str] = {}
    while True:
        page = look.call("logs", "describe_field_indexes", logGroupIdentifiers=list(groups)[:100], **token)
        for index in page.get("fieldIndexes", []):
            group = re.sub(r"^arn:[^:]+:logs:[^:]*:\d*:log-group:|:\*$", "", index["logGroupIdentifier"])
            first = index.get("firstEventTime")
            if first is not None:
                found.setdefault(group, {})[index["fieldIndexName"]] = first / 1000
        if not page.get("nextToken"):
            return found
        token = {"nextToken": page["nextToken"]}
