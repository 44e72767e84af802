"""Threads of two hundred messages, with tool results, several people and other languages, over the real specialists."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.checkpoint.memory import InMemorySaver

from agent.drafts import AnswerDraft, DraftClaim, FollowUp, Route
from agent.models import Answer, Asker, ChatMessage, Claim, Evidence
from agent.settings import Settings
from agent.tokens import tokens
from graphs.conversation import build_conversation
from slack_app.application import Application
from slack_app.bootstrap import Held, build_deps, read_specialists
from tests.agent.examples import NOW, evidence, finding
from tests.graphs.conftest import Nowhere
from tests.graphs.scripted import RespondingModel, call
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.catalog import TOOLS
from tools.inventory import Inventory

LIMIT = 8000
ASKED = {
    "English": "why is {name} failing since yesterday at two, and what did we change before that?",
    "German": "Warum schlägt {name} seit gestern fehl? Bitte prüfe Übersicht, Größe und Änderungen der Auslöser.",
    "Russian": "Почему со вчерашнего дня не работает {name}? Проверь журналы и скажи, нужно ли откатываться.",
    "Chinese": "为什么{name}从昨天下午开始失败？最近一次部署之后错误率明显上升，请检查日志并告诉我是否需要回滚。",
    "Japanese": "なぜ昨日から{name}が失敗しているのですか？ログを確認して、ロールバックが必要か教えてください。",
    "Hindi": "कल दोपहर से {name} क्यों विफल हो रहा है? कृपया लॉग देखें और बताएं कि क्या वापस जाना होगा।",
    "Emoji": "🔥🚨 {name} is down 😱😭 please help 🙏🙏 🇩🇪 👩‍💻 ✅ ❌",
}
LANGUAGES = [*ASKED, "all of them"]


@evidence_tool("Which resources of {service} depart from normal?")
def unhealthy_resources(look: Look, service: str = "") -> Found:
    """Many findings, each a long line of figures."""
    found = [
        finding("metric_rise", f"Errors of svc-{n} rose from 0.31 to {n}90.27 a minute at 14:18:03.{n}21 UTC.", at=NOW)
        for n in range(40)
    ]
    return Found("40 of 412 resources depart from normal.", found)


class Thread:
    """`await ask(...)` with a model that calls every tool it may and then concludes; `heard` is what it was told."""

    def __init__(self, home: Path) -> None:
        self.heard: list[tuple[list[BaseMessage], int]] = []
        self.specialists = read_specialists()
        self.tools = {**TOOLS, "unhealthy_resources": unhealthy_resources}
        model = RespondingModel(respond=self.respond)
        self.held: Held = build_deps(Settings(home=home), clock=lambda: NOW, aws=Nowhere(), models=lambda _: model)
        self.held.deps.cache.fetch("inventory|home|us-east-1", 300, lambda: Inventory(()))
        self.app = Application(
            deps=self.held.deps,
            alert_analysis=None,
            conversation=build_conversation(self.held.deps, self.specialists, self.tools, InMemorySaver()),
        )

    def respond(self, messages: list[BaseMessage]) -> Any:
        system = messages[0].text
        own = [one for one in self.specialists if one.title in system.partition("\n")[0] or one.name in system[:120]]
        if "You are the supervisor" in system:
            self.heard.append((messages, form_tokens(Route)))
            looks = [FollowUp(specialist=one.name, question="What departs from normal?") for one in self.specialists]
            return Route(kind="question", assignments=looks)
        if "asked a question in Slack" in system:
            self.heard.append((messages, form_tokens(AnswerDraft)))
            return AnswerDraft(headline="It fails.", claims=[DraftClaim(text="Errors rose.", evidence=["ev_00000063"])])
        described = [convert_to_openai_tool(self.tools[name]) for one in own[:1] for name in one.tools]
        self.heard.append((messages, tokens(json.dumps(described))))
        results = sum(message.type == "tool" for message in messages)
        return AIMessage("Seen.") if results >= 4 else call("unhealthy_resources", service=f"s{results}")

    async def ask(self, question: str, history: list[ChatMessage]) -> tuple[Answer, list[Evidence]]:
        async def follow(part: dict[str, Any]) -> None: ...

        return await self.app.ask(question, history, "run_1", follow, Asker(user="U1", name="Ana"))


def form_tokens(form: type[Any]) -> int:
    return tokens(json.dumps(convert_to_openai_tool(form)))


def said_in(language: str, n: int) -> str:
    spoken = [*ASKED.values()][n % len(ASKED)] if language == "all of them" else ASKED[language]
    return spoken.format(name=f"svc-{n}") * 3


def long_thread(language: str, exchanges: int = 100) -> list[ChatMessage]:
    turns: list[ChatMessage] = []
    for n in range(exchanges):
        asked = said_in(language, n)
        rises = [finding("log_error", asked, resource=f"svc-{n}", at=NOW) for _ in range(12)]
        piece = evidence(*rises, id=f"ev_{n:08x}", summary=asked)
        said = Answer(headline=asked, claims=(Claim(text="Errors rose.", evidence=(piece.id,)),))
        turns.append(ChatMessage(role="user", text=asked, author=f"U{n % 5}", author_name="Bo", ts=f"{n}", at=NOW))
        turns.append(
            ChatMessage(role="assistant", text=asked, answer=said, ts=f"answer:{n}", at=NOW, evidence=(piece,))
        )
    return turns


@pytest.fixture
def thread(tmp_path: Path) -> Iterator[Thread]:
    thread = Thread(tmp_path)
    yield thread
    thread.held.close()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_is_answered_within_what_one_call_may_read(thread: Thread, language: str) -> None:
    answer, _ = await thread.ask(said_in(language, 3), long_thread(language))

    assert answer.claims
    assert answer.provenance.degraded == ""
    sizes = [sum(tokens(message.text) for message in messages) + tools for messages, tools in thread.heard]
    assert max(sizes) <= LIMIT
    told = thread.heard[0][0][1].text
    assert said_in(language, 99)[:60] in told  # the latest
    assert "[ev_00000003]" in told  # what the new question is about


async def test_every_specialist_gets_to_see_what_its_tools_say(thread: Thread) -> None:
    await thread.ask(said_in("English", 3), long_thread("English"))

    last = [messages for messages, _ in thread.heard if messages[-1].type == "tool"]
    full = [messages for messages in last if "(shortened)" not in messages[-1].text]
    assert full
    assert len(last) >= len(thread.specialists)
