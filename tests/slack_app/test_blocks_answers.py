"""An answer as people see it: a line that stands alone, details, charts, tables, buttons, a footer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.diagnosis import NOT_ANSWERED
from agent.models import (
    Answer,
    Chart,
    Claim,
    Clarification,
    Confidence,
    Cost,
    Evidence,
    Gap,
    Provenance,
    Series,
    Table,
    TimeRange,
)
from deploy.local.workspace.block_kit import validate_blocks, validate_view
from slack_app.blocks.answers import answer_blocks, answer_files, answer_markdown, answer_text, closing_blocks
from slack_app.blocks.evidence_view import evidence_view
from slack_app.blocks.figures import chart_block, table_block, without_charts, without_tables
from slack_app.blocks.paging import pages
from slack_app.blocks.parts import gap_block
from tests.agent.examples import evidence, finding

CONSOLE = "https://us-east-1.console.aws.amazon.com/costmanagement/home"
ASKED = "1700000000.000100"
DAYS = tuple(f"{day:02d} Nov" for day in range(1, 15))
CHART = Chart(
    title="Cost a day", kind="bar", unit="usd", labels=DAYS, series=(Series(name="AWS Lambda", values=(9.0,) * 14),)
)
TABLE = Table(
    title="Changes",
    columns=("When", "Who", "Minutes"),
    rows=(("14:02 UTC", "dana", "12"), ("13:00 UTC", "ci", "74.5"), ("12:00 UTC", "sam", "1,134")),
)
COST = evidence(finding("cost_rise"), id="ev_cost", tool="cost_breakdown", charts=(CHART,), console_url=CONSOLE)
CHANGES = evidence(
    finding("change_before_onset"), id="ev_changes", tool="recent_changes", tables=(TABLE,), console_url=CONSOLE
)
ANSWER = Answer(
    headline="AWS Lambda costs $260 a day instead of $22.",
    claims=(
        Claim(text="AWS Lambda costs $260 a day instead of $22.", evidence=("ev_cost",)),
        Claim(text="dana changed media-thumbnailer at 14:02 UTC.", evidence=("ev_changes",)),
    ),
    specialists=("cost", "infra"),
    confidence=Confidence(value=0.9),
)


def shown(blocks: Any) -> list[dict[str, Any]]:
    """Valid on every message that they take."""
    for page in pages(blocks):
        assert validate_blocks(page) == []
    return blocks


def words(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def kinds(blocks: Any) -> list[str]:
    return [block["type"] for block in blocks]


def answered(**fields: Any) -> Answer:
    return ANSWER.model_copy(update=fields)


def test_the_first_line_stands_alone_with_its_sources_and_no_bullet_repeats_it() -> None:
    chunks = answer_markdown(ANSWER, [COST, CHANGES])

    assert chunks == [
        "**AWS Lambda costs $260 a day instead of $22.** [1]\n\n",
        "- dana changed media-thumbnailer at 14:02 UTC. [2]\n",
    ]


@pytest.mark.parametrize(
    "claim",
    [
        "AWS Lambda costs $260 a day instead of $22",
        "aws lambda costs $260 a day, instead of $22!",
        "Lambda costs $260.",
    ],
)
def test_a_bullet_in_other_punctuation_or_with_fewer_words_repeats_it_too(claim: str) -> None:
    told = answered(claims=(Claim(text=claim, evidence=("ev_cost",)),))

    assert answer_markdown(told, [COST]) == ["**AWS Lambda costs $260 a day instead of $22.** [1]\n\n"]


def test_a_bullet_with_another_figure_stays() -> None:
    told = answered(claims=(Claim(text="AWS Lambda costs $261 a day instead of $22.", evidence=("ev_cost",)),))

    assert len(answer_markdown(told, [COST])) == 2


def test_a_headline_in_other_words_cites_what_holds_its_figures() -> None:
    told = answered(headline="Lambda went up to $260 because of a change.")

    assert answer_markdown(told, [COST, CHANGES])[0].endswith("** [1]\n\n")


def test_what_was_assumed_is_one_line_and_disagreements_are_said_aloud() -> None:
    told = answered(
        assumptions=("“yesterday” is 17 Nov in Europe/Berlin.", "“the payments lambda” is payments-api"),
        disagreements=(
            Claim(text="The bill says 14 Nov, the metrics say 13 Nov.", evidence=("ev_cost", "ev_changes")),
        ),
    )
    blocks = shown(answer_blocks(told, [COST, CHANGES], ASKED))

    assert "Assumed: “yesterday” is 17 Nov in Europe/Berlin; “the payments lambda” is payments-api." in words(blocks)
    assert "**The evidence disagrees**" in blocks[0]["text"]
    assert "- The bill says 14 Nov, the metrics say 13 Nov. [1] [2]" in blocks[0]["text"]


def test_a_question_back_has_a_button_for_each_likely_choice() -> None:
    asked = Clarification(question="Which account?", choices=("production", "staging", "a", "b", "one too many"))
    blocks = shown(answer_blocks(Answer(kind="clarify", headline="Which account?", clarification=asked), [], ASKED))

    assert blocks[0]["text"].count("Which account?") == 1
    (actions,) = [block for block in blocks if block["type"] == "actions"]
    assert [(b["action_id"], b["value"]) for b in actions["elements"]] == [
        ("clarify_0", "production"),
        ("clarify_1", "staging"),
        ("clarify_2", "a"),
        ("clarify_3", "b"),
    ]


def test_an_answer_with_evidence_can_be_opened_and_rated() -> None:
    blocks = shown(closing_blocks(ANSWER, [COST, CHANGES], ASKED))

    (button,) = next(block for block in blocks if block["type"] == "actions")["elements"]
    assert (button["action_id"], button["value"]) == ("show_evidence", ASKED)
    (rating,) = next(block for block in blocks if block["type"] == "context_actions")["elements"]
    assert rating["action_id"] == "answer_feedback"
    assert rating["positive_button"]["value"] == f"good|{ASKED}"
    assert rating["negative_button"]["value"] == f"bad|{ASKED}"


def test_without_the_question_there_is_nothing_to_press() -> None:
    assert not {"actions", "context_actions"} & set(kinds(closing_blocks(ANSWER, [COST])))


def test_the_footer_says_who_answered_how_surely_and_what_it_took() -> None:
    spent = Provenance(
        model="m", input_tokens=1200, output_tokens=34, seconds=7.4, usd=0.0123, run_id="C1:17.1:job_1a2b3c4d5e6f"
    )
    again = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
    told = answered(provenance=spent, reused_from=again)

    footer = closing_blocks(told, [COST])[-1]["elements"][0]["text"]
    assert footer == (
        "by m · high confidence (90%) · same question answered at 20 Nov 14:02 UTC · 7 s · 1,234 tokens · "
        "$0.012 · run job_1a2b3c4d5e6f"
    )


def test_a_degraded_answer_says_so_first() -> None:
    told = answered(provenance=Provenance(model="offline-analyst", degraded="The models could not be reached."))

    warning, who = closing_blocks(told, [COST])[-1]["elements"]
    assert warning["text"] == "⚠️ *The models could not be reached.*"
    assert who["text"].startswith("by offline analyst (no language model)")


def test_the_chart_of_what_rose_is_drawn_and_the_list_of_another_piece_stands_beside_it() -> None:
    blocks = shown(closing_blocks(ANSWER, [COST, CHANGES]))

    assert kinds(blocks)[:3] == ["data_visualization", "context", "table"]
    assert blocks[0]["chart"]["axis_config"]["y_label"] == "USD"
    assert [s.get("align", "left") for s in blocks[2]["column_settings"]] == ["left", "left", "right"]


def test_only_cited_evidence_is_drawn() -> None:
    told = answered(claims=(Claim(text="Something else.", evidence=("ev_changes",)),))

    assert "data_visualization" not in kinds(closing_blocks(told, [COST, CHANGES]))


def test_a_claim_about_who_changed_something_draws_nothing() -> None:
    both = COST.model_copy(
        update={"findings": (finding("cost_rise", "Costs rose to $260."), finding("deployment", "dana rolled out 4."))}
    )

    for text, charts in (("dana rolled out 4.", 0), ("Costs rose to $260.", 1)):
        told = answered(claims=(Claim(text=text, evidence=("ev_cost",)),))
        assert kinds(closing_blocks(told, [both])).count("data_visualization") == charts


def test_of_several_charts_the_one_that_a_claim_speaks_of_is_drawn() -> None:
    drawn = tuple(CHART.model_copy(update={"title": f"Errors of {name}"}) for name in ("checkout", "newsletter"))
    piece = evidence(finding("metric_rise", "Errors of newsletter rose."), id="ev_1", charts=drawn)
    told = answered(claims=(Claim(text="Errors of newsletter rose.", evidence=("ev_1",)),))

    assert closing_blocks(told, [piece])[0]["title"] == "Errors of newsletter"


def test_what_is_steady_is_not_drawn() -> None:
    calm = evidence(finding("metric_steady"), id="ev_calm", charts=(CHART,))
    told = answered(claims=(Claim(text="All is well.", evidence=("ev_calm",)),))

    assert "data_visualization" not in kinds(closing_blocks(told, [calm]))


def test_one_chart_is_drawn_however_many_answered() -> None:
    many = [
        evidence(finding("metric_rise"), id=f"ev_{n}", charts=(CHART.model_copy(update={"title": f"Chart {n}"}),))
        for n in range(4)
    ]
    claims = tuple(Claim(text=f"Claim {n}.", evidence=(f"ev_{n}",)) for n in range(4))

    for specialists in (("cost",), ("cost", "infra", "logs")):
        told = answered(claims=claims, specialists=specialists)
        assert kinds(shown(closing_blocks(told, many))).count("data_visualization") == 1


def test_what_only_later_claims_cite_is_neither_drawn_nor_listed() -> None:
    before = tuple(Claim(text=f"Claim {n}.", evidence=("ev_none",)) for n in range(5))
    told = answered(claims=(*before, *ANSWER.claims))

    assert not {"data_visualization", "table"} & set(kinds(closing_blocks(told, [COST, CHANGES])))


def test_a_first_line_that_names_a_resource_shows_nothing_of_others() -> None:
    def errors_of(name: str) -> Evidence:
        chart = CHART.model_copy(update={"title": f"Errors of {name}"})
        return evidence(finding("metric_rise", f"Errors of {name} rose.", resource=name), id=name, charts=(chart,))

    claims = tuple(Claim(text=f"Errors of {name} rose.", evidence=(name,)) for name in ("newsletter", "checkout"))
    told = answered(headline="checkout is failing.", claims=claims)

    (chart,) = [
        block
        for block in closing_blocks(told, [errors_of("newsletter"), errors_of("checkout")])
        if block["type"] == "data_visualization"
    ]
    assert chart["title"] == "Errors of checkout"


def test_who_asks_about_money_sees_money_first() -> None:
    chart = CHART.model_copy(update={"title": "Invocations", "unit": "a minute"})
    calls = evidence(finding("metric_rise"), id="ev_calls", charts=(chart,))
    claims = (Claim(text="Invocations rose.", evidence=("ev_calls",)), *ANSWER.claims)

    for specialists, title in ((("infra",), "Invocations"), (("infra", "cost"), "Cost a day")):
        told = answered(claims=claims, specialists=specialists)
        assert closing_blocks(told, [calls, COST])[0]["title"] == title


def test_what_began_before_the_picture_is_not_drawn() -> None:
    span = TimeRange(start=datetime(2026, 11, 18, 12, tzinfo=UTC), end=datetime(2026, 11, 18, 15, tzinfo=UTC))

    for hour, drawn in ((14, 1), (11, 0)):
        rise = finding("metric_rise", at=datetime(2026, 11, 18, hour, tzinfo=UTC))
        piece = evidence(rise, id="ev_cost", charts=(CHART,), time_range=span)
        assert kinds(closing_blocks(ANSWER, [piece])).count("data_visualization") == drawn


def test_a_follow_up_from_what_is_known_shows_no_exhibits_and_one_that_looked_again_does() -> None:
    known, again = answered(kind="follow_up", specialists=()), answered(kind="follow_up", specialists=("cost",))

    assert not {"data_visualization", "table"} & set(kinds(closing_blocks(known, [COST, CHANGES])))
    assert {"data_visualization", "table"} <= set(kinds(closing_blocks(again, [COST, CHANGES])))


def test_a_table_of_figures_that_is_mostly_about_others_is_not_shown() -> None:
    rise = finding("metric_rise", resource="checkout")
    told = answered(headline="checkout is failing.", claims=(Claim(text="It fails.", evidence=("ev_1",)),))

    for others, tables in ((1, 1), (2, 0)):
        rows = (("checkout", "9"), *((f"other-{n}", "1") for n in range(others)))
        table = Table(title="What departs", columns=("Resource", "Now"), rows=rows)
        piece = evidence(rise, id="ev_1", charts=(CHART, CHART), tables=(table,))
        assert kinds(closing_blocks(told, [piece])).count("table") == tables


def test_a_table_in_a_thread_is_narrow() -> None:
    wide = TABLE.model_copy(update={"columns": tuple("abcdef"), "rows": (tuple("123456"),) * 2})
    piece = CHANGES.model_copy(update={"tables": (wide,)})

    (table,) = [block for block in shown(closing_blocks(ANSWER, [piece])) if block["type"] == "table"]
    assert {len(row) for row in table["rows"]} == {4}


def test_an_answer_that_claims_nothing_names_what_was_looked_at_and_small_talk_does_not() -> None:
    nothing = Answer(headline="Nothing unusual was found.", specialists=("infra",))
    blocks = shown(answer_blocks(nothing, [COST, CHANGES], ASKED))

    assert f"[2] <{CONSOLE}|recent changes>" in words(blocks)
    assert "confidence" not in words(blocks)
    greeting = shown(answer_blocks(Answer(kind="small_talk", headline="Hello."), [COST], ASKED))
    assert kinds(greeting) == ["markdown"]


def test_an_answer_that_is_given_again_says_how_old_it_is() -> None:
    told = answered(reused_from=datetime(2026, 11, 20, 14, 2, tzinfo=UTC))

    for minute, ago in ((2, "1 min ago"), (9, "7 min ago")):
        now = datetime(2026, 11, 20, 14, minute, tzinfo=UTC)
        assert f"same answer as {ago}" in words(closing_blocks(told, [COST], now=now))


def test_where_charts_are_refused_their_figures_stay() -> None:
    blocks = closing_blocks(ANSWER, [COST, CHANGES])

    plain = shown(without_charts(blocks))
    assert "data_visualization" not in kinds(plain)
    assert "14 Nov · 9" in words(plain)
    alone = shown(without_charts(closing_blocks(ANSWER, [COST])))
    assert "table" in kinds(alone)
    assert "AWS Lambda (USD)" in words(alone)
    text = shown(without_tables(blocks))
    assert not {"table", "data_visualization"} & set(kinds(text))
    assert "13:00 UTC · ci · 74.5" in words(text)


def test_what_was_not_answered_is_not_said_to_be_unreadable() -> None:
    gaps = (Gap(tool=NOT_ANSWERED, reason="and the logs?"), Gap(tool="log_errors", reason="denied"))

    shown_gaps = [block["elements"][0]["text"] for block in gap_block(gaps)]

    assert shown_gaps == ["*Not answered*\n• and the logs?", "*Could not be read*\n• log errors: denied"]


def test_the_plain_text_leaves_nothing_out() -> None:
    told = answered(
        assumptions=("“today” is 18 Nov",),
        disagreements=(Claim(text="They differ.", evidence=("ev_cost",)),),
        gaps=(Gap(tool="log_errors", reason="denied"),),
        next_steps=("Roll back.",),
        clarification=Clarification(question="Which account?", choices=("a", "b")),
    )

    text = answer_text(told)

    for part in ("$260", "dana", "today", "They differ.", "denied", "Roll back.", "Which account?", "a / b"):
        assert part in text


def test_a_long_answer_takes_several_messages_and_a_very_long_one_a_file() -> None:
    def of(count: int) -> Answer:
        return answered(claims=tuple(Claim(text=f"{n} " + "word " * 110, evidence=("ev_cost",)) for n in range(count)))

    long, very_long = of(40), of(90)

    assert 2 <= len(pages(shown(answer_blocks(long, [COST])))) <= 4
    assert answer_files(long, [COST]) == []
    ((name, text),) = answer_files(very_long, [COST])
    assert (name, text.count("- ")) == ("answer.md", 90)
    assert len(pages(shown(answer_blocks(very_long, [COST])))) == 1
    assert "in the file below" in words(answer_blocks(very_long, [COST]))


def test_a_table_that_slack_would_refuse_is_cut_and_goes_into_a_file() -> None:
    rows = tuple((f"14:{n % 60:02d} UTC", "=cmd()", "-12") for n in range(300))
    piece = CHANGES.model_copy(update={"tables": (TABLE.model_copy(update={"rows": rows}),)})

    blocks = shown(closing_blocks(ANSWER, [piece]))
    ((name, text),) = answer_files(ANSWER, [piece])

    assert "201 more rows in the file below" in words(blocks)
    assert (name, len(text.splitlines())) == ("table.csv", 301)
    assert '"\'=cmd()","-12"' in text


def test_a_chart_of_many_points_keeps_its_peak() -> None:
    values = (*(float(n % 7) for n in range(99)), 500.0)
    chart = Chart(
        title="Errors", labels=tuple(str(n) for n in range(100)), series=(Series(name="Errors", values=values),)
    )

    block = chart_block(chart)

    assert block is not None
    data = block["chart"]["series"][0]["data"]
    assert len(data) == 20
    assert max(point["value"] for point in data) == 500
    assert "maxima" in block["title"]


def test_points_that_nobody_measured_are_left_out() -> None:
    chart = Chart(title="t", labels=("a", "b", "c"), series=(Series(name="s", values=(1.0, None, 3.0)),))

    block = chart_block(chart)

    assert block is not None
    assert block["chart"]["axis_config"]["categories"] == ["a", "c"]


def test_a_pie_shows_the_largest_slices_and_the_rest_as_one() -> None:
    labels = tuple(f"service {n}" for n in range(30))
    pie = Chart(
        title="Share", kind="pie", labels=labels, series=(Series(name="s", values=tuple(map(float, range(30)))),)
    )

    block = chart_block(pie)

    assert block is not None
    shown([block])
    assert [s["label"] for s in block["chart"]["segments"]][::11] == ["service 29", "others"]


def test_the_modal_shows_what_the_answer_rests_on_and_does_not_repeat_it() -> None:
    piece = COST.model_copy(
        update={
            "query": 'ce:get_cost_and_usage {"Granularity": "DAILY"}',
            "region": "us-east-1",
            "cost": Cost(api_calls=2, usd=0.02),
            "time_range": TimeRange(start=datetime(2026, 11, 4, tzinfo=UTC), end=datetime(2026, 11, 18, tzinfo=UTC)),
        }
    )
    view = evidence_view(ANSWER, [piece, CHANGES, evidence(id="ev_other", tool="aws_health")])

    assert validate_view(view) == []
    said = words(view)
    for part in (
        "*AWS Lambda costs $260 a day instead of $22.*",
        f"[1] <{CONSOLE}|cost breakdown>",
        "What does cost_breakdown show?",
        "A cost_rise of checkout.",
        "04 Nov 00:00 to 18 Nov 00:00 UTC · us-east-1 · 2 API calls · $0.02 · ev_cost",
        "aws ce get-cost-and-usage --region us-east-1 --cli-input-json",
        "Looked at, not cited",
        "aws health",
    ):
        assert part in said
    assert "dana changed" not in said


def test_the_modals_ranges_are_in_the_readers_zone() -> None:
    span = TimeRange(start=datetime(2026, 11, 18, 2, 30, tzinfo=UTC), end=datetime(2026, 11, 18, 4, 30, tzinfo=UTC))
    piece = COST.model_copy(update={"time_range": span})

    assert "17 Nov 21:30 to 23:30 EST" in words(evidence_view(ANSWER, [piece], "America/Toronto"))


def test_the_modal_of_very_much_evidence_says_what_it_leaves_out() -> None:
    many = [
        evidence(
            *[finding("metric_rise", "x" * 900)] * 12, id=f"ev_{n}", query="\n".join(["ec2:describe_vpcs {}"] * 300)
        )
        for n in range(60)
    ]
    told = answered(claims=tuple(Claim(text="y" * 500, evidence=(piece.id,)) for piece in many))

    view = evidence_view(told, many)

    assert validate_view(view) == []
    assert "more cited pieces of evidence are not shown here." in words(view)


def test_the_modal_of_an_answer_without_evidence_says_so() -> None:
    view = evidence_view(Answer(headline="Hello."), [])

    assert validate_view(view) == []
    assert "cites no evidence" in words(view)


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


def test_a_table_of_odd_rows_is_as_wide_as_its_heading() -> None:
    block = table_block(Table(title="t", columns=("a", "b"), rows=(("1",), ("1", "2", "3"))))

    assert {len(row) for row in block["rows"]} == {2}
