"""Alertmanager, Datadog and PagerDuty hear over real HTTP what people did with their alerts."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from agent.errors import SettingsError
from agent.settings import Settings
from tests.outside import Seen, reply, served
from tests.tools.origins.systems import AlertmanagerApi, DatadogApi, alert
from tests.tools.tickets.systems import SECRET, PagerDutyAccount
from tools.origins import alert_origins

UNTIL = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
WHO = ("Maya Chen", "checkout errors")


def _alertmanager(url: str) -> Settings:
    return Settings(close_at_source=("alertmanager",), alertmanager_url=url, alertmanager_token=SECRET)


async def test_a_snooze_is_a_silence_of_exactly_that_alert_until_then() -> None:
    system = AlertmanagerApi()
    async with served(system) as wire:
        (origin,) = alert_origins(_alertmanager(wire.url))
        one = alert("alertmanager", external_id="abc123", labels={"alertname": "X", "summary": "an annotation"})
        assert await origin.silence(one, UNTIL, *WHO)
        assert await origin.silence(one, UNTIL + timedelta(hours=1), *WHO)

    (silence,) = system.silences.values()
    equal = {"isRegex": False, "isEqual": True}
    assert silence["matchers"] == [
        {"name": "alertname", "value": "HighErrorRate", **equal},
        {"name": "job", "value": "checkout", **equal},
    ]
    assert datetime.fromisoformat(silence["endsAt"]) == UNTIL + timedelta(hours=1)
    assert silence["createdBy"] == "Maya Chen by Watchkeeper"
    assert silence["comment"] == "checkout errors (Watchkeeper f1)"


async def test_a_silence_is_lifted_once_and_only_if_it_is_ours() -> None:
    system = AlertmanagerApi()
    async with served(system) as wire:
        (origin,) = alert_origins(_alertmanager(wire.url))
        one = alert("alertmanager", external_id="abc123")
        assert not await origin.lift(one)
        await origin.silence(one, UNTIL, *WHO)
        assert await origin.lift(one)
        assert not await origin.lift(one)
    assert [silence["status"]["state"] for silence in system.silences.values()] == ["expired"]


async def test_an_alert_that_alertmanager_does_not_know_is_left_alone() -> None:
    system = AlertmanagerApi()
    async with served(system) as wire:
        (origin,) = alert_origins(_alertmanager(wire.url))
        for identity in ("", "other"):
            assert not await origin.silence(alert("alertmanager", external_id=identity), UNTIL, *WHO)
        assert not await origin.resolve(alert("alertmanager", external_id="abc123"), *WHO)
        assert await origin.check() == f"Alertmanager 0.28.1 at {wire.url}"
    assert system.silences == {}


async def test_basic_authentication_is_possible() -> None:
    async def system(seen: Seen) -> web.Response:
        known = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
        return reply({"versionInfo": {}}, 200 if seen.headers.get("Authorization") == known else 401)

    async with served(system) as wire:
        settings = Settings(
            close_at_source=("alertmanager",), alertmanager_url=wire.url, alertmanager_token=f"me:{SECRET}"
        )
        assert wire.url in await alert_origins(settings)[0].check()


def _datadog(url: str, key: str = SECRET) -> Settings:
    return Settings(close_at_source=("datadog",), datadog_url=url, datadog_api_key=key, datadog_app_key=SECRET)


async def test_the_group_of_a_monitor_that_fired_is_muted_heard_again_and_resolved() -> None:
    system = DatadogApi({"env:prod,host:web-1": {}, "env:prod,host:web-2": {}})
    async with served(system) as wire:
        (origin,) = alert_origins(_datadog(wire.url))
        one = alert("datadog", external_id="7", labels={"host": "web-1", "env": "prod", "team": "shop"})
        assert await origin.silence(one, UNTIL, *WHO)
        assert system.muted == {"env:prod,host:web-1": str(int(UNTIL.timestamp()))}
        assert await origin.lift(one)
        assert system.muted == {}
        assert await origin.resolve(one, *WHO)
    assert system.resolved == [{"7": "env:prod,host:web-1"}]


async def test_a_monitor_of_one_group_is_meant_as_a_whole() -> None:
    system = DatadogApi({"*": {}})
    async with served(system) as wire:
        (origin,) = alert_origins(_datadog(wire.url))
        assert await origin.silence(alert("datadog", external_id="7"), UNTIL, *WHO)
        assert await origin.resolve(alert("datadog", external_id="7"), *WHO)
    assert list(system.muted) == ["*"]
    assert system.resolved == [{"7": "ALL_GROUPS"}]


async def test_what_datadog_does_not_know_or_means_others_too_is_left_alone() -> None:
    system = DatadogApi({"host:web-2": {}})
    async with served(system) as wire:
        (origin,) = alert_origins(_datadog(wire.url))
        for one in (
            alert("datadog", external_id="8"),
            alert("datadog", external_id="cycle-key"),
            alert("datadog", external_id="7", labels={"host": "web-1"}),
        ):
            assert not await origin.silence(one, UNTIL, *WHO)
            assert not await origin.resolve(one, *WHO)
        with pytest.raises(SettingsError, match=r"Datadog denies access \(403: Forbidden\)"):
            await alert_origins(_datadog(wire.url, "wr" + "ong"))[0].check()
    assert (system.muted, system.resolved) == ({}, [])


async def test_pagerduty_incidents_are_snoozed_and_resolved() -> None:
    system = PagerDutyAccount()
    system.incidents.append({"id": "Q9", "incident_key": "k", "status": "triggered"})
    async with served(system) as wire:
        settings = Settings(
            close_at_source=("pagerduty",),
            pagerduty_api_url=wire.url,
            pagerduty_token=SECRET,
            pagerduty_from="bot@example.com",
        )
        (origin,) = alert_origins(settings)
        one = alert("pagerduty", external_id="Q9")
        assert await origin.silence(one, datetime.now(UTC) + timedelta(hours=2), *WHO)
        assert 7000 < system.incidents[0]["snoozed"] <= 7200
        assert not await origin.lift(one)
        assert await origin.resolve(one, *WHO)
        assert not await origin.resolve(alert("pagerduty", external_id="Q0"), *WHO)
        assert await origin.check() == "incidents can be read"
    assert system.incidents[0]["status"] == "resolved"


@pytest.mark.parametrize("name", ["alertmanager", "datadog", "pagerduty"])
def test_what_is_allowed_without_being_set_is_a_mistake(name: str) -> None:
    with pytest.raises(SettingsError, match=f"names {name}"):
        alert_origins(Settings(close_at_source=(name,)))


def test_nothing_is_told_unless_it_is_allowed() -> None:
    assert alert_origins(Settings(alertmanager_url="http://127.0.0.1:9093")) == ()
    with pytest.raises(SettingsError, match="name some of alertmanager, datadog, pagerduty"):
        Settings.read(close_at_source="zabbix")
