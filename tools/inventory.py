"""What there is to speak about: the names in an account, read side by side within seconds, and its last deployment.

inventory = await read_inventory(deps)
choose("the payments lambda", inventory.items)      # agent.naming
await last_deployment(deps, "payments-api", now)    # (when, "Version 42 of payments-api was rolled out …") or None
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from agent.changes import Change
from agent.models import TimeRange
from agent.naming import InventoryItem
from agent.ports import AwsSession, Deps
from agent.times import clock_time
from tools.evidence import deadline
from tools.evidence.airflow import api as airflow
from tools.evidence.failures import EXPECTED, explain
from tools.evidence.infra import inventory as listings
from tools.evidence.infra import rollouts
from tools.evidence.infra.state import has_failed
from tools.evidence.infra.trail import Trail, calls_on
from tools.evidence.look import Look
from tools.evidence.names import bare_name, matches, service_of_arn
from tools.evidence.partial import gather
from tools.evidence.threads import in_thread

log = logging.getLogger(__name__)

T = TypeVar("T")
SECONDS = 4.0
"""Names are a help, not the answer: nobody waits longer for them."""
GRACE_SECONDS = 0.5
LOOK_BACK = timedelta(days=30)
"""How far back a last deployment is looked for; CloudTrail itself keeps 90 days."""
MAX_DAGS = 500
"""Of one environment."""
ROLLOUT_CALLS = frozenset(
    {"UpdateFunctionCode", "UpdateService", "CreateDeployment", "PublishVersion", "UpdateAlias", "UpdateStateMachine"}
)
"""Write calls that put other code into production."""


@dataclass(frozen=True)
class Inventory:
    """The resources of one account and region. `unread`: what could not be listed, and why."""

    items: tuple[InventoryItem, ...] = ()
    unread: tuple[str, ...] = ()


async def read_inventory(deps: Deps, account: str = "", region: str = "") -> Inventory:
    """All resources that have names, kept for `evidence_cache_seconds`; what was read after 4 s at the latest.

    Raises nothing: an account that cannot be read is an empty inventory which says so.
    """
    timed_out = Inventory(unread=("the inventory (no answer in time)",))
    return await _within(partial(_inventory, deps, account, region), timed_out, lambda why: Inventory(unread=(why,)))


async def last_deployment(
    deps: Deps, resource: str, before: datetime, account: str = "", region: str = ""
) -> tuple[datetime, str] | None:
    """When a resource (or anything, when empty) was last deployed before a time, and a sentence that says what.

    `resource`: a name or ARN. None when nothing was found in 30 days, or could be read in 4 s.
    """
    work = partial(_last_deployment, deps, resource, before, (account, region))
    return await _within(work, None, lambda _: None)


async def _within(work: Callable[[], T], late: T, failed: Callable[[str], T]) -> T:
    """What `work` gives, in a thread with a deadline; something else when it is late or fails."""

    def run() -> T:
        try:
            with deadline.within(SECONDS):
                return work()
        except Exception as error:
            if not isinstance(error, EXPECTED):
                log.warning("reading names failed", exc_info=True)
            return failed(f"the inventory ({explain(error)})")

    try:
        async with asyncio.timeout(SECONDS + GRACE_SECONDS):
            return await in_thread(run)
    except TimeoutError:
        return late


def _look(deps: Deps, aws: AwsSession, window: TimeRange) -> Look:
    return Look(aws, deps.clock(), window, deps.settings, deps.cache, deps.budget)


def _inventory(deps: Deps, account: str, region: str) -> Inventory:
    aws, now = deps.aws.at(account, region), deps.clock()
    look = _look(deps, aws, TimeRange(start=now - timedelta(hours=1), end=now))

    def load() -> Inventory:
        listers = {**listings.LISTERS, "DAGs": _dags}
        read = gather({kind: partial(lister, look) for kind, lister in listers.items()})
        items = (_named(item, look) for found in read.results.values() for item in found)
        return Inventory(tuple(items), tuple(read.failures))

    def in_time(inventory: Inventory) -> bool:
        return bool(inventory.items) and deadline.seconds_left() > 0

    key = f"inventory|{aws.label}|{aws.region}"
    return deps.cache.fetch(key, deps.settings.evidence_cache_seconds, load, keep=in_time)


def _dags(look: Look) -> list[listings.Item]:
    """The DAGs of all environments: people speak of them as of other resources."""
    return [
        listings.Item("mwaa", "dag", str(dag["dag_id"]), parent=each.environment)
        for each in airflow.environments(look)
        for dag in each.items("/dags", "dags", MAX_DAGS)
    ]


def _named(item: listings.Item, look: Look) -> InventoryItem:
    arn = item.handle if item.handle.startswith("arn:") else ""
    return InventoryItem(
        name=item.name,
        service=item.service,
        type=item.type,
        region=look.aws.region,
        account=arn.split(":")[4] if arn else "",  # asking for the account's id would be another call
        arn=arn,
        tags=item.tags | ({"environment": item.parent} if item.type == "dag" else {}),
    )


def _last_deployment(
    deps: Deps, resource: str, before: datetime, place: tuple[str, str]
) -> tuple[datetime, str] | None:
    start = before - LOOK_BACK
    look = _look(deps, deps.aws.at(*place), TimeRange(start=start, end=before))
    name = bare_name(resource)
    wanted = rollouts.Wanted(name, service_of_arn(resource), start, before)
    reads: dict[str, Callable[[], Trail]] = dict(rollouts.readers(look, wanted))
    if name:
        reads["calls on the resource"] = partial(calls_on, look, start, before, name)
    changes = [change for trail in gather(reads).results.values() for change in trail.changes]
    found = [change for change in changes if _is_rollout(change, name) and start <= change.at <= before]
    if not found:
        return None
    last = max(found, key=lambda change: change.at)
    return last.at, _said(last, look.now)


def _is_rollout(change: Change, name: str) -> bool:
    if not change.deployment and (change.event not in ROLLOUT_CALLS or change.error):
        return False
    return not name or any(matches(touched, name) for touched in change.resources)


def _said(change: Change, now: datetime) -> str:
    what = change.resources[0] if change.resources else change.service
    version = f"Version {change.version}" if change.version.isdigit() else change.version
    when = clock_time(change.at, now)
    if not change.deployment:
        by = f" by {change.principal}" if change.principal else ""
        return f"{what} was deployed{by} at {when} ({change.event})."
    failed = ", and failed" if has_failed(change) else ""
    return f"{version or 'A new version'} was rolled out to {what} at {when}{failed}."
