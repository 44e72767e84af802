"""What is in a bucket: objects under a prefix over all pages, what was deleted, and whether one can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from agent.partitions import Arrivals, DatedKey, arrivals, dated
from tools.aws.denials import is_denied
from tools.evidence.base import Look
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.partial import gather

EARLIER_DAYS = 14
MAX_LISTED = 20_000
"""Twenty pages of S3's thousand."""
ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")
"""Classes whose objects cannot be read before they are restored; GLACIER_IR can."""
MISSING_CODES = ("404", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class S3Object:
    key: str
    size: int
    at: datetime
    storage_class: str = "STANDARD"


@dataclass(frozen=True)
class Listing:
    """Objects under a prefix. `cut` when there were more than were read."""

    objects: Sequence[S3Object]
    cut: bool = False

    def newest(self) -> S3Object | None:
        return max(self.objects, key=lambda found: found.at, default=None)


@dataclass(frozen=True)
class Readable:
    """What a HEAD tells. `restored` is empty unless a restore of an archived object is under way or done."""

    restored: str = ""
    kms_key: str = ""
    refused: str = ""
    """Why the object may not be read, in a few words; empty when it may."""


def listing(look: Look, bucket: str, prefix: str, after: str = "", limit: int = MAX_LISTED) -> Listing:
    """All objects under a prefix, from the key `after` on, which come in the order of their keys."""
    start = {"StartAfter": after} if after else {}
    entries = look.pages("s3", "list_objects_v2", "Contents", limit + 1, Bucket=bucket, Prefix=prefix, **start)
    return Listing([_object(entry) for entry in entries[:limit]], cut=len(entries) > limit)


def recent(look: Look, bucket: str, prefix: str) -> Listing:
    """As `listing`; where the keys carry their day, those of the last two weeks only, since old ones come first."""
    first = listing(look, bucket, prefix, limit=1)
    day = dated(first.objects[0].key) if first.objects else None
    start = look.now.date() - timedelta(days=EARLIER_DAYS + 1)
    # A later day sorts after an earlier one only if the day is the first thing that differs.
    if day is None or day.day >= start or dated(prefix):
        return listing(look, bucket, prefix)
    later = listing(look, bucket, prefix, after=day.folder(start))
    return later if later.objects else listing(look, bucket, prefix)


def deletion(look: Look, bucket: str, key: str) -> tuple[datetime | None, S3Object | None, str]:
    """When a key was deleted (in a bucket with versioning), its last version, and why that could not be asked."""
    try:
        page = look.call("s3", "list_object_versions", Bucket=bucket, Prefix=key, MaxKeys=1000)
    except EXPECTED as error:
        return None, None, explain(error)
    markers = [m for m in page.get("DeleteMarkers", []) if m["Key"] == key and m.get("IsLatest")]
    versions = [_object(v) for v in page.get("Versions", []) if v["Key"] == key]
    at = markers[0]["LastModified"].astimezone(UTC) if markers else None
    return at, max(versions, key=lambda found: found.at, default=None), ""


def readable(look: Look, bucket: str, key: str) -> Readable:
    """Whether an object that is listed can be had."""
    try:
        head = look.call("s3", "head_object", Bucket=bucket, Key=key)
    except ClientError as error:
        if not is_denied(error):
            return Readable()
        return Readable(refused=explain(error))
    except EXPECTED:
        return Readable()
    restore = str(head.get("Restore", ""))
    words = "is being restored" if 'ongoing-request="true"' in restore else "was restored" if restore else ""
    return Readable(restored=words, kms_key=str(head.get("SSEKMSKeyId", "")))


def of_earlier_days(look: Look, bucket: str, key: DatedKey) -> tuple[Arrivals | None, list[int]]:
    """When the same key of the days before arrived, and how large it was."""
    days = {f"{day}": day for n in range(1, EARLIER_DAYS + 1) if (day := key.day - timedelta(days=n))}
    read = gather({name: lambda day=day: _of_day(look, bucket, key, day) for name, day in days.items()}).results
    found = [(day, one) for name, day in days.items() if (one := read.get(name))]
    return arrivals([(day, one.at) for day, one in found], len(days)), [one.size for _, one in found]


def partitions(found: Sequence[S3Object], today: date) -> tuple[DatedKey, Arrivals, bool] | None:
    """The key of today's partition, when partitions usually are complete, and whether today's came; None without days.

    A partition is complete with its last object.
    """
    last: dict[date, S3Object] = {}
    for one in found:
        key = dated(one.key)
        if key and (key.day not in last or one.at > last[key.day].at):
            last[key.day] = one
    earlier = {day: one for day, one in last.items() if today - timedelta(days=EARLIER_DAYS) <= day < today}
    habit = arrivals([(day, one.at) for day, one in earlier.items()], EARLIER_DAYS)
    newest = dated(earlier[max(earlier)].key) if earlier else None
    if habit is None or newest is None or habit.days < EARLIER_DAYS / 2:
        return None
    return DatedKey(newest.on(today), today), habit, today in last


def _of_day(look: Look, bucket: str, key: DatedKey, day: date) -> S3Object | None:
    found = listing(look, bucket, key.folder(day), limit=1000).objects
    exact = [one for one in found if one.key == key.on(day)]
    return max(exact or found, key=lambda one: one.at, default=None)


def _object(entry: dict[str, Any]) -> S3Object:
    kind = str(entry.get("StorageClass") or "STANDARD")
    return S3Object(str(entry["Key"]), int(entry["Size"]), entry["LastModified"].astimezone(UTC), kind)
