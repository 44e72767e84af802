"""One event, of a kind that is in the catalogue, sent to an event bus."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, cast

from pydantic import Field, JsonValue, field_validator

from agent.errors import UncertainEffect
from agent.models import ActionResult, Alert, Check, Difference, Model, Preview, Risk
from agent.ports import AwsSession
from agent.ports.writing import Permission, WriteSession
from tools.actions.event_catalogue import RESERVED, SOURCE, KnownEvent, read_events
from tools.actions.event_rules import may_take
from tools.actions.kind import ActionKind, Order
from tools.actions.looking import tags_of, unreadable
from tools.actions.signals import signal_check
from tools.evidence.failures import EXPECTED

MAX_DETAIL_BYTES = 6 * 1024
SHOWN_RULES = 10


class EventbridgeEvent(Model):
    source: str = Field(pattern=SOURCE)
    detail_type: str = Field(min_length=1, max_length=128)
    detail: dict[str, JsonValue] = Field(default={})

    @field_validator("source")
    @classmethod
    def _own(cls, value: str) -> str:
        if value.startswith(RESERVED):
            raise ValueError("sources of AWS itself cannot be sent")
        return value

    @field_validator("detail")
    @classmethod
    def _short(cls, value: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if (size := len(json.dumps(value).encode())) > MAX_DETAIL_BYTES:
            raise ValueError(f"the detail is {size} bytes long; at most {MAX_DETAIL_BYTES} are sent")
        return value


class EventbridgeEventKind(ActionKind[EventbridgeEvent]):
    """EventBridge has no token and tells nobody what it took: nothing is sent again after a doubt."""

    name = "eventbridge_event"
    parameters = EventbridgeEvent
    risk = Risk.high
    reversible = False
    service = "events"
    resource_type = "event-bus"

    def __init__(self, catalogue: tuple[KnownEvent, ...] | None = None) -> None:
        """`catalogue`: the events that may be sent; those on board when absent."""
        self._catalogue = read_events() if catalogue is None else catalogue

    def title(self, order: Order[EventbridgeEvent]) -> str:
        wanted = order.parameters
        return f"Send “{wanted.detail_type}” from {wanted.source} to the event bus {order.target.id}"

    def permissions(self, order: Order[EventbridgeEvent]) -> tuple[Permission, ...]:
        wanted = order.parameters
        exactly = (("Entries.Source", wanted.source), ("Entries.DetailType", wanted.detail_type))
        return (Permission("events", "put_events", "events:PutEvents", (_bus_arn(order),), exactly=exactly),)

    def preview(self, order: Order[EventbridgeEvent], aws: AwsSession, now: datetime) -> Preview:
        wanted = order.parameters
        try:
            aws.client("events").describe_event_bus(Name=order.target.id)
            tags = tags_of(aws.client("events").list_tags_for_resource(ResourceARN=_bus_arn(order))["Tags"])
            rules = _rules(order, aws)
        except EXPECTED as error:
            return unreadable(now, error)
        known = self._known(order)
        return Preview(
            at=now,
            before={"rules": rules},
            differences=(
                Difference(field="event", before="", after=f"{wanted.detail_type} from {wanted.source}"),
                Difference(field="detail", before="", after=json.dumps(wanted.detail)),
            ),
            blast_radius=_blast_radius(rules, known.means if known else ""),
            affected=len(rules),
            tags=tags,
            warnings=() if rules else ("No rule of the bus takes it, so that nothing would come of it.",),
            problems=() if known else (_unknown(order),),
        )

    def execute(
        self, order: Order[EventbridgeEvent], preview: Preview, session: WriteSession, token: str, now: datetime
    ) -> ActionResult:
        wanted = order.parameters
        entry = {
            "EventBusName": order.target.id,
            "Source": wanted.source,
            "DetailType": wanted.detail_type,
            "Detail": json.dumps(wanted.detail),
        }
        reply = session.client("events").put_events(Entries=[entry])
        answer = reply["Entries"][0]
        refused = answer.get("ErrorCode", "")
        return ActionResult(
            succeeded=not refused,
            before=preview.before,
            after={"event": answer.get("EventId", "")},
            reference=answer.get("EventId", ""),
            message=f"EventBridge refused it ({refused})." if refused else f"The event bus {order.target.id} took it.",
            at=now,
        )

    def find_effect(
        self, order: Order[EventbridgeEvent], preview: Preview, aws: AwsSession, token: str, since: datetime
    ) -> ActionResult | None:
        raise UncertainEffect(f"EventBridge does not say whether {order.target.id} took the event.")

    def undo(self, order: Order[EventbridgeEvent], result: ActionResult) -> dict[str, Any] | None:
        return None

    def check(self, order: Order[EventbridgeEvent], alert: Alert | None) -> Check:
        return signal_check(alert, f"What listens to {order.target.id} has done its work")

    def _known(self, order: Order[EventbridgeEvent]) -> KnownEvent | None:
        wanted = (order.parameters.source, order.parameters.detail_type)
        for event in self._catalogue:
            if (event.source, event.detail_type) == wanted and (not event.buses or order.target.id in event.buses):
                return event
        return None


def _bus_arn(order: Order[EventbridgeEvent]) -> str:
    return order.arn("events", f"event-bus/{order.target.id}")


def _rules(order: Order[EventbridgeEvent], aws: AwsSession) -> list[str]:
    """Names of the enabled rules that may take the event."""
    wanted = order.parameters
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        reply = aws.client("events").list_rules(EventBusName=order.target.id, **token)
        for rule in reply["Rules"]:
            pattern = cast("dict[str, Any]", json.loads(rule.get("EventPattern") or "null"))
            if pattern and rule.get("State") != "DISABLED" and may_take(pattern, wanted.source, wanted.detail_type):
                found.append(rule["Name"])
        if not reply.get("NextToken"):
            return sorted(found)
        token = {"NextToken": reply["NextToken"]}


def _blast_radius(rules: list[str], means: str) -> str:
    shown = ", ".join(rules[:SHOWN_RULES]) + (", …" if len(rules) > SHOWN_RULES else "")
    taken = f"The targets of {len(rules)} rules ({shown})" if rules else "Nobody"
    return f"{taken}. The event {means}" if means else taken


def _unknown(order: Order[EventbridgeEvent]) -> str:
    wanted = order.parameters
    return (
        f"“{wanted.detail_type}” from {wanted.source} is not in the catalogue of events that may be sent to "
        f"{order.target.id}; WATCHKEEPER_EVENT_CATALOGUE can name it."
    )
