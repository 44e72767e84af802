"""Ask moto for what the overlay only adds to."""

from __future__ import annotations

from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

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
