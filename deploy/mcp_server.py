"""Watchkeeper as an MCP server: its evidence tools, a tool that answers whole questions, and its runbooks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from langchain.tools import ToolRuntime
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from mcp.server.lowlevel import Server
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.types import CallToolResult, Resource, TextContent, Tool, ToolAnnotations
from pydantic import AnyUrl, ValidationError

from agent.budgets import RunBudget
from agent.errors import InputError, WatchkeeperError
from agent.models import Answer, Evidence, EvidenceStatus, new_id
from deploy.terminal import answer_json
from prompts.loader import Prompt, load_all
from slack_app.application import Application

log = logging.getLogger(__name__)
ASK = "ask"
MAX_QUESTION_CHARS = 4000
AT_ONCE = 8
"""Calls that are worked on at the same time; more of them wait."""
READS = ToolAnnotations(readOnlyHint=True, destructiveHint=False, idempotentHint=True, openWorldHint=True)
INSTRUCTIONS = (
    "Read-only evidence about an AWS account. Each result has an id, the exact query and a status: no_data means that "
    "it looked and found nothing; denied, timeout and error are gaps. Use `ask` for a whole question."
)
ASK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "question": {
            "type": "string",
            "minLength": 1,
            "maxLength": MAX_QUESTION_CHARS,
            "description": "in your own words, with resource names and times where you know them",
        }
    },
    "required": ["question"],
    "additionalProperties": False,
}

McpServerApp = Server[Any, Any]


def build_server(app: Application, tools: Mapping[str, BaseTool]) -> McpServerApp:
    """The server, not yet listening."""
    server: McpServerApp = Server("watchkeeper", version("watchkeeper"), INSTRUCTIONS)
    turns = asyncio.Semaphore(AT_ONCE)
    listed = [_described(tool) for tool in tools.values()]
    ask = Tool(
        name=ASK,
        title="Ask Watchkeeper",
        description="Answers a question about the AWS account, with claims that cite evidence. Takes some seconds.",
        inputSchema=ASK_SCHEMA,
        annotations=READS,
    )

    async def list_tools() -> list[Tool]:
        return [*listed, ask]

    async def call_tool(name: str, arguments: dict[str, Any]) -> CallToolResult:
        async with turns:
            try:
                if name == ASK:
                    return await _ask(app, str(arguments["question"]), _reporter(server))
                if name not in tools:
                    raise InputError(f"There is no tool called {name}.")
                return await _look(app, tools[name], arguments)
            except WatchkeeperError as error:
                return _result(str(error), None, failed=True)
            except TimeoutError:
                return _result("It took too long (WATCHKEEPER_RUN_TIMEOUT_SECONDS).", None, failed=True)
            except Exception as error:  # the library would show its text, which may quote anything
                log.exception("the call of %s failed", name)
                return _result(f"Something went wrong ({type(error).__name__}).", None, failed=True)

    server.list_tools()(list_tools)
    server.call_tool()(call_tool)
    _offer_runbooks(server)
    return server


def _described(tool: BaseTool) -> Tool:
    """Without what LangGraph injects; with the annotation that it only reads."""
    called: Any = tool.tool_call_schema
    schema = {key: value for key, value in called.model_json_schema().items() if key not in ("title", "description")}
    return Tool(name=tool.name, description=tool.description, inputSchema=schema, annotations=READS)


async def _look(app: Application, tool: BaseTool, arguments: dict[str, Any]) -> CallToolResult:
    """One evidence tool, on a budget of its own."""
    settings = app.deps.settings
    budget = RunBudget(settings.run_api_calls, settings.run_scanned_gigabytes * 1e9, settings.run_aws_usd)
    context = replace(app.deps, budget=budget)
    runtime: Any = ToolRuntime(
        state={}, context=context, config={}, stream_writer=_unheard, tool_call_id=new_id("run"), store=None
    )
    call = {"name": tool.name, "args": {**arguments, "runtime": runtime}, "id": new_id("run"), "type": "tool_call"}
    try:
        message: ToolMessage = await tool.ainvoke(call)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"{tool.name} was called wrongly: {wrong[:500]}") from None
    evidence = Evidence.model_validate(message.artifact)
    answered = evidence.status in (EvidenceStatus.ok, EvidenceStatus.no_data)
    return _result(str(message.text), evidence.model_dump(mode="json"), failed=not answered)


async def _ask(app: Application, question: str, report: Callable[[str], Awaitable[None]]) -> CallToolResult:
    async def follow(part: dict[str, Any]) -> None:
        if part.get("kind") == "tool_started":
            await report(str(part["question"]))

    async with asyncio.timeout(app.deps.settings.run_timeout_seconds):
        answer, evidence = await app.ask(question, [], new_id("run"), follow)
    return _result(_as_text(answer, evidence), answer_json(answer, evidence))


def _as_text(answer: Answer, evidence: list[Evidence]) -> str:
    """The answer with its evidence ids, and where to look them up."""
    cited = {i for claim in answer.claims for i in claim.evidence}
    lines = [answer.headline, ""]
    lines += [f"- {claim.text} [{', '.join(claim.evidence)}]" for claim in answer.claims]
    lines += [f"Next: {step}" for step in answer.next_steps]
    lines += [f"Could not be read: {gap.tool}: {gap.reason}" for gap in answer.gaps]
    lines += [f"[{piece.id}] {piece.tool} {piece.console_url}".rstrip() for piece in evidence if piece.id in cited]
    return "\n".join([*lines, f"By {answer.provenance.model}. {answer.provenance.degraded}".rstrip()])


def _reporter(server: McpServerApp) -> Callable[[str], Awaitable[None]]:
    """Tells the client what is being done, where it asked to be told."""
    context = server.request_context
    token = context.meta.progressToken if context.meta else None
    done = 0

    async def report(text: str) -> None:
        nonlocal done
        done += 1
        if token is not None:
            await context.session.send_progress_notification(token, done, message=text)

    return report


def _offer_runbooks(server: McpServerApp) -> None:
    books = {book.name: book for book in load_all("runbooks")}

    async def list_resources() -> list[Resource]:
        return [
            Resource(
                uri=AnyUrl(f"runbook://{name}"),
                name=name,
                title=str(book.meta.get("title", name)),
                mimeType="text/markdown",
            )
            for name, book in books.items()
        ]

    async def read_resource(uri: AnyUrl) -> list[ReadResourceContents]:
        name = urlsplit(str(uri)).netloc
        if name not in books:
            raise ValueError(f"There is no runbook {name}.")
        return [ReadResourceContents(_runbook_text(books[name]), mime_type="text/markdown")]

    server.list_resources()(list_resources)
    server.read_resource()(read_resource)


def _runbook_text(book: Prompt) -> str:
    """A runbook as people read it: what it looks like, why it happens, what to do."""
    lines = [f"# {book.meta.get('title', book.name)}", "", book.text, ""]
    for heading in ("symptoms", "next_steps", "verification"):
        told = book.meta.get(heading) or []
        items: list[Any] = told if isinstance(told, list) else [told]
        lines += [f"## {heading.replace('_', ' ').capitalize()}", *(f"- {item}" for item in items), ""] if items else []
    return "\n".join(lines)


def _result(text: str, structured: dict[str, Any] | None, *, failed: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structuredContent=structured, isError=failed)


def _unheard(_: Any) -> None:
    """Nobody follows the progress of a single look."""
