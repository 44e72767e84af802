"""Texts that may be too large for an item: they lie in the archive then, and the item says where (`pointer`)."""

from __future__ import annotations

import gzip
from hashlib import sha256

from agent.errors import StoreUnavailable
from agent.ports import Archive
from tools.stores.dynamodb.table import MAX_ITEM_BYTES, Item
from tools.stores.packing import packed

_MAX_BODY_BYTES = MAX_ITEM_BYTES - 8192
"""What the other attributes leave of an item."""


async def placed(archive: Archive, folder: str, body: str) -> Item:
    """The attribute that holds the text, or names its place in the archive. Each text has a place of its own."""
    if len(packed(body).encode()) <= _MAX_BODY_BYTES:
        return {"body": body}
    pointer = f"{folder}/{sha256(body.encode()).hexdigest()[:32]}.json.gz"
    await archive.put(pointer, gzip.compress(body.encode(), mtime=0))
    return {"pointer": pointer}


async def text_of(archive: Archive, item: Item) -> str:
    """StoreUnavailable when it should lie in the archive and does not."""
    if text := await text_if_kept(archive, item):
        return text
    raise StoreUnavailable(f"{item['pointer']} is missing in the archive, so {item['id']} cannot be read.")


async def text_if_kept(archive: Archive, item: Item) -> str:
    """ "" where it should lie in the archive and does not."""
    if "body" in item:
        return item["body"]
    kept = await archive.get(item["pointer"])
    return gzip.decompress(kept).decode() if kept else ""
