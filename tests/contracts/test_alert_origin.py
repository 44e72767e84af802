"""What every monitoring tool does that is told what became of its alert, whatever its API calls it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.errors import RetryLater, WatchkeeperError
from agent.models import Alert
from agent.ports import AlertOrigin
from agent.settings import Settings
from tests.outside import Outside, served
from tests.tools.origins.systems import AlertmanagerApi, DatadogApi, alert
from tests.tools.tickets.systems import SECRET, PagerDutyAccount
from tools.origins import KNOWN, alert_origins

SECOND = timedelta(seconds=1)
UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
WHO = ("Maya Chen", "checkout errors")


@dataclass(frozen=True)
class Contender:
    """How to reach a tool, which of its alerts it knows, and how to look into it from its own side."""

    serve: Callable[[], Any]
    settings: Callable[[str, str], dict[str, Any]]
    known: str
    """The alert's id there."""
    silenced: Callable[[Any], list[datetime]]
    """When each silence ends that is in force."""
    resolved: Callable[[Any], bool] | None
    """None where only the tool itself says what is over."""
    lifts: bool = True
    """Whether a silence can be ended before its time."""


def _pager_duty() -> PagerDutyAccount:
    account = PagerDutyAccount()
    account.incidents.append({"id": "Q9", "incident_key": "k", "status": "triggered"})
    return account


def _snoozed(account: PagerDutyAccount) -> list[datetime]:
    seconds = [incident["snoozed"] for incident in account.incidents if "snoozed" in incident]
    return [datetime.now(UTC) + timedelta(seconds=each) for each in seconds]


CONTENDERS = {
    "alertmanager": Contender(
        AlertmanagerApi,
        lambda url, secret: {"alertmanager_url": url, "alertmanager_token": secret},
        "abc123",
        lambda api: [
            datetime.fromisoformat(silence["endsAt"])
            for silence in api.silences.values()
            if silence["status"]["state"] == "active"
        ],
        None,
    ),
    "datadog": Contender(
        lambda: DatadogApi({"host:web-1": {}, "host:web-2": {}}),
        lambda url, secret: {"datadog_url": url, "datadog_api_key": secret, "datadog_app_key": secret},
        "7",
        lambda api: [datetime.fromtimestamp(int(end), UTC) for end in api.muted.values()],
        lambda api: bool(api.resolved) and all(each == {"7": "host:web-1"} for each in api.resolved),
    ),
    "pagerduty": Contender(
        _pager_duty,
        lambda url, secret: {
            "pagerduty_api_url": url,
            "pagerduty_token": secret,
            "pagerduty_from": "bot@example.com",
        },
        "Q9",
        _snoozed,
        lambda account: account.incidents[0]["status"] == "resolved",
        lifts=False,
    ),
}


@dataclass
class There:
    name: str
    contender: Contender
    inside: Any
    wire: Outside

    def origin(self, secret: str = SECRET) -> AlertOrigin:
        settings = self.contender.settings(self.wire.url, secret)
        (origin,) = alert_origins(Settings(close_at_source=(self.name,), **settings))
        return origin

    @property
    def alert(self) -> Alert:
        return self.an_alert(self.contender.known)

    def an_alert(self, identity: str) -> Alert:
        return alert(self.name, external_id=identity, labels={"host": "web-1"})

    @property
    def silenced(self) -> list[datetime]:
        return self.contender.silenced(self.inside)

    @property
    def is_resolved(self) -> bool:
        return self.contender.resolved is not None and self.contender.resolved(self.inside)


@pytest.fixture(params=CONTENDERS)
async def there(request: pytest.FixtureRequest) -> AsyncGenerator[There]:
    contender = CONTENDERS[request.param]
    inside = contender.serve()
    async with served(inside) as wire:
        yield There(request.param, contender, inside, wire)


def test_every_origin_is_held_to_this() -> None:
    assert CONTENDERS.keys() == KNOWN.keys()


async def test_it_is_asked_of_alerts_that_came_from_there(there: There) -> None:
    assert there.origin().source == there.name


async def test_what_people_snooze_is_silent_until_then(there: There) -> None:
    assert await there.origin().silence(there.alert, UNTIL, *WHO)
    (end,) = there.silenced
    assert abs(end - UNTIL) <= SECOND
    assert not there.is_resolved


async def test_a_snooze_that_is_asked_for_again_is_one_silence_that_ends_when_it_was_said_last(there: There) -> None:
    for until in (UNTIL, UNTIL, UNTIL + timedelta(hours=1)):
        assert await there.origin().silence(there.alert, until, *WHO)
    (end,) = there.silenced
    assert abs(end - UNTIL - timedelta(hours=1)) <= SECOND


async def test_a_silence_is_lifted_where_that_can_be(there: There) -> None:
    await there.origin().silence(there.alert, UNTIL, *WHO)
    assert await there.origin().lift(there.alert) is there.contender.lifts
    assert bool(there.silenced) is not there.contender.lifts


async def test_it_is_resolved_where_anybody_may_say_so_and_twice_is_no_error(there: There) -> None:
    for _ in range(2):
        assert await there.origin().resolve(there.alert, *WHO) is (there.contender.resolved is not None)
    assert there.is_resolved is (there.contender.resolved is not None)


@pytest.mark.parametrize("identity", ["", "8"])
async def test_an_alert_that_is_not_known_there_is_left_alone(there: There, identity: str) -> None:
    origin, unknown = there.origin(), there.an_alert(identity)
    told = [await origin.silence(unknown, UNTIL, *WHO), await origin.lift(unknown), await origin.resolve(unknown, *WHO)]
    assert told == [False, False, False]
    assert (there.silenced, there.is_resolved) == ([], False)


async def test_looking_whether_it_works_changes_nothing(there: There) -> None:
    assert await there.origin().check()
    assert {seen.method for seen in there.wire.seen} == {"GET"}


async def test_no_secret_leaves_with_the_reason(there: There) -> None:
    secret = "AKIA" + "Q3EGRJQ7XTBNPX2V"
    await there.origin().silence(there.alert, UNTIL, "Maya Chen", f"the key {secret} was used")
    await there.origin().resolve(there.alert, "Maya Chen", f"the key {secret} was used")
    assert secret not in str([(seen.query, seen.body) for seen in there.wire.seen])


async def test_being_told_to_slow_down_means_to_come_back_later(there: There) -> None:
    there.wire.plan(429, headers={"Retry-After": "30"}, times=5)
    with pytest.raises(RetryLater) as later:
        await there.origin().silence(there.alert, UNTIL, *WHO)
    assert later.value.seconds >= 30


async def test_a_short_trouble_is_tried_again_at_once(there: There) -> None:
    there.wire.plan(503)
    assert await there.origin().silence(there.alert, UNTIL, *WHO)
    assert len(there.silenced) == 1


async def test_a_wrong_secret_is_said_in_a_sentence_that_does_not_repeat_it(there: There) -> None:
    wrong = SECRET[::-1]
    for asked in (there.origin(wrong).silence(there.alert, UNTIL, *WHO), there.origin(wrong).check()):
        with pytest.raises(WatchkeeperError) as refused:
            await asked
        assert "\n" not in str(refused.value)
        assert wrong not in str(refused.value)
    assert there.silenced == []
