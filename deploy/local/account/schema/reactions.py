"""How a scenario goes on when somebody changes the account: what helps, what does not, and what makes it worse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from deploy.local.account.schema.base import Entry, Length
from deploy.local.account.schema.logs import LogLine
from deploy.local.account.schema.metrics import SeriesEvent


class Test(Entry):
    """What a value of a request must be like. Everything that is given must hold."""

    at_least: float | None = None
    at_most: float | None = None
    matches: str | None = None
    """A regular expression that is found in it."""
    other_than: tuple[str, ...] = ()


Condition = bool | str | tuple[str, ...] | Test | None
"""A value, one of several, or a test; null where nothing may be given."""


class CallPattern(Entry):
    """A call that succeeds, as `service:Operation` with boto3's name of the service: `lambda:UpdateAlias`.

    The keys of `request` lead into its parameters: `ProvisionedThroughput.WriteCapacityUnits`. In a list a step leads
    into every entry, one of which must fit; where the entries are pairs of name and value, it names the pair:
    `Parameters.max_connections`. An ARN or address also fits by the name at its end.
    """

    operation: str = Field(pattern=r"^[a-z0-9-]+:[A-Za-z0-9]+$")
    request: Mapping[str, Condition] = {}


class SeriesReaction(Entry):
    """What becomes of the metrics that fit: by default they return to their baseline.

    Without `dimensions` all metrics of that name fit, without a name all of the namespace, without both all there are.
    Where several entries of a reaction fit a metric, the last one holds.
    """

    namespace: str | None = None
    name: str | None = None
    dimensions: Mapping[str, str] = {}
    ends: bool = True
    """Whether the open-ended events of the metric end; if not, they go on, even if an earlier reaction ended them."""
    fade: Length = timedelta(0)
    """How long they take to end: a queue drains slowly."""
    events: tuple[SeriesEvent, ...] = ()
    """What is added, with times relative to the reaction; the next reaction that concerns the metric ends it."""


class LogReaction(Entry):
    """What becomes of the lines of a group whose template a regular expression matches."""

    group: str
    stop: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    """Lines that had ended, and are written again."""
    lines: tuple[LogLine, ...] = ()
    """New lines, with times relative to the reaction."""


class ServiceReaction(Entry):
    """How an ECS service fares after it."""

    name: str
    running: int | None = None
    """As many as desired when absent."""
    rollout: Literal["COMPLETED", "IN_PROGRESS", "FAILED"] = "COMPLETED"
    reason: str = ""
    failed_tasks: int = 0


class TaskReaction(Entry):
    """Airflow: from now on this task succeeds (or fails) when it is run again."""

    dag_id: str
    task_id: str
    succeeds: bool = True


class MachineReaction(Entry):
    """Step Functions: from now on executions of this state machine succeed (or fail), also redriven ones."""

    name: str
    succeeds: bool = True


class QueueReaction(Entry):
    """SQS: the messages in a queue whose body matches are gone: processed, or moved to another queue."""

    name: str
    matches: str = ""
    moved_to: str | None = None


class SessionsReaction(Entry):
    """The sessions of a database that match by user, application or statement end."""

    database: str
    matches: str = ""


class Reaction(Entry):
    """The first reaction of a scenario whose pattern fits a call happens, `after` the call."""

    name: str
    when: CallPattern
    needs: tuple[str, ...] = ()
    """Names of reactions that must have happened before."""
    unless: tuple[str, ...] = ()
    """Names of reactions that must not have happened before."""
    undoes: tuple[str, ...] = ()
    """Names of reactions that count as not having happened any more."""
    after: Length = timedelta(0)
    metrics: tuple[SeriesReaction, ...] = ()
    logs: tuple[LogReaction, ...] = ()
    services: tuple[ServiceReaction, ...] = ()
    tasks: tuple[TaskReaction, ...] = ()
    machines: tuple[MachineReaction, ...] = ()
    queues: tuple[QueueReaction, ...] = ()
    sessions: tuple[SessionsReaction, ...] = ()


class WriteFault(Entry):
    """A call that fails while the scenario is loaded: before it took effect, or after."""

    calls: str
    """A glob over service:Operation."""
    code: str
    message: str = "The service is not available for the moment."
    status: int = 400
    times: int = 1
    """How often; 0 is always."""
    after_effect: bool = False


class Reactions(Entry):
    """Base of a scenario's part about changes: checks that reactions name one another rightly."""

    reactions: tuple[Reaction, ...] = ()
    faults: tuple[WriteFault, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = [each.name for each in self.reactions]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two reactions are called {name!r}")
        for each in self.reactions:
            for name in (*each.needs, *each.unless, *each.undoes):
                if name not in names:
                    raise ValueError(f"the reaction {each.name!r} refers to {name!r}, which is none")
        return self
