"""Which sentences say the same."""

from __future__ import annotations

import pytest

from agent.repetition import alike, repeats

SHORT = "Version 4 was rolled out to pay at 14:02 UTC."
FULL = "Version 4 of pay was rolled out by dana at 14:02 UTC."


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("Lambda costs $260.", "AWS Lambda costs $260 a day instead of $22.", True),
        ("Checkout fails since 14:02.", "checkout has been failing since 14:02 UTC", True),
        ("Errors of billing rose to 14 a minute.", "Errors of checkout rose to 14 a minute.", False),
        ("It costs $261.", "It costs $260.", False),
        ("Checkout is healthy.", "Checkout is not healthy since 14:02.", False),
        ("Checkout is healthy.", "Checkout isn't healthy.", False),
        ("全部失败了", "全部失败了。", True),
        ("全部失败了", "一切正常", False),
    ],
)
def test_a_text_repeats_another_that_has_every_telling_word_and_figure(text: str, other: str, same: bool) -> None:
    assert repeats(text, other) is same


def test_texts_that_say_the_same_stand_together_the_fullest_first() -> None:
    other = FULL.replace("4", "5")
    assert alike([SHORT, other, FULL, SHORT]) == [[2, 0, 3], [1]]
    assert alike([]) == []
