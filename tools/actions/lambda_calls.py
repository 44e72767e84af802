"""Test calls of a Lambda function: what is sent, and what is kept of an answer. Answers may hold secrets: they go."""

from __future__ import annotations

import base64
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, JsonValue, model_validator

from agent.models import Model, digest
from agent.redaction import redact

MAX_PAYLOAD_BYTES = 6 * 1024
MAX_ERROR_CHARS = 200
MOST_CALLS = 10
INVOCATION_TYPES = {"sync": "RequestResponse", "async": "Event", "dry_run": "DryRun"}
Mode = Literal["sync", "async", "dry_run"]
_DURATION = re.compile(r"^REPORT .*?\bDuration: ([\d.]+) ms", re.MULTILINE)


class SafeEvent(Model):
    """One of the events on board, or one of your own."""

    sample: str | None = Field(default=None, description="A name from sample_events.yaml")
    payload: JsonValue = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.sample is None) == (self.payload is None):
            raise ValueError("give a sample or a payload, one of them")
        if self.sample is not None and self.sample not in samples():
            raise ValueError(f"there is no sample {self.sample!r}; there are {', '.join(samples())}")
        if len(self.body) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"the payload is {len(self.body)} bytes long; at most {MAX_PAYLOAD_BYTES} are sent")
        return self

    @property
    def body(self) -> bytes:
        return json.dumps(samples()[self.sample]["event"] if self.sample else self.payload).encode()

    @property
    def name(self) -> str:
        """`sqs`, or a digest of a payload of its own."""
        return self.sample or f"payload {digest(self.payload, length=8)}"


@cache
def samples() -> dict[str, Any]:
    """By name: `of` says what sends such an event, `event` is one."""
    return yaml.safe_load(Path(__file__).with_name("sample_events.yaml").read_text(encoding="utf-8"))


class Expected(Model):
    """What every call is held against."""

    error: bool = Field(default=False, description="True when the function is to fail")
    max_ms: float | None = Field(default=None, gt=0, description="How long a synchronous call may take")
    payload: JsonValue = Field(default=None, description="What a synchronous call answers")


class Call(Model):
    """One call and how it ended. `answer` is a digest: equal answers have equal ones."""

    event: str
    version: str
    status: int = 0
    error: str = ""
    milliseconds: float | None = None
    answer: str = ""

    def wrong(self, expected: Expected) -> str:
        """Why it is not what was expected; "" when it is."""
        if self.status == 0:
            return self.error
        if bool(self.error) != expected.error:
            return self.error or "it did not fail"
        if expected.max_ms is not None and (self.milliseconds or 0) > expected.max_ms:
            return f"it took {self.milliseconds:.0f} ms"
        if expected.payload is not None and self.answer != digest(expected.payload):
            return "it answered something else"
        return ""


def call_of(event: SafeEvent, version: str, reply: dict[str, Any]) -> Call:
    """What an Invoke replied."""
    body = reply["Payload"].read()
    answer = _json(body)
    log = base64.b64decode(reply.get("LogResult", "")).decode(errors="replace")
    took = _DURATION.search(log)
    return Call(
        event=event.name,
        version=str(reply.get("ExecutedVersion") or version),
        status=int(reply["StatusCode"]),
        error=_error(answer) if reply.get("FunctionError") else "",
        milliseconds=float(took[1]) if took else None,
        answer=digest(answer) if body else "",
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _error(answer: Any) -> str:
    """`KeyError: 'card'`, redacted and cut."""
    if not isinstance(answer, dict):
        return "it failed"
    said: Any = answer
    return redact(f"{said.get('errorType', 'error')}: {said.get('errorMessage', '')}")[:MAX_ERROR_CHARS]
