"""An answer as people see it: a line that stands alone, details, buttons, a footer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.diagnosis import NOT_ANSWERED
from agent.models import (
    Answer,
    Claim,
    Clarification,
    Gap,
    Provenance,
)
from slack_app.blocks.answers import answer_blocks, answer_files, answer_markdown, answer_text, closing_blocks
from slack_app.blocks.paging import pages
from slack_app.blocks.parts import gap_block
from tests.slack_app.answer_examples import ANSWER, ASKED, CHANGES, CONSOLE, COST, answered, kinds, shown, words


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


def test_a_bullet_about_something_else_stays_however_alike_it_is() -> None:
    headline = "Errors of checkout-submit-order rose from 0 to 14 a minute at 22:09 UTC, after version 4 was deployed."
    other = headline.replace("checkout", "billing")
    told = answered(headline=headline, claims=(Claim(text=other, evidence=("ev_cost",)),))

    assert "billing-submit-order" in answer_markdown(told, [COST])[1]


def test_what_two_claims_say_is_told_once_in_full_with_the_sources_of_both() -> None:
    short = Claim(text="Version 4 was rolled out to pay at 14:02 UTC.", evidence=("ev_cost",))
    full = Claim(text="Version 4 of pay was rolled out by dana at 14:02 UTC.", evidence=("ev_changes",))
    other = Claim(text="Version 5 of pay was rolled out by dana at 14:02 UTC.", evidence=("ev_changes",))
    _, *bullets = answer_markdown(answered(claims=(short, full, other)), [COST, CHANGES])

    assert bullets == [f"- {full.text} [1] [2]\n", f"- {other.text} [2]\n"]


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
