"""What went wrong at a model provider, in one vocabulary and one sentence.

OpenAI's and Gemini's classes raise LangChain's `ModelError` family. Bedrock raises botocore's errors, and broken
connections reach us as httpx's or aiohttp's. Names are compared instead of classes, so that no provider's library is
imported here.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from agent.errors import ModelUnavailable


class Failure(StrEnum):
    """Each value is the sentence that a person reads. It quotes nothing of the provider's, which may hold secrets."""

    unreachable = "The language model cannot be reached; check WATCHKEEPER_LLM_BASE_URL and the network."
    timeout = "The language model did not answer in time; it may be overloaded, or WATCHKEEPER_LLM_TIMEOUT_SECONDS low."
    throttled = "The language model's provider is limiting requests; wait, or raise the quota there."
    credentials = (
        "The language model's provider refused the credentials; check WATCHKEEPER_LLM_API_KEY,"
        " or for Bedrock the AWS credentials and the permission bedrock:InvokeModel."
    )
    unknown_model = (
        "The provider does not know this language model; check the name in WATCHKEEPER_LLM,"
        " and for Bedrock that the model is enabled in this region."
    )
    server = "The language model's provider reports an error of its own; it usually passes."
    quota = "The language model's provider says that the account's quota or credit is used up; raise it there."
    rejected = "The language model's provider rejected the request as invalid; the conversation may be too long for it."
    withheld = "The language model withheld its reply, by a content filter or because it would not."
    cut_off = (
        "The language model's reply was cut off before it said anything; raise WATCHKEEPER_RUN_OUTPUT_TOKENS_PER_CALL."
    )
    misfit = "The language model's reply did not fit the form twice."
    unexpected = (
        "The language model gave an answer that cannot be read; check WATCHKEEPER_LLM_BASE_URL, and see the log."
    )


OF_THIS_REQUEST = (Failure.rejected, Failure.withheld, Failure.cut_off)
"""The provider works; it is this one request that it will not have."""

_BY_CLASS = {
    "ModelTimeoutError": Failure.timeout,
    "ModelConnectionError": Failure.unreachable,
    "ModelRateLimitError": Failure.throttled,
    "ModelAuthenticationError": Failure.credentials,
    "ModelPermissionDeniedError": Failure.credentials,
    "ModelNotFoundError": Failure.unknown_model,
    "ModelAPIError": Failure.server,
    "ModelInvalidRequestError": Failure.rejected,
    "ContextOverflowError": Failure.rejected,
    "ModelError": Failure.server,
    # botocore and urllib3 under Bedrock, httpx and aiohttp under Gemini; their time-outs come first
    "ReadTimeoutError": Failure.timeout,
    "ConnectTimeoutError": Failure.timeout,
    "TimeoutException": Failure.timeout,
    "TimeoutError": Failure.timeout,
    "NoCredentialsError": Failure.credentials,
    "PartialCredentialsError": Failure.credentials,
    "TokenRetrievalError": Failure.credentials,
    "HTTPClientError": Failure.unreachable,
    "TransportError": Failure.unreachable,
    "ClientConnectionError": Failure.unreachable,
    "ClientPayloadError": Failure.unreachable,
    "ProtocolError": Failure.unreachable,
    "ConnectionError": Failure.unreachable,
    # OpenAI's library raises these for a form that was cut off or withheld
    "LengthFinishReasonError": Failure.cut_off,
    "ContentFilterFinishReasonError": Failure.withheld,
    # the provider libraries' own bases, for what has none of the names above
    "APITimeoutError": Failure.timeout,
    "APIConnectionError": Failure.unreachable,
    "GoogleGenerativeAIError": Failure.rejected,
    "OpenAIError": Failure.server,
}
_BY_CODE = {
    "insufficient_quota": Failure.quota,
    "billing_hard_limit_reached": Failure.quota,
    "content_filter": Failure.withheld,
    "API_KEY_INVALID": Failure.credentials,  # Gemini's status for it is that of an invalid request
}
"""What providers say beside the status, where it says more."""
_BY_AWS_CODE = {
    "ThrottlingException": Failure.throttled,
    "TooManyRequestsException": Failure.throttled,
    "ServiceQuotaExceededException": Failure.throttled,
    "ModelNotReadyException": Failure.throttled,
    "ModelTimeoutException": Failure.timeout,
    "AccessDeniedException": Failure.credentials,
    "UnrecognizedClientException": Failure.credentials,
    "InvalidSignatureException": Failure.credentials,
    "ExpiredTokenException": Failure.credentials,
    "ResourceNotFoundException": Failure.unknown_model,
    "InternalServerException": Failure.server,
    "ModelErrorException": Failure.server,
    "ModelStreamErrorException": Failure.server,
    "ServiceUnavailableException": Failure.server,
}
_BY_STATUS = {
    401: Failure.credentials,
    402: Failure.quota,
    403: Failure.credentials,
    404: Failure.unknown_model,
    408: Failure.timeout,
    429: Failure.throttled,
}


def classify(error: BaseException) -> Failure:
    """Look at the error, then at what it was raised from; at what it says of itself before its class."""
    chain = list(chain_of(error))
    by_code = (_by_code(each) for each in chain)
    by_kind = (_by_aws_response(each) or _by_name(each) for each in chain)
    return next((failure for failure in (*by_code, *by_kind) if failure), Failure.unexpected)


def google_details(error: BaseException) -> list[dict[str, Any]]:
    """What Google's API tells beside its message: `RetryInfo`, `ErrorInfo`."""
    body: Any = getattr(error, "details", None)
    told: Any = body.get("error", body) if isinstance(body, dict) else {}
    details: Any = told.get("details") if isinstance(told, dict) else []
    return [each for each in details or [] if isinstance(each, dict)]


def _by_code(error: BaseException) -> Failure | None:
    said = [getattr(error, "code", None), *(detail.get("reason") for detail in google_details(error))]
    return next((_BY_CODE[code] for code in said if isinstance(code, str) and code in _BY_CODE), None)


def explain_model_error(error: BaseException) -> ModelUnavailable:
    """One sentence on what to do about it, for a person: unreachable, refused, unknown, throttled, too slow."""
    return error if isinstance(error, ModelUnavailable) else ModelUnavailable(classify(error))


def _by_name(error: BaseException) -> Failure | None:
    names = [base.__name__ for base in type(error).__mro__]
    return next((failure for name, failure in _BY_CLASS.items() if name in names), None)


def _by_aws_response(error: BaseException) -> Failure | None:
    response: Any = getattr(error, "response", None)
    if not isinstance(response, dict) or "Error" not in response:
        return None
    code = str(response["Error"].get("Code", ""))
    code = code[:1].upper() + code[1:]  # in an event stream it begins in lower case
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    if "model identifier is invalid" in str(response["Error"].get("Message", "")):
        return Failure.unknown_model
    by_status = _BY_STATUS.get(status, Failure.server if status >= 500 else Failure.rejected)
    return _BY_AWS_CODE.get(code, by_status)


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, nearest first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__
