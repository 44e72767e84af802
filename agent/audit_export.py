"""Lines of the audit trail for people and for other tools: chosen, as JSON Lines, as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.audit_chain import Line
from agent.models import AuditEntry

_COLUMNS = ("sequence", "at", "actor", "event", "subject", "detail", "id", "previous", "previous_at", "hash")
CSV_HEADINGS = ",".join(_COLUMNS) + "\r\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell must not begin with, since spreadsheets would run it: the wide signs of East Asian fonts too."""


@dataclass(frozen=True)
class Chosen:
    """Which lines: from `since` on, before `until`. Empty fields choose all."""

    subject: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def has(self, line: Line) -> bool:
        """A line that cannot be read is left out only where the choice is by what it would have to say."""
        entry = line.entry
        if entry is None:
            return self == Chosen()
        return (
            self.subject in ("", entry.subject)
            and self.actor in ("", entry.actor)
            and (self.since is None or self.since <= entry.at)
            and (self.until is None or entry.at < self.until)
        )


def jsonl(line: Line) -> str:
    """The stored text itself, byte for byte, so that its hash can be checked."""
    if line.entry is None:
        return json.dumps({"unreadable": line.text, "sequence": line.sequence}) + "\n"
    return line.text.replace("\n", " ") + "\n"


def csv_row(line: Line) -> str:
    cells = (
        _cells(line.entry) if line.entry else {"sequence": line.sequence, "event": "unreadable", "detail": line.text}
    )
    row = [_safe("" if (value := cells.get(column)) is None else str(value)) for column in _COLUMNS]
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow(row)
    return written.getvalue()


FORMATS: dict[str, tuple[str, Callable[[Line], str]]] = {"jsonl": ("", jsonl), "csv": (CSV_HEADINGS, csv_row)}
"""What stands first, and how a line is written."""


def brief(entry: AuditEntry) -> str:
    """What it is about in a few words: `lambda_rollback checkout: the errors began with version 42`."""
    detail = entry.detail
    what = " ".join(str(part) for part in (detail.get("action"), target_of(entry)) if part)
    result = detail.get("result")
    message = result.get("message") if isinstance(result, dict) else ""
    said = [detail.get("outcome"), detail.get("why"), detail.get("reason"), message]
    return ": ".join(part for part in (what, "; ".join(str(each) for each in said if each)) if part)


def target_of(entry: AuditEntry) -> str:
    target: Any = entry.detail.get("target")
    return str(target.get("id", "")) if isinstance(target, dict) else ""


def _cells(entry: AuditEntry) -> dict[str, Any]:
    fields = entry.model_dump(mode="json")
    return fields | {"detail": json.dumps(fields["detail"], sort_keys=True, ensure_ascii=False)}


def _safe(cell: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula, blanks before it or not."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
