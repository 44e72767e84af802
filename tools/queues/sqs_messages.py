"""Jobs as SQS messages, and requests to SQS whose failures are one sentence."""

from __future__ import annotations

import json
import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from agent.errors import InputError, StoreUnavailable
from agent.models import Job
from agent.redaction.plain import redact_plain
from tools.stores.dynamodb.errors import unavailable

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024
"""What every queue takes that has SQS's older default, in one request. A payload is small and names what is large."""
MAX_BATCH = 10
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)
"""Ready, delayed and leased ones."""
_LOST = ("ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue", "InvalidIdFormat")


class Calls:
    """boto3's client for SQS, one request at a time, in the calling thread."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def make(self, operation: str, url: str, **parameters: Any) -> dict[str, Any]:
        return self._make(operation, f"queue {url}", QueueUrl=url, **parameters)

    def settle(self, operation: str, url: str, **parameters: Any) -> bool:
        """False when the receipt handle is no longer good."""
        try:
            self.make(operation, url, **parameters)
        except StoreUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and _code(cause) in _LOST:
                return False
            raise
        return True

    def counts(self, url: str, names: tuple[str, ...] = COUNTS) -> list[int]:
        """SQS counts approximately: right within a minute."""
        reply = self.make("get_queue_attributes", url, AttributeNames=list(names))
        return [int(reply["Attributes"][name]) for name in names]

    def dead_letter_url(self, url: str) -> str:
        """Of the queue that the redrive policy names; StoreUnavailable when there is none."""
        reply = self.make("get_queue_attributes", url, AttributeNames=["RedrivePolicy"])
        policy = json.loads(reply.get("Attributes", {}).get("RedrivePolicy", "{}"))
        if not policy:
            raise StoreUnavailable(f"The queue {url} has no dead-letter queue; give it a redrive policy.")
        name = policy["deadLetterTargetArn"].rsplit(":", 1)[-1]
        return str(self._make("get_queue_url", f"queue {name}", QueueName=name)["QueueUrl"])

    def close(self) -> None:
        self._client.close()

    def _make(self, operation: str, resource: str, **parameters: Any) -> dict[str, Any]:
        try:
            return getattr(self._client, operation)(**parameters)
        except (ClientError, BotoCoreError) as error:
            action = "sqs:" + "".join(word.capitalize() for word in operation.split("_"))
            raise unavailable(resource, action, error) from error


def body_of(job: Job) -> str:
    """In ASCII: SQS refuses some characters that JSON allows. InputError for what is too large."""
    body = json.dumps(redact_plain(job.model_dump(mode="json")), separators=(",", ":"))
    if len(body) > MAX_BODY_BYTES:
        raise InputError(
            f"Job {job.id} takes {len(body) / 1024:.0f} KB and the queue at most {MAX_BODY_BYTES // 1024}; "
            "keep the payload elsewhere and send where it is."
        )
    return body


def job_of(message: dict[str, Any]) -> Job | None:
    """None for a message that this version cannot read; it will end among the dead letters."""
    try:
        job = Job.model_validate_json(message["Body"])
    except ValidationError:
        log.warning("Message %s is no job that this version can read.", message["MessageId"])
        return None
    return job.model_copy(update={"attempt": int(message["Attributes"]["ApproximateReceiveCount"])})


def _code(error: ClientError) -> str:
    """Without the prefix that older error codes of SQS carry."""
    return str(error.response["Error"].get("Code", "")).rsplit(".", 1)[-1]
