"""Commands that people shall run: whole, in blocks that can be copied."""

from __future__ import annotations

import json

import pytest

from deploy.local.workspace.block_kit import validate_blocks
from slack_app.blocks.steps import in_parts, step_blocks, step_markdown
from slack_app.blocks.text import escape

COMMAND = "aws lambda update-alias --function-name checkout --name 'live*' --function-version 41"


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        ("Look at it by hand.", [("Look at it by hand.", "")]),
        (f"Roll it back: `{COMMAND}`.", [("Roll it back:", COMMAND)]),
        (
            f"Stop it now: `{COMMAND}`, or remove the trigger.",
            [("Stop it now:", COMMAND), ("or remove the trigger.", "")],
        ),
        ("Cast `amount_cents` in the model.", [("Cast `amount_cents` in the model.", "")]),
        ("Look for `KeyError: 'currency'`, then ask.", [("Look for `KeyError: 'currency'`, then ask.", "")]),
        ("`a` or `ls -l /tmp`, then `df -h`", [("`a` or:", "ls -l /tmp"), ("then:", "df -h")]),
        ("`uptime now`", [("", "uptime now")]),
    ],
)
def test_a_step_is_words_and_commands(step: str, parts: list[tuple[str, str]]) -> None:
    assert in_parts(step) == parts


def test_a_command_is_a_block_with_every_character_as_it_is() -> None:
    blocks = step_blocks("What to do next", [f"Roll it back: `{COMMAND}`.", "Wait."], escape)

    assert validate_blocks(blocks) == []
    assert [block["type"] for block in blocks] == ["section", "rich_text", "section"]
    assert blocks[0]["text"]["text"] == "*What to do next*\n1. Roll it back:"
    assert blocks[1]["elements"][0]["elements"][0]["text"] == COMMAND
    assert blocks[2]["text"]["text"] == "2. Wait."


def test_a_long_command_is_whole() -> None:
    long = "aws logs start-query --query-string " + "x" * 1900

    assert long in json.dumps(step_blocks("Next", [f"Ask: `{long}`"], escape))


def test_in_an_answer_a_command_stands_between_fences() -> None:
    assert step_markdown(2, f"Roll it back: `{COMMAND}`.", escape) == f"2. Roll it back:\n\n```\n{COMMAND}\n```\n"
    assert step_markdown(1, "Wait.", escape) == "1. Wait.\n"


def test_between_fences_nothing_is_live() -> None:
    assert step_markdown(1, "Run `echo <!channel> now`.", escape) == "1. Run 'echo &lt;!channel&gt; now'.\n"
