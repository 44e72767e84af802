"""Sessions that may change AWS: the executor's role, cut down to what one action needs, for a quarter of an hour.

    access = AssumedWriteAccess.of(settings)
    session = access.open(kind.permissions(order), "act_1a2b3c")
    session.client("lambda").update_alias(...)      # done once, and only if it is among the permissions

Three locks, one behind the other: a hook in the client refuses every other call before it leaves the process, the
session policy lets AWS refuse it, and the role itself allows no more than all actions together need.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import SettingsError, WriteRefused
from agent.ports.writing import Permission, WriteSession
from agent.settings import AwsAccount, Settings
from tools.aws.denials import is_denied
from tools.aws.descriptions import new_session
from tools.aws.sending import ANSWER_SECONDS, CALLS_SECONDS, Sending
from tools.aws.session import CONNECT_TIMEOUT_SECONDS, named_address

SESSION_SECONDS = 900
"""The least that STS gives."""
POLICY_CHARS = 2048
"""The most that STS takes as a session policy."""
ASSUME_ATTEMPTS = 3
"""Asking for credentials changes nothing, so that it may be repeated."""
_PATTERN = re.compile(r"[*?]|\$\{")
"""What IAM reads as more than one name. A group may be called `web*`."""
_MADE_BY_AWS = ":autoScalingGroup:*:autoScalingGroupName/"
"""The one part of an ARN that nobody knows beforehand."""


@dataclass(frozen=True)
class AssumedSession:
    """Short-lived credentials for some permissions, in one region. Of `base` only what it knows of services is used."""

    base: boto3.Session
    credentials: Mapping[str, str] = field(repr=False)
    region: str
    permissions: tuple[Permission, ...]
    config: Config
    sending: Sending

    def client(self, service: str) -> Any:
        client = self.base.client(
            service,
            region_name=self.region,
            config=self.config.merge(Config(inject_host_prefix=not named_address(service))),
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
            aws_session_token=self.credentials["SessionToken"],
        )
        _lock(client, service, self.permissions)
        self.sending.watch(client)
        return client


class NothingInAws:
    """The session of an action on a system outside AWS: there are no credentials in it."""

    def client(self, service: str) -> Any:
        raise WriteRefused(f"Nothing was approved that {service} could do.")


@dataclass(frozen=True)
class _Role:
    arn: str
    external_id: str
    region: str


@dataclass(frozen=True)
class AssumedWriteAccess:
    """The port over STS. `base` are the process's own credentials, which may assume the executor's roles."""

    base: boto3.Session
    region: str
    role_arn: str = ""
    external_id: str = ""
    accounts: tuple[AwsAccount, ...] = ()
    timeout_seconds: float = 10.0
    calls_seconds: float = CALLS_SECONDS
    ticks: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, settings: Settings) -> AssumedWriteAccess:
        """What the settings describe. Nothing is asked before the first `open`."""
        return cls(
            new_session(settings.aws_region, settings.aws_profile),
            settings.aws_region,
            settings.executor_role_arn,
            settings.executor_external_id,
            settings.aws_accounts,
            settings.aws_timeout_seconds,
        )

    def open(self, permissions: Sequence[Permission], name: str, account: str = "", region: str = "") -> WriteSession:
        """Without a role nothing at all can be changed, not even what needs none of its rights."""
        role = self._role(account)
        if not permissions:
            return NothingInAws()
        credentials = self._assume(role, session_policy(permissions), name)
        answer = min(self.timeout_seconds, ANSWER_SECONDS)
        sending = Sending(self.ticks() + self.calls_seconds - CONNECT_TIMEOUT_SECONDS - answer, self.ticks)
        config = self._config(1, answer)
        return AssumedSession(self.base, credentials, region or role.region, tuple(permissions), config, sending)

    def _role(self, account: str) -> _Role:
        """SettingsError that says which setting would name one."""
        for known in self.accounts:
            if account and account in (known.id, known.name):
                arn = known.executor_role_arn(str(self.base.get_partition_for_region(self.region)))
                region = known.regions[0] if known.regions else self.region
                if arn:
                    return _Role(arn, known.executor_external_id, region)
                raise SettingsError(
                    f"No role may change account {account}: "
                    "give it an `executor_role` in WATCHKEEPER_AWS_ACCOUNTS (docs/executor.md says what it needs)."
                )
        if not self.role_arn:
            raise SettingsError(
                "Nothing can be changed, because no role may: "
                "set WATCHKEEPER_EXECUTOR_ROLE_ARN (docs/executor.md says what it needs)."
            )
        if account and account != self.role_arn.split(":")[4]:
            raise SettingsError(
                f"No role may change account {account}: "
                "add it, with an `executor_role`, to WATCHKEEPER_AWS_ACCOUNTS (docs/executor.md says what it needs)."
            )
        return _Role(self.role_arn, self.external_id, self.region)

    def _assume(self, role: _Role, policy: str, name: str) -> Mapping[str, str]:
        config = self._config(ASSUME_ATTEMPTS, self.timeout_seconds)
        sts: Any = self.base.client("sts", region_name=role.region, config=config)
        more = {"ExternalId": role.external_id} if role.external_id else {}
        try:
            reply = sts.assume_role(
                RoleArn=role.arn,
                RoleSessionName=session_name(name),
                Policy=policy,
                DurationSeconds=SESSION_SECONDS,
                **more,
            )
        except (ClientError, BotoCoreError) as error:
            raise WriteRefused(_why_not(error, role.arn)) from error
        return reply["Credentials"]

    def _config(self, attempts: int, answer_seconds: float) -> Config:
        """Of one attempt for a write: whoever asked for it looks for its effect before it is sent again."""
        return Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=answer_seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
            user_agent_extra="watchkeeper-executor",
        )


def session_policy(permissions: Iterable[Permission]) -> str:
    """The IAM policy of these permissions, and nothing else, as JSON.

    WriteRefused when it is longer than STS takes, or when a name in it would stand for others, too.
    """
    permissions = tuple(permissions)
    for name in (each for permission in permissions for each in permission.resources):
        if name != "*" and _PATTERN.search(name.replace(_MADE_BY_AWS, "")):
            raise WriteRefused(f"No credentials can be had for {name} alone: IAM would read its name as a pattern.")
    document = {"Version": "2012-10-17", "Statement": [_statement(permission) for permission in permissions]}
    policy = json.dumps(document, separators=(",", ":"))
    if not document["Statement"] or len(policy) > POLICY_CHARS:
        raise WriteRefused("This is too much for one action: its permissions do not fit into one session.")
    return policy


def session_name(name: str) -> str:
    """What STS takes as a session's name: 2 to 64 letters, digits and a few signs."""
    return re.sub(r"[^\w+=,.@-]", "-", name, flags=re.ASCII)[:64].ljust(2, "-")


def _statement(permission: Permission) -> dict[str, Any]:
    conditions: dict[str, dict[str, str]] = {}
    for operator, key, value in permission.conditions:
        conditions.setdefault(operator, {})[key] = value
    return {
        "Effect": "Allow",
        "Action": permission.iam,
        "Resource": list(permission.resources),
        **({"Condition": conditions} if conditions else {}),
    }


def _lock(client: Any, service: str, permissions: tuple[Permission, ...]) -> None:
    """Refuse, on this client, every call that was not permitted."""

    def refuse_others(params: dict[str, Any], model: Any, **_: Any) -> None:
        operation = xform_name(model.name)
        if not any(_permits(permission, service, operation, params) for permission in permissions):
            raise WriteRefused(f"{service}:{operation} is not what was approved, so it was not sent.")

    client.meta.events.register_first("provide-client-params.*.*", refuse_others)


def _permits(permission: Permission, service: str, operation: str, params: Mapping[str, Any]) -> bool:
    same = (permission.service, permission.operation) == (service, operation)
    return same and all(_values(params, name) == {value} for name, value in permission.exactly)


def _values(params: Any, path: str) -> set[str]:
    """What stands under `Method`, or under `Entries.Source` in each of several entries."""
    name, _, rest = path.partition(".")
    found = params.get(name) if isinstance(params, Mapping) else None
    each = cast("list[Any]", found) if isinstance(found, list) else [found]
    return {value for one in each for value in (_values(one, rest) if rest else {str(one)})}


def _why_not(error: ClientError | BotoCoreError, role_arn: str) -> str:
    if is_denied(error):
        return (
            f"The executor's role {role_arn} may not be assumed, so nothing was changed: "
            "allow sts:AssumeRole on it, and let its trust policy name Watchkeeper's own role (docs/executor.md)."
        )
    said = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else type(error).__name__
    return f"STS gives no credentials of {role_arn} ({said}), so nothing was changed."
