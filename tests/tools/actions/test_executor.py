"""The executor, over real stores and the simulated account's wire: at most one effect, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import RetryLater, StoreUnavailable, WriteRefused
from agent.models import Action, Approval, Mark, Remediation, Resource, Step, StepStatus
from agent.ports import Deps
from agent.settings import Settings
from deploy.local.account.faults import Fault
from slack_app.bootstrap import build_deps
from tests.contracts.action_cases.ecs import CLUSTER, NAME, PARTS
from tests.tools.actions.account import ACCOUNT, NOW, REGION, Bench
from tools.actions.catalog import ACTIONS
from tools.executor import DRIFTED, Executor

REMEDIATION = "rem_1"
WEB = Resource(service="ecs", type="service", id=NAME, region=REGION, account=ACCOUNT)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Killed(BaseException):
    """As `kill -9`: nothing that would tidy up may catch it."""


@dataclass
class Mortal:
    """Writes to stores and to AWS, counted; the process dies before or after the one with this number."""

    dies_at: int = 0
    after: bool = False
    dies_at_name: str = ""
    done: int = 0
    names: list[str] = field(default_factory=list[str])

    def reached(self, name: str, after: bool) -> None:
        if not after:
            self.done += 1
            self.names.append(name)
        if (self.done == self.dies_at or name == self.dies_at_name) and self.after == after:
            raise Killed(name)

    def wrap(self, port: Any, *names: str) -> Any:
        return _Counted(port, names, self)


class _Counted:
    def __init__(self, port: Any, names: tuple[str, ...], life: Mortal) -> None:
        self._port, self._names, self._life = port, names, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name not in self._names:
            return found

        async def counted(*args: Any, **kwargs: Any) -> Any:
            self._life.reached(name, after=False)
            result = await found(*args, **kwargs)
            self._life.reached(name, after=True)
            return result

        return counted


@dataclass
class Case:
    """One approved restart of a service in a fresh account."""

    bench: Bench
    deps: Deps
    clock: Clock

    def executor(self, life: Mortal | None = None) -> Executor:
        if life is None:
            return Executor(self.deps, self.bench.writes)
        deps = replace(
            self.deps,
            approvals=life.wrap(self.deps.approvals, "claim"),
            remediations=life.wrap(self.deps.remediations, "change"),
            audit=life.wrap(self.deps.audit, "append"),
            locks=life.wrap(self.deps.locks, "acquire", "renew", "release"),
        )
        return Executor(deps, _mortal(self.bench.writes, life))

    async def prepare(self, approve: bool = True, **changes: Any) -> Action:
        """A step that people have seen and, if wanted, approved."""
        kind = ACTIONS["ecs_restart"]
        order = kind.order(WEB, {"cluster": CLUSTER})
        action = kind.action(order)
        step = Step(action=action, status=StepStatus.approved, approval_id="apr_1")
        step = step.model_copy(update={"preview": await self.executor().preview(step)})
        now = self.clock()
        made = Remediation(id=REMEDIATION, incident_id="inc_1", steps=(step,), created_at=now, updated_at=now)
        await self.deps.remediations.create(made)
        asked = Approval(
            id="apr_1",
            incident_id="inc_1",
            remediation_id=REMEDIATION,
            action_id=action.id,
            payload_hash=action.payload_hash("inc_1"),
            requested_by="watchkeeper",
            approvers=("UMAYA",),
            created_at=now,
            expires_at=now + timedelta(minutes=30),
        )
        await self.deps.approvals.save(asked.model_copy(update=changes))
        if approve:
            await self.deps.approvals.approve("apr_1", Mark(by="UMAYA", at=now))
        return action

    def restarts(self) -> int:
        """Deployments of the service that were forced, as CloudTrail tells; what was refused is none."""
        by_name = [{"AttributeKey": "EventName", "AttributeValue": "UpdateService"}]
        events = self.bench.person("cloudtrail").lookup_events(LookupAttributes=by_name)["Events"]
        return sum("errorCode" not in json.loads(event["CloudTrailEvent"]) for event in events)

    async def events(self) -> list[str]:
        return [entry.event for entry in reversed(await self.deps.audit.read())]


@dataclass(frozen=True)
class _HookedWrites:
    """Write access that tells of its calls before they are sent, and after they were answered."""

    writes: Any
    before: Callable[..., None]
    after: Callable[..., None] = lambda **_: None

    def open(self, *args: Any) -> Any:
        return _HookedSession(self, self.writes.open(*args))


@dataclass(frozen=True)
class _HookedSession:
    writes: _HookedWrites
    session: Any

    def client(self, service: str) -> Any:
        client = self.session.client(service)
        client.meta.events.register("before-send", self.writes.before)
        client.meta.events.register("after-call", self.writes.after)
        return client


def _mortal(writes: Any, life: Mortal) -> _HookedWrites:
    """Their one effect is among what is counted."""
    return _HookedWrites(
        writes, lambda **_: life.reached("effect", after=False), lambda **_: life.reached("effect", after=True)
    )


@pytest.fixture
def case(bench: Bench, tmp_path: Path) -> Iterator[Case]:
    bench.load(**PARTS)
    clock = Clock()
    settings = Settings.read(home=tmp_path, executor_role_arn=bench.account.executor_role_arn)
    held = build_deps(settings, clock=clock, aws=bench.aws)
    yield Case(bench, held.deps, clock)
    held.close()


async def test_what_was_approved_is_done_once_and_written_before_and_after(case: Case) -> None:
    action = await case.prepare()
    step = await case.executor().execute(REMEDIATION, action.id)
    assert step.status is StepStatus.executed
    assert step.result is not None
    assert (step.result.succeeded, step.result.action_id) == (True, action.id)
    assert await case.executor().execute(REMEDIATION, action.id) == step
    assert case.restarts() == 1
    assert await case.events() == ["action.intended", "action.executed"]


async def test_a_hundred_at_once_do_it_once(case: Case) -> None:
    action = await case.prepare()
    executors = [case.executor().execute(REMEDIATION, action.id) for _ in range(100)]
    outcomes = await asyncio.gather(*executors, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {Step, RetryLater}
    assert case.restarts() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"approve": False},
        {"action_id": "act_other"},
        {"payload_hash": "0" * 64},
        {"expires_at": NOW - timedelta(seconds=1)},
        {"needed": 2},
        {"id": "apr_other"},
    ],
    ids=["not approved", "of another action", "of other parameters", "expired", "one of two", "unknown"],
)
async def test_without_consent_to_exactly_this_nothing_is_done(case: Case, changes: dict[str, Any]) -> None:
    action = await case.prepare(**changes)
    with pytest.raises(WriteRefused):
        await case.executor().execute(REMEDIATION, action.id)
    assert case.restarts() == 0


async def test_an_approval_that_expired_since_is_worth_nothing(case: Case) -> None:
    action = await case.prepare()
    case.clock.now += timedelta(minutes=30)
    with pytest.raises(WriteRefused, match="expired"):
        await case.executor().execute(REMEDIATION, action.id)
    assert case.restarts() == 0


async def test_an_account_that_has_changed_since_the_preview_is_left_alone(case: Case) -> None:
    action = await case.prepare()
    case.bench.person("ecs").update_service(cluster=CLUSTER, service=NAME, desiredCount=4, forceNewDeployment=True)
    with pytest.raises(WriteRefused, match=DRIFTED):
        await case.executor().execute(REMEDIATION, action.id)
    assert case.restarts() == 1


async def test_a_resource_that_another_remediation_works_on_is_left_alone(case: Case) -> None:
    action = await case.prepare()
    assert await case.deps.locks.acquire(f"resource:ecs:{NAME}", "rem_other", 60)
    with pytest.raises(RetryLater, match="Another remediation"):
        await case.executor().execute(REMEDIATION, action.id)
    assert case.restarts() == 0


async def test_without_an_executor_role_nothing_is_done_and_the_step_says_why(case: Case) -> None:
    action = await case.prepare()
    from tools.aws.writing import AssumedWriteAccess

    roleless = Executor(case.deps, AssumedWriteAccess.of(Settings.read()))
    step = await roleless.execute(REMEDIATION, action.id)
    assert step.status is StepStatus.failed
    assert "WATCHKEEPER_EXECUTOR_ROLE_ARN" in step.note
    assert case.restarts() == 0


async def test_with_its_store_down_nothing_is_done(case: Case) -> None:
    action = await case.prepare()

    class Down:
        def __getattr__(self, name: str) -> Any:
            async def fail(*_: Any, **__: Any) -> Any:
                raise StoreUnavailable("The store is down.")

            return fail

    for port in ("approvals", "remediations", "audit", "locks"):
        with pytest.raises(StoreUnavailable):
            await Executor(replace(case.deps, **{port: Down()}), case.bench.writes).execute(REMEDIATION, action.id)
    assert case.restarts() == 0


@pytest.mark.parametrize("after", [False, True], ids=["before it has its effect", "after it had its effect"])
async def test_a_call_without_a_proper_answer_is_made_once_and_looked_for(case: Case, after: bool) -> None:
    action = await case.prepare()
    case.bench.account.put(Fault("ecs:UpdateService", code="ServerException", status=500, after_effect=after))
    step = await case.executor().execute(REMEDIATION, action.id)
    assert step.status is (StepStatus.executed if after else StepStatus.failed)
    assert await case.executor().execute(REMEDIATION, action.id) == step
    assert case.restarts() == after


async def test_what_aws_refuses_has_failed_with_its_words(case: Case) -> None:
    action = await case.prepare()
    case.bench.account.put(Fault("ecs:UpdateService", code="ServiceNotActiveException"))
    step = await case.executor().execute(REMEDIATION, action.id)
    assert (step.status, "ServiceNotActiveException" in step.note) == (StepStatus.failed, True)


@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 400), ("RequestLimitExceeded", 503)])
async def test_what_is_throttled_at_first_is_done_once(case: Case, code: str, status: int) -> None:
    action = await case.prepare()
    case.bench.account.put(Fault("ecs:UpdateService", code=code, status=status, times=2))
    step = await case.executor().execute(REMEDIATION, action.id)
    assert (step.status, case.restarts()) == (StepStatus.executed, 1)


async def test_what_is_throttled_for_too_long_has_failed_and_is_told_plainly(case: Case) -> None:
    action, writes = await case.prepare(), replace(case.bench.writes, calls_seconds=14.0)
    case.bench.account.put(Fault("ecs:UpdateService", code="ThrottlingException"))
    step = await Executor(case.deps, writes).execute(REMEDIATION, action.id)
    assert (step.status, case.restarts()) == (StepStatus.failed, 0)
    assert re.fullmatch(
        r"AWS is asked too often just now: it throttled UpdateService [23] times, so that nothing was changed\. "
        r"Ask again in some minutes\.",
        step.note,
    )


async def _die(case: Case, word: str, after: bool = False) -> Action:
    """An approved action; who did it died at this write, more than a lease ago."""
    action = await case.prepare()
    with suppress(Killed):
        await case.executor(Mortal(dies_at_name=word, after=after)).execute(REMEDIATION, action.id)
    case.clock.now += timedelta(seconds=90)
    return action


async def test_what_was_begun_and_is_forbidden_meanwhile_is_not_done(case: Case) -> None:
    action = await _die(case, "effect")
    with pytest.raises(WriteRefused, match="Switched off"):
        await case.executor().execute(REMEDIATION, action.id, forbidden="Switched off.")
    assert case.restarts() == 0


async def test_what_was_done_is_told_be_it_forbidden_meanwhile(case: Case) -> None:
    action = await _die(case, "effect", after=True)
    step = await case.executor().execute(REMEDIATION, action.id, forbidden="Switched off.")
    assert (step.status, case.restarts()) == (StepStatus.executed, 1)


async def test_what_was_begun_is_not_done_after_its_approval_has_expired(case: Case) -> None:
    action = await _die(case, "effect")
    case.clock.now += timedelta(minutes=30)
    with pytest.raises(WriteRefused, match="expired"):
        await case.executor().execute(REMEDIATION, action.id)
    assert case.restarts() == 0


async def test_who_is_cancelled_while_its_call_is_under_way_keeps_others_away(case: Case) -> None:
    action = await case.prepare()
    asked, answered, done = threading.Event(), threading.Event(), threading.Event()

    def wait(**_: Any) -> None:
        asked.set()
        answered.wait(10)

    writes = _HookedWrites(case.bench.writes, wait, lambda **_: done.set())
    first = asyncio.create_task(Executor(case.deps, writes).execute(REMEDIATION, action.id))
    await asyncio.to_thread(asked.wait, 10)
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    with pytest.raises(RetryLater, match="right now"):
        await case.executor().execute(REMEDIATION, action.id)
    answered.set()
    await asyncio.to_thread(done.wait, 10)
    case.clock.now += timedelta(seconds=90)
    step = await case.executor().execute(REMEDIATION, action.id)
    assert (step.status, case.restarts()) == (StepStatus.executed, 1)


LIVES = [(number, after) for number in range(1, 13) for after in (False, True)]


async def test_as_many_lives_as_there_are_writes_are_tried(case: Case) -> None:
    action, life = await case.prepare(), Mortal()
    await case.executor(life).execute(REMEDIATION, action.id)
    assert len(LIVES) >= 2 * life.done, life.names


@pytest.mark.slow
@pytest.mark.parametrize(("number", "after"), LIVES)
async def test_killed_anywhere_it_is_done_exactly_once(case: Case, number: int, after: bool) -> None:
    """Three restarts, each a lease later; the first dies at one of its writes, before or after it."""
    action = await case.prepare()
    with suppress(Killed):
        await case.executor(Mortal(number, after)).execute(REMEDIATION, action.id)
    for _ in range(3):
        case.clock.now += timedelta(seconds=90)
        step = await case.executor().execute(REMEDIATION, action.id)
    assert step.status is StepStatus.executed
    assert case.restarts() == 1
