"""`watchkeeper tables`, and the doctor's look at what it made."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import InputError, StoreUnavailable
from agent.settings import Settings
from deploy.own_stores import check_own_stores, create_own_bucket, create_own_stores, policy_of_own_stores
from tests.contracts.adapters import wall_clock
from tests.contracts.emulators import Emulator, emulator
from tools.stores.dynamodb.tables import TABLES


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Emulator:
    running = emulator("moto")
    running.keep_time(wall_clock())
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return running


def checks(settings: Settings) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in check_own_stores(settings)}


@pytest.mark.slow
def test_what_was_created_is_found_by_the_doctor(moto: Emulator) -> None:
    settings = Settings.read(store="dynamodb", table_prefix="test-own-")
    created, url = create_own_stores(settings, queue="test-own-jobs")
    assert created == [f"test-own-{table.name}" for table in TABLES]
    assert url.endswith("test-own-jobs")
    found = checks(Settings.read(store="dynamodb", table_prefix="test-own-", queue_url=url))
    assert {name: check["status"] for name, check in found.items()} == {
        "Tables": "ok",
        "Queue": "ok",
        "Archive": "warn",
    }
    assert "remembered on this machine only" in found["Archive"]["message"]
    assert create_own_stores(settings) == ([], "")


def test_missing_tables_are_named_with_the_command_that_creates_them(moto: Emulator) -> None:
    found = checks(Settings.read(store="dynamodb", table_prefix="nowhere-"))
    assert found["Tables"]["status"] == "fail"
    assert "nowhere-incidents" in found["Tables"]["message"]
    assert "watchkeeper tables" in found["Tables"]["fix"]


def test_a_missing_queue_and_one_without_dead_letters_are_told(moto: Emulator) -> None:
    url = moto.client("sqs").create_queue(QueueName="test-own-plain")["QueueUrl"]
    found = checks(Settings.read(store="dynamodb", queue_url=url))
    assert (found["Queue"]["status"], "no dead-letter queue" in found["Queue"]["message"]) == ("fail", True)
    found = checks(Settings.read(store="dynamodb", queue_url=f"{url}-elsewhere"))
    assert "it does not exist" in found["Queue"]["message"]


def test_with_sqlite_there_is_nothing_to_check() -> None:
    assert checks(Settings.read()) == {}


def test_tables_that_cannot_be_created_are_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(StoreUnavailable, match="The tables cannot be used: there are no AWS credentials"):
        create_own_stores(Settings.read(store="dynamodb"))


def test_a_bucket_is_created_private_encrypted_and_forgetful(moto: Emulator) -> None:
    settings = Settings.read(archive_bucket="test-own-archive", archive_days=100)
    assert create_own_bucket(settings, "test-own-archive")
    client = moto.client("s3")
    rules = {rule["ID"]: rule for rule in lifecycle(client, "test-own-archive")}
    assert rules["watchkeeper-conversations"]["Expiration"] == {"Days": 100}
    assert rules["watchkeeper-conversations"]["Transitions"] == [{"Days": 30, "StorageClass": "STANDARD_IA"}]
    assert rules["watchkeeper-checkpoints"]["Filter"] == {"Prefix": "checkpoints/"}
    assert rules["watchkeeper-checkpoints"]["Expiration"] == {"Days": 31}
    private = client.get_public_access_block(Bucket="test-own-archive")["PublicAccessBlockConfiguration"]
    assert set(private.values()) == {True}
    encryption = client.get_bucket_encryption(Bucket="test-own-archive")["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert checks(settings)["Archive"]["status"] == "ok"


def test_a_bucket_that_is_there_keeps_the_rules_of_others(moto: Emulator) -> None:
    client = moto.client("s3")
    client.create_bucket(Bucket="test-own-shared")
    theirs = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "x/"}, "Expiration": {"Days": 3}}
    client.put_bucket_lifecycle_configuration(Bucket="test-own-shared", LifecycleConfiguration={"Rules": [theirs]})
    settings = Settings.read(archive_bucket="test-own-shared")
    found = checks(settings)["Archive"]
    assert (found["status"], found["fix"]) == ("warn", "run `watchkeeper tables --bucket test-own-shared`")
    assert "lacks a block of all public access and the lifecycle rules" in found["message"]
    for _ in range(2):
        assert not create_own_bucket(settings, "test-own-shared")
    assert [rule["ID"] for rule in lifecycle(client, "test-own-shared")].count("theirs") == 1
    assert len(lifecycle(client, "test-own-shared")) == 6
    assert checks(settings)["Archive"]["status"] == "ok"


def test_a_bucket_elsewhere_is_created_in_its_region(moto: Emulator) -> None:
    create_own_bucket(Settings.read(aws_region="eu-central-1"), "test-own-frankfurt")
    where = moto.client("s3").get_bucket_location(Bucket="test-own-frankfurt")
    assert where["LocationConstraint"] == "eu-central-1"


def test_a_missing_bucket_is_told(moto: Emulator) -> None:
    found = checks(Settings.read(archive_bucket="test-own-nowhere"))["Archive"]
    assert found["status"] == "fail"
    assert "it does not exist; create it with `watchkeeper tables --bucket" in found["message"]


def test_the_policy_names_what_is_set() -> None:
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
    settings = Settings.read(
        store="dynamodb", queue_url=url, archive_bucket="archive", aws_region="eu-west-1", table_prefix="wk-"
    )
    text = str(policy_of_own_stores(settings, "123456789012", "aws-cn"))
    for arn in (
        "arn:aws-cn:dynamodb:eu-west-1:123456789012:table/wk-alerts",
        "arn:aws-cn:sqs:eu-west-1:123456789012:jobs-dead-letters",
        "arn:aws-cn:s3:::archive/conversations/*",
    ):
        assert f"'{arn}'" in text
    with pytest.raises(InputError, match="twelve digits"):
        policy_of_own_stores(settings, "me", "aws")


def lifecycle(client: Any, bucket: str) -> list[dict[str, Any]]:
    return list(client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"])
