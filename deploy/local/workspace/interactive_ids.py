"""Slack gives every block a `block_id` and every interactive element an `action_id`; so does this."""

from deploy.local.workspace.state import JSON, new_id

NO_ACTION_ID = frozenset({"plain_text", "mrkdwn", "image", "url", "card"})


def with_ids(blocks: list[JSON]) -> list[JSON]:
    """Fill in missing ids, in place."""
    for block in blocks:
        block.setdefault("block_id", new_id("b"))
        if block.get("type") in ("actions", "context_actions"):
            _fill(block.get("elements", []))
        _fill([block[key] for key in ("accessory", "element") if isinstance(block.get(key), dict)])
        _fill(block.get("actions", []))
        if block.get("type") == "carousel":
            with_ids(block.get("elements", []))
        with_ids(block.get("child_blocks", []))
    return blocks


def _fill(elements: list[JSON]) -> None:
    for element in elements:
        if element.get("type") not in NO_ACTION_ID:
            element.setdefault("action_id", new_id("a"))
