"""Specialists as their files in `prompts/specialists/` describe them."""

from __future__ import annotations

from functools import cache

from agent.errors import PromptError
from agent.models import Model
from prompts.loader import PromptFileError, load_all


class Specialist(Model):
    """A specialist: what it handles, and the only tools that it may call."""

    name: str
    title: str
    version: str
    hash: str
    handles: tuple[str, ...]
    tools: tuple[str, ...]


@cache
def read_specialists() -> tuple[Specialist, ...]:
    """Every specialist, by name."""
    try:
        prompts = load_all("specialists")
    except PromptFileError as error:
        raise PromptError(str(error)) from error
    return tuple(
        Specialist(
            name=prompt.name,
            title=str(prompt.meta.get("title", prompt.name)),
            version=prompt.version,
            hash=prompt.hash,
            handles=tuple(str(word) for word in prompt.meta.get("handles", ())),
            tools=tuple(str(tool) for tool in prompt.meta.get("tools", ())),
        )
        for prompt in prompts
    )
