"""Reading fields of payloads whose shape nobody guarantees: what is missing or of another type is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from agent.models import Alert


def at(node: Any, path: str) -> Any:
    """The value at a dotted path, `event.data.assignees.0.summary`, or None."""
    for name in path.split("."):
        if isinstance(node, Mapping):
            node = cast("Mapping[str, Any]", node).get(name)
        elif isinstance(node, list) and name.isdecimal() and int(name) < len(cast("list[Any]", node)):
            node = cast("list[Any]", node)[int(name)]
        else:
            return None
    return node


def text_at(node: Any, *paths: str) -> str:
    """The first text or number at one of the paths, without space around it."""
    for path in paths:
        value = at(node, path)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""


def mapping_at(node: Any, path: str) -> dict[str, Any]:
    value = at(node, path)
    return dict(cast("Mapping[str, Any]", value)) if isinstance(value, Mapping) else {}


def parts_at(node: Any, path: str) -> list[dict[str, Any]]:
    """The objects in the list there."""
    value = at(node, path)
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [dict(cast("Mapping[str, Any]", item)) for item in items if isinstance(item, Mapping)]


def flat(mapping: Mapping[str, Any]) -> dict[str, str]:
    """The texts and numbers of an object as labels."""
    return {name: text for name in mapping if (text := text_at({"": mapping[name]}, ""))}


def tags(value: Any) -> dict[str, str]:
    """`["env:prod", "team:x"]` or `"env:prod, team:x"` as labels; a tag without a value is its own."""
    given = cast("list[Any]", value) if isinstance(value, list) else str(value or "").split(",")
    pairs = (str(tag).strip().strip("{}").partition(":") for tag in given if str(tag).strip())
    return {name.strip(): rest.strip() or name.strip() for name, _, rest in pairs if name.strip()}


def known(alert: Alert, **values: Any) -> Alert:
    """The alert with the values that are not empty. Labels and links are added to those that it has.

    `resource` is a mapping of the parts of it that are known, or a Resource.
    """
    given: dict[str, Any] = {name: value for name, value in values.items() if value}
    if "resource" in given:
        parts = {name: str(value) for name, value in dict(given["resource"]).items() if value}
        given["resource"] = alert.resource.model_copy(update=parts)
    if "labels" in given:
        given["labels"] = alert.labels | given["labels"]
    if "links" in given:
        given["links"] = tuple(dict.fromkeys((*filter(None, given["links"]), *alert.links)))
    return alert.model_copy(update=given)
