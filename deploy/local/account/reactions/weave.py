"""A scenario together with the reactions that happened: pure functions from one scenario to another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deploy.local.account.schema.compute import EcsService, Settling
from deploy.local.account.schema.logs import LogGroup, LogLine
from deploy.local.account.schema.metrics import Metric, SeriesEvent
from deploy.local.account.schema.reactions import LogReaction, Reaction, SeriesReaction
from deploy.local.account.schema.sql import Database, RunningQuery

if TYPE_CHECKING:
    from deploy.local.account.scenario import Scenario


@dataclass(frozen=True)
class Happened:
    """A reaction on its course. Times are relative to the moment the scenario was loaded."""

    reaction: Reaction
    called: timedelta
    effect: timedelta
    pace: float = 1.0


def woven(told: Scenario, happened: Sequence[Happened]) -> Scenario:
    """The scenario as it goes on: what was before the reactions stays as it was, to the last digit."""
    if not happened:
        return told
    steps = sorted(happened, key=lambda each: each.effect)
    clusters = tuple(
        cluster.model_copy(update={"services": tuple(_service(each, steps) for each in cluster.services)})
        for cluster in told.resources.ecs_clusters
    )
    return told.model_copy(
        update={
            "metrics": tuple(_metric(metric, steps) for metric in told.metrics),
            "logs": tuple(_log_group(group, steps) for group in told.logs),
            "resources": told.resources.model_copy(update={"ecs_clusters": clusters}),
            "sql": tuple(_database(database, steps) for database in told.sql),
        }
    )


def in_force(happened: Sequence[Happened]) -> set[str]:
    """The names of the reactions that happened and that no later one undid."""
    names: set[str] = set()
    for each in happened:
        names -= set(each.reaction.undoes)
        names.add(each.reaction.name)
    return names


def _metric(metric: Metric, steps: Sequence[Happened]) -> Metric:
    concerned = [(step, fitting[-1]) for step in steps if (fitting := _concerning(step.reaction, metric))]
    if not concerned:
        return metric
    events = [piece for event in metric.events for piece in _pieces(event, concerned)]
    for number, (step, part) in enumerate(concerned):
        until = concerned[number + 1][0].effect if number + 1 < len(concerned) else None
        events += [_from(event, step, until) for event in part.events]
    return metric.model_copy(update={"events": tuple(events)})


def _concerning(reaction: Reaction, metric: Metric) -> list[SeriesReaction]:
    """What a reaction says of a metric; where it says several things, the last one holds."""
    return [
        part
        for part in reaction.metrics
        if part.namespace in (None, metric.namespace)
        and part.name in (None, metric.name)
        and part.dimensions.items() <= dict(metric.dimensions).items()
    ]


def _pieces(event: SeriesEvent, concerned: Sequence[tuple[Happened, SeriesReaction]]) -> list[SeriesEvent]:
    """An open-ended event, cut where a reaction ends it and begun again where one lets it go on."""
    if event.end is not None:
        return [event]
    pieces, running = [event], True
    for step, part in concerned:
        if part.ends and running:
            fade = part.fade * step.pace
            pieces[-1] = pieces[-1].model_copy(update={"end": step.effect, "fade": fade})
        elif not part.ends and not running:
            pieces.append(event.model_copy(update={"start": step.effect, "ramp": timedelta(0)}))
        running = not part.ends
    return pieces


def _from(event: SeriesEvent, step: Happened, until: timedelta | None) -> SeriesEvent:
    """An event of a reaction, from the scenario's point of view."""
    ends = [each for each in (None if event.end is None else step.effect + event.end, until) if each is not None]
    return event.model_copy(update={"start": step.effect + event.start, "end": min(ends) if ends else None})


def _log_group(group: LogGroup, steps: Sequence[Happened]) -> LogGroup:
    lines = group.lines
    for step in steps:
        for part in step.reaction.logs:
            if part.group == group.group:
                lines = _lines(lines, part, step.effect)
    return group.model_copy(update={"lines": lines})


def _lines(lines: tuple[LogLine, ...], part: LogReaction, effect: timedelta) -> tuple[LogLine, ...]:
    """Lines keep their places, which their random numbers depend on; new ones are put behind them."""
    kept, added = list(lines), list[LogLine]()
    for index, line in enumerate(lines):
        open_ended = line.at is None and line.count is None and (line.end is None or line.end > effect)
        if open_ended and _any(part.stop, line):
            kept[index] = line.model_copy(update={"end": effect})
        elif not open_ended and line.count is None and line.at is None and _any(part.resume, line):
            added.append(line.model_copy(update={"start": effect, "end": None}))
    return (*kept, *added, *(_shifted(line, effect) for line in part.lines))


def _any(patterns: Sequence[str], line: LogLine) -> bool:
    return any(re.search(pattern, text) for pattern in patterns for text in (line.template, *line.then))


def _shifted(line: LogLine, effect: timedelta) -> LogLine:
    moments = {name: getattr(line, name) for name in ("at", "start", "end")}
    moved = {name: effect + moment for name, moment in moments.items() if moment is not None}
    return line.model_copy(update=({} if line.at is not None else {"start": effect}) | moved)


def _service(service: EcsService, steps: Sequence[Happened]) -> EcsService:
    outcomes = [
        Settling(
            at=step.effect,
            running=part.running,
            rollout=part.rollout,
            reason=part.reason,
            failed_tasks=part.failed_tasks,
        )
        for step in steps
        for part in step.reaction.services
        if part.name == service.name
    ]
    if not outcomes:
        return service
    own = list(service.settles)
    for step in steps:
        if any(part.name == service.name for part in step.reaction.services):
            # What a reaction says of a deployment takes the place of how it would have gone by itself.
            earlier = [each for each in own if each.follows <= step.called]
            own = [each for each in own if each is not max(earlier, key=lambda each: each.follows, default=None)]
    return service.model_copy(update={"settles": (*own, *outcomes)})


def _database(database: Database, steps: Sequence[Happened]) -> Database:
    ending = [
        (re.compile(part.matches, re.I), step.effect)
        for step in steps
        for part in step.reaction.sessions
        if part.database == database.database
    ]
    if not ending:
        return database
    sessions = [
        each.model_copy(update={"ended": next((at for pattern, at in ending if _is_of(pattern, each)), each.ended)})
        for each in database.running_queries
    ]
    return database.model_copy(update={"running_queries": tuple(sessions)})


def _is_of(pattern: re.Pattern[str], session: RunningQuery) -> bool:
    return any(pattern.search(text) for text in (session.user, session.application, session.text))
