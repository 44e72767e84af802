"""What a command needs before it reads a real account."""

from __future__ import annotations

import botocore.session

from agent.errors import SettingsError

NO_CREDENTIALS = (
    "There are no AWS credentials: set AWS_PROFILE, run `aws configure sso`, or leave out --aws real for the simulated"
    " account."
)


def need_credentials() -> None:
    """SettingsError where boto3 would find none, before every look says so. The doctor tries whether they are good."""
    if not credentials_are_there():
        raise SettingsError(NO_CREDENTIALS)


def credentials_are_there() -> bool:
    return botocore.session.Session().get_credentials() is not None
