"""Sessions of assumed roles, by the access key that they were given."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from deploy.local.account.iam.policy import Policy
from deploy.local.account.request import AwsError, Request
from deploy.local.account.state import Account

READER_ROLE = "watchkeeper-read-only"
READER_SESSION = "watchkeeper"
READER_KEY = "ASIASIMULATEDREADER0"
"""The access key of a caller that may read, assume roles, and nothing else."""


@dataclass(frozen=True)
class Caller:
    """An assumed role's session. `policy` is its session policy, if it was given one."""

    role: str
    session: str
    policy: Policy | None = None
    expires: datetime | None = None
    assumed: bool = False
    """Whether it comes of AssumeRole; the account's own credentials may do anything."""
    account_id: str = ""
    """Of its role."""
    known_role: bool = True
    """Whether the account knows the role with its policies; of other accounts' roles it knows nothing."""


class Sessions:
    """Kept in the account's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, Caller] = {}

    def add(self, access_key: str, caller: Caller) -> None:
        with self._lock:
            self._by_key[access_key] = caller

    def find(self, access_key: str) -> Caller | None:
        with self._lock:
            return self._by_key.get(access_key)


def signer_of(account: Account, request: Request) -> Caller:
    """Who signed a request, whether or not their session is over."""
    return account.memory(Sessions).find(request.access_key) or Caller(READER_ROLE, READER_SESSION)


def caller_of(account: Account, request: Request) -> Caller:
    """Who signed a request. ExpiredToken when the session is over."""
    found = signer_of(account, request)
    if found.expires is not None and found.expires <= account.now():
        code = "ExpiredTokenException" if request.service in ("dynamodb", "ecs", "ssm", "events") else "ExpiredToken"
        raise AwsError(code, "The security token included in the request is expired", 403)
    return found
