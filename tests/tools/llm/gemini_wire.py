"""Gemini's `POST /v1beta/models/{model}:generateContent` and `:streamGenerateContent?alt=sse`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.tools.llm.normal import Message, NormalisedReply, NormalisedRequest, ToolCall


def usage(given: NormalisedReply) -> dict[str, int]:
    cached = {"cachedContentTokenCount": given.cached} if given.cached else {}
    return {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18, **cached}


STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
}


def parse(path: str, body: dict[str, Any]) -> NormalisedRequest:
    model, _, operation = path.rpartition("/")[2].partition(":")
    config = body.get("generationConfig", {})
    functions = [each for tool in body.get("tools", []) for each in tool.get("functionDeclarations", [])]
    tools = {each["name"]: each.get("parametersJsonSchema") or each.get("parameters") or {} for each in functions}
    choice = _choice(body.get("toolConfig", {}).get("functionCallingConfig", {}))
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if schema:
        choice = schema.get("title", "response")
        tools = {choice: schema}
    return NormalisedRequest(
        wire="gemini",
        model=model,
        system="".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", [])),
        messages=tuple(each for content in body["contents"] for each in _messages(content)),
        tools=tools,
        tool_choice=choice,
        json_schema=bool(schema),
        stream=operation == "streamGenerateContent",
        temperature=config.get("temperature"),
        max_tokens=config.get("maxOutputTokens"),
        body=body,
    )


def _choice(config: dict[str, Any]) -> str:
    allowed = config.get("allowedFunctionNames", [])
    mode = config.get("mode", "AUTO").lower()
    return allowed[0] if mode == "any" and len(allowed) == 1 else mode


def _messages(content: dict[str, Any]) -> Iterator[Message]:
    for part in content["parts"]:
        if response := part.get("functionResponse"):
            yield Message("tool", json.dumps(response["response"]), tool_name=response["name"])
    text = "".join(part.get("text", "") for part in content["parts"])
    calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
    if text or calls:
        role = "assistant" if content.get("role") == "model" else "user"
        yield Message(role, text, tuple(ToolCall(call["name"], call.get("args", {})) for call in calls))


def reply(request: NormalisedRequest, given: NormalisedReply) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": given.text}] if given.text else []
    parts += [{"functionCall": {"name": call.name, "args": call.args}} for call in given.tool_calls]
    return _body(request, parts, usage(given), given.finish)


def stream(request: NormalisedRequest, given: NormalisedReply) -> Iterator[bytes]:
    parts: list[dict[str, Any]] = [{"text": piece} for piece in given.pieces]
    parts += [{"functionCall": {"name": call.name, "args": call.args}} for call in given.tool_calls]
    for position, part in enumerate(parts, start=1):
        body = _body(request, [part], usage(given) if position == len(parts) else None)
        yield f"data: {json.dumps(body)}\r\n\r\n".encode()
        if given.break_off:
            return


def error(status: int, message: str, code: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """(body, headers)"""
    told: dict[str, Any] = {"code": status, "message": message, "status": STATUSES.get(status, "INTERNAL")}
    if code:
        told["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code}]
    return {"error": told}, {}


def _body(
    request: NormalisedRequest, parts: list[dict[str, Any]], used: dict[str, int] | None, finish: str = ""
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    if used is None:
        return {"candidates": [candidate], "modelVersion": request.model}
    candidate["finishReason"] = finish or "STOP"
    return {"candidates": [candidate], "modelVersion": request.model, "usageMetadata": used}
