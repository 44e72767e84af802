"""boto3 clients for Watchkeeper's own tables, queue, bucket and secrets, apart from the session that only reads."""

from __future__ import annotations

from typing import Any, Literal

import boto3
from botocore.config import Config

from tools.aws.descriptions import new_session

CONNECT_TIMEOUT_SECONDS = 3
MAX_CONNECTIONS = 64
ATTEMPTS = 6
"""Five retries with exponential backoff and jitter: throttling of some seconds is ridden out."""


def own_client(
    service: Literal["dynamodb", "sqs", "s3", "secretsmanager", "ssm"],
    region: str,
    profile: str = "",
    timeout_seconds: float = 10,
    attempts: int = ATTEMPTS,
) -> Any:
    """A client that may write. Endpoints come from `AWS_ENDPOINT_URL[_<SERVICE>]`, as boto3 reads them itself."""
    return own_session(region, profile).client(service, config=own_config(timeout_seconds, attempts))


def own_session(region: str, profile: str = "") -> boto3.Session:
    return new_session(region, profile)


def own_config(timeout_seconds: float, attempts: int = ATTEMPTS) -> Config:
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=MAX_CONNECTIONS,
        user_agent_extra="watchkeeper",
    )
