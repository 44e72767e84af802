"""Monitoring tools that say that something fires or is over: by webhook, or by a post in Slack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.models import AlertStatus, Job, JobKind, new_id
from agent.sources import parse_alerts

WEBHOOKS = ("Errors of checkout", "Latency of search")
POSTS = ("ALARM: Queue depth of billing",)
NAMES = (*WEBHOOKS, *POSTS)


@dataclass(frozen=True)
class Delivery:
    """One message. `sent` is the sender's time; `post` is what Slack says of it, where it is a post."""

    name: str
    status: AlertStatus
    sent: datetime
    key: str
    post: dict[str, Any] | None = None
    channel: str = ""

    def job(self, received: datetime) -> Job:
        """As whoever listens makes it; each copy of the message has one of its own, with the same key."""
        payload = (
            {"event": self.post, "channel": self.channel, "channel_name": "alerts", "edit": False, "unsure": False}
            if self.post
            else {"source": "generic", "body": self._body(), "delivery": self.key, "team": "T1"}
        )
        return Job(id=new_id("job"), kind=JobKind.alert, idempotency_key=self.key, payload=payload, created_at=received)

    @property
    def fingerprint(self) -> str:
        job = self.job(self.sent)
        (alert,) = parse_alerts(job.payload if self.post else job.payload["body"], self.sent)
        assert alert.status is self.status
        return alert.fingerprint

    def _body(self) -> dict[str, Any]:
        service = self.name.rpartition(" ")[2]
        return {
            "title": self.name,
            "status": self.status.value,
            "severity": "error",
            "service": service,
            "timestamp": self.sent.isoformat(),
        }


def words_of(name: str, status: AlertStatus) -> str:
    """What a post says."""
    return name if status is AlertStatus.firing else name.replace("ALARM", "OK")
