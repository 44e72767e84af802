"""What an operation of the overlay is given, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.local.account.state import Account


@dataclass(frozen=True)
class Request:
    """One call of an AWS API, parsed by botocore's model of the service. Times in `params` are aware UTC datetimes."""

    service: str
    """As boto3 names it: cloudwatch, rds-data."""
    operation: str
    """As the API names it: DescribeAlarms."""
    params: dict[str, Any]
    region: str
    access_key: str = ""
    """The id of the access key that signed it."""


class AwsError(Exception):
    """The service's own error. `status` 0 means what the service's model says for this code, else 400.

    Further keywords are further members of the error, such as RestApiStatusCode.
    """

    def __init__(self, code: str, message: str, status: int = 0, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members = members


Operation = Callable[["Account", Request], Mapping[str, Any]]
"""From the account and a request to the reply, shaped as the service's model says. Raises AwsError to refuse."""
