"""Ask moto for what the overlay only adds to."""

from __future__ import annotations

from typing import Any, cast

from botocore import xform_name
from botocore.exceptions import ClientError
from moto.backends import get_backend

from deploy.local.account.request import AwsError, Request
from deploy.local.account.state import Account


def from_moto(account: Account, request: Request) -> dict[str, Any]:
    """moto's reply to the same request. Raises AwsError where moto refuses."""
    client = account.moto.client(request.service, request.region)
    try:
        reply: dict[str, Any] = getattr(client, xform_name(request.operation))(**request.params)
    except ClientError as error:
        raise AwsError(error.response["Error"]["Code"], error.response["Error"]["Message"]) from error
    reply.pop("ResponseMetadata", None)
    return reply


def backend_of(account: Account, service: str, region: str) -> Any:
    """moto's own state of a service, for what its API cannot set."""
    loaded = account.loaded()
    account_id = loaded[0].scenario.account_id if loaded else "123456789012"
    return cast(Any, get_backend)(service)[account_id][region]
