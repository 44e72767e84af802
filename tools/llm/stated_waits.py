"""When a provider that limits requests wants to be asked again, as far as it says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from tools.llm.errors import chain_of, google_details

_NUMBER = re.compile(r"\d{1,7}(\.\d+)?")


def stated_wait(error: BaseException) -> float:
    """Seconds, by the headers or by Google's `RetryInfo`; 0 where nothing is said."""
    for each in chain_of(error):
        delays = [str(detail.get("retryDelay", "")).removesuffix("s") for detail in google_details(each)]
        stated = _by_headers(_headers(each)) or next((_number(delay) for delay in delays if _number(delay)), 0.0)
        if stated:
            return stated
    return 0.0


def _by_headers(headers: Mapping[str, Any]) -> float:
    """`Retry-After` in seconds or as a date, and OpenAI's `retry-after-ms`."""
    if milliseconds := _number(headers.get("retry-after-ms")):
        return milliseconds / 1000
    stated = headers.get("retry-after")
    if seconds := _number(stated):
        return seconds
    with suppress(ValueError, TypeError):
        return max((parsedate_to_datetime(str(stated)) - datetime.now(UTC)).total_seconds(), 0.0)
    return 0.0


def _headers(error: BaseException) -> Mapping[str, Any]:
    """httpx's and aiohttp's find a header in any case; botocore has them in lower case."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):
        return cast("dict[str, Any]", response).get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return getattr(response, "headers", None) or {}


def _number(text: Any) -> float:
    return float(text) if _NUMBER.fullmatch(str(text or "")) else 0.0
