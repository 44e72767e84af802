"""An answer with a chart and a table, and how tests look at its blocks."""

from __future__ import annotations

import json
from typing import Any

from agent.models import (
    Answer,
    Chart,
    Claim,
    Confidence,
    Series,
    Table,
)
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.blocks.paging import pages
from tests.agent.examples import evidence, finding

CONSOLE = "https://us-east-1.console.aws.amazon.com/costmanagement/home"
ASKED = "1700000000.000100"
DAYS = tuple(f"{day:02d} Nov" for day in range(1, 15))
CHART = Chart(
    title="Cost a day", kind="bar", unit="usd", labels=DAYS, series=(Series(name="AWS Lambda", values=(9.0,) * 14),)
)
TABLE = Table(
    title="Changes",
    columns=("When", "Who", "Minutes"),
    rows=(("14:02 UTC", "dana", "12"), ("13:00 UTC", "ci", "74.5"), ("12:00 UTC", "sam", "1,134")),
)
COST = evidence(finding("cost_rise"), id="ev_cost", tool="cost_breakdown", charts=(CHART,), console_url=CONSOLE)
CHANGES = evidence(
    finding("change_before_onset"), id="ev_changes", tool="recent_changes", tables=(TABLE,), console_url=CONSOLE
)
ANSWER = Answer(
    headline="AWS Lambda costs $260 a day instead of $22.",
    claims=(
        Claim(text="AWS Lambda costs $260 a day instead of $22.", evidence=("ev_cost",)),
        Claim(text="dana changed media-thumbnailer at 14:02 UTC.", evidence=("ev_changes",)),
    ),
    specialists=("cost", "infra"),
    confidence=Confidence(value=0.9),
)


def shown(blocks: Any) -> list[dict[str, Any]]:
    """Valid on every message that they take."""
    for page in pages(blocks):
        assert validate_blocks(page) == []
    return blocks


def words(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def kinds(blocks: Any) -> list[str]:
    return [block["type"] for block in blocks]


def answered(**fields: Any) -> Answer:
    return ANSWER.model_copy(update=fields)
