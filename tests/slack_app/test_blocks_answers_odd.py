"""Whatever an answer holds, Slack takes its blocks."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.models import (
    Answer,
    Chart,
    Claim,
    Clarification,
    Evidence,
    Gap,
    Provenance,
    Series,
    Table,
)
from deploy.local.workspace.block_kit import validate_view
from slack_app.blocks.answers import answer_blocks, closing_blocks
from slack_app.blocks.evidence_view import evidence_view
from slack_app.blocks.figures import without_charts, without_tables
from tests.agent.examples import evidence, finding
from tests.slack_app.answer_examples import ASKED, CONSOLE, shown


def live(blocks: Any) -> list[str]:
    """The texts in which Slack looks for mentions and links."""
    if isinstance(blocks, list):
        return [text for block in blocks for text in live(block)]
    if not isinstance(blocks, dict):
        return []
    own = [blocks["text"]] if blocks.get("type") in ("mrkdwn", "markdown") else []
    return own + live(list(blocks.values()))


texts = st.one_of(st.text(max_size=120), st.sampled_from(["<!channel> `x` *y* @here", "&" * 4000, "\n\n", ""]))
numbers = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
charts = st.builds(
    Chart,
    title=texts,
    kind=st.sampled_from(["line", "bar", "area", "pie"]),
    unit=texts,
    labels=st.lists(texts, max_size=30).map(tuple),
    series=st.lists(st.builds(Series, name=texts, values=st.lists(numbers, max_size=40).map(tuple)), max_size=14).map(
        tuple
    ),
)
tables = st.builds(
    Table,
    title=texts,
    columns=st.lists(texts, max_size=25).map(tuple),
    rows=st.lists(st.lists(texts, max_size=25).map(tuple), max_size=8).map(tuple),
)
claims = st.builds(
    Claim, text=texts, evidence=st.lists(st.sampled_from(["ev_0", "ev_1", "ev_x"]), max_size=3).map(tuple)
)
answers = st.builds(
    Answer,
    kind=st.sampled_from(["question", "clarify", "small_talk"]),
    headline=texts,
    assumptions=st.lists(texts, max_size=7).map(tuple),
    disagreements=st.lists(claims, max_size=3).map(tuple),
    clarification=st.one_of(
        st.none(), st.builds(Clarification, question=texts, choices=st.lists(texts, max_size=6).map(tuple))
    ),
    claims=st.lists(claims, max_size=20).map(tuple),
    gaps=st.lists(st.builds(Gap, tool=texts, reason=texts), max_size=6).map(tuple),
    next_steps=st.lists(texts, max_size=4).map(tuple),
    specialists=st.sampled_from([("cost",), ("cost", "logs")]),
    provenance=st.builds(
        Provenance, model=texts, degraded=texts, run_id=texts, usd=st.floats(0, 1e6), seconds=st.floats(0, 1e4)
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(answers, st.lists(charts, max_size=2), st.lists(tables, max_size=2), texts)
def test_whatever_an_answer_holds_every_message_and_the_modal_are_valid(
    answer: Answer, drawn: list[Chart], listed: list[Table], text: str
) -> None:
    pieces: list[Evidence] = [
        evidence(
            finding("cost_rise", text),
            id=f"ev_{n}",
            question=text,
            query=text,
            region=text,
            charts=tuple(drawn[n:]),
            tables=tuple(listed[n:]),
            console_url=CONSOLE,
        )
        for n in range(2)
    ]
    blocks = answer_blocks(answer, pieces, ASKED)
    for version in (blocks, without_charts(blocks), without_tables(blocks), closing_blocks(answer, pieces, ASKED)):
        shown(version)
        assert not any("<!channel>" in text for text in live(version))
    assert validate_view(evidence_view(answer, pieces)) == []
