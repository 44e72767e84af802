"""A whole question through each wire that aimock speaks: OpenAI, Gemini and Bedrock Converse."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.models import Answer, Evidence
from agent.ports import Deps
from agent.settings import Settings
from agent.specialists import read_specialists
from deploy.local.account import SimulatedAccount, load_scenario
from prompts.loader import load
from slack_app.bootstrap import application, build_deps
from tests.peers import missing
from tests.peers.aimock import RealAimock, running_aimock

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing("aimock")), reason=missing("aimock")),
    pytest.mark.xdist_group("aimock"),
    # Google's client subclasses aiohttp's session, which aiohttp discourages at run time.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    # When Gemini's server fails, langchain-core calls `response.json()`, which is a coroutine in aiohttp.
    pytest.mark.filterwarnings("ignore:coroutine 'ClientResponse.json' was never awaited:RuntimeWarning"),
    # aimock ends a tool call with a reason of its own, which Google's library does not know.
    pytest.mark.filterwarnings("ignore:FUNCTION_CALL is not a valid FinishReason:UserWarning"),
]

MODELS = {
    "openai": "openai:gpt-4.1-mini",
    "gemini": "gemini:gemini-2.5-flash",
    "bedrock": "bedrock:us.amazon.nova-lite-v1:0",
}
PATHS = {"openai": "/v1/chat/completions", "gemini": ":generateContent", "bedrock": "/converse"}
USAGE = {
    "openai": {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960},
    "gemini": {"promptTokenCount": 900, "candidatesTokenCount": 60, "totalTokenCount": 960},
    "bedrock": {"input_tokens": 900, "output_tokens": 60},
}
LOOKS = {"cost": "cost_breakdown", "infra": "unhealthy_resources"}
QUESTION = "Why did our Lambda costs spike?"
CALLS = 1 + 2 * 2 + 2
"""The supervisor, two specialists that look and then report, and the analyst's draft and its correction."""
CONCLUSION = "A model of other people's making concludes this."


@pytest.fixture
def aimock(tmp_path: Path) -> Iterator[RealAimock]:
    """Each test has its own: langchain-openai keeps connections by address, and each test has its own event loop."""
    with running_aimock(tmp_path) as one:
        yield one


@pytest.fixture(scope="module")
def account() -> Iterator[SimulatedAccount]:
    with SimulatedAccount() as one:
        one.load(load_scenario("lambda-cost-spike"))
        yield one


@pytest.fixture(params=MODELS)
def provider(request: pytest.FixtureRequest, account: SimulatedAccount, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in account.environment().items():
        monkeypatch.setenv(name, value)
    return request.param


def form(provider: str, name: str, **fields: Any) -> dict[str, Any]:
    """A form as each provider gives it: JSON, or on Bedrock a tool call."""
    filled = (
        {"toolCalls": [{"name": name, "arguments": fields}]}
        if provider == "bedrock"
        else {"content": json.dumps(fields)}
    )
    return {**filled, "usage": USAGE[provider]}


def beginning(prompt: str, **variables: Any) -> str:
    """By what a prompt's requests are known."""
    return load(prompt).render(**variables)[:90]


def script(aimock: RealAimock, provider: str) -> None:
    """All but the analyst's second draft, which cites evidence that is not there yet. The first cites none."""
    asked = [{"specialist": name, "question": QUESTION} for name in LOOKS]
    supervisor = beginning("supervisor", specialists=read_specialists())
    aimock.answer({"systemMessage": supervisor}, form(provider, "Route", kind="question", assignments=asked))
    for name, tool in LOOKS.items():
        who = beginning(f"specialists/{name}", rules="")
        look = {"toolCalls": [{"name": tool, "arguments": {}}], "usage": USAGE[provider]}
        aimock.answer({"systemMessage": who, "hasToolResult": False}, look)
        aimock.answer({"systemMessage": who, "hasToolResult": True}, {"content": "Seen.", "usage": USAGE[provider]})
    unfounded = [{"text": "The moon was full.", "evidence": []}]
    asked_first = {"systemMessage": beginning("answer", runbooks=[], zone="UTC"), "userMessage": "# Question"}
    aimock.answer(asked_first, form(provider, "AnswerDraft", headline="?", claims=unfounded))


async def ask(aimock: RealAimock, provider: str, home: Path) -> tuple[Answer, list[Evidence]]:
    key = None if provider == "bedrock" else "-".join(("test", "key"))
    settings = Settings.read(llm=MODELS[provider], llm_base_url=aimock.base_url(provider), llm_api_key=key, home=home)
    found: list[dict[str, Any]] = []

    async def follow(part: dict[str, Any]) -> None:
        if part["kind"] == "evidence":
            found.append(part["evidence"])
        if part.get("phase") == "analyse":
            claims = [{"text": piece["summary"].partition(". ")[0], "evidence": [piece["id"]]} for piece in found]
            said = form(provider, "AnswerDraft", headline=CONCLUSION, claims=claims)
            aimock.answer({"userMessage": beginning("reflection", problems=[])}, said)

    held = build_deps(settings)
    try:
        async with application(held.deps) as app:
            return await app.ask(QUESTION, [], "run_1", follow)
    finally:
        await hang_up(held.deps)
        held.close()


async def hang_up(deps: Deps) -> None:
    """The libraries keep connections open for longer than this event loop lives."""
    chain: Any = deps.models("analyst")
    model = chain.links[0].model
    if hasattr(model, "root_async_client"):
        await model.root_async_client.close()
    elif hasattr(model, "aclose"):
        await model.aclose()
    gc.collect()  # what Gemini's client leaves behind is reported while this module's filters are in force


async def test_a_whole_question(aimock: RealAimock, provider: str, tmp_path: Path) -> None:
    script(aimock, provider)

    answer, evidence = await ask(aimock, provider, tmp_path)

    assert (answer.headline, answer.provenance.degraded) == (CONCLUSION, "")
    assert {piece.tool for piece in evidence} == set(LOOKS.values())
    assert {i for claim in answer.claims for i in claim.evidence} == {piece.id for piece in evidence}
    assert set(answer.specialists) == set(LOOKS)
    asked = aimock.journal()
    assert len(asked) == answer.provenance.model_calls == CALLS
    assert all(PATHS[provider] in request["path"] for request in asked)
    assert answer.provenance.input_tokens == 900 * CALLS
    assert answer.provenance.output_tokens == 60 * CALLS
    assert answer.provenance.usd > 0
    assert answer.provenance.unpriced == ()


async def test_a_server_that_knows_no_answer_leaves_the_question_to_the_offline_analyst(
    aimock: RealAimock, provider: str, tmp_path: Path
) -> None:
    answer, evidence = await ask(aimock, provider, tmp_path)

    assert answer.provenance.model == "offline-analyst"
    assert answer.provenance.degraded.endswith("The offline analyst answered instead.")
    assert answer.claims
    assert evidence
