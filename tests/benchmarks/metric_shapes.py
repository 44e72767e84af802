"""Made-up series in the shapes of real metrics, with labelled anomalies, for tuning without any public data set.

Each shape draws its sizes, places and noise from a seeded generator. Windows are a tenth of the series over its
anomalies, centred on them up to a fifth. Harmless oddities (lone spikes, repeated jobs) are left unlabelled on purpose,
and so is one in eight of the anomalies, as people who label real series do.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from math import cos, exp, pi

from tests.benchmarks.nab import Labelled

FIVE, HALF_HOUR, HOUR = timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=1)
BEGIN = datetime(2026, 2, 2)  # a Monday
LABELLED = 7 / 8

Values = list[float]
Marks = list[int]
Drawn = tuple[timedelta, Values, Marks]


def generate(seeds: Iterable[int], shapes: dict[str, Callable[[random.Random], Drawn]] | None = None) -> list[Labelled]:
    """Every shape once a seed; the shape's name before the slash is the group."""
    return [
        _labelled(name, seed, draw(random.Random(f"{name} {seed}")))
        for seed in seeds
        for name, draw in (shapes or SHAPES).items()
    ]


def _labelled(name: str, seed: int, drawn: Drawn) -> Labelled:
    step, values, marks = drawn
    rng = random.Random(f"{name} {seed} windows")
    if len(marks) > 1:
        marks = [mark for mark in marks if rng.random() < LABELLED] or marks[-1:]
    width = int(0.1 * len(values) / max(len(marks), 1))
    windows: list[tuple[int, int]] = []
    for mark in sorted(marks):
        first = mark - int(width * rng.uniform(0.3, 0.7))
        first = max(first, windows[-1][1] + 1 if windows else 0)
        windows.append((first, min(max(first + width - 1, mark), len(values) - 1)))
    times = [BEGIN + step * index for index in range(len(values))]
    return Labelled(name.split("/")[0], f"{name}-{seed}", times, values, windows)


def places(rng: random.Random, length: int, count: int) -> Marks:
    """`count` places after probation, at least a tenth of the length over `count` apart."""
    while True:
        found = sorted(rng.randrange(int(0.2 * length), int(0.95 * length)) for _ in range(count))
        if all(later - earlier > 0.12 * length / count for earlier, later in pairwise(found)):
            return found


def daily(index: int, step: timedelta, sharp: float = 1.0) -> float:
    """0..1 over a day, lowest at 04:00."""
    hours = index * step / HOUR % 24
    return ((1 - cos((hours - 4) / 24 * 2 * pi)) / 2) ** sharp


def weekend(index: int, step: timedelta) -> bool:
    return (BEGIN + step * index).weekday() >= 5


def lone_spikes(rng: random.Random, values: Values, height: Callable[[], float], each: float = 0.0015) -> None:
    for index in range(len(values)):
        if rng.random() < each:
            values[index] += height()


def ec2_cpu_spikes(rng: random.Random) -> Drawn:
    """Nearly idle, in steps of the agent's rounding, with small jobs now and then; anomalies are far higher spikes."""
    base = rng.uniform(0.05, 3)
    values = [base * rng.choice((1, 1, 1, 1, 0.5, 1.02, 1.03)) for _ in range(4032)]
    lone_spikes(rng, values, lambda: base * rng.uniform(0.3, 2), 0.003)
    marks = places(rng, 4032, rng.choice((1, 2, 2)))
    for mark in marks:
        for index in range(mark, min(mark + rng.randint(1, 4), 4032)):
            values[index] = base * rng.uniform(4, 18)
    return FIVE, values, marks


def ec2_cpu_levels(rng: random.Random) -> Drawn:
    """A busy server whose level goes up or down for good, or for some hours."""
    level, noise = rng.uniform(20, 60), rng.uniform(0.02, 0.08)
    marks = places(rng, 4032, rng.choice((1, 2)))
    values, factor, until = [], 1.0, 4032
    for index in range(4032):
        if index in marks:
            factor = rng.choice((0.4, 0.7, 1.35, 1.6))
            until = index + rng.choice((20, 150, 4032))
        if index >= until:
            factor = 1.0
        values.append(min(level * factor * (1 + rng.gauss(0, noise)), 100.0))
    lone_spikes(rng, values, lambda: level * rng.uniform(0.1, 0.3), 0.002)
    return FIVE, values, marks


def rds_cpu(rng: random.Random) -> Drawn:
    """A database with hourly jobs; anomalies are a step upwards and a saturating query."""
    base = rng.uniform(5, 15)
    first, second = places(rng, 4032, 2)
    values = []
    for index in range(4032):
        level = base * (1.0 if index < first else rng.choice((1.5,)))
        job = base * 0.35 if index % 12 == 3 else 0.0
        burst = base * rng.uniform(1, 3) if second <= index < second + 8 else 0.0
        values.append(level + job + burst + rng.gauss(0, base * 0.04))
    return FIVE, values, [first, second]


def network_in(rng: random.Random) -> Drawn:
    """Bytes in bursts over three decades; anomalies are bursts above all before, and long ones."""
    values = [rng.lognormvariate(11, 0.3) for _ in range(4032)]
    for index in range(4032):
        if index % 288 in (10, 11) or rng.random() < 0.01:
            values[index] = rng.lognormvariate(14.2, 0.5)
    marks = places(rng, 4032, rng.choice((1, 2)))
    for mark in marks:
        long = rng.random() < 0.5
        for index in range(mark, min(mark + (40 if long else 3), 4032)):
            values[index] = rng.lognormvariate(14.2 if long else 16.5, 0.3)
    return FIVE, values, marks


def disk_writes(rng: random.Random) -> Drawn:
    """Zero most of the time, with nightly backups; anomalies are writes at other times or far larger."""
    values = [0.0 if rng.random() < 0.9 else rng.expovariate(1 / 5e5) for _ in range(4730)]
    for index in range(4730):
        if index % 288 in (36, 37, 38):
            values[index] = rng.uniform(4e7, 6e7)
    marks = places(rng, 4730, rng.choice((1, 3)))
    for mark in marks:
        size, long = rng.choice(((1e8, 6), (3e8, 2), (5e7, 30)))
        for index in range(mark, min(mark + long, 4730)):
            values[index] = size * rng.uniform(0.8, 1.2)
    return FIVE, values, marks


def elb_requests(rng: random.Random) -> Drawn:
    """Counts with a day's season; anomalies are a flood and a lull at noon."""
    mean = rng.uniform(40, 120)
    values = [float(int(max(rng.expovariate(1 / (mean * (0.3 + daily(i, FIVE)))), 0))) for i in range(4032)]
    marks = places(rng, 4032, 2)
    for mark, factor in zip(marks, (rng.uniform(3, 6), 0.1), strict=True):
        for index in range(mark, min(mark + 10 + 40 * (factor < 1), 4032)):
            values[index] = float(int(values[index] * factor + (mean * factor if factor > 1 else 0)))
    return FIVE, values, marks


def fleet_size(rng: random.Random) -> Drawn:
    """Instances of an autoscaling group: whole numbers that follow the day; anomalies are none at all and a runaway."""
    values = [float(round(20 + 15 * daily(i, FIVE) + rng.gauss(0, 0.7))) for i in range(4621)]
    marks = places(rng, 4621, rng.choice((1, 2, 3)))
    for mark in marks:
        level = rng.choice((0.0, 2.0, 48.0))
        for index in range(mark, min(mark + rng.randint(12, 200), 4621)):
            values[index] = level + rng.choice((0.0, 0.0, 1.0))
    return FIVE, values, marks


def latency(rng: random.Random) -> Drawn:
    """Request latency around a level with a slow wander; anomalies are peaks and a lasting rise before failure."""
    values, wander = [], 0.0
    marks = places(rng, 4032, 3)
    for index in range(4032):
        wander = 0.98 * wander + rng.gauss(0, 0.3)
        rise = 12.0 if marks[2] <= index < marks[2] + 60 else 0.0
        values.append(45 + wander + rng.gauss(0, 1.2) + rise)
    for mark in marks[:2]:
        values[mark] += rng.choice((-1, 1)) * rng.uniform(12, 40)
    return FIVE, values, marks


def taxi_demand(rng: random.Random) -> Drawn:
    """Demand by day and week; holidays and storms have quiet days, a festival a busy night."""
    days = [rng.gauss(1, 0.03) for _ in range(215)]
    count = 4
    marks = places(rng, 10320, count)
    values = []
    for index in range(10320):
        day = index // 48
        level = 22000 * (0.15 + daily(index, HALF_HOUR, 0.7) * (0.8 if weekend(index, HALF_HOUR) else 1.0)) * days[day]
        values.append(level * (1 + rng.gauss(0, 0.05)))
    for number, mark in enumerate(marks):
        for index in range(mark, min(mark + (6 if number == 0 else 44), 10320)):
            values[index] = values[index] * (0.45 if number else 1.5)
    return HALF_HOUR, [float(int(v)) for v in values], marks


def machine_temperature(rng: random.Random) -> Drawn:
    """A slow random wander with a planned shutdown, a drift and the failure."""
    values, level = [], 85.0
    marks = places(rng, 9000, 3)
    for index in range(9000):
        level += 0.01 * (85 - level) + rng.gauss(0, 0.7)
        drift = -0.12 * (index - marks[1]) if marks[1] <= index < marks[1] + 200 else 0.0
        down = -60 * exp(-(index - marks[0]) / 60) if marks[0] <= index < marks[0] + 200 else 0.0
        failed = -50.0 if marks[2] <= index < marks[2] + 120 else 0.0
        values.append(level + drift + down + failed + rng.gauss(0, 0.4))
    return FIVE, values, marks


def ambient_temperature(rng: random.Random) -> Drawn:
    """Hourly room temperature: a season, a wander, and hours far outside; gaps in time."""
    values, wander = [], 0.0
    marks = places(rng, 7267, 2)
    for index in range(7267):
        wander = 0.99 * wander + rng.gauss(0, 0.25)
        values.append(70 + 2 * daily(index, HOUR) + wander + rng.gauss(0, 0.8) + 3 * cos(index / 7267 * 2 * pi))
    for mark, change in zip(marks, (-9.0, 8.0), strict=True):
        for index in range(mark, min(mark + 30, 7267)):
            values[index] += change
    return HOUR, values, marks


def misconfigured_cpu(rng: random.Random) -> Drawn:
    """A month of a fleet's CPU with a daily season; a wrong setting lets it run hot for days."""
    mark = places(rng, 9000, 1)[0]
    values = []
    for index in range(9000):
        hot = 25 if mark <= index < mark + 1200 else 0
        values.append(max(30 + 20 * daily(index, FIVE) + hot + rng.gauss(0, 4), 0.0))
    return FIVE, values, [mark]


def exchange_cost(rng: random.Random) -> Drawn:
    """Cost per click by the hour: noise with lone spikes, of which only the great or the repeated are anomalies."""
    values = [rng.lognormvariate(-2.3, 0.3) * (0.8 + 0.4 * daily(i, HOUR)) for i in range(1630)]
    lone_spikes(rng, values, lambda: rng.uniform(0.1, 0.25), 0.006)
    marks = places(rng, 1630, rng.choice((1, 2, 3)))
    for mark in marks:
        for index in range(mark, min(mark + rng.choice((1, 2, 8)), 1630)):
            values[index] += rng.uniform(0.3, 0.9)
    return HOUR, values, marks


def tweets(rng: random.Random) -> Drawn:
    """Mentions of a company: heavy-tailed counts by the day; news makes them jump and decay."""
    mean = rng.choice((4, 15, 60))
    values = [mean * (0.4 + 1.2 * daily(i, FIVE)) * rng.lognormvariate(-0.15, 0.55) for i in range(15842)]
    lone_spikes(rng, values, lambda: mean * rng.paretovariate(1.6), 0.002)
    marks = places(rng, 15842, rng.choice((2, 3, 4)))
    for mark in marks:
        height, decay = mean * rng.uniform(8, 50), rng.uniform(3, 40)
        for index in range(mark, min(mark + 200, 15842)):
            values[index] += height * exp(-(index - mark) / decay) * rng.uniform(0.6, 1.2)
    return FIVE, [float(int(v)) for v in values], marks


def road_speed(rng: random.Random) -> Drawn:
    """Speeds on a road, with rush hours; an accident slows it at an odd hour. Some points are missing."""
    values = []
    marks = places(rng, 2500, rng.choice((1, 2)))
    for index in range(2500):
        rush = 18 if index % 144 in range(48, 58) else 0
        values.append(72 - rush + rng.gauss(0, 3.5))
    for mark in marks:
        for index in range(mark, min(mark + rng.randint(3, 14), 2500)):
            values[index] = rng.uniform(15, 38)
    return timedelta(minutes=10), [float(round(v)) for v in values], marks


def travel_time(rng: random.Random) -> Drawn:
    """Seconds on a route: skewed, with jams every day; anomalies last longer or reach far higher."""
    values = [60 + 40 * daily(i, HALF_HOUR, 3) + rng.expovariate(1 / 25) for i in range(2400)]
    lone_spikes(rng, values, lambda: rng.uniform(80, 300), 0.006)
    marks = places(rng, 2400, rng.choice((1, 3)))
    for mark in marks:
        for index in range(mark, min(mark + rng.randint(4, 16), 2400)):
            values[index] += rng.uniform(250, 900)
    return HALF_HOUR, values, marks


def occupancy(rng: random.Random) -> Drawn:
    """Road occupancy in percent: by the day, skewed; anomalies are jams."""
    values = [4 + 7 * daily(i, HALF_HOUR) + rng.expovariate(1 / 2.0) for i in range(2400)]
    lone_spikes(rng, values, lambda: rng.uniform(5, 15), 0.003)
    marks = places(rng, 2400, rng.choice((1, 2)))
    for mark in marks:
        for index in range(mark, min(mark + rng.randint(2, 10), 2400)):
            values[index] += rng.uniform(15, 35)
    return HALF_HOUR, values, marks


def keystrokes(rng: random.Random) -> Drawn:
    """Timing of keys held by a typist, replaced for a while by somebody else; quiet nights, heavy tails."""
    values = [rng.lognormvariate(-2.6, 0.25) for _ in range(1882)]
    lone_spikes(rng, values, lambda: rng.uniform(0.1, 0.6), 0.004)
    marks = places(rng, 1882, 2)
    for mark in marks:
        for index in range(mark, min(mark + 40, 1882)):
            values[index] = rng.lognormvariate(-2.0, 0.6)
    return FIVE, values, marks


def _bump(index: int) -> float:
    """The artificial day: 20 at night, 80 between nine and six."""
    return 80.0 if 108 <= index % 288 < 216 else 20.0


def _artificial(change: Callable[[float, random.Random], float], long: int, noise: float) -> Callable[..., Drawn]:
    """Days with a bump; from the mark on, for `long` points, `change` is applied."""

    def draw(rng: random.Random) -> Drawn:
        values = [_bump(index) + rng.uniform(0, noise) for index in range(4032)]
        mark = 288 * rng.randint(5, 12) + 120
        for index in range(mark, mark + long):
            values[index] = change(values[index], rng)
        return FIVE, values, [mark]

    return draw


def _quiet(level: Callable[[int, random.Random], float]) -> Callable[[random.Random], Drawn]:
    """Without any anomaly."""
    return lambda rng: (FIVE, [level(index, rng) for index in range(4032)], [])


TUNED_ON: dict[str, Callable[[random.Random], Drawn]] = {
    "aws/ec2_cpu_levels": ec2_cpu_levels,
    "aws/network_in": network_in,
    "aws/fleet_size": fleet_size,
    "known/taxi_demand": taxi_demand,
    "known/latency": latency,
    "known/keystrokes": keystrokes,
    "exchange/exchange_cost": exchange_cost,
    "tweets/tweets": tweets,
    "traffic/road_speed": road_speed,
    "artificial/jumps_up": _artificial(lambda value, rng: value * 2, 90, 8),
    "artificial/flat_middle": _artificial(lambda value, rng: 20.0 + rng.uniform(0, 4), 96, 4),
    "quiet/noisy_day": _quiet(lambda index, rng: _bump(index) + rng.uniform(0, 16)),
    "quiet/flat": _quiet(lambda index, rng: 45.0),
    "quiet/heavy_tails": _quiet(lambda index, rng: rng.paretovariate(2.5)),
}
HELD_OUT: dict[str, Callable[[random.Random], Drawn]] = {
    "aws/ec2_cpu_spikes": ec2_cpu_spikes,
    "aws/rds_cpu": rds_cpu,
    "aws/disk_writes": disk_writes,
    "aws/elb_requests": elb_requests,
    "known/machine_temperature": machine_temperature,
    "known/ambient_temperature": ambient_temperature,
    "known/misconfigured_cpu": misconfigured_cpu,
    "traffic/travel_time": travel_time,
    "traffic/occupancy": occupancy,
    "artificial/jumps_down": _artificial(lambda value, rng: value * 0.3, 90, 8),
    "artificial/increased_noise": _artificial(lambda value, rng: value + rng.gauss(0, 15), 288, 4),
    "artificial/missing_bump": _artificial(lambda value, rng: 20.0 + rng.uniform(0, 8), 96, 8),
    "quiet/daily": _quiet(lambda index, rng: 50 + 30 * daily(index, FIVE) + rng.gauss(0, 2)),
    "quiet/square_wave": _quiet(lambda index, rng: 80.0 if index // 144 % 2 else -20.0),
    "quiet/drift": _quiet(lambda index, rng: 50 + index / 200 + rng.gauss(0, 3)),
}
SHAPES = TUNED_ON | HELD_OUT
