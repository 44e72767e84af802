"""Every message, with everything that a model, a log or an alert may put into it, is valid Block Kit."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.living import Seen
from agent.models import (
    Alert,
    Answer,
    Claim,
    Confidence,
    Diagnosis,
    Evidence,
    Gap,
    Incident,
    Provenance,
    Resource,
    Severity,
)
from agent.ports import Tally
from deploy.local.workspace.block_kit import validate_blocks, validate_view
from slack_app.blocks.answers import answer_blocks, answer_markdown, answer_text, closing_blocks
from slack_app.blocks.help import help_blocks, help_text, home_view, suggested_prompts
from slack_app.blocks.living import living_blocks
from slack_app.blocks.paging import pages
from slack_app.blocks.parts import Block
from slack_app.blocks.progress import Progress, progress_blocks
from slack_app.blocks.summary import finding_blocks, source_lines, summary_text
from tests.agent.examples import NOW, alert, evidence

CONSOLE = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#"
HOSTILE = "<!channel> <@U0MAYA> *x* `y` https://evil.example @here & \n• [1] {{ }} \u2028 🙂"
LIVE = re.compile(r"<[!@#]|@(channel|here|everyone)\b|https?://(?!us-east-1\.console\.aws)", re.I)


def valid(blocks: Any) -> list[dict[str, Any]]:
    """The same blocks, of which every message that they are spread over is valid."""
    for page in pages(blocks):
        assert validate_blocks(page) == []
    return blocks


def summary_blocks(about: Alert, found: Diagnosis, pieces: Sequence[Evidence]) -> list[Block]:
    """The message of an incident of one alert, whole."""
    incident = Incident(
        id="inc_1",
        title=about.title,
        severity=about.severity,
        alerts=(about,),
        diagnosis=found,
        evidence=tuple(pieces),
        created_at=NOW,
        updated_at=NOW,
    )
    return living_blocks(incident, Seen(Tally(1, 1, 1, 1, NOW)), NOW, whole=True)


def words(blocks: Any) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def sources(count: int, text: str = "Which errors?", url: str = CONSOLE) -> list[Evidence]:
    return [evidence(id=f"ev_{n:08x}", tool=f"tool_{n}", question=text, console_url=f"{url}{n}") for n in range(count)]


def claims(pieces: list[Evidence], text: str = "Errors rose.") -> tuple[Claim, ...]:
    return tuple(Claim(text=text, evidence=(piece.id,)) for piece in pieces)


def diagnosis(pieces: list[Evidence], text: str = "Errors rose.", **more: Any) -> Diagnosis:
    fields: dict[str, Any] = {
        "summary": text,
        "root_cause": text,
        "claims": claims(pieces, text),
        "ruled_out": (text,) * 3,
        "gaps": (Gap(tool="log_errors", reason=text),),
        "next_steps": (text,) * 3,
        "confidence": Confidence(value=0.9),
        "provenance": Provenance(model="m", input_tokens=1200, output_tokens=34, seconds=7.4, degraded=text),
    }
    return Diagnosis(**(fields | more))


def test_a_cause_that_is_a_claim_is_cited_and_not_listed_again() -> None:
    pieces = sources(2)

    shown = words(valid(summary_blocks(alert(), diagnosis(pieces, "It fails.", summary="Errors."), pieces)))

    assert "It fails. [1] [2]" in shown
    assert "*Evidence*" not in shown


def test_a_summary_reads_from_what_is_going_on_to_what_to_do() -> None:
    pieces = sources(2)
    about = alert(resource=Resource(id="checkout"), severity=Severity.error)

    shown = words(valid(summary_blocks(about, diagnosis(pieces, "It fails.", root_cause="Version 4."), pieces)))

    order = ["🔴 checkout errors: cause found", "What's going on", "Likely cause", "90%", "Evidence", "What to do next"]
    order += ["Ruled out", "Could not be read", "by m", "2 checks", "7 s", "1,234 tokens"]
    places = [shown.index(part) for part in order]
    assert places == sorted(places)
    assert "• It fails. [1]" in shown
    assert f"[2] <{CONSOLE}1|tool 1>: Which errors?" in shown


def test_what_the_cause_says_is_not_said_twice() -> None:
    told = diagnosis(
        sources(1),
        summary="orders-db refuses clients. orders-db has 197 connections of 200.",
        root_cause="orders-db is full: orders-db has 197 connections of 200. Before that, dana scaled out.",
    )
    shown = words(valid(summary_blocks(alert(), told, sources(1))))

    assert shown.count("197 connections") == 1
    assert shown.index("refuses clients") < shown.index("Likely cause") < shown.index("197 connections")


def test_what_is_fine_is_green_and_what_is_unknown_says_so() -> None:
    fine = valid(summary_blocks(alert(), diagnosis([], nothing_wrong=True), []))
    unknown = valid(summary_blocks(alert(severity=Severity.warning), diagnosis([], root_cause=""), []))

    assert fine[0]["text"]["text"] == "🟢 checkout errors: nothing is wrong"
    assert "Why the alarm fired" in words(fine)
    assert unknown[0]["text"]["text"] == "🟠 checkout errors: inconclusive"
    assert "does not carry one yet" in words(unknown)


@pytest.mark.parametrize("count", [0, 1, 5, 12, 30])
@pytest.mark.parametrize("text", ["Errors rose.", HOSTILE, HOSTILE * 60, "x" * 9000, "<" * 4000, "\n" * 50 + "a"])
def test_any_number_of_any_claims_is_valid_and_dead(count: int, text: str) -> None:
    pieces = sources(count, text)
    given_diagnosis = diagnosis(pieces, text)
    given_answer = Answer(
        headline=text, claims=claims(pieces, text), gaps=given_diagnosis.gaps * 9, next_steps=(text,) * 9
    )

    for blocks in (
        [*finding_blocks(given_diagnosis, pieces, NOW), *source_lines(given_diagnosis, pieces, NOW)],
        answer_blocks(given_answer, pieces),
        closing_blocks(given_answer, pieces),
    ):
        header = blocks[0]["text"]["text"] if blocks and blocks[0]["type"] == "header" else ""
        assert not LIVE.search(
            words([b for b in valid(blocks) if b.get("text", {}) != {"text": header}][bool(header) :])
        )
    for plain in (summary_text(given_diagnosis), answer_text(given_answer), *answer_markdown(given_answer, pieces)):
        assert not LIVE.search(plain)
    assert len(summary_text(given_diagnosis)) <= 3500


@pytest.mark.parametrize("length", [10, 300, 1400, 5000])
def test_no_source_and_no_link_is_cut_however_long_its_address(length: int) -> None:
    pieces = sources(12, url=CONSOLE + "q" * length)
    shown = valid(summary_blocks(alert(), diagnosis(pieces), pieces))
    lines = [
        line
        for block in shown
        if block["type"] == "context"
        for element in block["elements"]
        for line in element["text"].splitlines()
        if re.match(r"\[\d+\]", line)
    ]

    assert len(lines) == 12
    assert all(re.fullmatch(r"\[\d+\] (<[^<>|]+\|tool \d+>|tool \d+): Which errors\?", line) for line in lines)


def test_a_claim_of_several_lines_is_one_bullet_with_its_source() -> None:
    pieces = sources(1)

    assert answer_markdown(Answer(headline="h", claims=claims(pieces, "a\nb")), pieces)[1:] == ["- a b [1]\n"]


def test_sources_are_numbered_in_the_order_in_which_they_are_cited() -> None:
    first, second = sources(2)
    cited = (Claim(text="b", evidence=(second.id,)), Claim(text="a", evidence=(first.id, second.id)))

    shown = words(closing_blocks(Answer(headline="h", claims=cited), [first, second]))

    assert shown.index("[1] ") < shown.index("tool 1") < shown.index("[2] ") < shown.index("tool 0")
    assert "- a [2] [1]\n" in answer_markdown(Answer(headline="h", claims=cited), [first, second])


def test_an_answer_without_claims_closes_with_nothing() -> None:
    assert closing_blocks(Answer(headline="Hello."), []) == []
    assert valid(answer_blocks(Answer(headline="Hello."), [])) == [{"type": "markdown", "text": "Hello.\n\n"}]


def test_the_offline_analyst_is_named_as_what_it_is() -> None:
    pieces = sources(1)
    told = Answer(headline="h", claims=claims(pieces), provenance=Provenance(model="offline-analyst", input_tokens=900))

    shown = words(closing_blocks(told, pieces))

    assert "offline analyst (no language model)" in shown
    assert "tokens" not in shown


def test_a_degraded_answer_says_why() -> None:
    pieces = sources(1)
    told = diagnosis(pieces, provenance=Provenance(model="offline-analyst", degraded="The model was down."))

    assert "The model was down." in words(summary_blocks(alert(), told, pieces))


texts = st.one_of(st.text(max_size=200), st.sampled_from([HOSTILE, "y" * 4000, "&" * 3000, ""]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(st.integers(0, 14), texts, texts, texts, st.booleans(), st.sampled_from(list(Severity)))
def test_whatever_is_in_it_a_message_is_valid(
    count: int, title: str, text: str, question: str, fine: bool, severity: Severity
) -> None:
    pieces = sources(count, question)
    told = diagnosis(pieces, text, nothing_wrong=fine)

    valid(summary_blocks(alert(title or "t", severity=severity), told, pieces))
    valid(answer_blocks(Answer(headline=text or "h", claims=told.claims, gaps=told.gaps), pieces))


def test_help_is_valid_on_every_surface() -> None:
    for channels in ((), ("alerts", "<!channel>"), ("x" * 80,) * 40):
        blocks = valid(help_blocks(channels))
        assert "<!channel>" not in words(blocks)
        assert validate_view(home_view(channels)) == []
    assert len(suggested_prompts()) <= 4
    assert help_text()


def events(name: str = "infra") -> list[dict[str, Any]]:
    return [
        {"kind": "phase", "phase": "gather", "specialists": [name]},
        {"kind": "specialist_started", "specialist": name, "title": "Infrastructure"},
        {"kind": "tool_started", "specialist": name, "tool": "t", "question": "Which errors?"},
        {"kind": "evidence", "specialist": name, "evidence": {}},
        {"kind": "specialist_done", "specialist": name, "pieces": 3},
        {"kind": "phase", "phase": "analyse", "pieces": 3},
    ]


def test_progress_is_a_plan_whose_cards_move_on() -> None:
    progress = Progress()
    changed = [[(task.title, task.status) for task in progress.follow(part)] for part in events()]

    assert changed == [
        [],
        [("Checking: Infrastructure", "in_progress")],
        [("Checking: Infrastructure", "in_progress")],
        [],
        [("Checked: Infrastructure (3)", "complete")],
        [("Weighing 3 pieces of evidence", "in_progress")],
    ]
    assert [task.status for task in progress.finish()] == ["complete"]
    assert progress.finish() == []
    valid(progress_blocks(progress, "Looking"))


def test_a_second_look_of_a_specialist_is_the_same_card() -> None:
    progress = Progress()
    for part in [*events(), *events()]:
        progress.follow(part)

    assert list(progress.tasks) == ["infra", "analysis"]
    assert progress.tasks["infra"].title == "Checked: Infrastructure (6)"


def test_a_specialist_with_two_questions_at_once_is_done_when_both_are() -> None:
    progress = Progress()
    began, _, _, ended = events()[1], *events()[2:5]
    for part in (began, began, ended):
        progress.follow(part)
    assert progress.tasks["infra"].status == "in_progress"

    progress.follow(ended)
    assert (progress.tasks["infra"].status, progress.tasks["infra"].title) == (
        "complete",
        "Checked: Infrastructure (6)",
    )


@pytest.mark.parametrize("question", ["", " \n ", HOSTILE * 10, "q" * 5000])
def test_progress_is_valid_whatever_is_asked(question: str) -> None:
    progress = Progress()
    valid(progress_blocks(progress, "Looking"))
    for part in [*events(), *[{"kind": "tool_started", "specialist": "infra", "question": question}] * 9]:
        progress.follow(part)
        valid(progress_blocks(progress, "Looking"))

    assert len(progress.tasks["infra"].details) == 4


def test_a_report_without_its_beginning_is_shown_all_the_same() -> None:
    progress = Progress()
    for part in (
        {"kind": "specialist_done", "specialist": "logs", "pieces": 0},
        {"kind": "tool_started", "specialist": "nobody", "question": "x"},
        {"kind": "surprise"},
        {},
    ):
        progress.follow(part)

    assert progress.tasks["logs"].title == "Checked: logs (0)"
    valid(progress_blocks(progress, "Looking"))
