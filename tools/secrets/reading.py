"""One read of a secret from AWS Secrets Manager, or of a parameter from Systems Manager, and of the version before it.

With the process's own credentials: the session that evidence is read by refuses these calls.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from agent.errors import SettingsError
from agent.secret_references import SecretReference
from tools.aws.denials import is_denied
from tools.stores.dynamodb.client import own_client

logging.getLogger("botocore.parsers").setLevel(logging.INFO)
"""Its lines for debugging hold whole responses, and so each secret that is read, in no form that redaction knows."""
ATTEMPTS = 3
ACTIONS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameter"}
GONE = ("ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound")
Service = Literal["secretsmanager", "ssm"]


@dataclass(frozen=True)
class Version:
    """What a secret is now, and since when (UTC)."""

    text: str = field(repr=False)
    since: datetime
    number: int = 0
    """Of a parameter, whose versions are counted."""


class AwsReader:
    """Thread-safe; the clients are made when first needed."""

    def __init__(self, region: str, profile: str, timeout_seconds: float) -> None:
        @lru_cache
        def client(service: Service, where: str) -> Any:
            return own_client(service, where or region, profile, timeout_seconds, ATTEMPTS)

        self._client: Callable[[Service, str], Any] = client

    def current(self, reference: SecretReference) -> Version:
        """SettingsError that says what to do."""
        try:
            return self._read(reference)
        except (ClientError, BotoCoreError) as error:
            raise SettingsError(_why_not(reference, error)) from None

    def previous(self, reference: SecretReference, current: Version) -> str | None:
        """The version before `current`, if it is still kept. SettingsError as above."""
        if reference.service == "ssm" and current.number < 2:
            return None
        try:
            return self._read(reference, current.number - 1, "AWSPREVIOUS").text
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"].get("Code") in GONE:
                return None
            raise SettingsError(_why_not(reference, error)) from None

    def _read(self, reference: SecretReference, number: int = 0, stage: str = "AWSCURRENT") -> Version:
        client = self._client(reference.service, _region_of(reference.name))
        if reference.service == "ssm":
            name = f"{reference.name}:{number}" if number else reference.name
            found = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
            return Version(found["Value"], found["LastModifiedDate"], int(found["Version"]))
        found = client.get_secret_value(SecretId=reference.name, VersionStage=stage)
        if "SecretString" not in found:
            raise SettingsError(f"{reference} holds bytes; store it as text.")
        return Version(found["SecretString"], found["CreatedDate"])


def _region_of(name: str) -> str:
    """Of an ARN; "" for a name, which is in the service's own region."""
    return name.split(":")[3] if name.startswith("arn:") and name.count(":") >= 5 else ""


def _why_not(reference: SecretReference, error: ClientError | BotoCoreError) -> str:
    """AWS' own message may quote what was asked for, which is no secret, and nothing of the value."""
    if is_denied(error):
        return (
            f"{reference} may not be read: allow {ACTIONS[reference.service]} on it "
            "(`watchkeeper iam-policy --own` prints the policy), and kms:Decrypt on a key of your own."
        )
    code = error.response["Error"].get("Code", "") if isinstance(error, ClientError) else type(error).__name__
    if code in GONE:
        return f"{reference} does not exist, or has no value yet; correct the name, or put one there."
    return f"{reference} cannot be read now ({code}); check WATCHKEEPER_AWS_REGION, the credentials and the network."
