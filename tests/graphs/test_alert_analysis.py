from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage

from agent.drafts import DiagnosisDraft, DraftClaim, FollowUp
from agent.errors import PromptError
from agent.models import EvidenceStatus, Resource, evidence_id
from tests.agent.examples import alert
from tests.graphs.conftest import Bench, specialist
from tests.graphs.scripted import ScriptedModel, call
from tools.evidence.base import Found, Look, evidence_tool

Script = Callable[..., ScriptedModel]
ALERT = alert("checkout errors in the log", resource=Resource(id="checkout", service="lambda"))
ERRORS = evidence_id("errors_of", {"resource": "checkout"})
LOGS = evidence_id("log_lines", {"resource": "checkout"})


def draft(*claims: tuple[str, str], **more: Any) -> DiagnosisDraft:
    made = [DraftClaim(text=text, evidence=[evidence]) for text, evidence in claims]
    return DiagnosisDraft(summary="Checkout fails.", root_cause="Errors.", claims=made, **more)


def looks(messages: list[Any]) -> AIMessage:
    """The fast model of every test: one call of the tool that it has, then a report."""
    wanted = "log_lines" if "what the logs say" in messages[0].text else "errors_of"
    return AIMessage("Seen.") if messages[-1].type == "tool" else call(wanted, resource="checkout")


@pytest.fixture
def looking(bench: Bench, script: Script) -> Bench:
    bench.fast = script(*[looks] * 20)
    return bench


async def test_an_alert_becomes_a_cited_diagnosis(looking: Bench, script: Script) -> None:
    looking.strong = script(draft(("Errors rose to 190 a minute.", ERRORS), ("The logs are quiet.", LOGS)))

    run = await looking.analyse(ALERT)

    assert run.diagnosis.summary == "Checkout fails."
    assert [claim.evidence for claim in run.diagnosis.claims] == [(ERRORS,), (LOGS,)]
    assert {piece.id for piece in run.evidence} == {ERRORS, LOGS}
    assert run.diagnosis.gaps == ()
    assert (run.diagnosis.provenance.model, run.diagnosis.provenance.prompt_name) == ("scripted-1", "alert_analysis")
    assert run.state["usage"]["input_tokens"] == 100 * 5  # two calls of each specialist, one of the analyst
    assert run.state["usage"]["degraded"] == ""


async def test_what_is_going_on_is_reported(looking: Bench, script: Script) -> None:
    looking.strong = script(draft(("Errors rose.", ERRORS)))

    parts = (await looking.analyse(ALERT)).parts
    kinds = [part["kind"] for part in parts]

    assert parts[0] == {"kind": "phase", "phase": "gather", "specialists": ["infra", "logs"]}
    assert parts[-1] == {"kind": "phase", "phase": "analyse", "pieces": 2}
    assert kinds.count("specialist_started") == kinds.count("specialist_done") == 2
    started = next(part for part in parts if part["kind"] == "tool_started" and part["tool"] == "errors_of")
    assert started["specialist"] == "infra"
    assert started["question"] == "Which errors does checkout have?"


async def test_the_analyst_reads_the_evidence_and_the_specialist_the_alert(looking: Bench, script: Script) -> None:
    looking.strong = script(draft(("Errors rose.", ERRORS)))

    await looking.analyse(ALERT)

    assert isinstance(looking.strong, ScriptedModel)
    assert isinstance(looking.fast, ScriptedModel)
    assert f"[{ERRORS}] errors_of · ok" in looking.strong.heard[0][1].text
    assert "resource: checkout" in looking.fast.heard[0][1].text
    assert looking.strong.bound == [["DiagnosisDraft"]]
    assert ["errors_of"] in looking.fast.bound


async def test_an_uncited_claim_is_asked_about_once_and_then_dropped(looking: Bench, script: Script) -> None:
    first = draft(("Errors rose.", ERRORS), ("Hackers did it.", "ev_ffffffff"), ("It cost $77,777.", ERRORS))
    looking.strong = script(first, first, first)

    run = await looking.analyse(ALERT)

    assert [claim.text for claim in run.diagnosis.claims] == ["Errors rose."]
    assert run.diagnosis.dropped_claims == 2
    assert isinstance(looking.strong, ScriptedModel)
    assert len(looking.strong.heard) == 2
    assert "No evidence: Hackers did it." in looking.strong.heard[1][-1].text
    assert "77,777 is not in" in looking.strong.heard[1][-1].text


async def test_a_second_try_that_supports_more_is_taken(looking: Bench, script: Script) -> None:
    looking.strong = script(
        draft(("Hackers did it.", "")), draft(("Errors rose.", ERRORS), ("The logs are quiet.", LOGS))
    )

    run = await looking.analyse(ALERT)

    assert len(run.diagnosis.claims) == 2
    assert run.state["usage"]["input_tokens"] == 100 * 6  # the reconsidered reply counts as well


async def test_a_second_try_that_supports_less_is_not_taken(looking: Bench, script: Script) -> None:
    looking.strong = script(draft(("Errors rose.", ERRORS), ("Hackers.", "")), draft())

    assert len((await looking.analyse(ALERT)).diagnosis.claims) == 1


async def test_a_reply_that_fits_no_form_is_repaired_once(looking: Bench, script: Script) -> None:
    looking.strong = script(AIMessage("It is the database, I am sure."), draft(("Errors rose.", ERRORS)))

    run = await looking.analyse(ALERT)

    assert run.diagnosis.provenance.model == "scripted-1"
    assert run.diagnosis.provenance.degraded == ""
    assert isinstance(looking.strong, ScriptedModel)
    assert "did not fit the form" in looking.strong.heard[1][-1].text


async def test_after_two_bad_replies_the_offline_analyst_answers_and_says_so(looking: Bench, script: Script) -> None:
    bad = call("DiagnosisDraft", claims="none", secret="<!channel>")
    looking.strong = script(bad, bad)

    run = await looking.analyse(ALERT)

    assert run.diagnosis.claims
    assert run.diagnosis.provenance.model == "offline-analyst"
    assert run.state["usage"]["degraded"] == (
        "The offline analyst answered because the model's reply did not fit the form twice."
    )


async def test_a_model_that_fails_is_stood_in_for(looking: Bench, script: Script) -> None:
    looking.strong = script(RuntimeError("secret detail"))

    run = await looking.analyse(ALERT)

    assert run.diagnosis.claims
    assert "the model failed (RuntimeError)" in run.diagnosis.provenance.degraded
    assert "secret detail" not in run.diagnosis.provenance.degraded


async def test_one_more_look_is_granted_and_no_more(looking: Bench, script: Script) -> None:
    again = [FollowUp(specialist="logs", question="What about logs?"), FollowUp(specialist="nobody", question="?")]
    looking.strong = script(*[draft(("Errors rose.", ERRORS), follow_ups=again)] * 5)

    run = await looking.analyse(ALERT)

    assert run.diagnosis.claims
    assert isinstance(looking.strong, ScriptedModel)
    assert len(looking.strong.heard) == 2
    assert [p["phase"] for p in run.parts if p["kind"] == "phase"] == ["gather", "analyse", "analyse"]
    started = [p["specialist"] for p in run.parts if p["kind"] == "specialist_started"]
    assert sorted(started) == ["infra", "logs", "logs"]
    assert isinstance(looking.fast, ScriptedModel)
    asked = [messages[1].text for messages in looking.fast.heard if "# Question\nWhat about logs?" in messages[1].text]
    assert asked
    assert ERRORS in asked[0]


async def test_a_deadline_leaves_what_was_found_before_it(looking: Bench, script: Script) -> None:
    release = threading.Event()

    @evidence_tool("Slow?")
    def never(look: Look) -> Found:
        """Answers when the test is over."""
        release.wait(20)
        return Found("Too late.")

    def first_errors(messages: list[Any]) -> AIMessage:
        return call("never") if messages[-1].type == "tool" else call("errors_of", resource="checkout")

    looking.tools["never"] = never
    looking.specialists = (specialist("infra", "errors_of", "never", handles=("error",)),)
    looking.settings = {"gather_timeout_seconds": 0.5}
    looking.fast = script(*[first_errors] * 5)
    looking.strong = script(draft(("Errors rose.", ERRORS)))
    try:
        run = await looking.analyse(ALERT)
    finally:
        release.set()

    assert [claim.text for claim in run.diagnosis.claims] == ["Errors rose."]
    assert run.evidence_of("infra specialist").status is EvidenceStatus.timeout
    assert [(gap.tool, gap.reason) for gap in run.diagnosis.gaps] == [
        (
            "infra specialist",
            "its time was over before an answer to “Slow?”; ask for it in the thread, "
            "or raise WATCHKEEPER_GATHER_TIMEOUT_SECONDS.",
        )
    ]


async def test_a_specialist_that_fails_is_a_gap(looking: Bench, script: Script) -> None:
    def fails_for_logs(messages: list[Any]) -> AIMessage:
        if "what the logs say" in messages[0].text:
            raise RuntimeError("secret detail")
        return looks(messages)

    looking.fast = script(*[fails_for_logs] * 10)
    looking.strong = script(draft(("Errors rose.", ERRORS)))

    run = await looking.analyse(ALERT)

    assert run.diagnosis.claims
    assert [(gap.tool, gap.reason) for gap in run.diagnosis.gaps] == [("logs specialist", "It failed (RuntimeError).")]


async def test_a_tool_that_fails_is_a_gap_with_its_query(looking: Bench, script: Script) -> None:
    @evidence_tool("Which errors does {resource} have?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """Errors of a resource."""
        raise ValueError("no such region")

    looking.tools["errors_of"] = errors_of
    looking.strong = script(draft(("Errors rose.", ERRORS)), draft(("The logs are quiet.", LOGS)))

    run = await looking.analyse(ALERT)

    assert [claim.text for claim in run.diagnosis.claims] == ["The logs are quiet."]
    assert [(gap.tool, gap.reason) for gap in run.diagnosis.gaps] == [("errors_of", "no such region")]


async def test_specialists_look_at_the_same_time(looking: Bench, script: Script) -> None:
    """Each tool waits for the other to have begun: one after the other, neither would end."""
    meeting = threading.Barrier(2, timeout=10)

    @evidence_tool("Which errors?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """Errors."""
        meeting.wait()
        return Found("Errors rose.")

    @evidence_tool("Which logs?")
    def log_lines(look: Look, resource: str = "") -> Found:
        """Logs."""
        meeting.wait()
        return Found("Quiet.")

    looking.tools |= {"errors_of": errors_of, "log_lines": log_lines}
    looking.strong = script(draft(("Errors rose.", ERRORS)))

    run = await looking.analyse(ALERT)

    assert {piece.status for piece in run.evidence} == {EvidenceStatus.ok}
    assert len(run.evidence) == 2


async def test_tools_that_are_called_together_run_together(looking: Bench, script: Script) -> None:
    meeting = threading.Barrier(3, timeout=10)

    @evidence_tool("Which errors?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """Errors."""
        meeting.wait()
        return Found(f"Errors of {resource}.")

    looking.tools["errors_of"] = errors_of
    looking.specialists = (specialist("infra", "errors_of", handles=("error",)),)
    together = AIMessage("", tool_calls=[call("errors_of", resource=r).tool_calls[0] | {"id": r} for r in "abc"])
    looking.fast = script(together)
    looking.strong = script(draft())

    assert len((await looking.analyse(ALERT)).evidence) == 3


async def test_a_model_that_never_stops_calling_tools_is_stopped(looking: Bench, script: Script) -> None:
    counter = iter(range(1000))

    def restless(messages: list[Any]) -> AIMessage:
        return call("errors_of", resource=f"r{next(counter)}")

    looking.specialists = (specialist("infra", "errors_of", handles=("error",)),)
    looking.settings = {"max_model_calls": 3, "max_tool_calls": 50}
    looking.fast = script(*[restless] * 50)
    looking.strong = script(draft())

    run = await looking.analyse(ALERT)

    assert isinstance(looking.fast, ScriptedModel)
    assert len(looking.fast.heard) == 3
    assert [p.status for p in run.evidence] == [EvidenceStatus.ok] * 3 + [EvidenceStatus.error]
    [gap] = run.diagnosis.gaps
    assert gap.reason == "It stopped because it had made its 3 model calls (WATCHKEEPER_MAX_MODEL_CALLS)."


async def test_a_specialist_calls_no_more_tools_than_it_may(looking: Bench, script: Script) -> None:
    many = AIMessage(
        "", tool_calls=[call("errors_of", resource=f"r{n}").tool_calls[0] | {"id": f"c{n}"} for n in range(9)]
    )
    looking.specialists = (specialist("infra", "errors_of", handles=("error",)),)
    looking.settings = {"max_tool_calls": 4}
    looking.fast = script(many)
    looking.strong = script(draft())

    run = await looking.analyse(ALERT)

    assert [piece.tool for piece in run.evidence].count("errors_of") == 4
    [gap] = run.diagnosis.gaps
    assert "it has made its 4 tool calls (WATCHKEEPER_MAX_TOOL_CALLS)" in gap.reason


async def test_a_tool_that_the_model_made_up_does_no_harm(looking: Bench, script: Script) -> None:
    looking.specialists = (specialist("infra", "errors_of", handles=("error",)),)
    looking.fast = script(call("delete_everything"), call("errors_of", resource="checkout"))
    looking.strong = script(draft(("Errors rose.", ERRORS)))

    run = await looking.analyse(ALERT)

    assert [piece.id for piece in run.evidence] == [ERRORS]


async def test_an_alert_about_nothing_known_is_looked_at_all_the_same(looking: Bench, script: Script) -> None:
    looking.strong = script(draft(("Errors rose.", ERRORS)))

    run = await looking.analyse(alert("zzz"))

    assert run.parts[0]["specialists"] == ["infra", "logs"]


async def test_a_specialist_whose_tool_does_not_exist_is_an_error_that_names_it(bench: Bench) -> None:
    bench.specialists = (specialist("infra", "errors_of", "crystal_ball"),)

    with pytest.raises(
        PromptError, match=r"infra\.md names tools that are not in tools/evidence/catalog\.py: crystal_ball"
    ):
        await bench.analyse(ALERT)


async def test_a_run_that_is_cancelled_ends_at_once(looking: Bench, script: Script) -> None:
    begun, release = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    @evidence_tool("Slow?")
    def errors_of(look: Look, resource: str = "") -> Found:
        """Waits."""
        loop.call_soon_threadsafe(begun.set)
        release.wait(20)
        return Found("Late.")

    looking.tools["errors_of"] = errors_of
    running = asyncio.create_task(looking.analyse(ALERT))
    try:
        await asyncio.wait_for(begun.wait(), 10)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, 5)
    finally:
        release.set()
