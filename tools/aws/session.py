"""Read-only boto3 clients: made once, shared between threads, for any configured account and region."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from agent.errors import InputError
from agent.settings import AwsAccount, Settings
from tools.aws.accounts import assumed_role
from tools.aws.descriptions import new_session
from tools.aws.read_only import lock

MAX_CONNECTIONS = 64
CONNECT_TIMEOUT_SECONDS = 3
ATTEMPTS = 4
"""With adaptive retries: throttled calls are repeated with growing pauses, and the client slows itself down."""

HOME = "home"
GLOBAL = "global"
"""What AWS Health calls the region of services that have none."""
_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-\d+")


@dataclass(frozen=True)
class _Shared:
    """What sessions of all accounts and regions have in common."""

    base: boto3.Session
    config: Config
    accounts: tuple[AwsAccount, ...]


class Boto3Session:
    """The AWS port over boto3. Endpoints come from `AWS_ENDPOINT_URL[_<SERVICE>]`, as boto3 reads them itself.

    aws = Boto3Session.open("us-east-1", accounts=(AwsAccount(id="210987654321", role="watchkeeper-read"),))
    aws.client("rds")                                  # the home account, its first region
    aws.at("210987654321", "eu-west-1").client("rds")  # another account, through its role
    """

    def __init__(
        self,
        shared: _Shared,
        session: boto3.Session,
        region: str,
        account: Callable[[], str] | None = None,
        label: str = HOME,
    ) -> None:
        self.region = region
        self.label = label
        self._shared = shared
        self._session = session
        self._ask_account = account or self._identity
        self._account = ""
        self._clients: dict[str, Any] = {}
        self._elsewhere: dict[tuple[str, str], Boto3Session] = {}
        self._lock = Lock()

    @classmethod
    def open(
        cls,
        region: str,
        profile: str = "",
        timeout_seconds: float = 10,
        *,
        role_arn: str = "",
        external_id: str = "",
        accounts: Sequence[AwsAccount] = (),
        attempts: int = ATTEMPTS,
    ) -> Boto3Session:
        """The home account's session; `role_arn` is assumed for it when given."""
        base = new_session(region, profile)
        config = _config(timeout_seconds, attempts)
        home = assumed_role(base, role_arn, external_id, region, config) if role_arn else base
        return cls(_Shared(base, config, tuple(accounts)), home, region)

    @classmethod
    def of(cls, settings: Settings) -> Boto3Session:
        """The session that the settings describe."""
        return cls.open(
            settings.aws_region,
            settings.aws_profile,
            settings.aws_timeout_seconds,
            role_arn=settings.aws_role_arn,
            external_id=settings.aws_external_id,
            accounts=settings.aws_accounts,
        )

    @property
    def account(self) -> str:
        """The account's id; the home account's is asked of STS, once."""
        self._account = self._account or self._ask_account()
        return self._account

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn` or `aws-us-gov`."""
        return str(self._session.get_partition_for_region(self.region))

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client that refuses to do anything but read."""
        if region and region != self.region:
            return self._beside(region).client(service)
        with self._lock:  # creating clients is not thread-safe; using them is
            if service not in self._clients:
                config = self._shared.config.merge(Config(inject_host_prefix=not named_address(service)))
                client = self._session.client(service, region_name=self.region, config=config)
                lock(client, service)
                self._clients[service] = client
            return self._clients[service]

    def at(self, account: str = "", region: str = "") -> Boto3Session:
        """The session for an account, by id or name, and a region; InputError when nobody configured that account."""
        if region and region != GLOBAL and not _REGION.fullmatch(region):
            raise InputError(f"{region!r} is no AWS region; name one such as {self.region}.")
        region = "" if region == GLOBAL else region
        other = self._configured(account)
        if other is None:
            return self._beside(region or self.region)
        where = region or (other.regions[0] if other.regions else self.region)
        return self._kept((other.id, where), lambda: self._assumed(other, where))

    def _beside(self, region: str) -> Boto3Session:
        """The same account in another region."""
        if region == self.region:
            return self
        return self._kept(("", region), lambda: self._same_account(region))

    def _same_account(self, region: str) -> Boto3Session:
        return Boto3Session(self._shared, self._session, region, lambda: self.account, self.label)

    def _assumed(self, other: AwsAccount, region: str) -> Boto3Session:
        shared = self._shared
        arn = other.role_arn(str(shared.base.get_partition_for_region(region)))
        session = assumed_role(shared.base, arn, other.external_id, region, shared.config)
        return Boto3Session(shared, session, region, lambda: other.id, other.id)

    def _kept(self, key: tuple[str, str], make: Callable[[], Boto3Session]) -> Boto3Session:
        with self._lock:
            if key not in self._elsewhere:
                self._elsewhere[key] = make()
            return self._elsewhere[key]

    def _configured(self, account: str) -> AwsAccount | None:
        """None for the home account."""
        for known in self._shared.accounts:
            if account and account in (known.id, known.name):
                return known
        if account and account != self.account:
            names = [known.name or known.id for known in self._shared.accounts]
            raise InputError(
                f"Account {account} is not among those that may be read ({', '.join([self.account, *names])}); "
                "add it to WATCHKEEPER_AWS_ACCOUNTS."
            )
        return None

    def _identity(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])


def _config(timeout_seconds: float, attempts: int) -> Config:
    return Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=timeout_seconds,
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        max_pool_connections=MAX_CONNECTIONS,
        user_agent_extra="watchkeeper",
    )


def named_address(service: str) -> bool:
    """Whether somebody named this service's address. It is used as it is: boto3 would put `env.` before MWAA's."""
    return "AWS_ENDPOINT_URL" in os.environ or f"AWS_ENDPOINT_URL_{service.replace('-', '_').upper()}" in os.environ
