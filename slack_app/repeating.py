"""Which calls to Slack are sent again when the connection broke: not those that would say the same thing twice."""

from __future__ import annotations

import aiohttp
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

ADDING = ("chat.post", "chat.startStream", "chat.appendStream", "files.")
"""Methods that add something each time, as their names begin."""


class RepeatWhatIsSafe(AsyncConnectionErrorRetryHandler):
    """As slack_sdk's own, once; but whether a post arrived whose answer was lost is for its poster to find out."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        method = request.url.rpartition("/")[2]
        never_left = isinstance(error, aiohttp.ClientConnectorError)
        if method.startswith(ADDING) and not never_left:
            return False
        return await super()._can_retry_async(state=state, request=request, response=response, error=error)
