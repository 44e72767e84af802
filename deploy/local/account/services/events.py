"""PutEvents, of which some entries may fail while others are sent. The rest of EventBridge is moto's."""

from __future__ import annotations

from typing import Any

from deploy.local.account.request import Operation, Request
from deploy.local.account.services.forward import from_moto
from deploy.local.account.state import Account


def put_events(account: Account, request: Request) -> dict[str, Any]:
    """Reactions see only the entries that were sent: the others are taken out of the request."""
    reply = from_moto(account, request)
    pairs = zip(request.params["Entries"], reply["Entries"], strict=True)
    request.params["Entries"] = [entry for entry, answer in pairs if "EventId" in answer]
    return reply


OPERATIONS: dict[str, Operation] = {"PutEvents": put_events}
