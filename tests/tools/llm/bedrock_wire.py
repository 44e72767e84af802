"""Bedrock's Converse: `POST /model/{id}/converse`, and `/converse-stream` in AWS's event-stream framing."""

from __future__ import annotations

import json
import struct
from binascii import crc32
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from tests.tools.llm.normal import BadRequest, Message, NormalisedReply, NormalisedRequest, ToolCall


def usage(given: NormalisedReply) -> dict[str, int]:
    """Bedrock counts cached tokens apart from the others."""
    return {
        "inputTokens": 11 - given.cached,
        "outputTokens": 7,
        "totalTokens": 18,
        **({"cacheReadInputTokens": given.cached} if given.cached else {}),
    }


CODES = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
}


def parse(path: str, body: dict[str, Any]) -> NormalisedRequest:
    _, _, model, operation = path.split("/")
    config = body.get("toolConfig", {})
    specs = [tool["toolSpec"] for tool in config.get("tools", []) if "toolSpec" in tool]
    roles = [message["role"] for message in body["messages"]]
    if roles[0] != "user" or any(one == other for one, other in pairwise(roles)):
        raise BadRequest("A conversation must start with a user message and alternate")
    return NormalisedRequest(
        wire="bedrock",
        model=unquote(model),
        system="\n".join(block["text"] for block in body.get("system", []) if "text" in block),
        messages=tuple(each for message in body["messages"] for each in _messages(message)),
        tools={spec["name"]: spec["inputSchema"]["json"] for spec in specs},
        tool_choice=_choice(config.get("toolChoice")),
        stream=operation == "converse-stream",
        temperature=body.get("inferenceConfig", {}).get("temperature"),
        max_tokens=body.get("inferenceConfig", {}).get("maxTokens"),
        body=body,
    )


def _choice(choice: dict[str, Any] | None) -> str:
    if not choice:
        return "auto"
    return choice["tool"]["name"] if "tool" in choice else next(iter(choice))


def _messages(message: dict[str, Any]) -> Iterator[Message]:
    """A message, or the several tool results that one user message carries."""
    blocks = message["content"]
    for block in blocks:
        if result := block.get("toolResult"):
            text = "".join(part.get("text") or json.dumps(part.get("json")) for part in result["content"])
            yield Message("tool", text, call_id=result["toolUseId"])
    text = "".join(block.get("text", "") for block in blocks)
    uses = [block["toolUse"] for block in blocks if "toolUse" in block]
    calls = tuple(ToolCall(use["name"], use["input"], use["toolUseId"]) for use in uses)
    if text or calls:
        yield Message(message["role"], text, calls)


def reply(request: NormalisedRequest, given: NormalisedReply) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"text": given.text}] if given.text else []
    content += [{"toolUse": {"toolUseId": c.id, "name": c.name, "input": c.args}} for c in given.tool_calls]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _stop(given),
        "usage": usage(given),
        "metrics": {"latencyMs": 1},
    }


def stream(request: NormalisedRequest, given: NormalisedReply) -> Iterator[bytes]:
    yield _event("messageStart", {"role": "assistant"})
    for piece in given.pieces:
        yield _event("contentBlockDelta", {"delta": {"text": piece}, "contentBlockIndex": 0})
        if given.break_off:
            return
    if given.text:
        yield _event("contentBlockStop", {"contentBlockIndex": 0})
    for index, call in enumerate(given.tool_calls, start=1 if given.text else 0):
        start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        yield _event("contentBlockStart", {"start": start, "contentBlockIndex": index})
        arguments = json.dumps(call.args)
        for half in (arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
            yield _event("contentBlockDelta", {"delta": {"toolUse": {"input": half}}, "contentBlockIndex": index})
        yield _event("contentBlockStop", {"contentBlockIndex": index})
    yield _event("messageStop", {"stopReason": _stop(given)})
    yield _event("metadata", {"usage": usage(given), "metrics": {"latencyMs": 1}})


def error(status: int, message: str, code: str = "") -> tuple[dict[str, Any], dict[str, str]]:
    """(body, headers)"""
    return {"message": message}, {"x-amzn-ErrorType": code or CODES.get(status, "InternalServerException")}


def _event(name: str, payload: dict[str, Any]) -> bytes:
    """A frame: length, header length and their CRC; headers; payload; CRC of all before (big-endian)."""
    headers = b"".join(
        _header(key, value)
        for key, value in ((":event-type", name), (":content-type", "application/json"), (":message-type", "event"))
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", len(headers) + len(body) + 16, len(headers))
    frame = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return frame + struct.pack(">I", crc32(frame))


def _header(key: str, value: str) -> bytes:
    """Type 7 is a string."""
    return struct.pack(">B", len(key)) + key.encode() + struct.pack(">BH", 7, len(value)) + value.encode()


def _stop(given: NormalisedReply) -> str:
    return given.finish or ("tool_use" if given.tool_calls else "end_turn")
