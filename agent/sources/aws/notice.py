"""One message of AWS's, taken out of whatever it came in, and the alert that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from agent.models import Alert, AlertStatus, digest
from agent.sources.clean import leaves
from agent.sources.fields import mapping_at
from agent.sources.source import Payload

MAX_TITLE_CHARS = 200
MAX_LINKS = 10


@dataclass(frozen=True)
class Notice:
    body: Payload
    """What the sender wrote: an object, or text."""
    around: Payload
    """The envelope without the body and without signatures. Its texts belong to the alert as well."""
    received: datetime
    subject: str = ""
    delivery_id: str = ""
    sent_at: datetime | None = None
    topic: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def at(self) -> datetime:
        """When it was sent, or else received."""
        return self.sent_at or self.received

    @property
    def text(self) -> str:
        """The body where it is text, and "" where it is an object."""
        return self.body if isinstance(self.body, str) else ""

    @property
    def object(self) -> dict[str, Any]:
        """The body where it is an object, and an empty one where it is text."""
        return mapping_at({"": self.body}, "")

    @property
    def event(self) -> dict[str, Any]:
        """The body where it is an EventBridge event, and an empty object where it is anything else."""
        body = self.object
        return body if "detail-type" in body and isinstance(body.get("detail"), Mapping) else {}

    def alert(
        self,
        source: str,
        title: str,
        key: Sequence[str],
        said: Iterable[str] = (),
        *,
        all_of: Any = None,
        **fields: Any,
    ) -> Alert:
        """An alert with all text that came. `said` are the lines to read first; `key` is what stays the same.

        The fingerprint is made of the key, so nothing that changes from one firing to the next belongs into it.
        `all_of` is the part of the body that this alert is about, where one body makes several alerts.
        `fields` are those of an Alert; one that is None keeps its default.
        """
        first_lines = [line.strip() for line in said if line.strip()]
        shown = " ".join(title.split())[:MAX_TITLE_CHARS] or "A message of AWS without text"
        known = {shown, *first_lines}
        rest = (
            f"{name}: {value}" if name else value
            for name, value in leaves([self.body if all_of is None else all_of, self.around])
            if value.strip() not in known
        )
        given = {name: value for name, value in fields.items() if value is not None}
        given["labels"] = {name: str(value) for name, value in given.get("labels", {}).items() if value}
        links = dict.fromkeys(link for link in given.pop("links", ()) if link.startswith("https://"))
        given.setdefault("said_at", self.sent_at)
        started = given.setdefault("started_at", self.at)
        if given.get("status") is AlertStatus.resolved:
            given["ended_at"] = max(started, given.get("ended_at", self.sent_at or started))
        return Alert(
            source=source,
            delivery_id=self.delivery_id,
            title=shown,
            description="\n".join(dict.fromkeys([*first_lines, *rest])),
            links=tuple(links)[:MAX_LINKS],
            fingerprint=digest(source, *key),
            **given,
        )


@dataclass(frozen=True)
class Parser:
    """One shape of message. `matches` and `parse` never raise; `parse` gives at least one alert."""

    name: str
    matches: Callable[[Notice], bool]
    parse: Callable[[Notice], list[Alert]]
