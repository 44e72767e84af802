"""Sizes, pages, throttling and odd texts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import StoreUnavailable
from agent.models import IncidentStatus, SlackPlace
from tests.contracts.adapters import SettableClock
from tests.contracts.emulators import Emulator
from tests.contracts.examples import PLACE, START, alert, approval, audit_entry, evidence, incident, message, noise
from tests.wire import Wire, throttled
from tools.archive import FolderArchive
from tools.stores.dynamodb import Stores, open_stores

PARTS = "#hash :colon 'quote' \u2603 \U0001f525 \x00 NULL"


async def test_an_incident_that_is_too_large_for_an_item_lies_in_the_archive(
    stores: Stores, tmp_path: Path, wire: Wire
) -> None:
    large = incident(title=noise(600 * 1024))
    await stores.incidents.save(large)
    assert await stores.incidents.get(large.id) == large
    [sent] = [sent for operation, sent in wire.sent if operation == "PutItem"]
    assert "body" not in sent["Item"]
    assert (tmp_path / "archive" / sent["Item"]["pointer"]["S"]).exists()


async def test_evidence_around_the_limit_comes_back_whole(stores: Stores, tmp_path: Path) -> None:
    """Noise packs to about three quarters of its length, so this walks from below the limit to above it."""
    for kilobytes in range(420, 520, 10):
        found = incident(evidence=(evidence(raw_reference=noise(kilobytes * 1024)),))
        await stores.incidents.save(found)
        assert await stores.incidents.get(found.id) == found
    in_archive = len([*(tmp_path / "archive" / "incidents").rglob("*.gz")])
    assert 0 < in_archive < 10


async def test_a_storm_of_changes_writes_large_evidence_once(stores: Stores, wire: Wire) -> None:
    found = incident(evidence=(evidence(raw_reference=noise(100_000)),))
    await stores.incidents.create(found)
    wire.sent.clear()
    for n in range(5):
        await stores.incidents.change(found.id, lambda given, n=n: given.model_copy(update={"title": f"{n} alerts"}))
    written = [len(str(sent["Item"])) for operation, sent in wire.sent if operation == "PutItem"]
    assert len(written) == 5
    assert max(written) < 5_000
    after = await stores.incidents.get(found.id)
    assert after == found.model_copy(update={"title": "4 alerts"})


async def test_evidence_that_was_replaced_is_gone_from_the_table(
    stores: Stores, client: Any, table_prefix: str
) -> None:
    found = incident(evidence=(evidence(summary="first"),))
    await stores.incidents.save(found)
    for text in ("second", "third"):
        newer = found.model_copy(update={"evidence": (evidence(summary=text),)})
        await stores.incidents.save(newer)
        assert await stores.incidents.get(found.id) == newer
    assert len(client.scan(TableName=f"{table_prefix}incidents")["Items"]) == 2


async def test_an_incident_whose_findings_were_deleted_is_still_read(
    stores: Stores, client: Any, table_prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    saved = incident(evidence=(evidence(),))
    await stores.incidents.save(saved)
    table = f"{table_prefix}incidents"
    [key] = [item["id"] for item in client.scan(TableName=table)["Items"] if item["id"]["S"].startswith("findings#")]
    client.delete_item(TableName=table, Key={"id": key})
    assert await stores.incidents.get(saved.id) == saved.model_copy(update={"evidence": ()})
    assert "no longer there" in caplog.text


async def test_an_incident_of_which_the_packed_text_fits_is_kept_whole(stores: Stores) -> None:
    large = incident(title="\u00e9 the same line again\n" * 100_000)
    await stores.incidents.save(large)
    assert await stores.incidents.get(large.id) == large


async def test_a_conversation_of_more_than_a_page_comes_back_whole(stores: Stores, wire: Wire) -> None:
    """A page of a query ends at 1 MB."""
    for n in range(8):
        await stores.conversations.append(PLACE, message(f"{n}" + noise(300_000), ts=f"{n}.1"))
    wire.sent.clear()
    found = await stores.conversations.get(PLACE)
    assert found is not None
    assert [turn.text[0] for turn in found.messages] == [*"01234567"]
    assert wire.operations().count("Query") >= 2


async def test_a_purge_reads_every_page_of_the_table(stores: Stores, clock: SettableClock, wire: Wire) -> None:
    for n in range(8):
        place = SlackPlace(channel="C1", thread_ts=f"{n}.1")
        await stores.conversations.append(place, message(noise(300_000)))
    clock.advance(7 * 86_400)
    wire.sent.clear()
    assert await stores.conversations.purge_expired() == 8
    assert wire.operations().count("Scan") >= 2


async def test_the_trail_of_a_subject_is_read_over_several_pages(stores: Stores, wire: Wire) -> None:
    for n in range(8):
        await stores.audit.append(audit_entry(event=f"{n}", detail={"log": noise(240_000)}))
    wire.sent.clear()
    assert [entry.event for entry in await stores.audit.read("inc_1", limit=7)] == [*"7654321"]
    assert wire.operations().count("Query") >= 2


async def test_the_whole_trail_is_read_whenever_it_was_written(stores: Stores, clock: SettableClock) -> None:
    for n in range(4):
        await stores.audit.append(audit_entry(event=f"{n}"))
        clock.advance(20 * 86_400)
    assert [entry.event for entry in await stores.audit.read(limit=3)] == [*"321"]
    assert [entry.event for entry in await stores.audit.read()] == [*"3210"]


async def test_more_incidents_than_a_batch_takes_come_newest_first(stores: Stores) -> None:
    """BatchGetItem takes a hundred keys."""
    saved = [incident(created_at=START + timedelta(minutes=n)) for n in range(130)]
    for each in saved:
        await stores.incidents.save(each)
    assert await stores.incidents.by_status(IncidentStatus.open, limit=125) == saved[:4:-1]


async def test_what_a_batch_left_over_is_asked_for_again(stores: Stores, wire: Wire, table_prefix: str) -> None:
    saved = incident()
    await stores.incidents.save(saved)
    table = f"{table_prefix}incidents"
    left = {"Keys": [{"id": {"S": f"incident#{saved.id}"}}], "ConsistentRead": True}
    body = {"Responses": {table: []}, "UnprocessedKeys": {table: left}}
    wire.answer(200, body, operation="BatchGetItem")
    assert await stores.incidents.by_status(IncidentStatus.open) == [saved]
    assert wire.operations().count("BatchGetItem") == 2


async def test_throttling_is_ridden_out(stores: Stores, wire: Wire) -> None:
    wire.answer(400, throttled(), times=2)
    assert await stores.ledger.claim("event 1")
    assert wire.operations() == ["PutItem"] * 3


async def test_throttling_without_end_is_said_in_one_sentence(
    running: Emulator, clock: SettableClock, table_prefix: str, tmp_path: Path
) -> None:
    client = running.client("dynamodb", retries={"mode": "standard", "total_max_attempts": 1})
    Wire(client).answer(400, throttled())
    stores = open_stores(client, table_prefix, clock, FolderArchive(tmp_path))
    with pytest.raises(StoreUnavailable, match=r"-alerts cannot be used: AWS throttles it .* try again in a minute"):
        await stores.ledger.claim("event 1")
    stores.close()


@pytest.mark.parametrize("text", ["", PARTS, "\u00e9" * 3000, "size", "a/b/c"])
async def test_any_text_may_be_a_key(stores: Stores, text: str) -> None:
    assert await stores.ledger.claim(text)
    assert not await stores.ledger.claim(text)
    assert await stores.ledger.claim(f"{text}.")
    assert (await stores.ledger.record(alert(fingerprint=text), text)).incident_id == text
    await stores.audit.append(audit_entry(subject=text, event=text))
    assert [entry.event for entry in await stores.audit.read(text)] == [text]
    assert await stores.incidents.get(text) is None
    assert not await stores.approvals.claim(text, text)


async def test_any_text_comes_back_as_it_went(stores: Stores) -> None:
    saved = incident(title=PARTS, summary_ts="")
    await stores.incidents.save(saved)
    assert await stores.incidents.get(saved.id) == saved
    conversation = await stores.conversations.append(PLACE, message(PARTS))
    assert conversation.messages[0].text == PARTS
    asked = approval(requested_by="", approvers=())
    await stores.approvals.save(asked)
    assert await stores.approvals.get(asked.id) == asked
