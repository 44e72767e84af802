"""What a failed SQL statement and its error message say: the dbt model, the tables, the column, the code."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import takewhile

from agent.ddl import plain_name

_NAME = r'(?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+)){0,2}'
_DBT_COMMENT = re.compile(r"/\*\s*(\{.*?\})\s*\*/", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_TARGET = re.compile(
    rf"(?is)\b(?:create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:table|view)(?:\s+if\s+not\s+exists)?|insert\s+into|"
    rf"merge\s+into|update|delete\s+from|copy|truncate(?:\s+table)?|alter\s+table)\s+({_NAME})"
)
_SOURCE = re.compile(rf"(?is)\b(?:from|join|using)\s+({_NAME})(?!\s*\()")
_DBT_SUFFIX = re.compile(r"__dbt_(?:tmp|backup)\w*$")
_COLUMN_WORDS = (
    re.compile(r'(?i)\bcolumn\s+(?:name\s+)?[`"\']?([\w.]+)[`"\']?'),
    re.compile(r"(?i)\bField\s+[\"']?(\w+)[\"']?"),
)
_RELATION = re.compile(r'(?i)\b(?:relation|table)\s+["\'`]([\w.]+)["\'`]')
_CODE = re.compile(r"(?i)\b(?:error\s+)?code\s*[:=]?\s*([0-9A-Z]{4,5})\b|\bSQLSTATE[:=\s]+([0-9A-Z]{5})")
_MODEL_ERROR = re.compile(r"(?:Database|Runtime|Compilation) Error in (?:model|snapshot|seed|test) (\w+)")
_NO_COLUMN = frozenset({"of", "is", "does", "type", "in", "to", "reference", "with", "and", "the", "list"})


def dbt_model(text: str) -> str:
    """`fct_orders` from dbt's own comment in a statement, or from its error message; empty when it is not dbt's."""
    if match := _DBT_COMMENT.search(text):
        try:
            node = str(json.loads(match[1]).get("node_id", ""))
        except ValueError:
            node = ""
        if node:
            return node.split(".")[-1]
    match = _MODEL_ERROR.search(text)
    return match[1] if match else ""


def dbt_errors(lines: Sequence[str]) -> list[tuple[str, str]]:
    """(model, message) of each error that dbt prints: its heading, then indented lines that say what was wrong."""
    found: list[tuple[str, str]] = []
    for index, line in enumerate(lines):
        if match := _MODEL_ERROR.search(line):
            body = [text.strip() for text in lines[index + 1 : index + 6]]
            message = list(takewhile(_says_more, body))
            found.append((match[1], " ".join([line[match.end() :].partition(")")[2].strip(), *message]).strip()))
    return found


def _says_more(line: str) -> bool:
    return bool(line) and not line.startswith(("compiled code at", "Done.", "Finished running")) and not dbt_model(line)


def target_table(text: str) -> str:
    """The table that a statement writes, as `schema.name`, without dbt's working suffix."""
    match = _TARGET.search(_COMMENT.sub(" ", text))
    return _DBT_SUFFIX.sub("", plain_name(match[1])) if match else ""


def source_tables(text: str) -> list[str]:
    """The tables that a statement reads, as `schema.name`; without a schema a name is mostly a CTE's and left out."""
    names = [plain_name(m[1]) for m in _SOURCE.finditer(_COMMENT.sub(" ", text))]
    return list(dict.fromkeys(name for name in names if "." in name))


def error_details(message: str) -> dict[str, str]:
    """`column`, `table` and `code`, where the message names them."""
    details: dict[str, str] = {}
    for pattern in _COLUMN_WORDS:
        match = pattern.search(message)
        if match and match[1].lower() not in _NO_COLUMN:
            details["column"] = match[1].split(".")[-1].lower()
            break
    if match := _RELATION.search(message):
        details["table"] = match[1].lower()
    if match := _CODE.search(message):
        details["code"] = match[1] or match[2]
    return details
