"""Names and attributes of spans, by OpenTelemetry's conventions (opentelemetry.io/docs/specs/semconv/gen-ai).

invoke_agent conversation            the run
├── chat offline-analyst             a model call
├── invoke_agent infra               a specialist
│   ├── chat …
│   └── execute_tool resource_metrics
└── chat …
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage

from agent.redaction import redact
from agent.redaction.plain import redact_plain
from agent.telemetry import short_id

Attributes = dict[str, Any]

RUN_ID = "watchkeeper.run.id"
MAX_CONTENT_CHARS = 16_000
"""Of one attribute that holds content."""
PROVIDERS = {
    "openai": "openai",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "google_genai": "gcp.gemini",
    "gemini": "gcp.gemini",
}
"""LangChain's names for providers, in the conventions' words."""


def agent(name: str, run_id: str) -> Attributes:
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": name,
        "gen_ai.conversation.id": run_id.rpartition(":")[0] or run_id,
        RUN_ID: short_id(run_id),
    }


def chat_start(role: str, run_id: str) -> Attributes:
    return {"gen_ai.operation.name": "chat", "watchkeeper.model.role": role, RUN_ID: short_id(run_id)}


def chat_end(reply: AIMessage, model: str, usd: float) -> Attributes:
    meta = cast("dict[str, Any]", reply.response_metadata)
    used = reply.usage_metadata
    finish = meta.get("finish_reason") or meta.get("stopReason") or meta.get("stop_reason")
    provider = str(meta.get("model_provider") or "")
    attributes: Attributes = {
        "gen_ai.provider.name": PROVIDERS.get(provider, provider or "watchkeeper"),
        "gen_ai.request.model": model,
        "gen_ai.response.model": model,
        "gen_ai.usage.input_tokens": used["input_tokens"] if used else 0,
        "gen_ai.usage.output_tokens": used["output_tokens"] if used else 0,
        "gen_ai.response.finish_reasons": [str(finish)] if finish else ["tool_call" if reply.tool_calls else "stop"],
        "watchkeeper.usd": usd,
    }
    if degraded := meta.get("degraded"):
        attributes["watchkeeper.degraded"] = redact(str(degraded))
    return attributes


def tool_start(name: str, call_id: str, run_id: str) -> Attributes:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": call_id,
        RUN_ID: short_id(run_id),
    }


def tool_end(evidence: Mapping[str, Any]) -> Attributes:
    """What the look took and which operations it called; neither their parameters nor what they gave."""
    cost = evidence.get("cost") or {}
    operations = [line.split(" ", 1)[0] for line in str(evidence.get("query", "")).splitlines()]
    return {
        "watchkeeper.evidence.id": str(evidence.get("id", "")),
        "watchkeeper.evidence.status": str(evidence.get("status", "")),
        "watchkeeper.aws.operations": [name for name in operations if ":" in name][:20],
        "watchkeeper.aws.api_calls": int(cost.get("api_calls", 0)),
        "watchkeeper.aws.bytes_scanned": int(cost.get("bytes_scanned", 0)),
        "watchkeeper.aws.usd": float(cost.get("usd", 0)),
    }


def content(value: Any) -> str:
    """Something that was said, for a trace that may hold content: redacted and bounded."""
    plain = value if isinstance(value, str) else json.dumps(redact_plain(value), ensure_ascii=False, default=str)
    return redact(plain)[:MAX_CONTENT_CHARS]


def messages(said: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    """Messages in the conventions' shape."""
    return [
        {"role": message.type, "parts": [{"type": "text", "content": str(message.text)}, *_calls(message)]}
        for message in said
    ]


def _calls(message: BaseMessage) -> list[dict[str, Any]]:
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    return [{"type": "tool_call", "name": call["name"], "arguments": call["args"]} for call in calls]
