"""What tests of changes share: a scenario in the account, and a person who watches what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from deploy.local.account import Scenario, SimulatedAccount, load_scenario
from tests.deploy.local.account.conftest import NOW, Clock


@cache
def scenario(name: str) -> Scenario:
    return load_scenario(name)


class Watcher:
    """Somebody with boto3 in their hands, and a clock that they can put forward."""

    def __init__(self, account: SimulatedAccount, client: Callable[..., Any], clock: Clock) -> None:
        self.account, self.client, self._clock = account, client, clock

    def load(self, name: str) -> None:
        self.account.load(scenario(name), NOW)

    def wait(self, **length: float) -> None:
        self._clock.moment += timedelta(**length)

    @property
    def now(self) -> datetime:
        return self._clock.moment

    def alarm(self, name: str) -> str:
        (found,) = self.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return found["StateValue"]

    def metric(self, namespace: str, name: str, stat: str, minutes: int = 3, **by: str) -> list[float]:
        """One value a minute of the last whole minutes, the latest first."""
        points = self.client("cloudwatch").get_metric_data(
            StartTime=self.now - timedelta(minutes=minutes),
            EndTime=self.now,
            MetricDataQueries=[
                {
                    "Id": "m",
                    "MetricStat": {
                        "Metric": {
                            "Namespace": namespace,
                            "MetricName": name,
                            "Dimensions": [{"Name": key, "Value": value} for key, value in by.items()],
                        },
                        "Period": 60,
                        "Stat": stat,
                    },
                }
            ],
        )["MetricDataResults"][0]
        return points["Values"]

    def logged(self, group: str, pattern: str, minutes: int) -> int:
        """How many lines of the last minutes match."""
        found = self.client("logs").filter_log_events(
            logGroupName=group,
            filterPattern=pattern,
            startTime=int((self.now - timedelta(minutes=minutes)).timestamp() * 1000),
            endTime=int(self.now.timestamp() * 1000),
        )
        return len(found["events"])

    def trail(self, event: str) -> list[dict[str, Any]]:
        by_name = [{"AttributeKey": "EventName", "AttributeValue": event}]
        return self.client("cloudtrail").lookup_events(LookupAttributes=by_name)["Events"]


@pytest.fixture
def watch(account: SimulatedAccount, client: Callable[..., Any], clock: Clock) -> Watcher:
    return Watcher(account, client, clock)
