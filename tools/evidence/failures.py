"""What an exception says about the evidence that it prevented: which gap there is now, and what would close it."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from agent.errors import WatchkeeperError
from agent.models import EvidenceStatus
from tools.aws import denials
from tools.evidence.found import Found

TIMEOUTS = (ReadTimeoutError, ConnectTimeoutError, TimeoutError)
EXPECTED = (ClientError, BotoCoreError, WatchkeeperError, TimeoutError, ValueError)
"""What goes wrong in the world; anything else is a defect of ours."""
MAX_CHARS = 600
_THROTTLES = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestLimitExceeded"}
    | {"TooManyRequestsException", "LimitExceededException", "SlowDown", "ProvisionedThroughputExceededException"}
)


def failure(error: Exception) -> tuple[EvidenceStatus, Found]:
    """The status and the sentence of a look that failed."""
    if isinstance(error, ClientError):
        status = EvidenceStatus.denied if denials.is_denied(error) else EvidenceStatus.error
        return status, Found(_reply(error)[:MAX_CHARS])
    if isinstance(error, TIMEOUTS):
        return EvidenceStatus.timeout, Found(f"AWS did not answer in time ({_first_line(error)}).")
    if isinstance(error, NoCredentialsError):
        return EvidenceStatus.denied, Found("There are no AWS credentials; run `watchkeeper doctor`.")
    if isinstance(error, EndpointConnectionError):
        return EvidenceStatus.error, Found("AWS could not be reached.")
    if isinstance(error, EXPECTED):
        return EvidenceStatus.error, Found(str(error)[:MAX_CHARS])
    return EvidenceStatus.error, Found(f"The tool itself failed ({type(error).__name__}); please report this.")


def explain(error: Exception) -> str:
    """The same in a few words, for one read among several."""
    if isinstance(error, ClientError):
        if denials.is_denied(error):
            return f"denied: allow {denials.missing(error)}"
        return f"{error.operation_name}: {error.response['Error'].get('Code', '')}"
    if isinstance(error, TIMEOUTS):
        return "no answer in time"
    return str(error)[:120] if isinstance(error, WatchkeeperError) else type(error).__name__


def _reply(error: ClientError) -> str:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if denials.is_denied(error):
        return f"{error.operation_name} was denied: allow {denials.missing(error)}."
    retried = " after several tries" if code in _THROTTLES else ""
    return f"{error.operation_name} failed{retried} with {code}: {message}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
