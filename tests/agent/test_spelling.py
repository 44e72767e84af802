"""What counts as one slip of the finger."""

import pytest

from agent.spelling import one_slip


@pytest.mark.parametrize("word", ["payments", "paymnets", "paymens", "paymentss", "paymemts", "apyments", "payment"])
def test_one_slip_keeps_the_word(word: str) -> None:
    assert one_slip(word, "payments")


@pytest.mark.parametrize("word", ["paymnest", "paying", "pymnts", "payments-x", "", "strange"])
def test_two_slips_make_another_word(word: str) -> None:
    assert not one_slip(word, "payments")
