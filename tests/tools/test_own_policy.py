"""The policy for Watchkeeper's own stores allows each call that they make, and no other."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.models import IncidentStatus, Mark, Mute, Spend
from agent.settings import Settings
from tests.contracts.adapters import SettableClock, synchronised
from tests.contracts.checkpointers import run, start, waiting_graph
from tests.contracts.emulators import prefix
from tests.contracts.examples import (
    PLACE,
    START,
    alert,
    approval,
    audit_entry,
    evidence,
    incident,
    job,
    message,
    noise,
    remediation,
)
from tests.contracts.fixtures import clock
from tests.contracts.test_feedback_store import feedback
from tools.archive import S3Archive
from tools.archive_bucket import create_bucket, missing_settings
from tools.checkpoints import KEPT
from tools.checkpoints.on_aws import DynamoCheckpointer
from tools.own_policy import own_policy
from tools.queues.sqs import SqsQueue
from tools.queues.sqs_definition import create_queues
from tools.stores.archived import ArchivedConversations
from tools.stores.dynamodb import open_stores
from tools.stores.dynamodb.client import own_client
from tools.stores.dynamodb.tables import create_tables

__all__ = ["clock"]
ACCOUNT = "123456789012"
ROOT = Path(__file__).parents[2]
NAMES = {
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "DeleteObjects": "DeleteObject",
    "TransactWriteItems": "PutItem",
    "SendMessageBatch": "SendMessage",
}
"""Operations whose IAM action has another name (service authorization reference)."""


class Calls:
    """(resource, action) of every request of the clients that are watched."""

    def __init__(self) -> None:
        self.made: dict[str, set[str]] = defaultdict(set)

    def watch(self, client: Any) -> Any:
        client.meta.events.register("provide-client-params", self._note)
        return client

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        for resource in _resources(service, params):
            self.made[resource].add(f"{service}:{NAMES.get(model.name, model.name)}")


def _resources(service: str, params: dict[str, Any]) -> list[str]:
    if service == "dynamodb":
        if "TransactItems" in params:
            return [item["Put"]["TableName"] for item in params["TransactItems"]]
        return [params["TableName"]] if "TableName" in params else list(params["RequestItems"])
    return [service]


def allowed(policy: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for statement in policy["Statement"]:
        for arn in statement["Resource"]:
            service = arn.split(":")[2]
            resource = arn.rpartition(":")[2].split("/")[1] if service == "dynamodb" else service
            found[resource] |= set(statement["Action"])
    return found


async def test_each_call_of_the_stores_is_allowed_and_nothing_else(
    tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = synchronised("moto", clock)
    for name, value in {"ENDPOINT_URL": running.url, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    names, bucket = prefix(tmp_path), f"{prefix(tmp_path)}archive"
    create_tables(running.client("dynamodb"), names)
    create_bucket(running.client("s3"), bucket, days=400)
    url = create_queues(running.client("sqs"), f"{names}jobs")
    settings = Settings.read(home=tmp_path, store="dynamodb", table_prefix=names, archive_bucket=bucket, queue_url=url)
    calls = Calls()
    database, objects = calls.watch(own_client("dynamodb", "us-east-1")), calls.watch(own_client("s3", "us-east-1"))
    archive = S3Archive(objects, bucket)
    stores = open_stores(database, names, clock, archive)
    await _use_stores(stores, clock)
    await _remember(stores, archive, clock)
    stores.sent_jobs.begin("never sent")
    stores.sent_jobs.abandon("never sent")
    await _use_queue(SqsQueue(calls.watch(own_client("sqs", "us-east-1")), url, stores.sent_jobs, clock))
    await _use_checkpoints(settings, calls)
    missing_settings(objects, bucket)
    for table in [name for name in calls.made if name.startswith(names)]:
        database.describe_table(TableName=table)
    policy = own_policy(names, "us-east-1", ACCOUNT, queue=f"{names}jobs", bucket=bucket)
    granted = allowed(policy)
    assert granted == calls.made


async def _use_stores(stores: Any, clock: SettableClock) -> None:
    for _ in range(2):
        await stores.incidents.save(incident(id="inc_1", place=PLACE))
        await stores.ledger.record(alert(), "inc_1", event_id="Ev1")
    await stores.incidents.by_thread(PLACE)
    await stores.incidents.by_status(IncidentStatus.open)
    await stores.ledger.tally("inc_1")
    await stores.ledger.claim("event 1")
    for text in ("first", "second"):
        found = evidence(raw_reference=text)
        await stores.incidents.change(
            "inc_1", lambda given, found=found: given.model_copy(update={"evidence": (found,)})
        )
    await stores.state.put("k", {"n": 1})
    await stores.approvals.save(approval(id="apr_1"))
    await stores.approvals.get("apr_1")
    await stores.approvals.approve("apr_1", Mark(by="U1", at=START))
    await stores.approvals.save(approval(id="apr_2"))
    await stores.approvals.pending()
    await stores.remediations.create(remediation(id="rem_1"))
    await stores.remediations.change("rem_1", lambda given: given.model_copy(update={"round": 2}))
    await stores.remediations.open()
    await stores.audit.append(audit_entry())
    await stores.audit.read()
    await stores.audit.read("inc_1")
    await stores.mutes.mute(Mute(channel="C1", by="U1", at=START))
    await stores.mutes.active("C1", "1.1")
    await stores.mutes.all()
    await stores.mutes.unmute("C1")
    await stores.feedback.save(feedback())
    await stores.feedback.recent()
    await stores.spend.add("U1", Spend(usd=1))
    await stores.spend.today()
    await stores.spend.today("U1")
    lease = await stores.locks.acquire("k", "w", 30)
    await stores.locks.renew(lease, 30)
    await stores.locks.release(lease)
    await stores.stops.request(PLACE, clock(), "U1")
    await stores.stops.since(PLACE, clock())


async def _remember(stores: Any, archive: S3Archive, clock: SettableClock) -> None:
    conversations = ArchivedConversations(stores.conversations, archive, clock, timedelta(days=7), sweeps=False)
    await conversations.append(PLACE, message("why?", ts="1.1"))
    await conversations.append(PLACE, message(noise(900_000), role="assistant", ts="1.2"))
    clock.advance(8 * 86_400)
    await conversations.append(PLACE, message("and now?", ts="1.3"))
    clock.advance(8 * 86_400)
    await conversations.purge_expired()
    await archive.keys("conversations/")


async def _use_queue(queue: SqsQueue) -> None:
    assert [queue.send(job("k1")) for _ in range(2)] == [True, False]
    [received] = await queue.receive()
    await queue.extend(received, 30)
    await queue.delete(received)
    queue.send_all([job("k2")])
    [received] = await queue.receive()
    await queue.bury(received, "given up")
    await queue.depth()
    [dead] = await queue.dead_letters()
    await queue.retry(dead.job.id)


async def _use_checkpoints(settings: Settings, calls: Calls) -> None:
    saver = DynamoCheckpointer(settings, KEPT)
    calls.watch(saver.client)
    calls.watch(saver.storage.s3_client)
    begin = start()
    begin["answer"] = noise(900_000)
    graph = waiting_graph(saver)
    await graph.ainvoke(begin, run("run_1"), durability="sync")
    await graph.aget_state(run("run_1"))
    await saver.adelete_thread("run_1")
    saver.close()


def test_no_action_and_no_resource_is_a_wildcard() -> None:
    policy = own_policy("watchkeeper-", "us-east-1", ACCOUNT, queue="jobs", bucket="archive")
    for statement in policy["Statement"]:
        assert all("*" not in action for action in statement["Action"])
        assert all("*" not in arn.removesuffix("/*") for arn in statement["Resource"])


def test_without_a_queue_and_a_bucket_nothing_is_allowed_there() -> None:
    text = str(own_policy("watchkeeper-", "us-east-1", ACCOUNT))
    assert "sqs:" not in text
    assert "s3:" not in text


def test_the_audit_trail_cannot_be_changed() -> None:
    [history] = [each for each in own_policy("w-", "r", ACCOUNT)["Statement"] if each["Sid"] == "TableHistory"]
    assert history["Action"] == ["dynamodb:Query", "dynamodb:PutItem"]


def test_every_folder_that_the_code_writes_to_may_be_written_to() -> None:
    policy = own_policy("wk-", "us-east-1", ACCOUNT, bucket="b")
    (archive,) = [each for each in policy["Statement"] if each["Sid"] == "Archive"]
    folders = {arn.split("/")[1] for arn in archive["Resource"]}
    files = [path for room in ("slack_app", "graphs", "tools") for path in (ROOT / room).rglob("*.py")]
    code = "\n".join(path.read_text() for path in files)
    written = set(re.findall(r'f"([a-z]+)/\{[\w.]+:year=|"([a-z]+)/year=', code))
    assert {name for pair in written for name in pair if name} <= folders
    assert {"alerts", "payloads"} <= folders
