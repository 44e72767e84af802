"""Whether an S3 object is there, and whether it is late by the habits of the days before."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.partitions import Arrivals, DatedKey, arrivals, dated
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.log_findings import object_attributes
from tools.evidence.names import bare_name

EARLIER_DAYS = 14


@dataclass(frozen=True)
class S3Object:
    key: str
    size: int
    at: datetime


@evidence_tool("Is s3://{bucket}/{key} there?", days=2)
def s3_object_status(look: Look, bucket: str = "", key: str = "", resource: str = "") -> Found:
    """Whether an object (or anything under a prefix) exists, its size and age, and how that compares with the same key
    of the days before: missing, late, or unusually small.

    Args:
        bucket: the bucket
        key: an exact key or a prefix
        resource: a bucket, or an s3:// address, instead of the two
    """
    address = object_attributes(resource)
    bucket, key = (
        bucket or address.get("bucket", "") or bare_name(resource),
        (key or address.get("key", "")).lstrip("/"),
    )
    if not bucket:
        return Found("Name a bucket, or an s3:// address.", no_data=True)
    link = console.s3_object(look.aws, bucket, key)
    try:
        present = _find(look, bucket, key)
    except ClientError as error:
        if error.response["Error"].get("Code") != "NoSuchBucket":
            raise
        text = f"There is no bucket {bucket}."
        gone = Finding(
            kind="object_missing",
            statement=text,
            strength=0.9,
            resource=bucket,
            attributes={"bucket": bucket, "key": key},
        )
        return Found(text, [gone], link)
    dated_key = dated(key)
    habit, sizes = _habit(look, bucket, dated_key) if dated_key else (None, [])
    if present is None:
        finding = _missing(look, bucket, key, dated_key, habit)
    else:
        finding = _present(look, bucket, present, dated_key, habit, sizes)
    siblings = "" if dated_key else _newest_sibling(look, bucket, key)
    return Found(f"{finding.statement}{siblings}", [finding], link)


def _find(look: Look, bucket: str, key: str) -> S3Object | None:
    """The object, or the newest one under the prefix."""
    listing = look.call("s3", "list_objects_v2", Bucket=bucket, Prefix=key, MaxKeys=1000)
    objects = [_object(entry) for entry in listing.get("Contents", [])]
    exact = [found for found in objects if found.key == key]
    # A key that merely begins with the one asked for is another object.
    inside = [found for found in objects if not key or key.endswith("/") or found.key.startswith(f"{key}/")]
    return max(exact or inside, key=lambda found: found.at, default=None)


def _habit(look: Look, bucket: str, key: DatedKey) -> tuple[Arrivals | None, list[int]]:
    """When the same key of earlier days arrived, and how large it was."""
    days = [key.day - timedelta(days=n) for n in range(1, EARLIER_DAYS + 1)]
    client = look.aws.client("s3")
    look.note(
        "s3",
        "list_objects_v2",
        {"Bucket": bucket, "Prefix": f"{key.folder(days[0])} and {EARLIER_DAYS - 1} days before"},
    )

    def of_day(day: date) -> S3Object | None:
        listing = client.list_objects_v2(Bucket=bucket, Prefix=key.folder(day), MaxKeys=50)
        objects = [_object(entry) for entry in listing.get("Contents", [])]
        exact = [found for found in objects if found.key == key.on(day)]
        return max(exact or objects, key=lambda found: found.at, default=None)

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(of_day, days))
    look.api_calls += len(days)
    pairs = [(day, one.at) for day, one in zip(days, found, strict=True) if one]
    return arrivals(pairs, len(days)), [one.size for one in found if one]


def _missing(look: Look, bucket: str, key: str, dated_key: DatedKey | None, habit: Arrivals | None) -> Finding:
    where = f"s3://{bucket}/{key}"
    attributes = {"bucket": bucket, "key": key}
    if habit is None or dated_key is None:
        return Finding(
            kind="object_missing",
            statement=f"{where} is not there.",
            strength=0.75,
            resource=bucket,
            attributes=attributes,
        )
    due = habit.expected(dated_key.day)
    late = look.now - due
    if late < habit.tolerance:
        text = (
            f"{where} is not there yet; on {habit.days} of {habit.looked} earlier days it came around {due:%H:%M} UTC."
        )
        return Finding(kind="object_late", statement=text, strength=0.3, at=due, resource=bucket, attributes=attributes)
    text = (
        f"{where} is not there, {_span(late)} after its usual time: on {habit.days} of the {habit.looked} days before, "
        f"it had come by about {due:%H:%M} UTC."
    )
    strength = 0.95 if habit.days >= 0.7 * habit.looked else 0.8
    return Finding(
        kind="object_missing", statement=text, strength=strength, at=due, resource=bucket, attributes=attributes
    )


def _present(
    look: Look, bucket: str, found: S3Object, key: DatedKey | None, habit: Arrivals | None, sizes: Sequence[int]
) -> Finding:
    where = f"s3://{bucket}/{found.key}"
    came = clock_time(found.at, look.now)
    attributes: dict[str, str] = {"bucket": bucket, "key": found.key, "last_modified": f"{found.at:%Y-%m-%dT%H:%M:%SZ}"}
    if habit and key and found.at - habit.expected(key.day) > habit.tolerance:
        late = found.at - habit.expected(key.day)
        return Finding(
            kind="object_late",
            statement=f"{where} came at {came}, {_span(late)} later than usual ({habit.expected(key.day):%H:%M} UTC).",
            strength=0.75,
            at=habit.expected(key.day),
            resource=bucket,
            attributes=attributes | {"prefix": key.folder(key.day)},
        )
    typical = median(sizes) if sizes else 0
    if typical and found.size < typical / 5:
        return Finding(
            kind="metric_drop",
            statement=f"{where} has {found.size:,} bytes; on the days before it had {typical:,.0f}.",
            strength=0.8 if found.size < typical / 20 else 0.6,
            at=found.at,
            resource=bucket,
            attributes=attributes | {"metric": "object size", "baseline": f"{typical:.0f}", "service": "s3"},
        )
    text = f"{where} is there: {found.size:,} bytes, written at {came}{', as usual' if habit else ''}."
    return Finding(
        kind="resource_state",
        statement=text,
        strength=0.2,
        at=found.at,
        resource=bucket,
        attributes=attributes | {"service": "s3", "type": "object"},
    )


def _newest_sibling(look: Look, bucket: str, key: str) -> str:
    folder = key.rpartition("/")[0]
    if not folder:
        return ""
    listing = look.call("s3", "list_objects_v2", Bucket=bucket, Prefix=f"{folder}/", MaxKeys=1000)
    newest = max((_object(entry) for entry in listing.get("Contents", [])), key=lambda found: found.at, default=None)
    return f" The newest object beside it is {newest.key}, of {clock_time(newest.at, look.now)}." if newest else ""


def _object(entry: dict[str, Any]) -> S3Object:
    return S3Object(str(entry["Key"]), int(entry["Size"]), entry["LastModified"].astimezone(UTC))


def _span(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours >= 1.5 else f"{hours * 60:.0f} minutes"


TOOLS: tuple[BaseTool, ...] = (s3_object_status,)
