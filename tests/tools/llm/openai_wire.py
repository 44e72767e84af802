"""OpenAI's Chat Completions: `POST /v1/chat/completions`, also what vLLM speaks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.tools.llm.normal import Message, NormalisedReply, NormalisedRequest, ToolCall


def usage(given: NormalisedReply) -> dict[str, Any]:
    details = {"prompt_tokens_details": {"cached_tokens": given.cached}} if given.cached else {}
    return {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18, **details}


CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


def parse(path: str, body: dict[str, Any]) -> NormalisedRequest:
    tools = {tool["function"]["name"]: tool["function"].get("parameters", {}) for tool in body.get("tools", [])}
    choice = body.get("tool_choice", "auto")
    if isinstance(choice, dict):
        choice = choice["function"]["name"]
    schema = body.get("response_format", {}).get("json_schema")
    if schema:
        tools, choice = {schema["name"]: schema["schema"]}, schema["name"]
    return NormalisedRequest(
        wire="openai",
        model=body["model"],
        system="\n".join(_text(m["content"]) for m in body["messages"] if m["role"] in ("system", "developer")),
        messages=tuple(_message(m) for m in body["messages"] if m["role"] not in ("system", "developer")),
        tools=tools,
        tool_choice="any" if choice == "required" else choice,
        json_schema=bool(schema),
        stream=body.get("stream", False),
        temperature=body.get("temperature"),
        max_tokens=body.get("max_tokens") or body.get("max_completion_tokens"),
        body=body,
    )


def _message(message: dict[str, Any]) -> Message:
    calls = tuple(
        ToolCall(call["function"]["name"], json.loads(call["function"]["arguments"]), call["id"])
        for call in message.get("tool_calls") or []
    )
    return Message(message["role"], _text(message.get("content")), calls, message.get("tool_call_id", ""))


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content)
    return content or ""


def reply(request: NormalisedRequest, given: NormalisedReply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": given.text or None}
    if given.tool_calls:
        message["tool_calls"] = [_call(call, given.arguments) for call in given.tool_calls]
    choice = {"index": 0, "message": message, "finish_reason": _finish(given)}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": request.model,
        "choices": [choice],
        "usage": usage(given),
    }


def stream(request: NormalisedRequest, given: NormalisedReply) -> Iterator[bytes]:
    yield _event(request, {"role": "assistant", "content": ""})
    for piece in given.pieces:
        yield _event(request, {"content": piece})
        if given.break_off:
            return
    for index, call in enumerate(given.tool_calls):
        whole = {"index": index, **_call(call)}
        arguments = whole["function"]["arguments"]
        yield _event(request, {"tool_calls": [{**whole, "function": {"name": call.name, "arguments": ""}}]})
        for half in (arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
            yield _event(request, {"tool_calls": [{"index": index, "function": {"arguments": half}}]})
    yield _event(request, {}, finish=_finish(given))
    yield _event(request, None, usage=usage(given))
    yield b"data: [DONE]\n\n"


def error(status: int, message: str, code: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """(body, headers)"""
    return {"error": {"message": message, "type": "error", "code": code or CODES.get(status)}}, {}


def _event(request: NormalisedRequest, delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk; the last one has the usage instead of a delta."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": request.model}
    return f"data: {json.dumps({**chunk, 'choices': choices, 'usage': None, **more})}\n\n".encode()


def _call(call: ToolCall, arguments: str = "") -> dict[str, Any]:
    function = {"name": call.name, "arguments": arguments or json.dumps(call.args)}
    return {"id": call.id, "type": "function", "function": function}


def _finish(given: NormalisedReply) -> str:
    return given.finish or ("tool_calls" if given.tool_calls else "stop")
