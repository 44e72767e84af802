"""The validator's own rules: totals, uniqueness, surfaces, and that it never breaks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.workspace.block_kit import inspect_blocks, validate_blocks, validate_view
from deploy.local.workspace.block_kit.blocks import BLOCKS
from deploy.local.workspace.block_kit.elements import ELEMENTS

Block = dict[str, Any]


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def section(text: str = "x", **more: Any) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, **more: Any) -> Block:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), **more}


def table(cells: list[list[str]]) -> Block:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in cells]}


def chart(**more: Any) -> Block:
    return {
        "type": "data_visualization",
        "title": "Cost",
        "chart": {"type": "pie", "segments": [{"label": "Lambda", "value": 3}]},
        **more,
    }


def test_a_rich_message_is_valid() -> None:
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]}],
    }
    blocks = [
        {"type": "header", "text": plain("Lambda errors")},
        section(
            fields=[{"type": "mrkdwn", "text": "*Region*\nca-central-1"}], accessory=button("open", url="https://x")
        ),
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "2 sources"}]},
        {"type": "markdown", "text": "**Likely cause**: a deploy"},
        table([["service", "cost"], ["lambda", "120"]]),
        chart(),
        {"type": "plan", "title": "Checks", "tasks": [{"task_id": "1", "title": "Logs", "status": "pending"}]},
        {"type": "task_card", "task_id": "2", "title": "Costs", "status": "complete", "output": rich},
        {"type": "actions", "elements": [button("approve", style="primary"), button("reject", style="danger")]},
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "feedback",
                    "positive_button": {"text": plain("Good"), "value": "up"},
                    "negative_button": {"text": plain("Bad"), "value": "down"},
                }
            ],
        },
    ]
    assert validate_blocks(blocks) == []


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([section()] * 51, "must be less than 51 items [json-pointer:/blocks]"),
        (
            [section(block_id="a"), section(block_id="a")],
            "block_id 'a' already exists [json-pointer:/blocks/1/block_id]",
        ),
        (
            [{"type": "actions", "elements": [button("a"), button("a")]}],
            "action_id 'a' already exists [json-pointer:/blocks/0/elements/1/action_id]",
        ),
        ([table([["a"]]), table([["b"]])], "must have no more than 1 tables in total [json-pointer:/blocks]"),
        (
            [table([["a" * 5_001, "b" * 5_000]])],
            "must have no more than 10000 table characters in total [json-pointer:/blocks]",
        ),
        ([chart()] * 3, "must have no more than 2 data_visualization blocks [json-pointer:/blocks]"),
        (
            [{"type": "markdown", "text": "x" * 7_000}] * 2,
            "must have no more than 12000 markdown characters in total [json-pointer:/blocks]",
        ),
        ([{"type": "section"}], "must define at least one of: text, fields [json-pointer:/blocks/0]"),
        ([section(colour="red")], "invalid additional property: colour [json-pointer:/blocks/0]"),
        ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (
            [section(accessory={"type": "email_text_input"})],
            "unsupported type: email_text_input [json-pointer:/blocks/0/accessory/type]",
        ),
        ([{"type": "alert", "text": plain("no")}], "unsupported type: alert [json-pointer:/blocks/0/type]"),
        ([{"type": "video"}, "x"], "unsupported type: None [json-pointer:/blocks/1/type]"),
        ("blocks", "must be an array [json-pointer:/blocks]"),
    ],
)
def test_a_problem_is_named_with_its_place(blocks: Any, problem: str) -> None:
    assert problem in validate_blocks(blocks)


def test_a_series_needs_one_point_for_each_category() -> None:
    series = [{"name": "Lambda", "data": [{"label": "Mon", "value": 1}]}]
    axis = {"categories": ["Mon", "Tue"]}
    block = chart(chart={"type": "line", "series": series, "axis_config": axis})
    assert [problem.pointer for problem in inspect_blocks([block])] == ["/blocks/0/chart/series/0/data"]


def test_views_allow_a_hundred_blocks_and_their_own_types() -> None:
    view = {"type": "modal", "title": plain("Title"), "blocks": [section()] * 100}
    assert validate_view(view) == []
    assert validate_view(view | {"blocks": [section()] * 101})
    assert validate_view(view | {"blocks": [{"type": "alert", "text": plain("careful"), "level": "warning"}]}) == []
    assert validate_view(view | {"blocks": [{"type": "markdown", "text": "no"}]})
    assert validate_view({"type": "home", "blocks": [table([["a"]])]}) == []
    assert validate_view({"type": "home", "title": plain("no title on a home"), "blocks": []})


def test_a_modal_with_inputs_needs_a_submit_button() -> None:
    note = {"type": "input", "label": plain("Note"), "element": {"type": "plain_text_input"}}
    view = {"type": "modal", "title": plain("Title"), "blocks": [note]}
    assert validate_view(view) == ["missing required field: submit (the view has input blocks) [json-pointer:/]"]
    assert validate_view(view | {"submit": plain("Save")}) == []


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "a"]), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = [
    "text",
    "fields",
    "elements",
    "element",
    "accessory",
    "rows",
    "chart",
    "tasks",
    "title",
    "blocks",
    "block_id",
    "action_id",
    "actions",
    "options",
]
SHAPED = st.dictionaries(st.sampled_from(FIELDS), JUNK, max_size=5).flatmap(
    lambda body: st.sampled_from([*BLOCKS, *ELEMENTS]).map(lambda kind: body | {"type": kind})
)


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(SHAPED | JUNK, max_size=3) | JUNK)
def test_no_json_value_breaks_the_validator(value: Any) -> None:
    assert isinstance(validate_blocks(value), list)
    assert isinstance(validate_view({"type": "modal", "blocks": value}), list)
    assert isinstance(validate_view(value), list)
