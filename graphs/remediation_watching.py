"""What is seen of an action after it was made: its own outcome, the signal that fired, and what is near it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from agent.errors import InputError, UncertainEffect
from agent.models import ActionResult, Incident, Step
from agent.ports import AwsSession
from agent.verifying import Reading
from tools.actions.readers.watched import Watched
from tools.actions.signal_reader import read_baseline, read_signal
from tools.evidence.failures import EXPECTED, explain
from tools.executor import Executor

TELLING = 0.5
"""Findings from this strength on say what an incident is about."""
MAX_NEAR = 20
UNCHANGED = "The account is as it was, nothing was changed"
CHANGED = "The account is not as it was"
BACK = "The account is again as it was before."
NOT_BACK = "What was undone is not undone any more, or never was."
ROLLING = "What was begun to undo it still goes on."


@dataclass(frozen=True)
class Watching:
    executor: Executor

    async def baseline(self, step: Step, incident: Incident) -> dict[str, float]:
        """What the signal is before the change, to see later whether it got worse."""
        return await asyncio.to_thread(partial(read_baseline, self._watched(step, incident)))

    async def reading(self, step: Step, incident: Incident) -> Reading:
        watched = self._watched(step, incident)
        seen = replace(watched, baseline=step.verification.baseline, result=step.result)
        return await asyncio.to_thread(partial(read_signal, seen))

    async def outcome(self, step: Step) -> ActionResult | None:
        """What the action has come to by now; what it was before where that cannot be read."""
        try:
            return await self.executor.outcome(step)
        except EXPECTED:
            return step.result

    async def is_back(self, step: Step, patient: bool) -> tuple[bool | None, str]:
        """Whether the account is again as it was before, of a step that leads back; None when that is to be seen later.

        `patient` waits for a rollout to end; without it what was ordered counts.
        """
        try:
            rolling = await self.executor.is_going_on(step)
            if rolling and patient:
                return None, ROLLING
            there = await self.executor.is_there(step)
        except UncertainEffect as error:
            return False, str(error)
        except EXPECTED as error:
            return None, f"How the account is now cannot be read ({explain(error)})."
        return there, f"{BACK} {ROLLING}" if there and rolling else BACK if there else NOT_BACK

    async def standing(self, step: Step) -> str:
        """How the account is after an action that failed, in a sentence or two."""
        try:
            now = await self.executor.preview(step)
        except EXPECTED as error:
            return f"How the account is now cannot be read ({explain(error)}); please look."
        if step.preview is None or not now.before:
            return f"How the account is now cannot be read: {' '.join(now.problems)}".strip()
        if now.state == step.preview.state:
            there = ", ".join(f"{each.field} is {each.before}" for each in now.differences if each.before)
            return f"{UNCHANGED}: {there}." if there else f"{UNCHANGED}."
        was = {each.field: each.before for each in step.preview.differences}
        other = [each for each in now.differences if each.before != was.get(each.field, each.before)]
        changed = "; ".join(f"{each.field} is {each.before}, and was {was[each.field]}" for each in other)
        return f"{CHANGED}: {changed or 'please look at it'}."

    def _watched(self, step: Step, incident: Incident) -> Watched:
        deps, action = self.executor.deps, step.action
        aws = self._aws(step)
        near = tuple(dict.fromkeys(_near(step, incident)))[:MAX_NEAR]
        return Watched(action.verification, action.target, aws, deps.clock(), deps.settings, near=near)

    def _aws(self, step: Step) -> AwsSession:
        """Where the signal is: in the target's account, and the alert's region."""
        target, aws = step.action.target, self.executor.deps.aws
        account = "" if target.account in ("", aws.account) else target.account
        try:
            return aws.at(account, step.action.verification.parameters.get("region") or target.region)
        except InputError:
            return aws.at(account, target.region)


def _near(step: Step, incident: Incident) -> Iterator[str]:
    """What the incident's alerts are about, and what the action's evidence speaks of."""
    for alert in incident.alerts:
        yield alert.resource.id
    for piece in incident.evidence:
        if piece.id in step.action.evidence:
            yield from (finding.resource for finding in piece.findings if finding.strength >= TELLING)
