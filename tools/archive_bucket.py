"""The archive's bucket as infrastructure, once: `watchkeeper tables --bucket` and the cloud deployment create it.

It is private, encrypted by S3, and forgets: conversations move to cheaper storage after a month and go after `days`;
checkpoints go when their time to live has passed, as their items in DynamoDB do, and payloads after their jobs.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from tools.checkpoints import KEPT

TRANSITION_DAYS = 30
"""S3 takes objects into infrequent access no sooner."""
PAYLOAD_DAYS = 30
"""Twice as long as SQS keeps the job that a payload belongs to."""
PRIVATE = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def lifecycle_rules(days: int) -> list[dict[str, Any]]:
    """`days` is how long conversations are kept."""
    moved = [{"Days": TRANSITION_DAYS, "StorageClass": "STANDARD_IA"}] if days > TRANSITION_DAYS * 2 else []
    rules = [
        _rule("conversations/", days, moved),
        _rule("turns/", days, moved),
        _rule("payloads/", PAYLOAD_DAYS, []),
        _rule("checkpoints/", KEPT.days + 1, []),
    ]
    unfinished = {
        "ID": "watchkeeper-unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    return [*rules, unfinished]


def create_bucket(client: Any, bucket: str, days: int) -> bool:
    """Create it if it is not there, and set what is ours of it; rules of others stay. Whether it is new."""
    created = _create(client, bucket)
    client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=PRIVATE)
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
    ours = lifecycle_rules(days)
    names = {rule["ID"] for rule in ours}
    others = [rule for rule in _rules(client, bucket) if rule.get("ID") not in names]
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*others, *ours]})
    return created


def missing_settings(client: Any, bucket: str) -> list[str]:
    """What the bucket lacks, in words; boto3's ClientError when there is no such bucket, or it may not be looked at."""
    client.head_bucket(Bucket=bucket)
    missing: list[str] = []
    private = _or_none(
        "NoSuchPublicAccessBlockConfiguration",
        lambda: client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"],
    )
    if private != PRIVATE:
        missing.append("a block of all public access")
    enabled = {rule["ID"] for rule in _rules(client, bucket) if rule.get("Status") == "Enabled" and "ID" in rule}
    if not {rule["ID"] for rule in lifecycle_rules(1)} <= enabled:
        missing.append("the lifecycle rules")
    return missing


def _rule(prefix: str, days: int, transitions: list[dict[str, Any]]) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "ID": f"watchkeeper-{prefix.rstrip('/')}",
        "Status": "Enabled",
        "Filter": {"Prefix": prefix},
        "Expiration": {"Days": days},
    }
    return rule | ({"Transitions": transitions} if transitions else {})


def _create(client: Any, bucket: str) -> bool:
    region = client.meta.region_name
    # us-east-1 is the one region that must not be named.
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"].get("Code") not in ("404", "NoSuchBucket"):
            raise
        client.create_bucket(Bucket=bucket, **where)
        return True
    return False


def _rules(client: Any, bucket: str) -> list[dict[str, Any]]:
    found = _or_none(
        "NoSuchLifecycleConfiguration", lambda: client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    )
    return found or []


def _or_none(code: str, call: Any) -> Any:
    try:
        return call()
    except ClientError as error:
        if error.response["Error"].get("Code") == code:
            return None
        raise
