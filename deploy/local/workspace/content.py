"""The content of a message: text, blocks, attachments, checked as Slack checks them."""

import copy
import json
from typing import Any

from deploy.local.workspace.block_kit import validate_blocks, validate_view
from deploy.local.workspace.errors import SlackError
from deploy.local.workspace.faults import Faults
from deploy.local.workspace.interactive_ids import with_ids
from deploy.local.workspace.state import JSON, new_id

TEXT_LIMIT = 40_000
MARKDOWN_LIMIT = 12_000
MAX_ATTACHMENTS = 100


def checked_content(args: JSON, faults: Faults, *, required: bool = True) -> JSON:
    """The storable part of a call's arguments: text, blocks, attachments, metadata.

    Raises no_text, msg_too_long, invalid_blocks_format, invalid_blocks (with the reasons), too_many_attachments,
    markdown_text_conflict.
    """
    content: JSON = {}
    if args.get("markdown_text"):
        content |= _markdown(args)
    elif args.get("text") is not None:
        content["text"] = str(args["text"])
    if len(content.get("text", "")) > TEXT_LIMIT:
        raise SlackError("msg_too_long")
    if args.get("blocks") is not None and "blocks" not in content:
        content["blocks"] = checked_blocks(args["blocks"], faults)
    if args.get("attachments") is not None:
        content["attachments"] = checked_attachments(args["attachments"], faults)
    if args.get("metadata"):
        content["metadata"] = checked_metadata(args["metadata"])
    if required and not (content.get("text", "").strip() or content.get("blocks") or content.get("attachments")):
        raise SlackError("no_text")
    return content


def checked_blocks(raw: Any, faults: Faults) -> list[JSON]:
    """Validated blocks with ids where the app gave none. Raises invalid_blocks_format or invalid_blocks."""
    blocks = as_json(raw, "invalid_blocks_format")
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if faults.refuse_blocks and blocks:
        raise SlackError.with_messages("invalid_blocks", ["blocks are refused on request of this test"])
    if problems := validate_blocks(blocks):
        raise SlackError.with_messages("invalid_blocks", problems)
    return with_ids(copy.deepcopy(blocks))


def checked_attachments(raw: Any, faults: Faults) -> list[JSON]:
    attachments = as_json(raw, "invalid_attachments")
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    stored: list[JSON] = []
    for index, attachment in enumerate(attachments, start=1):
        item: JSON = {"id": index, **copy.deepcopy(attachment)}
        if item.get("blocks"):
            item["blocks"] = checked_blocks(item["blocks"], faults)
        stored.append(item)
    return stored


def checked_view(view: Any, kind: str, faults: Faults) -> JSON:
    """A valid view of this kind with ids filled in. Raises invalid_arguments with the reasons."""
    if not isinstance(view, dict) or view.get("type") != kind:
        raise SlackError.with_messages("invalid_arguments", [f"view type must be {kind} [json-pointer:/view/type]"])
    if faults.refuse_blocks:
        raise SlackError.with_messages("invalid_arguments", ["blocks are refused on request of this test"])
    if problems := validate_view(view):
        raise SlackError.with_messages("invalid_arguments", problems)
    definition: JSON = copy.deepcopy(view)
    with_ids(definition["blocks"])
    return definition


def checked_metadata(raw: Any) -> JSON:
    metadata = as_json(raw, "invalid_metadata_format")
    if not isinstance(metadata, dict) or "event_type" not in metadata:
        raise SlackError("invalid_metadata_format")
    return metadata


def as_json(raw: Any, error: str) -> Any:
    """Form calls carry JSON in strings. Raises `SlackError(error)` when it does not parse."""
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        raise SlackError(error) from None


def _markdown(args: JSON) -> JSON:
    if args.get("text") or args.get("blocks"):
        raise SlackError("markdown_text_conflict")
    text = str(args["markdown_text"])
    if len(text) > MARKDOWN_LIMIT:
        raise SlackError("msg_too_long")
    return {"text": text, "blocks": [{"type": "markdown", "block_id": new_id("b"), "text": text}]}
