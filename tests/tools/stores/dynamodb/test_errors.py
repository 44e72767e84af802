"""When DynamoDB cannot be used, one sentence says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.errors import StoreUnavailable
from tests.contracts.adapters import SettableClock
from tests.contracts.emulators import Emulator
from tests.contracts.examples import alert, approval, incident
from tests.wire import Wire
from tools.archive import FolderArchive
from tools.stores.dynamodb import Stores, open_stores
from tools.stores.dynamodb.client import own_client


async def test_a_missing_table_is_named_with_the_command_that_creates_it(
    running: Emulator, clock: SettableClock, tmp_path: Path
) -> None:
    stores = open_stores(running.client("dynamodb"), "elsewhere-", clock, FolderArchive(tmp_path))
    for call in (
        stores.incidents.save(incident()),
        stores.ledger.record(alert(), "inc_1"),
        stores.audit.read(),
        stores.conversations.purge_expired(),
    ):
        with pytest.raises(
            StoreUnavailable, match=r"elsewhere-\w+ cannot be used: it does not exist; .*watchkeeper tables"
        ):
            await call
    stores.close()


async def test_a_denied_call_names_the_action_to_allow(stores: Stores, wire: Wire) -> None:
    wire.answer(400, {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "not authorized"})
    with pytest.raises(StoreUnavailable, match=r"-approvals cannot be used: .*allow dynamodb:PutItem"):
        await stores.approvals.save(approval())


async def test_an_address_where_nobody_listens_is_said(
    monkeypatch: pytest.MonkeyPatch, clock: SettableClock, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = own_client("dynamodb", "us-east-1", timeout_seconds=1, attempts=1)
    stores = open_stores(client, "watchkeeper-", clock, FolderArchive(tmp_path))
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:9.*check the network"):
        await stores.ledger.claim("event 1")
    stores.close()


async def test_missing_credentials_are_said(
    monkeypatch: pytest.MonkeyPatch, clock: SettableClock, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    stores = open_stores(own_client("dynamodb", "us-east-1"), "watchkeeper-", clock, FolderArchive(tmp_path))
    with pytest.raises(StoreUnavailable, match="there are no AWS credentials; set AWS_PROFILE"):
        await stores.ledger.claim("event 1")
    stores.close()


async def test_a_closed_store_says_so(stores: Stores) -> None:
    stores.close()
    with pytest.raises(StoreUnavailable, match="it was closed"):
        await stores.audit.read()
