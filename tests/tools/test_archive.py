"""The folder and the bucket behind the archive; what they have in common is in tests/contracts."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from agent.errors import InputError, StoreUnavailable
from tests.contracts.emulators import emulator
from tools.archive import FolderArchive, S3Archive
from tools.stores.dynamodb.client import own_client


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of a moto where the bucket `test-archive` is."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator("moto").url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = own_client("s3", "us-east-1")
    client.create_bucket(Bucket="test-archive")
    return client


@pytest.mark.parametrize("key", ["../outside.json", "a/../../outside.json", "/etc/outside", ""])
async def test_no_key_leads_out_of_the_folder(tmp_path: Path, key: str) -> None:
    archive = FolderArchive(tmp_path / "archive")
    with pytest.raises(InputError, match="is no key of the archive"):
        await archive.put(key, b"x")
    with pytest.raises(InputError, match="is no key of the archive"):
        await archive.get(key)
    assert os.listdir(tmp_path) == []


async def test_a_file_of_the_archive_is_its_owners_alone_and_found_by_its_address(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    address = await archive.put("conversations/a.json", b"x")
    assert address == (tmp_path / "conversations" / "a.json").as_uri()
    assert stat.S_IMODE((tmp_path / "conversations" / "a.json").stat().st_mode) == 0o600


async def test_a_put_that_was_cut_short_is_not_listed(tmp_path: Path) -> None:
    archive = FolderArchive(tmp_path)
    await archive.put("a/whole.json", b"x")
    (tmp_path / "a" / ".tmp123").write_bytes(b"hal")
    assert await archive.keys("") == ["a/whole.json"]


async def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file is in the way")
    with pytest.raises(StoreUnavailable, match=r"archive .*archive cannot be used: .*check that folder"):
        await FolderArchive(tmp_path / "archive").put("a/b.json", b"x")


@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_a_closed_archive_says_so(kind: str, tmp_path: Path, bucket: Any) -> None:
    archive = FolderArchive(tmp_path) if kind == "folder" else S3Archive(bucket, "test-archive")
    archive.close()
    with pytest.raises(StoreUnavailable, match="it was closed"):
        await archive.get("a.json")


async def test_objects_are_encrypted_and_say_what_they_are(bucket: Any) -> None:
    assert await S3Archive(bucket, "test-archive").put("a/b.json", b"{}") == "s3://test-archive/a/b.json"
    head = bucket.head_object(Bucket="test-archive", Key="a/b.json")
    assert (head["ServerSideEncryption"], head["ContentType"]) == ("AES256", "application/json")


@pytest.mark.slow
async def test_more_keys_than_a_page_holds_are_listed(bucket: Any) -> None:
    """S3 answers a thousand at once."""
    archive = S3Archive(bucket, "test-archive")
    for number in range(1005):
        bucket.put_object(Bucket="test-archive", Key=f"many/{number:04d}", Body=b"")
    assert await archive.keys("many/", limit=2000) == [f"many/{number:04d}" for number in range(1005)]
    assert len(await archive.keys("many/", limit=1001)) == 1001


async def test_a_bucket_that_is_not_there_is_one_sentence(bucket: Any) -> None:
    archive = S3Archive(bucket, "test-nowhere")
    for call in (archive.put("a.json", b"x"), archive.get("a.json"), archive.keys("")):
        with pytest.raises(StoreUnavailable, match=r"test-nowhere cannot be used: .*watchkeeper tables --bucket"):
            await call
