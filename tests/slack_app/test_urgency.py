from __future__ import annotations

import pytest

from agent.models import Urgency
from slack_app.urgency import urgency_of


@pytest.mark.parametrize(
    "text", ["[CRITICAL] x", '{"severity": "critical"}', "SEV1: x", "sev-1", "P1 - x", "Fatal error"]
)
def test_what_says_that_it_is_critical_is(text: str) -> None:
    assert urgency_of(text) is Urgency.critical


@pytest.mark.parametrize("text", ["", "error", "p10", "uncritically", "warning", "x" * 20_001 + " critical"])
def test_other_words_are_not_urgent(text: str) -> None:
    assert urgency_of(text) is Urgency.normal
