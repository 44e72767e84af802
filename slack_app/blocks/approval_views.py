"""The modals of an approval: why it is rejected, and other parameters for it.

What comes back is what a person typed and, as `private_metadata`, which card it is about; all else is looked up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from slack_app.blocks.parts import Block, section
from slack_app.blocks.text import cut, escape

REJECT_VIEW, EDIT_VIEW, GLASS_VIEW, REVIEW_VIEW = (
    f"approval_{name}" for name in ("rejected", "edited", "glass", "reviewed")
)
REASON_BLOCK, TYPED = "reason", "typed"
PARAMETER = "parameter:"
MAX_TYPED, MAX_FIELDS = 3000, 50
LABEL_CHARS, HINT_CHARS = 48, 150


def reject_view(metadata: str) -> dict[str, Any]:
    return _modal(REJECT_VIEW, "Reject", "Reject", metadata, [_reason("Why should this not be done?")])


def glass_view(metadata: str) -> dict[str, Any]:
    about = section(
        "It is done at once, on your word alone. Who is on call hears of it, and it is reviewed afterwards."
    )
    return _modal(GLASS_VIEW, "Break the glass", "Do it now", metadata, [about, _reason("Why can this not wait?")])


def review_view(metadata: str) -> dict[str, Any]:
    return _modal(REVIEW_VIEW, "Review", "Reviewed", metadata, [_reason("What did you find?")])


def _reason(label: str) -> Block:
    field: Block = {"type": "plain_text_input", "action_id": TYPED, "multiline": True, "max_length": 1000}
    return {
        "type": "input",
        "block_id": REASON_BLOCK,
        "optional": False,
        "label": _plain(label),
        "element": field,
    }


def edit_view(metadata: str, title: str, parameters: type[BaseModel], now: Mapping[str, Any]) -> dict[str, Any]:
    """A field for each parameter that the kind of action has, with what is proposed now."""
    fields = [_field(name, field, now.get(name)) for name, field in parameters.model_fields.items()]
    about = section(f"*{escape(cut(title, 300))}*\nOther parameters need an approval of their own.")
    return _modal(EDIT_VIEW, "Edit", "Propose", metadata, [about, *fields])


def typed_reason(values: Mapping[str, Any]) -> str:
    return _typed(values, REASON_BLOCK, TYPED)


def typed_parameters(values: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the fields, as text, by the parameter's name; fields left empty are left out."""
    names = [block.removeprefix(PARAMETER) for block in values if block.startswith(PARAMETER)][:MAX_FIELDS]
    typed = {name[:LABEL_CHARS]: _typed(values, f"{PARAMETER}{name}", name) for name in names}
    return {name: text for name, text in typed.items() if text}


def _typed(values: Mapping[str, Any], block: str, action: str) -> str:
    """What somebody typed; "" for whatever has another shape."""
    fields = values.get(block)
    field = cast("Mapping[str, Any]", fields).get(action) if isinstance(fields, Mapping) else None
    text = cast("Mapping[str, Any]", field).get("value") if isinstance(field, Mapping) else None
    return text.strip()[:MAX_TYPED] if isinstance(text, str) else ""


def read_parameters(typed: Mapping[str, str]) -> dict[str, Any]:
    """Lists and tables are typed as JSON; everything else is for the kind of action to understand."""
    return {name: _read(text) for name, text in typed.items()}


def _read(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _field(name: str, field: FieldInfo, value: Any) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": name, "max_length": MAX_TYPED}
    if value is not None:
        element["initial_value"] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    made: Block = {
        "type": "input",
        "block_id": f"{PARAMETER}{name}",
        "optional": not field.is_required(),
        "label": _plain(cut(_label(name), LABEL_CHARS)),
        "element": element,
    }
    return {**made, "hint": _plain(cut(field.description, HINT_CHARS))} if field.description else made


def _label(name: str) -> str:
    """`Timeout (s)` of `timeout_s`."""
    words, _, unit = name.rpartition("_")
    text = f"{words} ({unit.upper() if unit == 'mb' else unit})" if words and unit in ("mb", "s") else name
    return (text[:1].upper() + text[1:]).replace("_", " ")


def _modal(callback_id: str, title: str, submit: str, metadata: str, blocks: list[Block]) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": _plain(title),
        "submit": _plain(submit),
        "close": _plain("Cancel"),
        "blocks": blocks,
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
