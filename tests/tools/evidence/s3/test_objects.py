"""An object that is there, late, too small or missing, by the habits of the days before."""

from typing import Any

import pytest

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.s3.objects import s3_object_status

KEY = "orders/2026-11-18/orders.csv"


def bucket(*objects: dict[str, Any]) -> dict[str, Any]:
    return {"s3_buckets": [{"name": "drops", "objects": list(objects)}]}


def days(first: int, last: int, size: int = 5000, minutes: int = 10) -> list[dict[str, Any]]:
    """Objects of the days `first` to `last` ago, each written at 02:10 of its own day; NOW is 15:00."""
    return [
        {"key": f"orders/2026-11-{18 - n:02}/orders.csv", "size": size, "at": f"-{n}d12h{60 - minutes}m"}
        for n in range(first, last + 1)
    ]


async def test_a_file_that_came_every_day_but_today_is_missing_since_its_usual_time(load: Load, call: Call):
    load(resources=bucket(*days(1, 14)))
    evidence = await call(s3_object_status, bucket="drops", key=KEY)
    found = evidence.findings[0]
    assert found.kind == "object_missing"
    assert found.strength > 0.9
    assert found.attributes == {"bucket": "drops", "key": KEY}
    assert found.at is not None
    assert (found.at.hour, found.at.minute) == (2, 10)
    assert "14 of the 14 days" in found.statement


async def test_a_file_that_came_as_usual_is_no_news(load: Load, call: Call):
    load(resources=bucket(*days(0, 14)))
    evidence = await call(s3_object_status, resource=f"s3://drops/{KEY}")
    assert (evidence.findings[0].kind, evidence.findings[0].strength) == ("resource_state", 0.2)
    assert "as usual" in evidence.summary


async def test_a_file_that_came_hours_after_its_usual_time_is_late(load: Load, call: Call):
    load(resources=bucket(*days(1, 14), {"key": KEY, "size": 5000, "at": "-1h"}))
    evidence = await call(s3_object_status, bucket="drops", key=KEY)
    assert evidence.findings[0].kind == "object_late"
    assert "11.8 hours later" in evidence.summary


async def test_a_nearly_empty_file_is_told_from_a_full_one(load: Load, call: Call):
    load(resources=bucket(*days(1, 14), *days(0, 0, size=12)))
    evidence = await call(s3_object_status, bucket="drops", key=KEY)
    assert evidence.findings[0].kind == "metric_drop"
    assert evidence.findings[0].attributes["baseline"] == "5000"


async def test_a_missing_file_without_a_date_is_shown_with_its_newest_neighbour(load: Load, call: Call):
    load(
        resources=bucket(
            {"key": "config/old.json", "size": 9, "at": "-2d"}, {"key": "config/new.json", "size": 9, "at": "-1h"}
        )
    )
    evidence = await call(s3_object_status, bucket="drops", key="config/live.json")
    assert evidence.findings[0].kind == "object_missing"
    assert "config/new.json" in evidence.summary


async def test_a_prefix_is_answered_by_its_newest_object(load: Load, call: Call):
    load(resources=bucket(*days(0, 3)))
    evidence = await call(s3_object_status, bucket="drops", key="orders/")
    assert KEY in evidence.summary


async def test_a_deleted_object_says_when_it_was_deleted(load: Load, call: Call):
    gone = {"key": KEY, "size": 4000, "at": "-12h", "deleted": "-3h"}
    other = {"key": f"{KEY}.md5", "size": 32, "at": "-12h", "deleted": "-1h"}
    load(resources={"s3_buckets": [{"name": "drops", "versioning": True, "objects": [*days(1, 14), gone, other]}]})
    found = (await call(s3_object_status, bucket="drops", key=KEY)).findings[0]
    assert found.kind == "object_missing"
    assert found.attributes["deleted_at"] == "2026-11-18T12:00:00Z"
    assert "its last version has 4,000 bytes" in found.statement


async def test_that_versions_may_not_be_listed_is_said_and_the_rest_is_told(load: Load, call: Call):
    load(resources=bucket(*days(1, 14)), denied=[{"action": "s3:ListBucketVersions"}])
    evidence = await call(s3_object_status, bucket="drops", key=KEY)
    assert evidence.findings[0].kind == "object_missing"
    assert "allow s3:ListBucketVersions" in evidence.summary


async def test_an_archived_object_is_there_and_cannot_be_read(load: Load, call: Call):
    deep = {"key": "old/2019.csv", "size": 9, "at": "-9d", "storage_class": "DEEP_ARCHIVE"}
    asked = {"key": "old/2020.csv", "size": 9, "at": "-9d", "storage_class": "GLACIER", "restoring": True}
    instant = {"key": "old/2021.csv", "size": 9, "at": "-9d", "storage_class": "GLACIER_IR"}
    load(resources=bucket(deep, asked, instant))
    found = (await call(s3_object_status, bucket="drops", key="old/2019.csv")).findings[0]
    assert (found.kind, found.attributes["storage_class"]) == ("object_archived", "DEEP_ARCHIVE")
    assert "nobody asked for it to be restored" in found.statement
    restored = await call(s3_object_status, bucket="drops", key="old/2020.csv")
    assert "nobody asked" not in restored.summary
    at_once = await call(s3_object_status, bucket="drops", key="old/2021.csv")
    assert {finding.kind for finding in at_once.findings} == {"resource_state"}


async def test_an_object_under_a_key_of_kms_names_the_key(load: Load, call: Call):
    load(resources=bucket({"key": "secret.csv", "size": 9, "at": "-1h", "kms_key": "alias/partners"}))
    evidence = await call(s3_object_status, bucket="drops", key="secret.csv")
    assert any("alias/partners" in finding.statement for finding in evidence.findings)


async def test_an_object_that_may_not_be_read_is_still_known_to_be_there(load: Load, call: Call):
    load(resources=bucket(*days(0, 14)), denied=[{"action": "s3:GetObject"}])
    evidence = await call(s3_object_status, bucket="drops", key=KEY)
    assert evidence.status == EvidenceStatus.ok
    assert "may not be read by Watchkeeper" in evidence.summary
    assert "s3:GetObject" in evidence.summary


async def test_the_newest_object_is_found_behind_the_first_page(
    load: Load, call: Call, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
    crowd = [{"key": f"parts/{number:05}", "size": 1, "at": "-5d"} for number in range(35)]
    other = {"key": "partz", "size": 1, "at": "-1m"}
    load(resources=bucket(*crowd, {"key": "parts/zz", "size": 1, "at": "-1h"}, other))
    evidence = await call(s3_object_status, bucket="drops", key="parts/")
    assert "parts/zz" in evidence.summary
    assert "partz" not in evidence.summary
    assert evidence.cost.api_calls >= 4


async def test_a_prefix_without_todays_partition_is_overdue(load: Load, call: Call):
    load(resources=bucket(*days(1, 30)))
    evidence = await call(s3_object_status, bucket="drops", key="orders/")
    assert evidence.findings[0].kind == "object_missing"
    assert "s3://drops/orders/2026-11-18 is not there" in evidence.summary
    load(resources={"s3_buckets": [{"name": "whole", "objects": days(0, 30)}]})
    whole = await call(s3_object_status, bucket="whole", key="orders/")
    assert {finding.kind for finding in whole.findings} == {"resource_state"}


async def test_a_missing_bucket_is_a_finding_and_no_bucket_is_no_data(load: Load, call: Call):
    load(resources=bucket())
    gone = await call(s3_object_status, bucket="no-such-drops", key=KEY)
    assert gone.findings[0].kind == "object_missing"
    assert "no bucket" in gone.summary
    assert (await call(s3_object_status)).status == EvidenceStatus.no_data
