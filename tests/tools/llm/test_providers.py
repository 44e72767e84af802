"""The four real LangChain classes over HTTP, against one stub that speaks all their wires."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from agent.errors import ModelUnavailable, SettingsError
from agent.settings import Settings
from tests.tools.llm.conftest import MODELS
from tests.tools.llm.normal import NormalisedReply, NormalisedRequest, ToolCall
from tests.tools.llm.stubs import ModelStub
from tools.llm.errors import explain_model_error
from tools.llm.providers import chat_model

pytestmark = [
    # Google's client subclasses aiohttp's session, which aiohttp discourages at run time.
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    # When Gemini's server fails, langchain-core calls `response.json()`, which is a coroutine in aiohttp.
    pytest.mark.filterwarnings("ignore:coroutine 'ClientResponse.json' was never awaited:RuntimeWarning"),
]


class Verdict(BaseModel):
    """The outcome."""

    cause: str = Field(description="What caused it")
    sure: bool = False


@tool
def error_count(function: str, hours: int = 1) -> str:
    """How many errors a Lambda function had."""
    return f"{function} had 42 errors in {hours} h"


def counts_then_concludes(request: NormalisedRequest) -> NormalisedReply:
    """Call the tool, then answer with what it said."""
    if request.last.role != "tool":
        return NormalisedReply(tool_calls=(ToolCall("error_count", {"function": "checkout", "hours": 3}),))
    return NormalisedReply(text=f"It says: {request.last.text}")


def concludes_in_form(request: NormalisedRequest) -> NormalisedReply:
    return NormalisedReply(tool_calls=(ToolCall("Verdict", {"cause": "a bad deploy", "sure": True}),))


async def test_it_answers_in_text_and_counts_tokens(model: BaseChatModel, stub: ModelStub) -> None:
    reply = await model.ainvoke([("system", "You are on call."), ("human", "Hello?")])
    assert reply.text == "Hello there, on call."
    assert reply.usage_metadata is not None
    assert (reply.usage_metadata["input_tokens"], reply.usage_metadata["output_tokens"]) == (11, 7)
    assert stub.requests[0].system == "You are on call."
    assert stub.requests[0].last.text == "Hello?"


async def test_it_streams_its_text_in_pieces(model: BaseChatModel) -> None:
    pieces = [chunk.text async for chunk in model.astream("Hello?") if chunk.text]
    assert "".join(pieces) == "Hello there, on call."
    assert len(pieces) == 4


async def test_an_agent_calls_a_tool_and_reads_its_result(model: BaseChatModel, stub: ModelStub) -> None:
    stub.script = counts_then_concludes
    agent = create_agent(model, tools=[error_count])
    state = await agent.ainvoke({"messages": [("human", "How bad is it?")]})
    [result] = [message for message in state["messages"] if isinstance(message, ToolMessage)]
    assert result.text == "checkout had 42 errors in 3 h"
    assert "checkout had 42 errors in 3 h" in state["messages"][-1].text
    assert "function" in stub.requests[0].tools["error_count"]["properties"]


async def test_an_agent_concludes_in_a_structured_form(model: BaseChatModel, stub: ModelStub) -> None:
    def script(request: NormalisedRequest) -> NormalisedReply:
        return counts_then_concludes(request) if request.last.role != "tool" else concludes_in_form(request)

    stub.script = script
    agent = create_agent(model, tools=[error_count], response_format=ToolStrategy(Verdict))
    state = await agent.ainvoke({"messages": [("human", "What is it?")]})
    assert state["structured_response"] == Verdict(cause="a bad deploy", sure=True)
    assert stub.requests[0].tool_choice == "any"


async def test_structured_output_comes_back_as_the_model_class(model: BaseChatModel, stub: ModelStub) -> None:
    stub.script = concludes_in_form
    assert await model.with_structured_output(Verdict).ainvoke("What is it?") == Verdict(
        cause="a bad deploy", sure=True
    )
    assert "cause" in stub.requests[0].tools["Verdict"]["properties"]


async def test_tool_calls_come_through_a_stream(model: BaseChatModel, stub: ModelStub) -> None:
    stub.script = counts_then_concludes
    whole = None
    async for chunk in model.bind_tools([error_count]).astream("How bad is it?"):
        whole = chunk if whole is None else whole + chunk
    assert isinstance(whole, AIMessage)
    [call] = whole.tool_calls
    assert (call["name"], call["args"]) == ("error_count", {"function": "checkout", "hours": 3})


async def test_two_tools_called_at_once_both_get_their_results_back(model: BaseChatModel, stub: ModelStub) -> None:
    def script(request: NormalisedRequest) -> NormalisedReply:
        if request.last.role != "tool":
            calls = [ToolCall("error_count", {"function": name, "hours": 1}) for name in ("checkout", "search")]
            return NormalisedReply(tool_calls=tuple(calls))
        results = [message.text for message in request.messages if message.role == "tool"]
        return NormalisedReply(text=" and ".join(results))

    stub.script = script
    state = await create_agent(model, tools=[error_count]).ainvoke({"messages": [("human", "Which?")]})
    assert "checkout had 42" in state["messages"][-1].text
    assert "search had 42" in state["messages"][-1].text


@pytest.mark.usefixtures("leftovers_are_collected")
@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "refused the credentials; check WATCHKEEPER_LLM_API_KEY"),
        (403, "refused the credentials; check WATCHKEEPER_LLM_API_KEY"),
        (404, "does not know this language model; check the name in WATCHKEEPER_LLM"),
        (429, "limiting requests"),
        (500, "an error of its own"),
        (400, "rejected the request"),
    ],
)
async def test_a_failure_is_explained_in_one_sentence_and_not_retried(
    model: BaseChatModel, stub: ModelStub, status: int, says: str
) -> None:
    stub.script = lambda request: NormalisedReply(status=status)
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- each library has its own; what it maps to is the point
        await model.ainvoke("Hello?")
    explained = explain_model_error(caught.value)
    assert isinstance(explained, ModelUnavailable)
    assert says in str(explained)
    assert "the stub was told" not in str(explained)
    assert len(stub.requests) == 1


async def test_nobody_listening_is_explained(model_at: Callable[..., BaseChatModel]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Exception) as caught:  # noqa: PT011
        await model_at(f"http://127.0.0.1:{port}/v1").ainvoke("Hello?")
    assert "cannot be reached; check WATCHKEEPER_LLM_BASE_URL" in str(explain_model_error(caught.value))


async def test_a_model_that_is_too_slow_is_explained(
    provider: str, stub: ModelStub, model_at: Callable[..., BaseChatModel]
) -> None:
    def slow(request: NormalisedRequest) -> NormalisedReply:
        time.sleep(1)
        return NormalisedReply(text="at last")

    stub.script = slow
    with pytest.raises(Exception) as caught:  # noqa: PT011
        await model_at(stub.base_url(provider), timeout=0.2).ainvoke("Hello?")
    assert "did not answer in time" in str(explain_model_error(caught.value))


async def test_it_asks_for_a_bounded_reply_without_chance_where_the_model_allows_it(
    provider: str, model: BaseChatModel, stub: ModelStub
) -> None:
    await model.ainvoke("Hello?")
    unknown_to_langchain = provider == "bedrock"
    assert stub.requests[0].temperature == (None if unknown_to_langchain else 0)
    assert 2000 <= (stub.requests[0].max_tokens or 0) <= 8000


@pytest.mark.parametrize("model_name", ["openai:gpt-5", "openai:o3", "gemini:gemini-3.1-pro-preview"])
def test_a_model_that_takes_no_temperature_gets_none_and_one_that_thinks_gets_room(model_name: str) -> None:
    built = chat_model(model_name, Settings.read(llm=model_name, llm_api_key="-".join(("test", "key"))))
    assert getattr(built, "temperature", 0) is None
    assert getattr(built, "max_output_tokens", None) or getattr(built, "max_tokens", 0) > 2000


def test_vllm_without_an_address_names_the_setting() -> None:
    with pytest.raises(SettingsError, match="Set WATCHKEEPER_LLM_BASE_URL to where vLLM listens"):
        chat_model(MODELS["vllm"], Settings.read(llm_base_url=""))


@pytest.mark.parametrize("name", ["openai", "gemini"])
def test_a_missing_key_names_the_setting(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(SettingsError, match=f"The {name} model cannot be set up .* WATCHKEEPER_LLM_API_KEY"):
        chat_model(MODELS[name], Settings.read(llm_api_key=None))


def test_an_unknown_provider_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="use bedrock, gemini, openai, vllm or offline"):
        chat_model("mystery:model", Settings.read())


@pytest.mark.slow
def test_a_provider_that_is_not_installed_says_how_to_install_it(tmp_path: Path) -> None:
    """A package that cannot be imported stands in a folder of its own, before the installed one."""
    (tmp_path / "langchain_google_genai.py").write_text("raise ImportError('as if it were not installed')")
    script = (
        "from agent.settings import Settings; from tools.llm.providers import chat_model\n"
        "try: chat_model('gemini:any', Settings.read())\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    root = Path(__file__).parents[3]
    printed = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": f"{tmp_path}:{root}", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.startswith("SettingsError")
    assert "pip install -e '.[gemini]'" in printed


@pytest.mark.slow
def test_building_one_provider_imports_no_other() -> None:
    script = (
        "import sys; from agent.settings import Settings; from tools.llm.providers import chat_model\n"
        "chat_model('openai:gpt-4o', Settings.read(llm='openai:gpt-4o', llm_api_key='none'))\n"
        "packages = ('langchain_aws', 'langchain_google_genai', 'langchain_openai')\n"
        "print([name for name in packages if name in sys.modules])"
    )
    root = Path(__file__).parents[3]
    printed = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert printed.stdout == "['langchain_openai']\n"
