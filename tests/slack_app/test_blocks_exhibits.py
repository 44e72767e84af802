"""The charts and tables that stand under an answer."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.models import (
    Chart,
    Claim,
    Evidence,
    Series,
    Table,
    TimeRange,
)
from slack_app.blocks.answers import answer_files, closing_blocks
from slack_app.blocks.figures import chart_block, table_block, without_charts, without_tables
from tests.agent.examples import evidence, finding
from tests.slack_app.answer_examples import ANSWER, CHANGES, CHART, COST, TABLE, answered, kinds, shown, words


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


def test_a_table_of_odd_rows_is_as_wide_as_its_heading() -> None:
    block = table_block(Table(title="t", columns=("a", "b"), rows=(("1",), ("1", "2", "3"))))

    assert {len(row) for row in block["rows"]} == {2}
