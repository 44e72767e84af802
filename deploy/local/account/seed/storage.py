"""S3 buckets with their objects and notifications, DynamoDB tables and secrets."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from boto3.dynamodb.types import TypeSerializer
from moto.s3.models import FakeDeleteMarker

from deploy.local.account.schema.serverless import (
    DynamoDbTable,
    S3Bucket,
    S3Notification,
    S3Object,
    S3Series,
)
from deploy.local.account.seed.seeder import Seeder, naive, tag_list
from deploy.local.account.text import render_times

_MOMENT = re.compile(r"\{date(?:\|([^{}]*))?\}")
_LARGEST_BODY = 4096
"""Bytes that an object really holds; its size says what the scenario says."""


def seed_storage(seeder: Seeder) -> None:
    for bucket in seeder.resources.s3_buckets:
        _bucket(seeder, bucket)
    for table in seeder.resources.dynamodb_tables:
        _table(seeder, table)
    for secret in seeder.resources.secrets:
        seeder.client("secretsmanager").create_secret(
            Name=secret.name,
            Description=secret.description,
            SecretString=json.dumps({key: secrets.token_urlsafe(12) for key in secret.keys}),
            Tags=tag_list(secret.tags),
        )


def seed_notifications(seeder: Seeder) -> None:
    """After the functions are there."""
    for bucket in seeder.resources.s3_buckets:
        if bucket.notifications:
            configuration: dict[str, list[dict[str, Any]]] = {}
            for notification in bucket.notifications:
                kind, entry = _notification(seeder, notification)
                configuration.setdefault(kind, []).append(entry)
            seeder.client("s3").put_bucket_notification_configuration(
                Bucket=bucket.name, NotificationConfiguration=configuration
            )


def _bucket(seeder: Seeder, bucket: S3Bucket) -> None:
    s3 = seeder.client("s3")
    where = {} if seeder.region == "us-east-1" else {"LocationConstraint": seeder.region}
    s3.create_bucket(Bucket=bucket.name, **({"CreateBucketConfiguration": where} if where else {}))
    if bucket.versioning:
        s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    if bucket.tags:
        s3.put_bucket_tagging(Bucket=bucket.name, Tagging={"TagSet": tag_list(bucket.tags)})
    if bucket.lifecycle_days:
        rule = {"ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}}
        rules = [{**rule, "Expiration": {"Days": bucket.lifecycle_days}}]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket.name, LifecycleConfiguration={"Rules": rules})
    for each in bucket.objects:
        _declared(seeder, bucket.name, each)
    for series in bucket.series:
        for key, at in _arrivals(seeder, series):
            _object(seeder, bucket.name, key, series.size, at)


def _arrivals(seeder: Seeder, series: S3Series) -> Iterator[tuple[str, datetime]]:
    """The objects of a series: named by whole days (or hours) of the range, written `delay` later."""
    step = series.every.total_seconds()
    first, last = seeder.at(series.start).timestamp(), seeder.at(series.end).timestamp()
    moment = -(-first // step) * step
    while moment <= last:
        at = datetime.fromtimestamp(moment, seeder.now.tzinfo)
        written = at + series.delay
        if written <= seeder.now:
            yield _MOMENT.sub(lambda match, at=at: at.strftime(match[1] or "%Y-%m-%d"), series.key), written
        moment += step


def _declared(seeder: Seeder, bucket: str, declared: S3Object) -> None:
    """One object with all that a scenario may say of it."""
    s3, key = seeder.client("s3"), render_times(declared.key, seeder.now)
    more: dict[str, Any] = {}
    if declared.kms_key:
        more = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": declared.kms_key}
    _object(seeder, bucket, key, declared.size, seeder.at(declared.at), StorageClass=declared.storage_class, **more)
    if declared.restoring:
        s3.restore_object(Bucket=bucket, Key=key, RestoreRequest={"Days": 1})
    if declared.deleted is not None:
        s3.delete_object(Bucket=bucket, Key=key)
        for version in seeder.backend("s3").buckets[bucket].keys.getlist(key)[-1:]:
            if isinstance(version, FakeDeleteMarker):
                version.last_modified = naive(seeder.at(declared.deleted))


def _object(seeder: Seeder, bucket: str, key: str, size: int, at: datetime, **more: Any) -> None:
    seeder.client("s3").put_object(Bucket=bucket, Key=key, Body=b"\0" * min(size, _LARGEST_BODY), **more)
    state = seeder.backend("s3").buckets[bucket].keys[key]
    state.last_modified = naive(at)
    state.contentsize = size


def _notification(seeder: Seeder, notification: S3Notification) -> tuple[str, dict[str, Any]]:
    rules = [
        {"Name": name, "Value": value}
        for name, value in (("prefix", notification.prefix), ("suffix", notification.suffix))
        if value
    ]
    entry: dict[str, Any] = {"Events": list(notification.events)}
    if rules:
        entry["Filter"] = {"Key": {"FilterRules": rules}}
    if notification.function:
        return "LambdaFunctionConfigurations", {
            **entry,
            "LambdaFunctionArn": seeder.id_of("function", notification.function),
        }
    if notification.queue:
        return "QueueConfigurations", {**entry, "QueueArn": seeder.id_of("queue", notification.queue)}
    return "TopicConfigurations", {**entry, "TopicArn": seeder.id_of("topic", notification.topic or "")}


def _table(seeder: Seeder, table: DynamoDbTable) -> None:
    capacity: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST" if table.on_demand else "PROVISIONED"}
    capacity |= _throughput(table, table.read_capacity, table.write_capacity)
    if table.stream:
        capacity["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    if table.indexes:
        capacity["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index.name,
                "KeySchema": _key_schema(index.hash_key, index.range_key),
                "Projection": {"ProjectionType": "ALL"},
                **_throughput(table, index.read_capacity, index.write_capacity),
            }
            for index in table.indexes
        ]
    keys = {table.hash_key, table.range_key}
    keys |= {key for index in table.indexes for key in (index.hash_key, index.range_key)}
    dynamodb = seeder.client("dynamodb")
    made = dynamodb.create_table(
        TableName=table.name,
        KeySchema=_key_schema(table.hash_key, table.range_key),
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in sorted(k for k in keys if k)],
        Tags=tag_list(table.tags),
        **capacity,
    )["TableDescription"]
    seeder.backend("dynamodb").tables[table.name].created_at = naive(seeder.at(table.created))
    seeder.ids["table", table.name] = made.get("LatestStreamArn", made["TableArn"])
    for item in table.items:
        serialised = {key: TypeSerializer().serialize(value) for key, value in item.items()}
        dynamodb.put_item(TableName=table.name, Item=serialised)
    _autoscaling(seeder, table)


def _autoscaling(seeder: Seeder, table: DynamoDbTable) -> None:
    scaling = seeder.client("application-autoscaling")
    for part, metric, wanted in (
        ("Read", "DynamoDBReadCapacityUtilization", table.read_autoscaling),
        ("Write", "DynamoDBWriteCapacityUtilization", table.write_autoscaling),
    ):
        if wanted is None:
            continue
        target = {
            "ServiceNamespace": "dynamodb",
            "ResourceId": f"table/{table.name}",
            "ScalableDimension": f"dynamodb:table:{part}CapacityUnits",
        }
        scaling.register_scalable_target(**target, MinCapacity=wanted.minimum, MaxCapacity=wanted.maximum)
        scaling.put_scaling_policy(
            **target,
            PolicyName=f"{table.name}-{part.lower()}",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": wanted.target_percent,
                "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
            },
        )


def _key_schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": hash_key, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else schema


def _throughput(table: DynamoDbTable, read: int, write: int) -> dict[str, Any]:
    """Provisioned capacity; an on-demand table has none."""
    if table.on_demand:
        return {}
    return {"ProvisionedThroughput": {"ReadCapacityUnits": read, "WriteCapacityUnits": write}}
