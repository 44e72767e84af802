from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agent.models import Answer, Asker, ChatMessage, Clarification
from graphs.state import NO_USAGE, Usage, add_usage, conversation_start, merge_evidence, typed
from tests.agent.examples import NOW, evidence, finding

pieces = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["ev_1", "ev_2", "ev_3"]),
            "status": st.sampled_from(["ok", "no_data", "denied", "timeout"]),
        }
    ),
    max_size=6,
)


def usage(tokens: int, model: str = "", degraded: str = "") -> Usage:
    return {"input_tokens": tokens, "output_tokens": 1, "model": model, "degraded": degraded}


def test_tokens_are_summed_and_the_first_degradation_stays() -> None:
    total = add_usage(usage(5, "a", "why"), usage(7, "b", "other"))

    assert (total["input_tokens"], total["output_tokens"], total["model"], total["degraded"]) == (12, 2, "b", "why")
    assert add_usage(total, NO_USAGE) == total == add_usage(NO_USAGE, total)


@given(pieces, pieces)
def test_each_piece_is_there_once_and_nothing_readable_is_lost(old: list[Any], new: list[Any]) -> None:
    merged = merge_evidence(merge_evidence([], old), new)

    assert [p["id"] for p in merged] == list(dict.fromkeys(p["id"] for p in [*old, *new]))
    readable = {p["id"] for p in [*old, *new] if p["status"] in ("ok", "no_data")}
    assert {p["id"] for p in merged if p["status"] in ("ok", "no_data")} == readable
    assert merge_evidence(merged, new) == merged


def test_plain_evidence_is_typed_again() -> None:
    piece = evidence(finding("metric_rise"))

    assert typed([piece.model_dump(mode="json")]) == [piece]


def test_a_run_begins_with_the_question_that_a_click_answers() -> None:
    back = Clarification(question="Which one?", choices=("payments-api",))
    asked = Answer(kind="clarify", headline="Which one?", clarification=back)
    history = [
        ChatMessage(role="user", text="why is it slow?", author="U1", ts="1", at=NOW),
        ChatMessage(role="assistant", text="Which one?", ts="answer:1", message_ts="1.5", answer=asked, at=NOW),
        ChatMessage(role="user", text="is orders-db ok?", author="U2", ts="2", at=NOW),
        ChatMessage(role="assistant", text="It is.", ts="answer:2", message_ts="2.5", at=NOW),
    ]

    late = conversation_start("payments-api", history, Asker(user="U2"), 4000, answering="1.5")
    other = conversation_start("payments-api", history[:2], Asker(user="U2"), 4000)

    assert (late["question"], late["clarified"]) == ("why is it slow? (payments-api)", True)
    assert (other["question"], other["clarified"]) == ("payments-api", False)
