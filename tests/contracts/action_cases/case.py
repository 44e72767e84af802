"""One action as the contract suite tries it out: what the account holds, what is ordered, and what has to change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.models import Resource

ACCOUNT = "123456789012"
REGION = "us-east-1"
SECRET = "swordfish-" + "4711"
"""Stands wherever the account keeps secrets: it must not be seen in a preview, a result or an action."""

Client = Callable[[str], Any]
"""`client("lambda")` gives a boto3 client that may do anything: for looking, and for changes by others."""


def target(service: str, type: str, id: str) -> Resource:  # noqa: A002 -- the model's own names
    return Resource(service=service, type=type, id=id, region=REGION, account=ACCOUNT)


def _nothing(_: Client) -> None:
    return None


@dataclass(frozen=True)
class ActionCase:
    """`state` is what the action changes, read from the account; its undo must lead back to it.

    `denied` is the IAM name of a read that the preview cannot do without. `wrong` are parameters that are refused.
    `tells` is False where AWS cannot say whether an effect was had: then nothing is repeated.
    """

    id: str
    kind: str
    target: Resource
    parameters: Mapping[str, Any]
    state: Callable[[Client], Any]
    denied: str
    parts: Mapping[str, Any] = field(default_factory=dict)
    """Of a scenario: `{"resources": {...}, "metrics": [...]}`."""
    wrong: tuple[Mapping[str, Any], ...] = ()
    before: Callable[[Client], None] = _nothing
    """What else is set up in the account before anything happens."""
    tells: bool = True
    harmless: bool = False
    """Whether it has no effect that could be found, or had twice."""
    once: bool = False
    """Whether AWS has nothing that keeps a second call from being a second effect: only `find_effect` does then."""
    changes: bool = True
    """False where the account looks the same afterwards: a function that was called, an event that was sent."""
    elsewhere: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of an order for another thing, where it is not the target's id alone that names it."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Of Watchkeeper, as keywords of `Settings.read`."""
