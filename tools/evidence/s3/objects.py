"""Whether an S3 object is there and can be read, and whether it is late by the habits of the days before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from botocore.exceptions import ClientError
from langchain_core.tools import BaseTool

from agent.models import Finding
from agent.partitions import Arrivals, DatedKey, dated
from agent.times import clock_time
from tools.evidence import console
from tools.evidence.base import Found, Look, evidence_tool
from tools.evidence.logs.findings import object_attributes
from tools.evidence.names import bare_name
from tools.evidence.s3.listing import (
    ARCHIVED,
    MAX_LISTED,
    Listing,
    S3Object,
    deletion,
    listing,
    of_earlier_days,
    partitions,
    readable,
    recent,
)


@evidence_tool("Is s3://{bucket}/{key} there?", days=2)
def s3_object_status(look: Look, bucket: str = "", key: str = "", resource: str = "") -> Found:
    """Whether an object (or anything under a prefix) exists, its size and age, and how that compares with the same key
    of the days before: missing, deleted, late, unusually small, archived in Glacier, or not readable.

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
        listed = recent(look, bucket, key)
    except ClientError as error:
        if error.response["Error"].get("Code") != "NoSuchBucket":
            raise
        text = f"There is no bucket {bucket}."
        return Found(text, [_gone(text, 0.9, bucket, key)], link)
    findings, note = _told(look, bucket, key, listed)
    findings.sort(key=lambda finding: -finding.strength)
    cut = f" Only the first {MAX_LISTED:,} objects under it were read." if listed.cut else ""
    return Found(f"{findings[0].statement}{note}{cut}", findings, link)


def _told(look: Look, bucket: str, key: str, listed: Listing) -> tuple[list[Finding], str]:
    """Findings, and what ends the summary."""
    dated_key = dated(key)
    habit, sizes = of_earlier_days(look, bucket, dated_key) if dated_key else (None, [])
    exact = [one for one in listed.objects if one.key == key]
    # A key that merely begins with the one asked for is another object.
    inside = [one for one in listed.objects if not key or key.endswith("/") or one.key.startswith(f"{key}/")]
    present = Listing(exact or inside).newest()
    if present is None:
        finding, note = _deleted(look, bucket, key, _missing(look, bucket, key, dated_key, habit))
        return [finding], note + ("" if dated_key else _newest_sibling(look, bucket, key))
    findings = [_present(look, bucket, present, dated_key, habit, sizes), *_unreadable(look, bucket, present)]
    if not exact and not dated_key:
        findings += _todays_partition(look, bucket, inside)
    return findings, ""


def _gone(text: str, strength: float, bucket: str, key: str) -> Finding:
    return Finding(
        kind="object_missing",
        statement=text,
        strength=strength,
        resource=bucket,
        attributes={"bucket": bucket, "key": key},
    )


def _deleted(look: Look, bucket: str, key: str, missing: Finding) -> tuple[Finding, str]:
    """The same finding, with when it was deleted if the bucket keeps versions."""
    at, last, unread = deletion(look, bucket, key) if key else (None, None, "")
    if unread:
        return missing, f" Whether it was deleted could not be read ({unread})."
    if at is None:
        return missing, ""
    was = f"; its last version has {last.size:,} bytes, of {clock_time(last.at, look.now)}" if last else ""
    return missing.model_copy(
        update={
            "statement": f"s3://{bucket}/{key} was deleted at {clock_time(at, look.now)}{was}.",
            "strength": 0.95,
            "at": at,
            "attributes": missing.attributes | {"deleted_at": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        }
    ), ""


def _unreadable(look: Look, bucket: str, found: S3Object) -> list[Finding]:
    """An object that is there and yet of no use: archived, or refused."""
    head = readable(look, bucket, found.key)
    where = f"s3://{bucket}/{found.key}"
    attributes = {"bucket": bucket, "key": found.key, "storage_class": found.storage_class}
    if found.storage_class in ARCHIVED and head.restored != "was restored":
        state = f", and {head.restored}" if head.restored else "; nobody asked for it to be restored"
        text = f"{where} is archived in {found.storage_class} and cannot be read{state}."
        return [_state("object_archived", text, 0.9, found, bucket, attributes)]
    if head.refused:
        text = f"{where} is listed, but may not be read by Watchkeeper ({head.refused}); its readers may lack the same."
        return [_state("resource_state", text, 0.4, found, bucket, attributes | {"service": "s3", "state": "refused"})]
    if head.kms_key:
        text = f"{where} is encrypted with the KMS key {head.kms_key}: its readers need kms:Decrypt on it."
        return [_state("resource_state", text, 0.15, found, bucket, attributes | {"kms_key": head.kms_key})]
    return []


def _state(kind: str, text: str, strength: float, found: S3Object, bucket: str, attributes: dict[str, str]) -> Finding:
    return Finding(kind=kind, statement=text, strength=strength, at=found.at, resource=bucket, attributes=attributes)


def _todays_partition(look: Look, bucket: str, inside: Sequence[S3Object]) -> list[Finding]:
    """For a prefix whose keys carry their day: today's, when it is overdue by the habit of the days before."""
    known = partitions(inside, look.now.date())
    if known is None:
        return []
    key, habit, came = known
    overdue = look.now - habit.expected(key.day)
    if came or overdue < habit.tolerance:
        return []
    return [_missing(look, bucket, key.folder(key.day), key, habit)]


def _missing(look: Look, bucket: str, key: str, dated_key: DatedKey | None, habit: Arrivals | None) -> Finding:
    where = f"s3://{bucket}/{key}"
    if habit is None or dated_key is None:
        return _gone(f"{where} is not there.", 0.75, bucket, key)
    attributes = {"bucket": bucket, "key": key}
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
    return _gone(text, strength, bucket, key).model_copy(update={"at": due})


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
    newest = listing(look, bucket, f"{folder}/").newest() if folder else None
    return f" The newest object beside it is {newest.key}, of {clock_time(newest.at, look.now)}." if newest else ""


def _span(duration: timedelta) -> str:
    hours = duration.total_seconds() / 3600
    return f"{hours:.1f} hours" if hours >= 1.5 else f"{hours * 60:.0f} minutes"


TOOLS: tuple[BaseTool, ...] = (s3_object_status,)
