"""How checkpoints are read: as plain values and messages, whatever somebody has written into the store."""

from __future__ import annotations

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


def plain_values() -> JsonPlusSerializer:
    """LangGraph's serializer with its own list of harmless types, and no other.

    By default it imports and calls whatever a stored value names, so that who can write to the table could run code.
    """
    return JsonPlusSerializer(allowed_msgpack_modules=None)
