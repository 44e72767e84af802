"""Asking through the application: what a run took, what a thread remembers, and answers given again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import StateGraph

from agent.audit_events import AuditEvent
from agent.drafts import AnswerDraft, DraftClaim, FollowUp, Route
from agent.models import Answer, Asker, ChatMessage, Claim, Evidence, evidence_id
from agent.ports import Deps
from agent.settings import Settings
from graphs.conversation import build_conversation
from slack_app.application import Application
from slack_app.bootstrap import build_deps
from tests.agent.examples import NOW, evidence, finding
from tests.contracts.examples import audit_entry, incident
from tests.graphs.conftest import SPECIALISTS, TOOLS, Nowhere
from tests.graphs.scripted import RespondingModel, call
from tools.llm.offline import OfflineAnalyst

ERRORS = evidence_id("errors_of", {"resource": "checkout"})
ANA = Asker(user="U1", name="Ana", zone="Europe/Berlin")


class Desk:
    """The application with a model that counts its calls, at a time that tests move."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.now, self.calls, self.trouble = NOW, 0, ""
        model = RespondingModel(respond=self.respond)
        self.held = build_deps(
            Settings(home=home, **settings),
            clock=self.clock,
            aws=Nowhere(),
            models=lambda role: self.model(role, model),
        )
        self.app = Application(
            deps=self.deps,
            alert_analysis=None,
            conversation=build_conversation(self.deps, SPECIALISTS, TOOLS, InMemorySaver()),
        )

    @property
    def deps(self) -> Deps:
        return self.held.deps

    def clock(self) -> datetime:
        return self.now

    def model(self, role: str, model: RespondingModel) -> Any:
        return OfflineAnalyst(self.deps.knowledge, SPECIALISTS) if role == "offline" else model

    def respond(self, messages: list[Any]) -> Any:
        self.calls += 1
        self.heard = messages[1].text
        if "You are the supervisor" in messages[0].text:
            looks = [FollowUp(specialist="infra", question="Which errors has checkout?")]
            return Route(kind="question", assignments=looks)
        if self.trouble and "asked a question in Slack" in messages[0].text:
            raise RuntimeError(self.trouble)
        if "asked a question in Slack" in messages[0].text:
            return AnswerDraft(headline="It fails.", claims=[DraftClaim(text="Errors rose.", evidence=[ERRORS])])
        return AIMessage("Seen.") if messages[-1].type == "tool" else call("errors_of", resource="checkout")

    async def ask(
        self, question: str, history: list[ChatMessage] | None = None, asker: Asker = ANA
    ) -> tuple[Answer, list[Evidence]]:
        async def follow(part: dict[str, Any]) -> None: ...

        return await self.app.ask(question, history or [], f"run_{self.calls}", follow, asker)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.held.close()


async def test_an_answer_says_what_it_took(desk: Desk) -> None:
    answer, _ = await desk.ask("why does checkout fail?")

    took = answer.provenance
    assert (took.model, took.model_calls, took.tool_calls, took.run_id) == ("scripted-1", 4, 1, "run_0")
    assert (took.input_tokens, took.output_tokens, took.prompt_name) == (400, 40, "answer")
    assert (await desk.deps.spend.today("U1")).input_tokens == 400


async def test_an_equal_question_gets_the_same_answer_and_is_told_so(desk: Desk) -> None:
    first, found = await desk.ask("Why does checkout fail?")
    desk.now += timedelta(minutes=2)

    again, same = await desk.ask("  why does CHECKOUT fail ")

    assert desk.calls == 4
    assert (first.reused_from, again.reused_from) == (None, NOW)
    assert (again.headline, again.claims, same) == (first.headline, first.claims, found)
    assert (again.provenance.run_id, again.provenance.input_tokens) == ("run_4", 0)


@pytest.mark.parametrize(
    ("question", "asker"),
    [
        ("why does checkout fail today?", ANA),
        ("why does checkout fail?", Asker(user="U2", zone="Asia/Tokyo")),
    ],
)
async def test_another_question_or_zone_is_looked_into(desk: Desk, question: str, asker: Asker) -> None:
    await desk.ask("why does checkout fail?")

    answer, _ = await desk.ask(question, asker=asker)

    assert answer.reused_from is None
    assert desk.calls > 4


async def test_a_question_in_a_thread_is_always_looked_into(desk: Desk) -> None:
    await desk.ask("why does checkout fail?")

    answer, _ = await desk.ask("why does checkout fail?", [ChatMessage(role="user", text="hello", ts="1", at=NOW)])

    assert answer.reused_from is None


async def test_an_alert_makes_answers_old_even_those_being_written(desk: Desk) -> None:
    await desk.ask("why does checkout fail?")
    desk.deps.cache.forget("answer|")

    answer, _ = await desk.ask("why does checkout fail?")
    assert answer.reused_from is None

    async def alert_comes(part: dict[str, Any]) -> None:
        desk.deps.cache.forget("answer|")

    await desk.app.ask("is it slow?", [], "run_x", alert_comes, ANA)
    answer, _ = await desk.ask("is it slow?")
    assert answer.reused_from is None


async def test_a_change_makes_answers_old_even_one_that_failed_halfway(desk: Desk) -> None:
    def changes(state: dict[str, Any]) -> dict[str, Any]:
        if state["remediation"] == "rem_2":
            raise ConnectionError("AWS is gone")
        return {}

    graph: Any = StateGraph(dict).add_node("change", changes).set_entry_point("change")
    desk.app = replace(desk.app, remediation=graph.compile(checkpointer=InMemorySaver()))
    await desk.ask("why does checkout fail?")

    await desk.app.remediate("rem_1")
    answer, _ = await desk.ask("why does checkout fail?")
    assert answer.reused_from is None

    with pytest.raises(ConnectionError):
        await desk.app.remediate("rem_2")
    answer, _ = await desk.ask("why does checkout fail?")
    assert answer.reused_from is None


@pytest.mark.parametrize(("minutes", "old"), [(1, True), (-1, False)], ids=["afterwards", "before"])
@pytest.mark.parametrize("what", ["an alert", "a change"])
async def test_what_another_worker_did_since_makes_an_answer_old(
    what: str, minutes: int, old: bool, desk: Desk
) -> None:
    """It is not in this process's cache, but where all workers keep it."""
    await desk.ask("why does checkout fail?")
    at = desk.now + timedelta(minutes=minutes)
    if what == "an alert":
        await desk.deps.incidents.save(incident(created_at=at, last_alert_at=at))
    else:
        await desk.deps.audit.append(audit_entry(at=at, event=AuditEvent.executed))
    desk.now += timedelta(minutes=2)

    answer, _ = await desk.ask("why does checkout fail?")

    assert (answer.reused_from is None) == old


async def test_a_lesser_answer_is_not_kept(desk: Desk) -> None:
    desk.trouble = "the model is down"
    answer, _ = await desk.ask("which errors does checkout have?")
    assert answer.provenance.degraded
    desk.trouble = ""

    better, _ = await desk.ask("which errors does checkout have?")

    assert better.reused_from is None
    assert better.provenance.degraded == ""


async def test_nothing_is_reused_when_that_is_switched_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path, evidence_cache_seconds=0)
    await desk.ask("why does checkout fail?")

    answer, _ = await desk.ask("why does checkout fail?")

    assert answer.reused_from is None
    desk.held.close()


def long_thread(exchanges: int) -> list[ChatMessage]:
    turns: list[ChatMessage] = []
    for n in range(exchanges):
        rises = [finding("metric_rise", f"Errors of svc-{n} rose. {'x' * 300}", resource=f"svc-{n}") for _ in range(12)]
        piece = evidence(*rises, id=f"ev_{n:08x}")
        said = Answer(headline=f"svc-{n} fails.", claims=(Claim(text="Errors rose.", evidence=(piece.id,)),))
        turns.append(ChatMessage(role="user", text=f"why is svc-{n} failing?", author_name="Bo", ts=f"{n}", at=NOW))
        turns.append(
            ChatMessage(role="assistant", text=said.headline, answer=said, ts=f"answer:{n}", at=NOW, evidence=(piece,))
        )
    return turns


async def test_a_thread_of_two_hundred_messages_is_answered_within_the_budget(desk: Desk) -> None:
    history = long_thread(100)

    answer, found = await desk.ask("and svc-3, since when?", history)

    assert answer.claims
    assert answer.provenance.degraded == ""
    assert len(desk.heard) <= 8000 * 4
    assert "Bo asked: why is svc-3 failing? Answer: svc-3 fails. [ev_00000003]" in desk.heard
    whole = {piece.id: piece for turn in history for piece in turn.evidence}
    assert all(piece == whole[piece.id] for piece in found if piece.id in whole)


async def test_secrets_in_a_thread_do_not_reach_the_model(desk: Desk) -> None:
    key = "AKIA" + "Q3EGRTY7PLMNB2VX"
    history = [ChatMessage(role="user", text=f"we use {key}, why does it fail?", ts="1", at=NOW)]

    await desk.ask(f"and with {key}?", history)

    assert key not in desk.heard


async def test_a_follower_that_fails_stops_the_run(desk: Desk) -> None:
    before = asyncio.all_tasks()

    async def falls_over(part: dict[str, Any]) -> None:
        if part["kind"] == "tool_started":
            raise ConnectionError("Slack is gone")

    with pytest.raises(ConnectionError):
        await desk.app.ask("why does checkout fail?", [], "run_y", falls_over, ANA)
    await asyncio.sleep(0.05)

    assert asyncio.all_tasks() == before
    assert (await desk.deps.spend.today("U1")).input_tokens == 200
