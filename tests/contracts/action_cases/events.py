"""Events that are sent to a bus."""

from __future__ import annotations

import json
from typing import Any

from tests.contracts.action_cases.case import ActionCase, Client, target

BUS = "orders"


def _bus(client: Client) -> None:
    """A bus with a rule that takes the event, and one that does not."""
    events = client("events")
    events.create_event_bus(Name=BUS, Tags=[{"Key": "env", "Value": "prod"}])
    for name, source in (("replays", "watchkeeper.remediation"), ("billing", "orders.api")):
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps({"source": [source]}))


def _rules(client: Client) -> Any:
    return sorted(rule["Name"] for rule in client("events").list_rules(EventBusName=BUS)["Rules"])


CASES = (
    ActionCase(
        id="eventbridge_event",
        kind="eventbridge_event",
        target=target("events", "event-bus", BUS),
        parameters={
            "source": "watchkeeper.remediation",
            "detail_type": "Replay requested",
            "detail": {"since": "2026-11-18T14:00:00Z"},
        },
        state=_rules,
        denied="events:ListRules",
        before=_bus,
        wrong=(
            {"source": "watchkeeper.remediation"},
            {"source": "aws.health", "detail_type": "AWS Health Event"},
            {"source": "a", "detail_type": "b", "detail": "text"},
            {"source": "a", "detail_type": "b", "detail": {"long": "x" * 7000}},
        ),
        tells=False,
        once=True,
        changes=False,
    ),
)
