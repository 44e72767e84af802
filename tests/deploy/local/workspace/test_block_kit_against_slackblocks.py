"""Our validator against an independent table of Slack's limits: both must say the same at and above each limit."""

import copy
from typing import Any

import pytest
import slackblocks as sb
from slackblocks import _limits
from slackblocks._surfaces import _BLOCK_TYPES_BY_SURFACE
from slackblocks.errors import InvalidUsageError

from deploy.local.workspace.block_kit import ALLOWED, validate_blocks, validate_view
from tests.deploy.local.workspace.slackblocks_cases import CASES, Case, Path

ELSEWHERE = {
    "TEXT_MAX_LENGTH": "the same as section.text",
    "MESSAGE_BLOCKS_MAX_ITEMS": "test_a_message_holds_fifty_blocks",
    "MESSAGE_ATTACHMENTS_MAX_ITEMS": "attachments are not blocks; chat.postMessage checks their number",
    "MESSAGE_DATA_VISUALIZATIONS_MAX_ITEMS": "test_totals_of_a_message_agree",
    "MARKDOWN_TOTAL_TEXT_MAX_LENGTH": "test_totals_of_a_message_agree",
    "DATA_TABLE_TOTAL_CONTENT_MAX_LENGTH": "test_totals_of_a_message_agree",
}
TOTALS = {"DATA_TABLE_CONTENT_MAX_LENGTH"}
"""Limits on a sum over the message, reported at its blocks."""


def upper_limits() -> set[str]:
    return {name for name in vars(_limits) if name.endswith(("_MAX_LENGTH", "_MAX_ITEMS", "_MAX"))}


def rendered(built: Any) -> dict[str, Any]:
    json: dict[str, Any] = built._resolve()
    return json


def problems(json: dict[str, Any]) -> list[str]:
    return validate_view(json) if json["type"] in ("modal", "home") else validate_blocks([json])


def grown(json: dict[str, Any], path: Path) -> dict[str, Any]:
    """A copy in which the part at `path` is one character, one item or one unit larger."""
    bigger = copy.deepcopy(json)
    holder: Any = bigger
    for step in path[:-1]:
        holder = holder[step]
    part = holder[path[-1]]
    if isinstance(part, str):
        holder[path[-1]] = part + "x"
    elif isinstance(part, int):
        holder[path[-1]] = part + 1
    else:
        part.append(copy.deepcopy(part[-1]))
    return bigger


def test_every_upper_limit_in_the_table_is_compared() -> None:
    assert upper_limits() == {case.limit for case in CASES} | set(ELSEWHERE)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.limit)
def test_both_agree_at_and_above_the_limit(case: Case) -> None:
    limit: int = getattr(_limits, case.limit)
    at_limit = rendered(case.build(limit))
    assert problems(at_limit) == []
    with pytest.raises(InvalidUsageError):
        case.build(limit + 1)
    place = "/blocks" if case.limit in TOTALS else "/" + "/".join(map(str, case.path))
    assert any(problem.endswith(f"{place}]") for problem in problems(grown(at_limit, case.path)))


def test_a_message_holds_fifty_blocks() -> None:
    for count in (_limits.MESSAGE_BLOCKS_MAX_ITEMS, _limits.MESSAGE_BLOCKS_MAX_ITEMS + 1):
        blocks = [sb.DividerBlock() for _ in range(count)]
        assert accepted(blocks) == (count == _limits.MESSAGE_BLOCKS_MAX_ITEMS)
        assert (validate_blocks([rendered(block) for block in blocks]) == []) == accepted(blocks)


def markdown(size: int) -> Any:
    return sb.MarkdownBlock("x" * size)


def data_table(size: int) -> Any:
    return sb.DataTableBlock([[sb.RawText("h")], [sb.RawText("x" * (size - 1))]], "caption")


def chart() -> Any:
    return sb.DataVisualizationBlock("t", sb.PieChart([sb.ChartSegment("a", 1)]))


@pytest.mark.parametrize(
    "blocks",
    [
        [markdown(6_000), markdown(6_000)],
        [markdown(6_000), markdown(6_001)],
        [data_table(10_000), data_table(10_000)],
        [data_table(10_000), data_table(10_001)],
        [chart(), chart()],
        [chart(), chart(), chart()],
    ],
)
def test_totals_of_a_message_agree(blocks: list[Any]) -> None:
    assert (validate_blocks([rendered(block) for block in blocks]) == []) == accepted(blocks)


def accepted(blocks: list[Any]) -> bool:
    try:
        sb.Message(channel="#general", blocks=blocks)
    except InvalidUsageError:
        return False
    return True


@pytest.mark.parametrize("surface", ["message", "modal", "home"])
def test_both_allow_the_same_blocks_on_each_surface(surface: Any) -> None:
    assert ALLOWED[surface] == _BLOCK_TYPES_BY_SURFACE[surface]
