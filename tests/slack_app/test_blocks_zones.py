"""An answer's times as its reader's clock shows them."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.models import Answer, Chart, Claim, Clarification, Gap, Series, Table, TimeRange
from agent.time_phrases import resolve
from deploy.local.workspace.block_kit import validate_blocks
from slack_app.blocks.answers import answer_blocks
from slack_app.blocks.zones import in_zone
from tests.agent.examples import evidence, finding

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
AT, THERE = "14:02 UTC", "09:02 EST"
ANSWER = Answer(
    headline=f"checkout fails since {AT}.",
    claims=(Claim(text=f"Errors of checkout rose at {AT}.", evidence=("ev_1",)),),
    disagreements=(Claim(text=f"The bill says {AT}.", evidence=("ev_1",)),),
    assumptions=("“today” means Fri 20 Nov 00:00 to now (America/Toronto)", f"since {AT}"),
    next_steps=(f"Roll back what came at {AT}.",),
    gaps=(Gap(tool="log_errors", reason=f"denied since {AT}"),),
    clarification=Clarification(question=f"Since {AT}?", choices=(f"since {AT}",)),
)
PIECE = evidence(
    finding("metric_rise", f"Errors of checkout rose at {AT}."),
    id="ev_1",
    question=f"What changed before {AT}?",
    query='logs:filter_log_events {"since": "14:02 UTC"}',
    time_range=TimeRange(start=datetime(2026, 11, 20, 12, tzinfo=UTC), end=NOW),
    charts=(
        Chart(
            title="Errors of checkout-submit-order with a name that is long",
            labels=("12:30", "13:30"),
            series=(Series(name="Errors", values=(1.0, 9.0)),),
        ),
        Chart(title="Cost a day", labels=("18 Nov", "19 Nov"), series=(Series(name="c", values=(1.0, 9.0)),)),
    ),
    tables=(Table(title="Changes", columns=("When", "Who"), rows=((AT, "dana"), ("19 Nov 02:00 UTC", "sam"))),),
    gathered_at=NOW,
)


def test_everything_that_is_read_is_in_the_readers_zone() -> None:
    answer, (piece,) = in_zone(ANSWER, [PIECE], "America/Toronto", NOW)
    blocks = answer_blocks(answer, [piece])

    assert validate_blocks(blocks) == []
    shown = answer.model_dump_json(exclude={"clarification": {"choices"}}) + piece.model_dump_json(exclude={"query"})
    assert "UTC" not in shown
    assert shown.count(THERE) == 10
    assert piece.tables[0].rows[1][0] == "18 Nov 21:00 EST"


def test_what_is_sent_again_stays_as_it_is() -> None:
    answer, (piece,) = in_zone(ANSWER, [PIECE], "America/Toronto", NOW)

    assert answer.clarification
    assert answer.clarification.choices == (f"since {AT}",)
    assert piece.query == PIECE.query
    assert answer.assumptions[0] == ANSWER.assumptions[0]


def test_a_chart_over_hours_says_its_zone_and_one_over_days_has_none() -> None:
    for zone, name, labels in (
        ("America/Toronto", "EST", ("07:30", "08:30")),
        ("UTC", "UTC", ("12:30", "13:30")),
    ):
        hours, days = in_zone(ANSWER, [PIECE], zone, NOW)[1][0].charts
        assert hours.labels == labels
        assert hours.title.endswith(f"({name})")
        assert len(hours.title) <= 50
        assert days == PIECE.charts[1]


def test_times_are_of_the_day_on_which_they_were_gathered() -> None:
    tomorrow = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    late = ANSWER.model_copy(update={"headline": "Since 02:00 UTC."})

    assert in_zone(late, [PIECE], "America/Toronto", tomorrow)[0].headline == "Since 19 Nov 21:00 EST."
    assert in_zone(late, [], "America/Toronto", tomorrow)[0].headline == "Since 20 Nov 21:00 EST."


def test_a_range_that_was_assumed_is_told_once_and_in_the_askers_zone() -> None:
    assumed = {
        question: phrase.assumption
        for question in ("what failed today?", "errors since yesterday 2 pm", "errors between 8:00 and 9:00")
        if (phrase := resolve(question, NOW, "America/Toronto"))
    }
    shown, _ = in_zone(ANSWER.model_copy(update={"assumptions": tuple(assumed.values())}), [], "America/Toronto", NOW)

    assert shown.assumptions == (
        "“today” means Fri 20 Nov 00:00 to now (EST).",
        "“since yesterday 2 pm” means Thu 19 Nov 14:00 to now (EST).",
        "“between 8:00 and 9:00” means Fri 20 Nov 08:00 to 09:00 (EST).",
    )
