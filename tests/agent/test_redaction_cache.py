"""What was found clean is not looked at again; what is secret is never remembered."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.redaction import Policy, in_use, plain, use
from agent.redaction.plain import redact_plain

SECRET = "hunter2" + "hunter2"


def test_a_text_with_a_secret_in_it_is_never_remembered() -> None:
    for _ in range(2):
        assert SECRET not in str(redact_plain({"password": SECRET, "text": f"password={SECRET}"}))
    assert SECRET not in str(plain._clean)


def test_what_is_clean_under_one_name_is_looked_at_again_under_another() -> None:
    assert redact_plain({"title": SECRET}) == {"title": SECRET}
    assert SECRET not in str(redact_plain({"password": SECRET}))


def test_what_one_policy_lets_through_another_does_not() -> None:
    before = in_use()
    try:
        use(Policy(emails=False))
        assert redact_plain(["ann@example.com"]) == ["ann@example.com"]
        use(Policy(emails=True))
        assert "ann@" not in str(redact_plain(["ann@example.com"]))
    finally:
        use(before)


def test_as_many_texts_as_may_be_are_remembered_and_no_more() -> None:
    for n in range(plain._CLEAN_ENTRIES + 10):
        redact_plain(f"text {n}")
    assert 0 < len(plain._clean) <= plain._CLEAN_ENTRIES


def test_what_was_seen_before_costs_next_to_nothing() -> None:
    payload = {f"label {n}": f"value {n} of a rather long text" * 5 for n in range(50)}
    first, *again = (_seconds(lambda: redact_plain(payload)) for _ in range(20))
    assert min(again) < first / 3


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
