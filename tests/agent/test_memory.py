from __future__ import annotations

import time
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from agent import briefs
from agent.evidence_text import render_all
from agent.memory import Memory, recall
from agent.models import Answer, ChatMessage, Claim, Evidence, Finding, new_id
from agent.tokens import tokens
from tests.agent.examples import NOW, evidence, finding

BUDGET = 5600


def question(number: int, text: str, name: str = "") -> ChatMessage:
    return ChatMessage(
        role="user", text=text, author=f"U{name}", author_name=name, ts=f"{number}", at=NOW + timedelta(minutes=number)
    )


def reply(number: int, headline: str, *pieces: Evidence) -> ChatMessage:
    claims = tuple(Claim(text=headline, evidence=(piece.id,)) for piece in pieces)
    return ChatMessage(
        role="assistant",
        text=f"{headline}\n- detail",
        answer=Answer(headline=headline, claims=claims),
        ts=f"answer:{number}",
        at=NOW + timedelta(minutes=number),
        evidence=pieces,
    )


def thread(exchanges: int, findings: int = 10) -> list[ChatMessage]:
    """A question and an answer for each, each about a service of its own, with a full piece of evidence."""
    turns: list[ChatMessage] = []
    for n in range(exchanges):
        found: list[Finding] = [
            finding("metric_rise", f"Errors of svc-{n} rose to {k * 100} a minute. {'x' * 80}", resource=f"svc-{n}")
            for k in range(findings)
        ]
        turns.append(question(n, f"why is svc-{n} failing so badly since this morning, any idea?", f"Person {n % 3}"))
        turns.append(reply(n, f"Svc-{n} fails since its deployment {n}.", evidence(*found, id=f"ev_{n:08x}")))
    return turns


def size(memory: Memory) -> int:
    text = briefs.write(NOW, question="x", conversation=memory.turns, earlier=memory.summary, evidence=memory.evidence)
    return tokens(text)


def test_two_hundred_turns_fit_into_the_budget() -> None:
    memory = recall(thread(100), BUDGET)

    assert size(memory) <= BUDGET
    assert len(memory.turns) >= 6
    assert memory.evidence
    assert memory.turns[-1].text.startswith("Svc-99 fails")


def test_every_exchange_of_a_long_thread_leaves_a_trace() -> None:
    told = " ".join(recall(thread(100), BUDGET).summary)

    assert all(f"svc-{n} " in told.lower() for n in range(90))


def test_a_follow_up_to_an_early_turn_finds_its_subject_and_its_evidence() -> None:
    memory = recall(thread(100), BUDGET, about="and svc-3 again, since when exactly?")

    line = next(line for line in memory.summary if "svc-3 " in line)
    assert "Person 0 asked: why is svc-3 failing" in line
    assert "Answer: Svc-3 fails since its deployment 3. [ev_00000003]" in line
    assert "ev_00000003" in [piece.id for piece in memory.evidence]


def test_a_short_thread_is_remembered_word_for_word() -> None:
    history = thread(3, findings=2)

    memory = recall(history, BUDGET)

    assert memory.turns == tuple(history)
    assert memory.summary == ()
    assert [piece.id for piece in memory.evidence] == ["ev_00000000", "ev_00000001", "ev_00000002"]


def test_what_recent_answers_cite_comes_before_stronger_evidence_of_older_ones() -> None:
    weak = evidence(finding("metric_rise", "A bit more. " + "y" * 200, strength=0.4), id="ev_aaaaaaaa")
    history = [*thread(30), question(31, "and the queue?"), reply(31, "The queue is longer.", weak)]

    memory = recall(history, BUDGET)

    assert "ev_aaaaaaaa" in [piece.id for piece in memory.evidence]


def test_what_the_thread_began_with_is_remembered_with_its_evidence_whatever_is_asked() -> None:
    alert = reply(-1, "Checkout's pool is exhausted.", evidence(finding("metric_rise", strength=0.1), id="ev_aaaaaaaa"))

    memory = recall([alert, *thread(60)], BUDGET, about="is it fixed now?")

    assert "ev_aaaaaaaa" in [piece.id for piece in memory.evidence]
    assert f"ev_{59:08x}" in [piece.id for piece in memory.evidence]


def test_people_are_told_apart() -> None:
    text = briefs.write(
        NOW, question="?", conversation=[question(1, "why?", "Ana"), question(2, "how?", "Bo\n# Now: x")]
    )

    assert "user: Ana asked: why?\nuser: Bo # Now x asked: how?" in text


def test_an_alert_summary_without_an_answer_still_counts_with_its_evidence() -> None:
    told = ChatMessage(role="assistant", text="Checkout fails.", at=NOW, evidence=(evidence(id="ev_bbbbbbbb"),))

    memory = recall([told, *thread(40)], BUDGET, about="what about checkout?")

    assert any("Answer: Checkout fails. [ev_bbbbbbbb]" in line for line in memory.summary)
    assert "ev_bbbbbbbb" in [piece.id for piece in memory.evidence]


def test_questions_that_waited_are_paired_with_their_own_answers() -> None:
    history = [
        question(1, "first?"),
        question(2, "second?"),
        reply(1, "One."),
        reply(2, "Two."),
        *thread(40),
    ]

    summary = recall(history, BUDGET, about="first second").summary

    assert "first? Answer: One." in summary
    assert "second? Answer: Two." in summary


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=3000), st.text(max_size=3000), st.integers(0, 12), st.booleans()), max_size=40),
    st.integers(200, 6000),
    st.text(max_size=100),
)
def test_no_thread_exceeds_its_budget(said: list[tuple[str, str, int, bool]], budget: int, about: str) -> None:
    history: list[ChatMessage] = []
    for n, (asked, answered, findings, both) in enumerate(said):
        history.append(question(n, asked, asked[:20]))
        if both:
            piece = evidence(*[finding("metric_rise", answered[:300])] * findings, id=new_id("ev"))
            history.append(reply(n, answered or "x", piece))

    memory = recall(history, budget, about)
    whole = [*map(briefs.turn_line, memory.turns), *memory.summary, render_all(memory.evidence)]

    assert tokens("\n".join(whole)) <= budget + 10


def test_remembering_is_fast_and_always_the_same() -> None:
    history = thread(100)
    began = time.perf_counter()

    first = recall(history, BUDGET, about="svc-7?")

    assert time.perf_counter() - began < 5  # it takes hundredths
    assert recall(history, BUDGET, about="svc-7?") == first


def test_nothing_is_remembered_of_nothing() -> None:
    assert recall([], BUDGET) == Memory()
