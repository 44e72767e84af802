"""The savers store a run's `metadata` and `configurable` as they are: here without the secrets in them."""

from __future__ import annotations

from typing import Any, cast

from langchain_core.runnables import RunnableConfig

from agent.redaction.plain import redact_plain

_KEYS = ("thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map")
"""What savers find checkpoints by; the rest of `configurable` is nothing to keep."""


def without_secrets(config: RunnableConfig) -> RunnableConfig:
    given = config.get("configurable") or {}
    kept: dict[str, Any] = {key: given[key] for key in _KEYS if key in given}
    return cast("RunnableConfig", {"configurable": kept, "metadata": redact_plain(config.get("metadata") or {})})
