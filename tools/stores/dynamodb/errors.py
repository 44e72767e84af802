"""What DynamoDB, SQS and S3 refuse, as one sentence that says what to do."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from agent.errors import StoreUnavailable

_THROTTLED = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "RequestThrottled",
)
_DENIED = ("AccessDeniedException", "AccessDenied", "403")
_NOT_SIGNED_IN = (
    "ExpiredTokenException",
    "ExpiredToken",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
)
_MISSING = {
    "ResourceNotFoundException": (
        "create the tables with `watchkeeper tables`, or correct WATCHKEEPER_TABLE_PREFIX and WATCHKEEPER_AWS_REGION"
    ),
    "QueueDoesNotExist": "create the queue, or correct WATCHKEEPER_QUEUE_URL and WATCHKEEPER_AWS_REGION",
    "NoSuchBucket": "create it with `watchkeeper tables --bucket NAME`, or correct WATCHKEEPER_ARCHIVE_BUCKET",
    "404": "create it with `watchkeeper tables --bucket NAME`, or correct WATCHKEEPER_ARCHIVE_BUCKET",
    "AWS.SimpleQueueService.NonExistentQueue": "create the queue, or correct WATCHKEEPER_QUEUE_URL",
}


def unavailable(resource: str, action: str, error: ClientError | BotoCoreError) -> StoreUnavailable:
    """`unavailable("table watchkeeper-alerts", "dynamodb:PutItem", error)`."""
    return StoreUnavailable(f"The {resource} cannot be used: {_advice(action, error)}.")


def _advice(action: str, error: ClientError | BotoCoreError) -> str:
    if isinstance(error, NoCredentialsError):
        return "there are no AWS credentials; set AWS_PROFILE or run `aws configure sso`"
    if isinstance(error, BotoCoreError):
        return f"{str(error).rstrip('.')}; check the network, the region and AWS_ENDPOINT_URL"
    code = str(error.response["Error"].get("Code", ""))
    if code in _MISSING:
        return f"it does not exist; {_MISSING[code]}"
    if code in _THROTTLED:
        return "AWS throttles it even after retries; try again in a minute, or raise its limits"
    if code in _NOT_SIGNED_IN:
        return f"AWS answers {code}; the credentials are wrong or have expired, so sign in again"
    if code in _DENIED:
        return f"AWS answers {code}; allow {action} on it to the identity that Watchkeeper runs as"
    return f"AWS answers {code} ({str(error.response['Error'].get('Message', '')).rstrip('.')})"
