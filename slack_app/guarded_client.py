"""Slack's Web API with nothing sent that may not be: every text is cleaned, every place is one of the job's own.

All of slack_sdk's methods end in `api_call`, so that no handler can go around this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import SecretStr
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slack_app.destinations import check_place
from slack_app.live_tokens import LiveAsyncWebClient
from slack_app.outgoing import cleaned

SHOWING = (
    "chat.postMessage",
    "chat.postEphemeral",
    "chat.meMessage",
    "chat.scheduleMessage",
    "chat.update",
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
    "files.completeUploadExternal",
    "assistant.threads.setStatus",
    "assistant.threads.setTitle",
    "assistant.threads.setSuggestedPrompts",
    "agents.sessions.setStatus",
    "agents.sessions.rename",
    "views.open",
    "views.push",
    "views.update",
    "views.publish",
)
"""The methods that show people something."""


class GuardedClient(LiveAsyncWebClient):
    """`only_in_jobs`: outside a job nothing is shown to anybody, so that none can slip by its job's places."""

    def __init__(self, secret: SecretStr, base_url: str, *, only_in_jobs: bool = False) -> None:
        super().__init__(secret, base_url)
        self._only_in_jobs = only_in_jobs

    async def api_call(self, api_method: str, **given: Any) -> AsyncSlackResponse:
        """As AsyncWebClient's. WrongPlace when the job has no business there."""
        if api_method in SHOWING:
            for kind in ("json", "params", "data"):
                if isinstance(given.get(kind), Mapping):
                    request = cast("Mapping[str, Any]", given[kind])
                    await check_place(api_method, request, self._only_in_jobs)
                    given[kind] = cleaned(api_method, request)
        return await super().api_call(api_method, **given)
