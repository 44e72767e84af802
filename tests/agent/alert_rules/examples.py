"""Rules and alerts for tests, in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.alert_rules import Rules, read_rules
from agent.models import Alert

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""A Friday."""


def rules_of(folder: Path, text: str) -> Rules:
    path = folder / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    return read_rules(path)


def alert(title: str = "checkout is slow", source: str = "datadog", severity: str = "warning", **fields: Any) -> Alert:
    fields.setdefault("started_at", NOON)
    return Alert.model_validate(
        {"title": title, "source": source, "severity": severity, "fingerprint": f"{source}:{title}", **fields}
    )
