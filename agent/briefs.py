"""The text that models get about a case, and reading it back.

Every model, the offline analyst included, gets the same brief and nothing else:

    # Alert
    title: ...
    resource: checkout-api
    also_1: payments-api 5xx (error, firing, since 2026-11-20T14:18:00Z)
    # Conversation
    earlier: Ana asked: which DAG is late? Answer: orders_daily waits for a file. [ev_9f8e7d6c]
    user: why did it fail?
    # Evidence
    [ev_1a2b3c4d] ...
    # Tried
    queue-consumers-too-few: Let photo-worker run 8 tasks. It did not help: the alarm is ALARM.
    # Scope
    start: 2026-11-20T13:00:00Z
    resource: payments-api
    # Question
    since when?

The scope holds what code made of the question's times and names, under the parameter names of the evidence tools.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent import evidence_text
from agent.models import Alert, ChatMessage, Evidence

MAX_TEXT_CHARS = 4000
MAX_TURN_CHARS = 1500
MAX_TURNS = 12
MAX_NAME_CHARS = 40
OWN_LABELS = ("alarm_name", "log_group")
"""Labels that are fields of their own. Others share one: a sender's `model` or `start` is no tool's parameter."""
MAX_RELATED_CHARS = 200
MAX_TRIED_CHARS = 600
_STAMP = "%Y-%m-%dT%H:%M:%SZ"
_SECTION = re.compile(r"^# (Now|Alert|Conversation|Evidence|Tried|Scope|Question)$", re.M)
_FIELD = re.compile(r"^(\w+): (.*)$")


@dataclass(frozen=True)
class Brief:
    """What is known about a case."""

    now: datetime
    question: str = ""
    alert: dict[str, str] = field(default_factory=dict[str, str])
    conversation: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    tried: tuple[str, ...] = ()
    """Changes that did not help, each behind the name of the runbook that proposed it."""
    scope: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def refuted(self) -> frozenset[str]:
        """The runbooks whose remedies did not help."""
        return frozenset(line.partition(":")[0] for line in self.tried)

    @property
    def text(self) -> str:
        """All words that say what the case is about, evidence aside."""
        return " ".join([self.question, *self.alert.values()]).strip()


def alert_fields(alert: Alert) -> dict[str, str]:
    """The fields of an alert that a model reads, under the names that the evidence tools use."""
    about = alert.resource.model_copy(update={"service": "", "id": ""}) if _is_spend(alert) else alert.resource
    fields = {
        "title": alert.title,
        "description": alert.description,
        "source": alert.source,
        "severity": alert.severity,
        "status": alert.status,
        "service": about.service,
        "resource": about.id,
        "region": about.region,
        "account": about.account,
        "metric": alert.metric,
        "threshold": alert.threshold,
        "dag_id": alert.dag_id,
        "task_id": alert.task_id,
        "run_id": alert.run_id,
        "onset": alert.started_at.strftime(_STAMP),
    }
    own = {key: value for key, value in alert.labels.items() if key in OWN_LABELS}
    others = ", ".join(f"{key}={value}" for key, value in alert.labels.items() if key not in own)
    labels = own | {"labels": others}
    flat = {key: _one_line(value) for key, value in (fields | labels).items()}
    return {key: value for key, value in flat.items() if value}


def _is_spend(alert: Alert) -> bool:
    """A budget is a figure, and no resource that evidence tools could look at; its text names what it is for."""
    return alert.resource.service == "budgets"


def write(
    now: datetime,
    *,
    question: str = "",
    alert: Alert | None = None,
    related: Sequence[Alert] = (),
    conversation: Sequence[ChatMessage] = (),
    evidence: Sequence[Evidence] = (),
    tried: Sequence[str] = (),
    scope: Mapping[str, str] | None = None,
    earlier: Sequence[str] = (),
    evidence_chars: int = 0,
    remembered: Collection[str] = (),
) -> str:
    """The brief as text. Headings inside foreign text are defused, so that nobody can forge a section.

    `earlier` tells of turns before the conversation's. `evidence_chars` bounds the evidence, 0 does not; then pieces
    whose ids are `remembered` give way to the others.
    """
    parts = [f"# Now\n{now.strftime(_STAMP)}"]
    if alert is not None:
        lines = [f"{key}: {value}" for key, value in alert_fields(alert).items()]
        lines += [f"also_{number}: {_related(other)}" for number, other in enumerate(related, 1)]
        parts.append("# Alert\n" + "\n".join(lines))
    if conversation or earlier:
        told = [f"earlier: {_one_line(line)}" for line in earlier]
        parts.append("# Conversation\n" + "\n".join([*told, *map(turn_line, conversation[-MAX_TURNS:])]))
    if evidence:
        parts.append("# Evidence\n" + evidence_text.render_all(evidence, evidence_chars, remembered))
    if tried:
        parts.append("# Tried\n" + "\n".join(_one_line(line, MAX_TRIED_CHARS) for line in tried))
    if scope:
        lines = [f"{key}: {_one_line(value)}" for key, value in scope.items() if value and re.fullmatch(r"\w+", key)]
        parts.append("# Scope\n" + "\n".join(lines))
    if question:
        flat = _one_line(question)
        parts.append(f"# Question\n{flat.lstrip('# ') if _SECTION.match(flat) else flat}")
    return "\n\n".join(parts)


def _related(alert: Alert) -> str:
    """Another alert of the same incident: `payments-api 5xx (error, firing, since 2026-11-20T14:18:00Z)`."""
    facts = f"({alert.severity}, {alert.status}, since {alert.started_at.strftime(_STAMP)})"
    return f"{_one_line(alert.title, MAX_RELATED_CHARS)} {facts}"


def turn_line(turn: ChatMessage) -> str:
    """One turn as a brief tells it: `user: Ana asked: why?`, or `user: why?` of somebody without a name."""
    name = _one_line(turn.author_name.replace(":", " "), MAX_NAME_CHARS) if turn.role == "user" else ""
    return f"{turn.role}: {f'{name} asked: ' if name else ''}{_one_line(turn.text, MAX_TURN_CHARS)}"


def is_brief(text: str) -> bool:
    """Whether `write` wrote this text."""
    return text.startswith("# Now\n")


def read(text: str) -> Brief:
    """The brief in a text that `write` wrote; other text is a question without more."""
    pieces = _SECTION.split(text)
    sections = {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    if not sections:
        return Brief(now=datetime.now(UTC), question=text.strip())
    return Brief(
        now=datetime.strptime(sections["Now"], _STAMP).replace(tzinfo=UTC) if "Now" in sections else datetime.now(UTC),
        question=sections.get("Question", ""),
        alert=_fields(sections.get("Alert", "")),
        scope=_fields(sections.get("Scope", "")),
        conversation=tuple(sections.get("Conversation", "").splitlines()),
        tried=tuple(sections.get("Tried", "").splitlines()),
        evidence=tuple(evidence_text.parse(sections.get("Evidence", ""))),
    )


def _fields(text: str) -> dict[str, str]:
    return {match[1]: match[2] for line in text.splitlines() if (match := _FIELD.match(line))}


def _one_line(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
