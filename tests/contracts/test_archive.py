from __future__ import annotations

from agent.ports import Archive

KEY = "conversations/year=2026/month=03/day=02/T1-C1-1772442000.000100.json"


async def test_what_was_put_comes_back(archive: Archive) -> None:
    address = await archive.put(KEY, b'{"text": "caf\xc3\xa9"}')
    assert address.endswith((KEY, KEY.replace("=", "%3D")))
    assert address.split(":")[0] in ("file", "s3")
    assert await archive.get(KEY) == b'{"text": "caf\xc3\xa9"}'


async def test_what_was_never_put_is_none(archive: Archive) -> None:
    assert await archive.get(KEY) is None
    assert await archive.keys("conversations/") == []


async def test_a_second_put_replaces_the_first(archive: Archive) -> None:
    await archive.put(KEY, b"a longer one")
    await archive.put(KEY, b"short")
    assert await archive.get(KEY) == b"short"
    assert await archive.keys("") == [KEY]


async def test_keys_are_listed_in_order_by_prefix_up_to_a_limit(archive: Archive) -> None:
    for name in ("b/2", "a/1", "b/10", "b/1", "bc/1"):
        await archive.put(name, b"x")
    assert await archive.keys("b/") == ["b/1", "b/10", "b/2"]
    assert await archive.keys("b") == ["b/1", "b/10", "b/2", "bc/1"]
    assert await archive.keys("b/1") == ["b/1", "b/10"]
    assert await archive.keys("", limit=2) == ["a/1", "b/1"]


async def test_large_and_empty_bodies_are_kept(archive: Archive) -> None:
    for body in (b"", bytes(range(256)) * 8192):
        await archive.put(KEY, body)
        assert await archive.get(KEY) == body
