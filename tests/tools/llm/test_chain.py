"""The chain step by step: provider after provider, each behind its own breaker, at the end the offline analyst."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.exceptions import ModelAPIError, ModelConnectionError, ModelInvalidRequestError, ModelRateLimitError
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from agent.settings import Settings
from tests.tools.llm.conftest import MODELS
from tests.tools.llm.normal import NormalisedReply, NormalisedRequest, ToolCall
from tests.tools.llm.scripted import ScriptedModel
from tests.tools.llm.stubs import ModelStub
from tests.tools.llm.test_fallback import chain, scripted
from tools.llm.attempts import jittered
from tools.llm.breaker import CircuitBreaker
from tools.llm.fallback import FallbackChatModel
from tools.llm.forms import read_form
from tools.llm.providers import link_of

DOWN, BUSY, BROKEN = ModelConnectionError("refused"), ModelRateLimitError("429"), ModelAPIError("500")


class Verdict(BaseModel):
    """The outcome."""

    cause: str
    sure: bool = False


def says(text: str) -> AIMessage:
    return AIMessage(text)


def told(reply: AIMessage) -> tuple[str, str, str]:
    meta = reply.response_metadata
    return reply.text, meta["spec"], meta.get("degraded", "")


async def test_the_first_that_answers_does_and_the_others_are_not_asked() -> None:
    second = scripted(says("two"))

    reply = await chain(scripted(says("one")), second).ainvoke("?")

    assert told(reply) == ("one", "test:first", "")
    assert second.calls == 0


async def test_the_second_answers_for_the_first_and_says_why() -> None:
    reply = await chain(scripted(DOWN), scripted(says("two")), scripted(says("three"))).ainvoke("?")

    text, spec, degraded = told(reply)
    assert (text, spec) == ("two", "test:second")
    assert degraded == (
        "The language model cannot be reached; check WATCHKEEPER_LLM_BASE_URL and the network."
        " test:second answered instead."
    )


async def test_when_all_fail_the_offline_analyst_answers_and_names_each_reason() -> None:
    reply = await chain(scripted(DOWN), scripted(BUSY, BUSY, BUSY), scripted(BROKEN)).ainvoke("?")

    text, spec, degraded = told(reply)
    assert (text, spec) == ("by the runbook", "offline")
    assert degraded.startswith("Several models failed. test:first: The language model cannot be reached")
    assert "test:second: The language model's provider is limiting requests" in degraded
    assert "test:third: The language model's provider reports an error of its own" in degraded
    assert degraded.endswith("The offline analyst answered instead.")


async def test_each_step_has_its_own_breaker() -> None:
    now = [0.0]
    breakers = [CircuitBreaker(seconds=lambda: now[0]) for _ in range(2)]
    first, second = scripted(DOWN, DOWN, DOWN, says("one")), scripted(*[says("two")] * 9)
    model = chain(first, second, breakers=breakers)

    for _ in range(6):
        assert told(await model.ainvoke("?"))[1] == "test:second"
    assert (first.calls, second.calls) == (3, 6)

    now[0] = 60
    assert told(await model.ainvoke("?")) == ("one", "test:first", "")


async def test_of_many_calls_on_an_open_breaker_one_probes_and_the_others_go_on_to_the_next() -> None:
    now = [0.0]
    breakers = [CircuitBreaker(threshold=1, seconds=lambda: now[0]), CircuitBreaker()]
    first, second = scripted(DOWN, *[says("one")] * 9), scripted(*[says("two")] * 9)
    model = chain(first, second, breakers=breakers)
    await model.ainvoke("?")
    now[0] = 60
    assert breakers[0].allows()  # somebody's probe is on its way

    replies = await asyncio.gather(*(model.ainvoke("?") for _ in range(5)))

    assert {told(reply)[1] for reply in replies} == {"test:second"}


async def test_a_link_that_rejects_the_request_is_followed_by_the_next_and_stays_closed() -> None:
    first = scripted(*[ModelInvalidRequestError("too long")] * 5, says("one"))
    model = chain(first, scripted(*[says("two")] * 5))

    for _ in range(5):
        assert told(await model.ainvoke("?"))[1] == "test:second"
    assert told(await model.ainvoke("?"))[1] == "test:first"


async def test_a_throttled_link_is_tried_again_before_the_next_is_asked() -> None:
    first = scripted(BUSY, BUSY, says("one"))

    assert told(await chain(first, scripted(says("two"))).ainvoke("?")) == ("one", "test:first", "")
    assert first.calls == 3


def test_those_who_were_throttled_together_do_not_come_back_together() -> None:
    waits = [jittered(2.0) for _ in range(200)]

    assert all(1.0 <= wait <= 3.0 for wait in waits)
    assert max(waits) - min(waits) > 1
    assert jittered(0.0) == 0


class Hangs(ScriptedModel):
    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(30)


async def test_a_link_that_hangs_is_given_up_in_time_for_the_next() -> None:
    model = chain(Hangs(steps=[]), scripted(says("two"))).model_copy(update={"attempt_seconds": 0.1})
    began = time.monotonic()

    text, _, degraded = told(await model.ainvoke("?"))

    assert text == "two"
    assert "did not answer in time" in degraded
    assert time.monotonic() - began < 5


async def test_a_stream_that_breaks_off_at_the_second_is_told_by_the_third() -> None:
    broken = scripted(says("half an answer"), breaks_off=DOWN)
    model = chain(scripted(BROKEN), broken, scripted(says("the whole answer")))
    heard: dict[str | None, str] = {}

    async for part in create_agent(model, []).astream({"messages": [("human", "?")]}, stream_mode="messages"):
        heard[part[0].id] = heard.get(part[0].id, "") + part[0].text

    assert list(heard.values()) == ["half ", "the whole answer "]


async def test_a_secret_in_an_error_reaches_neither_the_answer_nor_the_log(caplog: pytest.LogCaptureFixture) -> None:
    key = "".join(("sk-", "proj-", "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3"))
    failing = scripted(AttributeError(f"key {key} of host internal.example is odd"))

    reply = await chain(failing).ainvoke("?")

    assert key not in str(reply)
    assert "AttributeError" in caplog.text
    assert key not in caplog.text


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
class TestOverHttp:
    """Three real classes in one chain, over three wires."""

    ORDER = ("bedrock", "openai", "gemini")

    @pytest.fixture
    def model(self, stub: ModelStub) -> FallbackChatModel:
        key = "-".join(("test", "key"))
        settings = Settings.read(
            llm=MODELS["bedrock"],
            llm_api_key=f"openai={key},gemini={key}",
            llm_base_url=",".join(f"{name}={stub.base_url(name)}" for name in self.ORDER),
        )
        links = tuple(link_of(MODELS[name], settings, CircuitBreaker()) for name in self.ORDER)
        offline = ScriptedModel(steps=[AIMessage('{"cause": "the runbook\'s"}')] * 5, name="offline-analyst")
        return FallbackChatModel(links=links, offline=offline, throttle_waits=(0.0,))

    @pytest.mark.parametrize("failing", [0, 1, 2, 3])
    async def test_each_step_takes_over_from_the_one_before(
        self, failing: int, model: FallbackChatModel, stub: ModelStub
    ) -> None:
        down = self.ORDER[:failing]

        def script(request: NormalisedRequest) -> NormalisedReply:
            if request.wire in down:
                return NormalisedReply(status=429 if request.wire == "bedrock" else 401)
            return NormalisedReply(tool_calls=(ToolCall("Verdict", {"cause": f"said {request.wire}", "sure": True}),))

        stub.script = script
        reply = await model.bind_form(Verdict).ainvoke("why?")
        verdict, problem = read_form(Verdict, reply)

        assert problem == ""
        assert verdict is not None
        expected = [f"said {name}" for name in self.ORDER] + ["the runbook's"]
        assert verdict.cause == expected[failing]
        assert bool(reply.response_metadata.get("degraded")) == bool(failing)
        asked = ["bedrock"] * bool(failing) + list(self.ORDER[: failing + 1])  # the throttled one twice
        assert [request.wire for request in stub.requests] == asked
        for request in stub.requests:
            assert request.json_schema == (request.wire != "bedrock")  # there it is a tool that must be called
            assert request.tool_choice == ("Verdict" if request.json_schema else "any")
