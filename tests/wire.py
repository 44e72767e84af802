"""What goes over the wire of a boto3 client: seen, lost or answered otherwise, by botocore's own hooks."""

from __future__ import annotations

import json
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session


class Wire:
    """Every request of a client, retries included, as (operation, parameters)."""

    def __init__(self, client: Any) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self._lost: set[str] = set()
        self._answers: list[tuple[str, int, dict[str, Any]]] = []
        client.meta.events.register("before-send", self._send)

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.sent]

    def lose_answer(self, operation: str) -> None:
        """The next request of this kind is carried out, but nobody hears of it."""
        self._lost.add(operation)

    def answer(self, status: int, body: dict[str, Any], times: int = 1, operation: str = "") -> None:
        """The next requests (of a kind, when it is named) never leave; this is what comes back."""
        self._answers += [(operation, status, body)] * times

    def mend(self) -> None:
        """From now on every request goes its way."""
        self._answers.clear()

    def let_through(self, operation: str) -> None:
        """The next request of this kind goes its way, before any answer that is asked for after this."""
        self._answers.append((operation, 0, {}))

    def _send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        operation = _header(request, "X-Amz-Target").rpartition(".")[2]
        self.sent.append((operation, json.loads(request.body or b"{}")))
        if self._answers and self._answers[0][0] in ("", operation):
            _, status, body = self._answers.pop(0)
            if not status:
                return None
            return AWSResponse(str(request.url), status, {}, Raw(json.dumps(body).encode()))
        if operation in self._lost:
            self._lost.discard(operation)
            URLLib3Session().send(request)
            raise ReadTimeoutError(endpoint_url=request.url)
        return None


def throttled() -> dict[str, str]:
    """DynamoDB's body of the error."""
    return {
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput for the table was exceeded.",
    }


def _header(request: AWSPreparedRequest, name: str) -> str:
    value = request.headers.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


class Raw:
    """A response's body as urllib3 would offer it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> list[bytes]:
        return [self._body]
