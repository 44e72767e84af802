"""Block Kit, validated as strictly as Slack does, without Slack.

    validate_blocks(blocks)                      -> ["must be less than 76 characters [json-pointer:/blocks/0/…]"]
    validate_blocks(blocks, surface="modal")
    validate_view({"type": "modal", ...})

An empty list means valid. Limits are those Slack publishes in its Block Kit reference.
"""

from typing import Any, Literal, cast

from deploy.local.workspace.block_kit.blocks import BLOCKS, ON_HOME, ON_MESSAGE, ON_MODAL
from deploy.local.workspace.block_kit.objects import PLAIN, text
from deploy.local.workspace.block_kit.schema import (
    Problem,
    Report,
    array,
    boolean,
    by_type,
    obj,
    optional,
    required,
    string,
)
from deploy.local.workspace.block_kit.tables import MAX_DATA_TABLE_CHARACTERS, MAX_TABLE_CHARACTERS

Surface = Literal["message", "modal", "home"]

MAX_MESSAGE_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
TOTALS = {
    "markdown characters": 12_000,
    "tables": 1,
    "table characters": MAX_TABLE_CHARACTERS,
    "data table characters": MAX_DATA_TABLE_CHARACTERS,
}
MAX_CHARTS_IN_MESSAGE = 2
CHART = "data_visualization"
ALLOWED = {"message": ON_MESSAGE, "modal": ON_MODAL, "home": ON_HOME}

__all__ = ["Problem", "inspect_blocks", "inspect_view", "validate_blocks", "validate_view"]


def validate_blocks(blocks: Any, surface: Surface = "message") -> list[str]:
    """What Slack would refuse in these blocks, each with the path of the problem."""
    return [str(problem) for problem in inspect_blocks(blocks, surface)]


def validate_view(view: Any) -> list[str]:
    """What Slack would refuse in this modal or home view."""
    return [str(problem) for problem in inspect_view(view)]


def inspect_blocks(blocks: Any, surface: Surface = "message") -> list[Problem]:
    report = Report()
    _check_blocks(report, "/blocks", blocks, surface)
    return report.problems


def inspect_view(view: Any) -> list[Problem]:
    report = Report()
    kind: Any = cast(dict[str, Any], view).get("type") if isinstance(view, dict) else None
    if kind not in ("modal", "home"):
        report.add("/type", "unsupported_type", f"unsupported type: {kind}")
        return report.problems
    fields = MODAL_FIELDS if kind == "modal" else VIEW_FIELDS
    obj(fields)(report, "", view)
    if view.get("blocks") is not None:
        _check_blocks(report, "/blocks", view["blocks"], kind)
    if kind == "modal" and view.get("submit") is None and _count(view.get("blocks"), "input"):
        report.add("", "missing_field", "missing required field: submit (the view has input blocks)")
    return report.problems


def _anything(report: Report, pointer: str, value: Any) -> None:
    """Blocks are checked apart, because their surface matters."""


VIEW_FIELDS = {
    "type": required(string()),
    "blocks": required(_anything),
    "private_metadata": optional(string(3_000)),
    "callback_id": optional(string(255)),
    "external_id": optional(string(255)),
}
MODAL_FIELDS = VIEW_FIELDS | {
    "title": required(text(24, PLAIN)),
    "close": optional(text(24, PLAIN)),
    "submit": optional(text(24, PLAIN)),
    "clear_on_close": optional(boolean),
    "notify_on_close": optional(boolean),
    "submit_disabled": optional(boolean),
}


def _check_blocks(report: Report, pointer: str, blocks: Any, surface: Surface) -> None:
    maximum = MAX_MESSAGE_BLOCKS if surface == "message" else MAX_VIEW_BLOCKS
    array(by_type(BLOCKS, ALLOWED[surface]), 0, maximum)(report, pointer, blocks)
    for what, limit in TOTALS.items():
        if report.counts.get(what, 0) > limit:
            report.add(pointer, "failed_constraint", f"must have no more than {limit} {what} in total")
    if surface == "message" and _count(blocks, CHART) > MAX_CHARTS_IN_MESSAGE:
        report.add(pointer, "failed_constraint", f"must have no more than {MAX_CHARTS_IN_MESSAGE} {CHART} blocks")


def _count(blocks: Any, kind: str) -> int:
    """How many blocks are of this type; anything that is not a list of objects counts for nothing."""
    if not isinstance(blocks, list):
        return 0
    items = [cast(dict[str, Any], block) for block in cast(list[Any], blocks) if isinstance(block, dict)]
    return sum(item.get("type") == kind for item in items)
