"""What the commands about kept things share: the configured stores for a moment, and how times are written."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from agent.redaction import Policy, use
from agent.settings import Settings
from deploy.local_home import with_latest_home
from deploy.showing import escape

if TYPE_CHECKING:
    from tools.persistence import Persistence

_WIDE = 2000
"""Columns of piped output, so that no row is wrapped."""


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def kept_things() -> AsyncGenerator[Persistence]:
    """The stores and the queue that the settings name, beside a Watchkeeper that may be running on them."""
    from tools.persistence import open_persistence

    settings = with_latest_home(Settings.read())
    use(Policy(cards=settings.redact_cards, emails=settings.redact_emails))
    kept = open_persistence(settings, now)
    try:
        yield kept
    finally:
        kept.close()


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Piped output is not cut to a terminal's width."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


def when(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else ""


def lasted(seconds: float) -> str:
    """`45s`, `12m`, `3h 05m`, `2d 4h`."""
    span = timedelta(seconds=round(seconds))
    minutes = span.seconds // 60
    if span.days:
        return f"{span.days}d {minutes // 60}h"
    if minutes >= 60:
        return f"{minutes // 60}h {minutes % 60:02}m"
    return f"{minutes}m" if minutes else f"{span.seconds}s"
