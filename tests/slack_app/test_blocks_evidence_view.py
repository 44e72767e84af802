"""What an answer rests on, opened by a button."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.models import (
    Answer,
    Claim,
    Cost,
    TimeRange,
)
from deploy.local.workspace.block_kit import validate_view
from slack_app.blocks.evidence_view import evidence_view
from tests.agent.examples import evidence, finding
from tests.slack_app.answer_examples import ANSWER, CHANGES, CONSOLE, COST, answered, words


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


def test_the_modal_says_how_to_read_what_a_command_only_begins() -> None:
    insights = COST.model_copy(update={"query": 'logs:start_query {"logGroupName": "/ecs/shop"}'})
    shown = words(evidence_view(ANSWER, [insights, CHANGES])["blocks"])

    assert shown.count("# then aws logs get-query-results --query-id") == 1
    assert "redshift" not in shown


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
