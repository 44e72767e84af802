"""Refusals, as Slack words them.

SlackError                 the Web API answers {"ok": false, "error": code}
└── RateLimited            HTTP 429 with Retry-After
WorkspaceError             a person did something that cannot be done; one sentence for the page
"""

from typing import Any


class SlackError(Exception):
    """A Web API refusal. `code` is Slack's error code; `details` are merged into the answer."""

    def __init__(self, code: str, /, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    @property
    def reasons(self) -> str:
        """The code and, where there are any, the messages, on one line."""
        messages: list[str] = self.details.get("response_metadata", {}).get("messages", [])
        return "; ".join([self.code, *messages])

    @classmethod
    def with_messages(cls, code: str, messages: list[str]) -> "SlackError":
        """A refusal that says why in `response_metadata.messages`, as `invalid_blocks` does."""
        return cls(code, response_metadata={"messages": [f"[ERROR] {message}" for message in messages]})


class RateLimited(SlackError):
    """Too many calls; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class WorkspaceError(Exception):
    """A person's request that the workspace cannot carry out, as one sentence for the page."""
