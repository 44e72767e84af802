"""Messages that Amazon SNS posts: whether SNS sent them, and the confirmation of subscriptions.

Only SNS itself is ever asked, over HTTPS, by addresses that `agent.sources.aws.sns_signature` has checked.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import Any

import httpx

from agent.errors import RetryLater
from agent.sources.aws.sns_signature import certificate_url, confirmation_url, mismatch, refusal
from agent.sources.source import Request

TIMEOUT_SECONDS = 5.0
MAX_BYTES = 64 * 1024
MAX_CERTIFICATES = 16
"""One or two a region are in use at a time."""
RETRY_SECONDS = 30.0

Fetch = Callable[[str], bytes]

log = logging.getLogger(__name__)


def fetch(url: str) -> bytes:
    """The answer to a GET: no redirects, five seconds, at most 64 KB."""
    with httpx.stream("GET", url, timeout=TIMEOUT_SECONDS, follow_redirects=False) as answer:
        if answer.status_code != 200:
            raise httpx.HTTPError(f"status {answer.status_code}")
        read = b""
        for chunk in answer.iter_bytes():
            read += chunk
            if len(read) > MAX_BYTES:
                raise httpx.HTTPError("the answer is too long")
        return read


class SnsSender:
    """The check of what claims to come from SNS. Without topics nobody may send. Safe to use from threads."""

    def __init__(self, topics: Collection[str], fetch: Fetch = fetch) -> None:
        self._topics = frozenset(topics)
        self._fetch = fetch
        self._certificates: dict[str, bytes] = {}
        self._lock = Lock()

    def check(self, request: Request) -> str:
        """ "" when SNS sent it and its topic may send, else the reason, for our own log only.

        RetryLater when the certificate cannot be fetched: the message may well be genuine, and SNS tries again.
        """
        try:
            message = json.loads(request.body)
        except (ValueError, RecursionError):
            return "no JSON"
        reason = refusal(message, self._topics, request.received)
        if reason:
            return reason
        url = certificate_url(message)
        reason = mismatch(message, self._certificate(url), request.received)
        if reason:
            with self._lock:
                self._certificates.pop(url, None)  # the next message gets a fresh one, should this have been broken
        return reason

    def confirm(self, body: Mapping[str, Any]) -> None:
        """Tell SNS that its messages are wanted. `body` has passed `check`, which was given the same topics."""
        url = confirmation_url(body)
        if not url or body.get("TopicArn") not in self._topics:
            return
        self._get(url, "The subscription to an SNS topic could not be confirmed")
        log.info("the subscription to %s is confirmed", body.get("TopicArn"))

    def _certificate(self, url: str) -> bytes:
        with self._lock:
            known = self._certificates.get(url)
        if known is not None:
            return known
        fetched = self._get(url, "The certificate of Amazon SNS could not be fetched")
        with self._lock:
            if len(self._certificates) >= MAX_CERTIFICATES:
                self._certificates.pop(next(iter(self._certificates)))
            self._certificates[url] = fetched
        return fetched

    def _get(self, url: str, failed: str) -> bytes:
        try:
            return self._fetch(url)
        except (httpx.HTTPError, OSError) as error:
            raise RetryLater(f"{failed} ({type(error).__name__})", RETRY_SECONDS) from error
