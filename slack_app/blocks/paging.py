"""Blocks spread over as many messages as Slack's limits ask for, in their order.

A message holds 50 blocks, 12,000 characters of Markdown, one table and two charts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_app.blocks.parts import Block

BLOCKS_PER_MESSAGE = 50
LIMITS: Mapping[str, int] = {"markdown": 12_000, "table": 1, "data_visualization": 2}
"""By type of block: characters of Markdown, and numbers of the others."""


def pages(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks of each message; none for no blocks."""
    found: list[list[Block]] = []
    used: dict[str, int] = {}
    for block in blocks:
        kind, size = str(block.get("type")), _size(block)
        full = not found or len(found[-1]) >= BLOCKS_PER_MESSAGE
        if full or used.get(kind, 0) + size > LIMITS.get(kind, BLOCKS_PER_MESSAGE):
            found.append([])
            used = {}
        found[-1].append(block)
        used[kind] = used.get(kind, 0) + size
    return found


def _size(block: Block) -> int:
    return len(str(block["text"])) if block.get("type") == "markdown" else 1
