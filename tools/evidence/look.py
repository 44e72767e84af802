"""One tool call's view of the world: an account and region, the time, and what looking costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from botocore.exceptions import ClientError

from agent.budgets import RunBudget
from agent.errors import BudgetExceeded
from agent.models import TimeRange
from agent.ports import AwsSession, EvidenceCache
from agent.settings import Settings
from tools.aws import denials
from tools.evidence import deadline

CE_REQUEST_USD = 0.01
"""Cost Explorer's price for a request (aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing)."""
CE_KEPT_SECONDS = 3600
"""Cost Explorer's data change a few times a day."""
MAX_NOTE_CHARS = 8000
"""Of one call's parameters: what is longer is cut, and cannot be repeated from the evidence alone."""

Reply = dict[str, Any]


@dataclass
class Look:
    """What a tool function is given. Every AWS call goes through `call`, `poll` or `pages`, which count it."""

    aws: AwsSession
    now: datetime
    window: TimeRange
    settings: Settings
    cache: EvidenceCache
    budget: RunBudget = field(default_factory=RunBudget)
    api_calls: int = 0
    bytes_scanned: int = 0
    usd: float = 0.0
    failed_calls: int = 0
    queries: list[str] = field(default_factory=list[str])

    @property
    def seconds_left(self) -> float:
        """Until this tool's deadline; infinite when it has none."""
        return deadline.seconds_left()

    def call(self, service: str, operation: str, region: str = "", **parameters: Any) -> Reply:
        """One API call, counted and noted so that a person can repeat it. `operation` in boto3's snake case."""
        self.note(service, operation, parameters)
        if service != "ce":
            return self._send(service, operation, region, parameters)
        key = f"ce|{self.aws.label}|{operation}|{_canonical(parameters)}"
        return self.cache.fetch(key, CE_KEPT_SECONDS, lambda: self._paid(service, operation, region, parameters))

    def poll(self, service: str, operation: str, region: str = "", **parameters: Any) -> Reply:
        """A call that only asks how an earlier one is doing: counted, not noted."""
        return self._send(service, operation, region, parameters)

    def end(self, service: str, operation: str, region: str = "", **parameters: Any) -> None:
        """Stop something that this look started. Neither the deadline nor the budget stands in the way of that."""
        self.api_calls += 1
        getattr(self.aws.client(service, region), operation)(**parameters)

    def pages(self, service: str, operation: str, key: str, limit: int = 1000, **parameters: Any) -> list[Any]:
        """All items under `key` over the pages of a listing, at most `limit`."""
        self.note(service, operation, parameters)
        items: list[Any] = []
        for page in self._pages_of(service, operation, parameters):
            items.extend(page.get(key, []))
            if len(items) >= limit:
                break
        return items[:limit]

    def scanned(self, count: int, usd: float = 0.0) -> None:
        """Bytes that a service read for us, and what it charges for that."""
        self.bytes_scanned += count
        self.usd += usd
        self.budget.record(bytes_scanned=count, usd=usd)

    def note(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        """Put one line into the evidence's query."""
        shown = json.dumps(parameters, default=str, sort_keys=True)
        self.queries.append(f"{service}:{operation} {shown[:MAX_NOTE_CHARS]}")

    def _paid(self, service: str, operation: str, region: str, parameters: dict[str, Any]) -> Reply:
        try:
            self.budget.spend(usd=CE_REQUEST_USD)
        except BudgetExceeded:
            self.failed_calls += 1
            raise
        self.usd += CE_REQUEST_USD
        return self._send(service, operation, region, parameters)

    def _send(self, service: str, operation: str, region: str, parameters: dict[str, Any]) -> Reply:
        self.count()
        try:
            return cast("Reply", getattr(self.aws.client(service, region), operation)(**parameters))
        except Exception as error:
            self._failed(error, service, operation, parameters)
            raise

    def _pages_of(self, service: str, operation: str, parameters: dict[str, Any]) -> Iterator[Reply]:
        client = self.aws.client(service)
        if not client.can_paginate(operation):
            yield self._send(service, operation, "", parameters)
            return
        pages = iter(client.get_paginator(operation).paginate(**parameters))
        while True:
            self.count()
            try:
                page = next(pages, None)
            except Exception as error:
                self._failed(error, service, operation, parameters)
                raise
            if page is None:  # the last page said that it was the last: nothing was asked
                self.api_calls -= 1
                self.budget.record(api_calls=-1)
                return
            yield cast("Reply", page)

    def count(self) -> None:
        """One call is about to be made: TimeoutError or BudgetExceeded when it may not be."""
        try:
            deadline.check()
            self.budget.spend(api_calls=1)
        except (TimeoutError, BudgetExceeded):
            self.failed_calls += 1
            raise
        self.api_calls += 1

    def _failed(self, error: Exception, service: str, operation: str, parameters: dict[str, Any]) -> None:
        self.failed_calls += 1
        if isinstance(error, ClientError) and denials.is_denied(error):
            denials.note(error, service, operation, parameters, self.aws)


def _canonical(parameters: dict[str, Any]) -> str:
    return json.dumps(parameters, default=str, sort_keys=True)
