"""Cost anomalies as Cost Anomaly Detection reports them: which service, by how much, from which usage."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.local.account.costs.bill import BillLine, bill_lines, billed_until
from deploy.local.account.costs.periods import Period, split
from deploy.local.account.schema.costs import AnomalyMonitor, CostAnomaly, RootCause
from deploy.local.account.state import Account, Loaded


@dataclass(frozen=True)
class Detected:
    """An anomaly with the hours that it covers so far."""

    anomaly: CostAnomaly
    loaded: Loaded
    period: Period
    lines: list[BillLine]

    @property
    def monitor_arn(self) -> str:
        return monitor_arn(self.loaded.scenario.account_id, self.anomaly.monitor)

    @property
    def actual(self) -> float:
        given = self.anomaly.actual_usd
        return sum(line.amount(self.period.start, self.period.end) for line in self.lines) if given is None else given

    @property
    def expected(self) -> float:
        given = self.anomaly.expected_usd
        return sum(line.expected(self.period.start, self.period.end) for line in self.lines) if given is None else given

    @property
    def impact(self) -> float:
        return self.actual - self.expected

    def shown(self) -> dict[str, Any]:
        anomaly, expected = self.anomaly, self.expected
        return {
            "AnomalyId": anomaly.id,
            "AnomalyStartDate": self.period.start.strftime("%Y-%m-%dT00:00:00Z"),
            "AnomalyEndDate": self.last_day.strftime("%Y-%m-%dT00:00:00Z"),
            "DimensionValue": anomaly.dimension_value,
            "RootCauses": [self._root_cause(cause) for cause in anomaly.root_causes],
            "AnomalyScore": {"MaxScore": anomaly.score, "CurrentScore": anomaly.score},
            "Impact": {
                "MaxImpact": round(self._worst_day(), 2),
                "TotalImpact": round(self.impact, 2),
                "TotalActualSpend": round(self.actual, 2),
                "TotalExpectedSpend": round(expected, 2),
                "TotalImpactPercentage": round(100 * self.impact / expected, 2) if expected else 0.0,
            },
            "MonitorArn": self.monitor_arn,
            **({"Feedback": anomaly.feedback} if anomaly.feedback else {}),
        }

    @property
    def last_day(self) -> datetime:
        return self.period.end - timedelta(hours=1)

    def _worst_day(self) -> float:
        days = split(Period(_midnight(self.period.start), self.period.end), "DAILY")
        return max(
            sum(line.amount(day.start, day.end) - line.expected(day.start, day.end) for line in self.lines)
            for day in days
        )

    def _root_cause(self, cause: RootCause) -> dict[str, Any]:
        region = cause.region or self.loaded.scenario.region
        account = cause.linked_account or self.loaded.scenario.account_id
        wanted = {"USAGE_TYPE": cause.usage_type, "REGION": region, "LINKED_ACCOUNT": account}
        lines = [line for line in self.lines if wanted.items() <= line.dimensions.items()]
        start, end = self.period.start, self.period.end
        computed = sum(line.amount(start, end) - line.expected(start, end) for line in lines)
        contribution = computed if cause.contribution_usd is None else cause.contribution_usd
        return {
            "Service": cause.service,
            "Region": region,
            "LinkedAccount": account,
            "LinkedAccountName": cause.linked_account_name or "",
            "UsageType": cause.usage_type,
            "Impact": {"Contribution": round(contribution, 2)},
        }


def detected_anomalies(account: Account) -> list[Detected]:
    """Every anomaly that the bill shows by now, the newest first."""
    until, lines = billed_until(account), bill_lines(account)
    found: list[Detected] = []
    for loaded in account.loaded():
        for anomaly in loaded.scenario.cost_anomalies:
            start = loaded.at(anomaly.start).replace(minute=0, second=0, microsecond=0)
            end = until if anomaly.end is None else min(loaded.at(anomaly.end), until)
            if start < end:
                end = end.replace(minute=0, second=0, microsecond=0)
                own = [line for line in lines if line.cost.service == anomaly.dimension_value]
                found.append(Detected(anomaly, loaded, Period(start, max(end, start + timedelta(hours=1))), own))
    return sorted(found, key=lambda each: each.period.start, reverse=True)


def monitors(account: Account) -> list[tuple[str, AnomalyMonitor, Loaded]]:
    """(ARN, monitor, its scenario); a monitor that only an anomaly names watches all services."""
    found: dict[str, tuple[str, AnomalyMonitor, Loaded]] = {}
    for loaded in account.loaded():
        scenario = loaded.scenario
        named = [AnomalyMonitor(name=anomaly.monitor) for anomaly in scenario.cost_anomalies]
        for monitor in (*scenario.anomaly_monitors, *named):
            arn = monitor_arn(scenario.account_id, monitor.name)
            found.setdefault(arn, (arn, monitor, loaded))
    return list(found.values())


def monitor_arn(account_id: str, name: str) -> str:
    return f"arn:aws:ce::{account_id}:anomalymonitor/{uuid.uuid5(uuid.NAMESPACE_URL, f'{account_id}/{name}')}"


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
