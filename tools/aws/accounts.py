"""Credentials for other accounts: roles assumed when they are first needed, and again before they expire."""

from __future__ import annotations

from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.session import get_session

from tools.aws.descriptions import new_session

SESSION_NAME = "watchkeeper"
"""What CloudTrail shows as the caller's name in the other account."""


def assumed_role(base: boto3.Session, role_arn: str, external_id: str, region: str, config: Config) -> boto3.Session:
    """A session with a role's credentials, which `base` asks STS for. Nothing is asked before the first call."""
    source: Any = base.get_credentials()
    if source is None:
        return base  # the first call says so, in the words of every other missing credential
    botocore_session: Any = get_session()
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(base.client, config=config),
        source_credentials=source,
        role_arn=role_arn,
        extra_args={"RoleSessionName": SESSION_NAME} | ({"ExternalId": external_id} if external_id else {}),
    )
    botocore_session._credentials = DeferredRefreshableCredentials(  # boto3 has no other door for refreshing ones
        refresh_using=fetcher.fetch_credentials, method="assume-role"
    )
    return new_session(region, core=botocore_session)
