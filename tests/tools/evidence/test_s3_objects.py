"""An object that is there, late, too small or missing, by the habits of the days before."""

from typing import Any

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.s3_objects import s3_object_status

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


async def test_a_missing_bucket_is_a_finding_and_no_bucket_is_no_data(load: Load, call: Call):
    load(resources=bucket())
    gone = await call(s3_object_status, bucket="no-such-drops", key=KEY)
    assert gone.findings[0].kind == "object_missing"
    assert "no bucket" in gone.summary
    assert (await call(s3_object_status)).status == EvidenceStatus.no_data
