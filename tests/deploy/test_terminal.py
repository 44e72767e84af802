"""What `watchkeeper ask` prints, and the documented shape of its JSON."""

from __future__ import annotations

import json

import pytest

from agent.models import Answer, Claim, Clarification, Gap, Provenance, Table
from deploy.terminal import answer_json, print_answer
from tests.agent.examples import evidence

TABLE = Table(title="Changes [1]", columns=("When", "Who"), rows=tuple((f"14:{n:02d}", "dana") for n in range(20)))
CHANGES = evidence(
    id="ev_1",
    tool="recent_changes",
    query="dynamodb:list_tables {}",
    region="eu-west-1",
    tables=(TABLE,),
    console_url="https://console.example/dynamodb",
)
ANSWER = Answer(
    headline="Errors rose at 14:02.",
    claims=(
        Claim(text="Errors rose at 14:02.", evidence=("ev_1",)),
        Claim(text="dana changed [it].", evidence=("ev_1", "ev_gone")),
    ),
    assumptions=("“today” is 18 Nov",),
    disagreements=(Claim(text="The bill says 13:00.", evidence=("ev_1",)),),
    clarification=Clarification(question="Which account?", choices=("a", "b")),
    gaps=(Gap(tool="log_errors", reason="denied"),),
    next_steps=("Roll back.",),
    provenance=Provenance(model="m", input_tokens=10, output_tokens=2, usd=0.5, run_id="run_1", seconds=2),
)


def printed(capsys: pytest.CaptureFixture[str], **options: bool) -> str:
    print_answer(ANSWER, [CHANGES], **options)
    return capsys.readouterr().out


def test_everything_of_an_answer_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys)

    order = [
        "Errors rose at 14:02. [1]",
        "dana changed [it]. [1]",
        "The evidence disagrees",
        "Changes [1]",
        "and 5 more",
    ]
    order += [
        "Assumed: “today” is 18 Nov",
        "Which account? a / b",
        "Roll back.",
        "Sources",
        "Could not be read log_errors",
    ]
    order += ["by m · 2.0 s · 12 tokens · $0.5"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert text.count("Errors rose at 14:02.") == 1
    assert "aws dynamodb" not in text


def test_commands_and_console_pages_are_printed_when_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    told = printed(capsys, with_commands=True)

    assert "aws dynamodb list-tables --region eu-west-1" in told
    assert "https://console.example" in told
    assert "https://console.example" not in printed(capsys)


def test_an_answer_that_claims_nothing_names_its_sources(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(Answer(headline="Nothing unusual."), [CHANGES])

    told = capsys.readouterr().out
    assert "[1] recent_changes: What does recent_changes show?" in told
    assert "confidence" not in told


def test_the_json_holds_the_whole_answer() -> None:
    document = json.loads(json.dumps(answer_json(ANSWER, [CHANGES])))

    assert (document["kind"], document["run_id"], document["usd"]) == ("question", "run_1", 0.5)
    assert document["tokens"] == {"input": 10, "output": 2}
    assert document["assumptions"] == ["“today” is 18 Nov"]
    assert document["clarification"] == {"question": "Which account?", "choices": ["a", "b"]}
    assert document["disagreements"][0]["evidence"] == ["ev_1"]
    (piece,) = document["evidence"]
    assert piece["commands"] == ["aws dynamodb list-tables --region eu-west-1"]
    assert piece["tables"][0]["columns"] == ["When", "Who"]
