from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.exceptions import (
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelInvalidRequestError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.tools import tool
from pydantic import BaseModel

from agent.errors import BudgetExceeded, ModelUnavailable
from tests.tools.llm.normal import NormalisedReply
from tests.tools.llm.scripted import ScriptedModel
from tests.tools.llm.stubs import ModelStub
from tools.llm.breaker import CircuitBreaker
from tools.llm.fallback import FallbackChatModel
from tools.llm.links import Link

WELL = AIMessage("all is well", response_metadata={"model_name": "the-real-one"})
OFFLINE = AIMessage("by the runbook", response_metadata={"model_name": "offline-analyst"})


class Verdict(BaseModel):
    """The outcome."""

    cause: str


@tool
def error_count(function: str) -> str:
    """How many errors a function had."""
    return f"{function}: 42"


def calls(name: str, **args: str) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": "call_1", "type": "tool_call"}])


def scripted(
    *steps: AIMessage | Exception, name: str = "scripted", breaks_off: Exception | None = None
) -> ScriptedModel:
    return ScriptedModel(steps=list(steps), name=name, breaks_off=breaks_off)


def guarded(
    primary: BaseChatModel, fallback: BaseChatModel | None = None, breaker: CircuitBreaker | None = None
) -> FallbackChatModel:
    return chain(primary, fallback=fallback, breakers=[breaker] if breaker else None)


def chain(
    *models: BaseChatModel, fallback: BaseChatModel | None = None, breakers: list[CircuitBreaker] | None = None
) -> FallbackChatModel:
    """Links `test:first`, `test:second`, ... and the offline analyst."""
    names = ("first", "second", "third")
    breakers = breakers or [CircuitBreaker() for _ in models]
    links = [
        Link(f"test:{name}", model, breaker) for name, model, breaker in zip(names, models, breakers, strict=False)
    ]
    return FallbackChatModel(
        links=tuple(links),
        offline=fallback or scripted(OFFLINE, name="offline-analyst"),
        throttle_waits=(0.0, 0.0),
        attempt_seconds=5,
    )


async def test_while_the_primary_answers_its_answer_is_given_unmarked() -> None:
    reply = await guarded(scripted(WELL)).ainvoke("how is it?")
    assert reply.text == "all is well"
    assert reply.response_metadata["model_name"] == "the-real-one"
    assert "degraded" not in reply.response_metadata


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ModelConnectionError("refused"), "cannot be reached"),
        (ModelAPIError("500"), "an error of its own"),
        (ModelTimeoutError("60 s"), "did not answer in time"),
        (ModelAuthenticationError("key sk-123 is wrong"), "refused the credentials"),
        (ModelRateLimitError("429"), "limiting requests"),
        (ModelInvalidRequestError("too long"), "rejected the request"),
        (ConnectionResetError("reset"), "cannot be reached"),
        (AttributeError("'str' object has no attribute 'choices'"), "cannot be read"),
    ],
)
async def test_when_the_primary_fails_the_fallback_answers_and_says_why(error: Exception, says: str) -> None:
    reply = await guarded(scripted(error)).ainvoke("how is it?")
    assert reply.text == "by the runbook"
    assert reply.response_metadata["model_name"] == "offline-analyst"
    assert says in reply.response_metadata["degraded"]
    assert "sk-123" not in reply.response_metadata["degraded"]


def test_it_works_synchronously_too() -> None:
    assert guarded(scripted(WELL)).invoke("how is it?").text == "all is well"
    assert guarded(scripted(ModelAPIError("500"))).invoke("how is it?").text == "by the runbook"


async def test_an_error_of_our_own_is_not_hidden() -> None:
    with pytest.raises(BudgetExceeded, match="no tokens left"):
        await guarded(scripted(BudgetExceeded("no tokens left"))).ainvoke("how is it?")


async def test_a_throttled_call_is_tried_again_before_falling_back() -> None:
    primary = scripted(ModelRateLimitError("429"), ModelRateLimitError("429"), WELL)
    assert (await guarded(primary).ainvoke("how is it?")).text == "all is well"
    assert primary.calls == 3


@pytest.mark.parametrize("error", [ModelAPIError("500"), ModelTimeoutError("60 s"), ModelAuthenticationError("401")])
async def test_nothing_but_throttling_is_tried_again(error: Exception) -> None:
    primary = scripted(error, WELL)
    assert (await guarded(primary).ainvoke("how is it?")).text == "by the runbook"
    assert primary.calls == 1


async def test_after_three_failures_the_primary_is_left_alone_and_then_probed() -> None:
    now = [0.0]
    down = ModelConnectionError("refused")
    primary = scripted(down, down, down, WELL)
    model = guarded(primary, breaker=CircuitBreaker(seconds=lambda: now[0]))
    for _ in range(10):
        reply = await model.ainvoke("how is it?")
        assert "cannot be reached" in reply.response_metadata["degraded"]
    assert primary.calls == 3
    now[0] = 60
    assert (await model.ainvoke("how is it?")).text == "all is well"
    assert (await model.ainvoke("how is it?")).text == "all is well"


async def test_requests_that_are_rejected_do_not_open_the_breaker() -> None:
    primary = scripted(*[ModelInvalidRequestError("too long")] * 5, WELL)
    model = guarded(primary)
    for _ in range(5):
        await model.ainvoke("how is it?")
    assert (await model.ainvoke("how is it?")).text == "all is well"


async def test_bound_models_share_the_breaker() -> None:
    primary = scripted(ModelConnectionError("refused"))
    model = guarded(primary)
    for _ in range(5):
        await model.bind_tools([error_count]).ainvoke("how is it?")
    assert primary.calls == 3


async def test_tools_are_bound_to_both() -> None:
    primary, fallback = scripted(WELL), scripted(OFFLINE)
    guarded(primary, fallback).bind_tools([error_count], tool_choice="any")
    assert primary.bound == fallback.bound == [{"names": ["error_count"], "tool_choice": "any"}]


class NoForcedTools(ScriptedModel):
    def bind_tools(self, tools: Any, *, tool_choice: str | None = None, **kwargs: Any) -> Any:
        if tool_choice:
            raise ValueError("this model does not support tool_choice")
        return super().bind_tools(tools, **kwargs)


async def test_a_model_that_cannot_be_told_to_use_a_tool_is_only_asked() -> None:
    primary = NoForcedTools(steps=[calls("Verdict", cause="a deploy")])
    assert await guarded(primary).with_structured_output(Verdict).ainvoke("why?") == Verdict(cause="a deploy")


@pytest.mark.parametrize(
    ("primary", "cause"),
    [(calls("Verdict", cause="a deploy"), "a deploy"), (ModelAPIError("500"), "the runbook's")],
)
async def test_structured_output_comes_from_whichever_answers(primary: AIMessage | Exception, cause: str) -> None:
    model = guarded(scripted(primary), scripted(calls("Verdict", cause="the runbook's")))
    assert await model.with_structured_output(Verdict).ainvoke("why?") == Verdict(cause=cause)


@pytest.mark.parametrize("fails_at", [1, 2, 3])
async def test_an_agent_finishes_whenever_the_primary_dies(fails_at: int) -> None:
    """The fallback picks up in the middle of the tool loop, with the messages so far."""
    steps: list[AIMessage | Exception] = [calls("error_count", function="checkout"), calls("Verdict", cause="a deploy")]
    steps[fails_at - 1 :] = [ModelConnectionError("refused")]
    fallback = scripted(calls("Verdict", cause="the runbook's"))
    agent = create_agent(guarded(scripted(*steps), fallback), [error_count], response_format=ToolStrategy(Verdict))
    state = await agent.ainvoke({"messages": [("human", "why?")]})
    assert state["structured_response"].cause == ("a deploy" if fails_at == 3 else "the runbook's")


async def test_a_stream_comes_in_pieces_with_its_metadata_once() -> None:
    model = guarded(scripted(WELL, name="the-real-one"))
    chunks = [chunk async for chunk in model.astream("how is it?")]
    assert [chunk.text for chunk in chunks if chunk.text] == ["all ", "is ", "well "]
    whole = sum(chunks[1:], start=chunks[0])
    assert whole.response_metadata["model_name"] == "the-real-one"


async def test_a_stream_that_cannot_begin_comes_from_the_fallback() -> None:
    chunks = [chunk async for chunk in guarded(scripted(ModelAPIError("500"))).astream("how is it?")]
    assert "".join(chunk.text for chunk in chunks) == "by the runbook"
    assert any("degraded" in chunk.response_metadata for chunk in chunks)


async def test_a_stream_that_breaks_off_raises_what_to_do_about_it() -> None:
    model = guarded(scripted(WELL, breaks_off=ModelConnectionError("reset")))
    stream = model.astream("how is it?")
    assert (await anext(stream)).text == "all "
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await anext(stream)


async def test_an_agent_whose_stream_breaks_off_starts_its_answer_over() -> None:
    model = guarded(scripted(WELL, breaks_off=ModelConnectionError("reset")))
    heard: dict[str | None, str] = {}
    async for part in create_agent(model, []).astream({"messages": [("human", "how is it?")]}, stream_mode="messages"):
        message = part[0]
        heard[message.id] = heard.get(message.id, "") + message.text
    assert list(heard.values()) == ["all ", "by the runbook"]


async def test_an_agent_streams_each_token_once() -> None:
    heard = [
        part[0].text
        async for part in create_agent(guarded(scripted(WELL)), []).astream(
            {"messages": [("human", "how is it?")]}, stream_mode="messages"
        )
        if isinstance(part[0], AIMessageChunk) and part[0].text
    ]
    assert heard == ["all ", "is ", "well "]


async def test_tokens_are_counted_once() -> None:
    usage = UsageMetadataCallbackHandler()
    spent = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}
    reply = WELL.model_copy(update={"usage_metadata": spent})
    await guarded(scripted(reply)).ainvoke("how is it?", {"callbacks": [usage]})
    assert usage.usage_metadata["the-real-one"]["total_tokens"] == 18


@pytest.mark.usefixtures("leftovers_are_collected")
@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:coroutine 'ClientResponse.json' was never awaited:RuntimeWarning")
class TestOverHttp:
    """The four real classes, with their real errors."""

    @pytest.mark.parametrize("status", [401, 429, 500])
    async def test_a_failing_server(self, model: BaseChatModel, stub: ModelStub, status: int) -> None:
        stub.script = lambda request: NormalisedReply(status=status)
        reply = await guarded(model).ainvoke("how is it?")
        assert reply.text == "by the runbook"
        assert len(stub.requests) == (3 if status == 429 else 1)

    async def test_nobody_listening(self, model_at: Callable[..., BaseChatModel]) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        began = time.monotonic()
        reply = await guarded(model_at(f"http://127.0.0.1:{port}/v1")).ainvoke("how is it?")
        assert "cannot be reached" in reply.response_metadata["degraded"]
        assert time.monotonic() - began < 5

    async def test_a_working_server_names_the_model(self, provider: str, model: BaseChatModel) -> None:
        reply = await guarded(model).ainvoke("how is it?")
        expected = {"bedrock": "anthropic.claude", "gemini": "gemini-2.5", "openai": "gpt-4o", "vllm": "qwen3"}
        assert expected[provider] in reply.response_metadata["model_name"]

    async def test_a_stream_that_breaks_off(self, model: BaseChatModel, stub: ModelStub) -> None:
        stub.script = lambda request: NormalisedReply(text="half an answer", break_off=request.stream)
        heard: dict[str | None, str] = {}
        async for part in create_agent(guarded(model), []).astream(
            {"messages": [("human", "how is it?")]}, stream_mode="messages"
        ):
            heard[part[0].id] = heard.get(part[0].id, "") + part[0].text
        assert list(heard.values()) == ["half ", "by the runbook"]


async def test_the_same_tools_are_bound_once_and_others_anew() -> None:
    @tool
    def error_rate(function: str) -> str:
        """The share of errors."""
        return function

    primary = scripted(WELL)
    model = guarded(primary)
    first = model.bind_tools([error_count])

    assert model.bind_tools([error_count]) is first
    assert model.bind_tools([error_rate]) is not first
    assert model.bind_tools([error_count], tool_choice="any") is not first
    assert len(primary.bound) == 3
