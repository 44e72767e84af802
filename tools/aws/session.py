"""Read-only boto3 clients: made once, shared between threads, with short timeouts and few retries."""

from __future__ import annotations

import os
from functools import cached_property
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

MAX_CONNECTIONS = 64
CONNECT_TIMEOUT_SECONDS = 3


class Boto3Session:
    """The AWS port over boto3. Endpoints come from `AWS_ENDPOINT_URL[_<SERVICE>]`, as boto3 reads them itself."""

    def __init__(self, region: str, profile: str = "", timeout_seconds: float = 10) -> None:
        self.region = region
        self._session = boto3.Session(profile_name=profile or None, region_name=region)
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()
        # An address that somebody named is used as it is: without this, boto3 would put `env.` before it for MWAA.
        named_address = any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ)
        self._config = Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=timeout_seconds,
            retries={"mode": "standard", "max_attempts": 3},
            max_pool_connections=MAX_CONNECTIONS,
            user_agent_extra="watchkeeper",
            inject_host_prefix=not named_address,
        )

    @cached_property
    def account(self) -> str:
        """The account's id, asked of STS once."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @cached_property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return str(self._session.get_partition_for_region(self.region))

    def client(self, service: str, region: str = "") -> Any:
        key = (service, region or self.region)
        with self._lock:  # creating clients is not thread-safe; using them is
            if key not in self._clients:
                self._clients[key] = self._session.client(service, region_name=key[1], config=self._config)
            return self._clients[key]
