"""Open incidents, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.figures import count
from agent.headings import incident_heading
from agent.models import Incident
from slack_app.blocks.moments import moment
from slack_app.blocks.ownership import person
from slack_app.blocks.summary import mark_of, verdict_of
from slack_app.blocks.text import cut, escape


@dataclass(frozen=True)
class OpenIncident:
    """`link` leads to its message; "" when Slack does not tell the address."""

    incident: Incident
    link: str

    def line(self) -> str:
        """`🔴 checkout: cause found · since 14:02 · @maya has it`."""
        incident, own = self.incident, self.incident.ownership
        about = incident.alerts[0] if incident.alerts else None
        subject = escape(cut(incident_heading(incident), 135))
        mark = mark_of(about.model_copy(update={"severity": incident.severity}), incident.diagnosis) if about else "🔴"
        title = f"<{self.link}|{subject}>" if self.link else subject
        verdict = verdict_of(incident.diagnosis) if incident.diagnosis else "being looked into"
        owner = own.assigned.note if own.assigned else own.acknowledged.by if own.acknowledged else ""
        has_it = f"{person(owner)} has it" if owner else "nobody has it yet"
        return f"{mark} {title}: {verdict} · since {moment(incident.created_at, incident.updated_at)} · {has_it}"


@dataclass(frozen=True)
class OpenIncidents:
    shown: Sequence[OpenIncident] = ()
    more: int = 0
    private: int = 0

    def text(self) -> str:
        """mrkdwn lines; a sentence when there is none."""
        lines = [one.line() for one in self.shown]
        lines += [f"and {self.more} more"] if self.more else []
        lines += [f"and {count(self.private, 'incident')} in private channels"] if self.private else []
        return "\n".join(lines) or "No incident is open."


NOTHING_OPEN = OpenIncidents()
