"""What a deployment changed: two revisions of a task definition, or two versions of a function, side by side."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from agent.changes import Change
from tools.evidence.base import Look

MAX_SHOWN = 6
MAX_VALUE = 60
_SECRET = re.compile(r"PASS|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|DSN|PRIVATE|SALT", re.IGNORECASE)


def changed_by(look: Look, change: Change) -> str:
    """`DB_POOL_SIZE 10 -> 40, image api:5.8.1 -> api:5.9.0`; empty when nothing differs or it cannot be read."""
    if not (change.version and change.previous):
        return ""
    read = _definition if change.service == "ecs" else _function
    name = change.resources[0] if change.resources else ""
    try:
        return differences(read(look, name, change.previous), read(look, name, change.version))
    except ClientError:
        return ""


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """The settings that differ; values of those whose name suggests a secret are left out."""
    parts: list[str] = []
    for name in [*before, *(n for n in after if n not in before)]:
        old, new = before.get(name), after.get(name)
        if old != new:
            parts.append(f"{name} changed" if _SECRET.search(name) else f"{name} {_shown(old)} -> {_shown(new)}")
    more = len(parts) - MAX_SHOWN
    return ", ".join(parts[:MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _definition(look: Look, _: str, revision: str) -> dict[str, object]:
    definition = look.call("ecs", "describe_task_definition", taskDefinition=revision)["taskDefinition"]
    facts: dict[str, object] = {"task memory": definition.get("memory"), "task cpu": definition.get("cpu")}
    containers: list[dict[str, Any]] = definition.get("containerDefinitions", [])
    for container in containers:
        prefix = f"{container['name']} " if len(containers) > 1 else ""
        facts[f"{prefix}image"] = str(container.get("image", "")).rsplit("/", 1)[-1]
        facts[f"{prefix}memory"] = container.get("memory")
        facts[f"{prefix}command"] = " ".join(container.get("command", []))
        facts |= {f"{prefix}{e['name']}": e["value"] for e in container.get("environment", [])}
    return facts


def _function(look: Look, name: str, version: str) -> dict[str, object]:
    settings = look.call("lambda", "get_function_configuration", FunctionName=name, Qualifier=version)
    facts = {key: settings.get(key) for key in ("Runtime", "Handler", "MemorySize", "Timeout", "CodeSize")}
    layers = [layer["Arn"].split(":layer:")[-1] for layer in settings.get("Layers", [])]
    return {**facts, "Layers": ", ".join(layers), **settings.get("Environment", {}).get("Variables", {})}


def _shown(value: object) -> str:
    text = str(value) if value not in (None, "") else "none"
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
