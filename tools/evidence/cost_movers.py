"""Daily spend by service and usage type, and what of it moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import mean
from typing import Any

from agent.anomaly import Shift, level_shift
from agent.baseline import Series
from tools.evidence.base import Look
from tools.evidence.names import cost_names

MAX_PAGES = 20
SMALL_USD_A_DAY = 0.5
Daily = dict[date, float]


@dataclass(frozen=True)
class Bill:
    """Daily spend: `lines` by (service, usage type), days from `start` up to and without `end`, which is tomorrow."""

    lines: dict[tuple[str, str], Daily]
    start: date
    split: date
    end: date

    @property
    def days(self) -> list[date]:
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days)]

    def total(self, service: str = "") -> Daily:
        total: Daily = defaultdict(float)
        for (name, _), daily in self.lines.items():
            if not service or name == service:
                for day, usd in daily.items():
                    total[day] += usd
        return dict(total)

    @property
    def services(self) -> list[str]:
        """The most expensive first."""
        return sorted({service for service, _ in self.lines}, key=lambda s: -sum(self.total(s).values()))


@dataclass(frozen=True)
class Mover:
    """A service, or one usage type of it, with its spend before and since it moved, in USD a day."""

    service: str
    usage_type: str
    shift: Shift
    previous: float
    current: float
    extra_usd: float
    """What was spent beyond the expected so far; negative for a drop."""
    weight: float
    """0..1: how much this matters within the whole bill."""

    @property
    def strength(self) -> float:
        return round(self.shift.strength * self.weight, 3)

    @property
    def moved(self) -> bool:
        return self.shift.direction != "steady" and self.strength >= 0.15


def read_bill(look: Look, service: str = "") -> Bill:
    """Spend over the window and as many days before it. `service` in anyone's words; all when empty."""
    end = look.window.end.date() + timedelta(days=1)
    split = look.window.start.date()
    start = split - (look.window.end.date() - split)
    chosen = {"Filter": {"Dimensions": {"Key": "SERVICE", "Values": list(cost_names(service))}}} if service else {}
    lines: dict[tuple[str, str], Daily] = defaultdict(dict)
    token: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        reply = look.call(
            "ce",
            "get_cost_and_usage",
            TimePeriod={"Start": start.isoformat(), "End": end.isoformat()},
            Granularity="DAILY",
            Metrics=["UnblendedCost"],
            GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
            **chosen,
            **token,
        )
        for result in reply["ResultsByTime"]:
            _add(lines, result)
        if not reply.get("NextPageToken"):
            break
        token = {"NextPageToken": reply["NextPageToken"]}
    return Bill(dict(lines), start, split, end)


def _add(lines: dict[tuple[str, str], Daily], result: dict[str, Any]) -> None:
    day = date.fromisoformat(result["TimePeriod"]["Start"])
    for group in result["Groups"]:
        service, usage_type = group["Keys"]
        lines[service, usage_type][day] = float(group["Metrics"]["UnblendedCost"]["Amount"])


def movers(bill: Bill) -> list[Mover]:
    """Every service of the bill, the strongest move first."""
    found = [_mover(bill, service, "", bill.total(service)) for service in bill.services]
    return sorted(found, key=lambda m: (-m.strength, -m.current))


def parts(bill: Bill, mover: Mover) -> list[Mover]:
    """The usage types behind a service's move, the largest contribution first."""
    found = [_mover(bill, s, usage, daily) for (s, usage), daily in bill.lines.items() if s == mover.service]
    moved = [part for part in found if part.shift.direction == mover.shift.direction]
    return sorted(moved, key=lambda m: -abs(m.extra_usd))


def _mover(bill: Bill, service: str, usage_type: str, daily: Daily) -> Mover:
    points = _complete(bill, daily)
    start = _midnight(bill.split)
    shift = _settled(points, level_shift(points, start))
    whole = mean(usd for day, usd in bill.total().items() if day < bill.split) if bill.total() else 0.0
    if shift.direction == "steady" or shift.onset is None:
        before = [usd for at, usd in points if at < start]
        since = [usd for at, usd in points if at >= start]
        previous, current = mean(before or [0.0]), mean(since or [0.0])
        return Mover(service, usage_type, shift, previous, current, 0.0, _weight(current - previous, whole))
    inside = [usd for at, usd in points if at >= shift.onset and (shift.until is None or at <= shift.until)]
    extra = sum(usd - shift.baseline for usd in inside)
    return Mover(
        service, usage_type, shift, shift.baseline, shift.level, extra, _weight(shift.level - shift.baseline, whole)
    )


def _complete(bill: Bill, daily: Daily) -> Series:
    """Full days; and today, which is not over, when it has already cost more than yesterday: that cannot be a lag."""
    today = bill.end - timedelta(days=1)
    full = [(_midnight(day), daily.get(day, 0.0)) for day in bill.days if day < today]
    yesterday = daily.get(today - timedelta(days=1), 0.0)
    return [*full, (_midnight(today), daily[today])] if daily.get(today, 0.0) > yesterday else full


def _settled(points: Series, shift: Shift) -> Shift:
    """Cost Explorer lags a day: a drop of the last day alone is not known to be one."""
    if shift.direction == "drop" and shift.onset and shift.onset >= points[-1][0]:
        return Shift("steady", 0.1, shift.baseline, shift.baseline, shift.peak, 1.0)
    return shift


def _weight(difference: float, whole: float) -> float:
    if abs(difference) < SMALL_USD_A_DAY:
        return 0.25
    return min(1.0, 0.5 + 5 * abs(difference) / whole) if whole else 1.0


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def strongest(found: Sequence[Mover], limit: int) -> list[Mover]:
    return [mover for mover in found if mover.moved][:limit]
