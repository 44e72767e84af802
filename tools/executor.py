"""Makes approved changes: the only code that holds write credentials.

What it does with one step of a remediation, each line kept before the next begins:
1. its consent is used up (one execution only), or the policy's word is there
2. the resource is locked for this remediation, the step for this attempt
3. the account is read again: when it has drifted from what people saw, nothing is done
4. the intent is written, to the record and to the audit trail
5. the effect, with credentials for just this operation and resource
6. the result is written
An attempt that finds an intent without a result looks for the effect before it does anything. Where it is not there,
all that had to hold before has to hold still: the consent has not expired, nobody forbids it, nothing has drifted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from botocore.exceptions import ClientError

from agent.audit_events import AuditEvent, audit_entry
from agent.errors import RetryLater, UncertainEffect, WatchkeeperError, WriteRefused
from agent.models import ActionResult, Preview, Remediation, Step, StepStatus
from agent.ports import Deps, Lease
from agent.ports.writing import WriteAccess
from agent.remediation_order import GONE_ON
from tools.actions.catalog import actions
from tools.actions.kind import ActionKind, Order
from tools.aws.sending import is_throttled
from tools.evidence.failures import EXPECTED, explain

T = TypeVar("T")
ATTEMPT_SECONDS = 60.0
"""How long one attempt has the step; longer than any single call may take."""
RESOURCE_SECONDS = 1800.0
"""How long a remediation that nobody works on keeps its resource from others."""
DEADLINE_SECONDS = 45.0
"""More than all time-outs of a client together: when it is over, no call is under way any more."""
AGAIN_SECONDS = 15.0
SETTLE_SECONDS = 2.0
"""Before AWS is asked whether a call without an answer has had its effect."""
UNKNOWN = "I do not know this action any more."
DRIFTED = "The account has changed since the preview, so that nothing was done; look at it again."
TOO_LATE = "The approval expired before it was done."
THROTTLED = (
    "AWS is asked too often just now: it throttled {} {} times, so that nothing was changed. Ask again in some minutes."
)
SERVER_ERROR = 500
BEGUN = (StepStatus.approved, StepStatus.executing)


@dataclass(frozen=True)
class Executor:
    """`await executor.execute(remediation_id, action_id)` gives the step as it is afterwards. May be repeated."""

    deps: Deps
    writes: WriteAccess

    async def execute(self, remediation_id: str, action_id: str, forbidden: str = "") -> Step:
        """RetryLater while another attempt has the step or another remediation the resource.

        WriteRefused when it may not be done (any more): nothing was changed then. `forbidden` says why not, of a step
        that was begun: only an effect that it had already is looked for.
        """
        step = await self._step(remediation_id, action_id)
        if step.status not in BEGUN:
            return step
        lease = await self._lock(f"action:{action_id}", uuid4().hex, ATTEMPT_SECONDS, "It is being done right now.")
        try:
            step = await self._attempt(remediation_id, action_id, lease, forbidden)
        except Exception:
            await self.deps.locks.release(lease)
            raise
        # Who is cancelled keeps its lease: the call may be under way in a thread, too early to look for its effect.
        await self.deps.locks.release(lease)
        return step

    async def preview(self, step: Step) -> Preview:
        """What it would do now."""
        kind, order = self._order(step)
        return await self._thread(partial(kind.preview, order, self._aws(step), self.deps.clock()))

    async def outcome(self, step: Step) -> ActionResult:
        """What has become of an effect that may go on after its call."""
        kind, order = self._order(step)
        if step.result is None:
            raise WriteRefused("It has not been done.")
        return await self._thread(partial(kind.outcome, order, step.result, self._aws(step)))

    async def is_going_on(self, step: Step) -> bool:
        """Whether what was begun is not over, be it that nothing is known to be wrong with it."""
        kind, order = self._order(step)
        if step.result is None:
            raise WriteRefused("It has not been done.")
        return await self._thread(partial(kind.going_on, order, step.result, self._aws(step)))

    async def is_there(self, step: Step) -> bool:
        """Whether the account is as the action left it. UncertainEffect when it is in a state that nobody foresaw."""
        kind, order = self._order(step)
        since = step.intended_at or self.deps.clock()
        looking = partial(kind.find_effect, order, _previewed(step), self._aws(step), step.token, since)
        return await self._thread(looking) is not None

    async def ready(self, step: Step) -> str:
        """Why the credentials that it needs cannot be had; "" when they can."""
        kind, order = self._order(step)
        target = step.action.target
        try:
            await asyncio.to_thread(
                self.writes.open, kind.permissions(order), step.action.id, target.account, target.region
            )
        except EXPECTED as error:
            return _why(error)
        return ""

    async def _attempt(self, remediation_id: str, action_id: str, lease: Lease, forbidden: str) -> Step:
        step = await self._step(remediation_id, action_id)  # as it is now that nobody else is at it
        if step.status not in BEGUN:
            return step
        await self._claim(step)
        await self._lock(
            resource_key(step), remediation_id, RESOURCE_SECONDS, "Another remediation is at work on this resource."
        )
        if step.status is StepStatus.executing:
            found = await self._found(step)
            if found is not None:
                return await self._keep(remediation_id, step, found, lease)
            await self._holds_still(step, forbidden)
        elif forbidden:
            raise WriteRefused(forbidden)
        else:
            step = await self._intend(remediation_id, step)
        return await self._keep(remediation_id, step, await self._effect(step, lease), lease)

    async def _claim(self, step: Step) -> None:
        """Whether somebody said yes to exactly this, and it was not used for anything else."""
        if step.by_policy:
            return
        approval = await self.deps.approvals.get(step.approval_id)
        if approval is None or approval.action_id != step.action.id:
            raise WriteRefused("Nobody has approved this.")
        if approval.payload_hash != step.action.payload_hash(approval.incident_id):
            raise WriteRefused("What was approved is not what would be done.")
        if not await self.deps.approvals.claim(step.approval_id, step.action.id):
            raise WriteRefused("The approval is not valid any more: it was used, or has expired.")

    async def _holds_still(self, step: Step, forbidden: str) -> None:
        """Of an attempt that died before its effect, however long ago."""
        if forbidden:
            raise WriteRefused(forbidden)
        approval = None if step.by_policy else await self.deps.approvals.get(step.approval_id)
        if approval is not None and self.deps.clock() >= approval.expires_at:
            raise WriteRefused(TOO_LATE)
        await self._unchanged(step)

    async def _unchanged(self, step: Step) -> Preview:
        """What it would do now, which is what people saw."""
        now = await self.preview(step)
        if step.preview is None or now.state != step.preview.state:
            raise WriteRefused(DRIFTED)
        if now.problems:
            raise WriteRefused(" ".join(now.problems))
        return now

    async def _intend(self, remediation_id: str, step: Step) -> Step:
        now = await self._unchanged(step)
        changes = {
            "status": StepStatus.executing,
            "token": step.token or f"wk-{step.action.id}",
            "intended_at": self.deps.clock(),
            "preview": now,
        }
        intended = step.model_copy(update=changes)
        await self._audit(AuditEvent.intended, remediation_id, intended)
        return await self._change(remediation_id, step, changes)

    async def _effect(self, step: Step, lease: Lease) -> ActionResult:
        """Done, or not: an error leads to a second look at the account.

        The lease is renewed when the credentials are there, which may take long: the call itself ends within it.
        """
        kind, order = self._order(step)
        target, preview = step.action.target, _previewed(step)
        try:
            session = await asyncio.to_thread(
                self.writes.open, kind.permissions(order), step.action.id, target.account, target.region
            )
        except EXPECTED as error:
            return self._failed(_why(error))
        await self._still_ours(lease)
        try:
            return await self._thread(partial(kind.execute, order, preview, session, step.token, self.deps.clock()))
        except ClientError as error:
            if why := _refusal(error):  # nothing was done, unless by an attempt before this one
                return await self._found(step, unless=why) or self._failed(why)
            return await self._later_found(step, error)
        except EXPECTED as error:
            return await self._later_found(step, error)

    async def _later_found(self, step: Step, error: Exception) -> ActionResult:
        await asyncio.sleep(SETTLE_SECONDS)
        return await self._found(step) or self._failed(explain(error))

    async def _found(self, step: Step, unless: str = "") -> ActionResult | None:
        """The effect, if it is there. `unless`: why it is not there where the account cannot tell."""
        kind, order = self._order(step)
        since = step.intended_at or self.deps.clock()
        looking = partial(kind.find_effect, order, _previewed(step), self._aws(step), step.token, since)
        try:
            return await self._thread(looking)
        except UncertainEffect as error:
            why = f"Nobody can tell whether it was done: {error} Nothing is repeated; please look."
            return self._failed(unless or why)
        except EXPECTED as error:
            raise RetryLater(f"Whether it was done cannot be read ({explain(error)}).", 15) from error

    async def _keep(self, remediation_id: str, step: Step, result: ActionResult, lease: Lease) -> Step:
        await self._still_ours(lease)
        result = result.model_copy(update={"action_id": step.action.id})
        status = StepStatus.executed if result.succeeded else StepStatus.failed
        changes = {"status": status, "result": result, "note": "" if result.succeeded else result.message}
        event = AuditEvent.executed if result.succeeded else AuditEvent.failed
        await self._audit(event, remediation_id, step.model_copy(update=changes))
        return await self._change(remediation_id, step, changes)

    async def _step(self, remediation_id: str, action_id: str) -> Step:
        return step_of(await self.deps.remediations.get(remediation_id), action_id)

    async def _change(self, remediation_id: str, step: Step, changes: dict[str, Any]) -> Step:
        """RetryLater when the step is not as it was any more."""
        now = self.deps.clock()

        def change(kept: Remediation) -> Remediation:
            if step_of(kept, step.action.id) != step:
                raise RetryLater(GONE_ON, AGAIN_SECONDS)
            return with_step(kept, step.action.id, changes, now)

        changed = await self.deps.remediations.change(remediation_id, change)
        return step_of(changed, step.action.id)

    async def _still_ours(self, lease: Lease) -> None:
        """RetryLater for whoever was stopped for so long that another attempt may have taken over."""
        if not await self.deps.locks.renew(lease, ATTEMPT_SECONDS):
            raise RetryLater("Another attempt has taken over.", ATTEMPT_SECONDS)

    async def _lock(self, key: str, owner: str, seconds: float, why: str) -> Lease:
        lease = await self.deps.locks.acquire(key, owner, seconds)
        if lease is None:
            raise RetryLater(why, AGAIN_SECONDS)
        return lease

    async def _audit(self, event: AuditEvent, remediation_id: str, step: Step) -> None:
        remediation = await self.deps.remediations.get(remediation_id)
        if remediation is None:
            raise WriteRefused(UNKNOWN)
        approval = await self.deps.approvals.get(step.approval_id) if step.approval_id else None
        entry = audit_entry(event, "executor", self.deps.clock(), remediation, step, approval)
        await self.deps.audit.append(entry)

    async def _thread(self, work: Callable[[], T]) -> T:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await asyncio.to_thread(work)

    def _order(self, step: Step) -> tuple[ActionKind[Any], Order[Any]]:
        kind = actions(self.deps.settings).get(step.action.type)
        if kind is None:
            raise WriteRefused(f"There is no action {step.action.type}.")
        return kind, kind.order(step.action.target, step.action.parameters, self.deps.aws.partition)

    def _aws(self, step: Step) -> Any:
        target = step.action.target
        here = target.account in ("", self.deps.aws.account)
        return self.deps.aws.at("" if here else target.account, target.region)

    def _failed(self, why: str) -> ActionResult:
        return ActionResult(succeeded=False, message=why, at=self.deps.clock())


def _why(error: Exception) -> str:
    """Our own sentences whole: they say what to do."""
    return str(error) if isinstance(error, WatchkeeperError) else explain(error)


def _refusal(error: ClientError) -> str:
    """Why AWS did not do it; "" for an error of its own, after which nobody knows what became of it."""
    answered: Any = error.response.get("ResponseMetadata", {})
    status = int(answered.get("HTTPStatusCode", 0))
    if is_throttled(status, error.response):
        return THROTTLED.format(error.operation_name, int(answered.get("RetryAttempts", 0)) + 1)
    return "" if status >= SERVER_ERROR else explain(error)


def _previewed(step: Step) -> Preview:
    if step.preview is None:
        raise WriteRefused("Nobody has looked at what it would do.")
    return step.preview


def resource_key(step: Step) -> str:
    """The lock that a remediation has on what it changes."""
    target = step.action.target
    return f"resource:{target.arn or f'{target.service}:{target.id}'}"


def step_of(remediation: Remediation | None, action_id: str) -> Step:
    """WriteRefused when there is no such step."""
    steps = remediation.steps if remediation else ()
    step = next((step for step in steps if step.action.id == action_id), None)
    if step is None:
        raise WriteRefused(UNKNOWN)
    return step


def with_step(remediation: Remediation, action_id: str, changes: dict[str, Any], now: Any) -> Remediation:
    """The remediation with one of its steps changed."""
    steps = tuple(
        step.model_copy(update=changes) if step.action.id == action_id else step for step in remediation.steps
    )
    return remediation.model_copy(update={"steps": steps, "updated_at": now})
