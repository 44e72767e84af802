"""Families of streams that no constant of the correlator was chosen on: they only say whether the choice holds."""

from __future__ import annotations

import random

from tests.benchmarks.correlation_streams import SERVICES, SYMPTOMS, Family, Made, Row, between, in_order


def tenants(rng: random.Random) -> list[Row]:
    """Many small systems, of each only a few incidents: nothing can be learned of any of them."""
    alerts: Made = []
    for tenant in range(40):
        t = rng.uniform(0, 86400)
        for number in range(rng.randint(1, 3)):
            hit = rng.sample(SERVICES, rng.randint(1, 4))
            for _ in range(rng.randint(2, 12)):
                alerts.append((t, f"tenant-{tenant}", rng.choice(hit), rng.choice(SYMPTOMS), f"{tenant}-{number}"))
                t += between(rng, 2, 75)
            t += between(rng, 60, 7200)
    return in_order(alerts)


def on_call(rng: random.Random) -> list[Row]:
    """A pager's year: incidents come when they like, also over each other; pauses have a long tail."""
    teams = {team: [f"{team}-{part}" for part in ("api", "worker", "db", "cache")] for team in SERVICES[:8]}
    alerts: Made = []
    start = 0.0
    for number in range(120):
        start += rng.expovariate(1 / 700)
        t, team = start, rng.choice(list(teams))
        for _ in range(max(1, int(rng.lognormvariate(1.6, 0.8)))):
            name = rng.choice(teams[team] if rng.random() < 0.9 else rng.choice(list(teams.values())))
            alerts.append((t, "production", name, f"{rng.choice(SYMPTOMS)} ({rng.randint(1, 99)}%)", f"{number}"))
            t += rng.lognormvariate(2.6, 1.0)
    return in_order(alerts)


def categories(rng: random.Random) -> list[Row]:
    """Kinds of failure of a large machine, each in bouts of its own that do not mind the others."""
    kinds = [f"{a} {b}" for a in ("parity", "network", "storage", "cooling") for b in ("fault", "retry", "lost")]
    alerts: Made = []
    for kind in kinds:
        t = rng.uniform(0, 8000)
        for bout in range(6):
            for _ in range(int(between(rng, 2, 60))):
                alerts.append((t, "cluster", f"rack-{rng.randint(1, 32)}", f"{kind} detected", f"{kind} {bout}"))
                t += rng.expovariate(1 / 6)
            t += between(rng, 600, 8000)
    return in_order(alerts)


def experiments(rng: random.Random) -> list[Row]:
    """Three minutes of a fault, then a rest of one to four; rules evaluated every 15 seconds."""
    alerts: Made = []
    for system in ("hotel", "market"):
        services, t = rng.sample(SERVICES, 9), 0.0
        for number in range(30):
            hit = rng.sample(services, rng.randint(1, 5))
            rules = [(name, rng.choice(SYMPTOMS)) for name in hit for _ in range(rng.randint(1, 3))]
            begun = t
            while t < begun + 180:
                for name, title in rules:
                    if rng.random() < 0.25:
                        alerts.append((t + rng.random(), system, name, title, f"{system}-{number}"))
                t += 15
            t += rng.uniform(60, 240)
    return in_order(alerts)


def flaps(rng: random.Random) -> list[Row]:
    """Incidents that show as one or two alerts again and again, every minute and a half or so."""
    alerts: Made = []
    for system in ("edge", "iot"):
        t = 0.0
        for number in range(25):
            hit = [(rng.choice(SERVICES), rng.choice(SYMPTOMS)) for _ in range(rng.randint(1, 2))]
            pause = between(rng, 20, 110)
            for _ in range(rng.randint(2, 12)):
                alerts.append((t, system, *rng.choice(hit), f"{system}-{number}"))
                t += pause * rng.uniform(0.7, 1.3)
            t += between(rng, 200, 3000)
    return in_order(alerts)


def on_the_hour(rng: random.Random) -> list[Row]:
    """Jobs start on the hour: unrelated ones fail in the same minutes, in one system."""
    alerts: Made = []
    for hour in range(40):
        for job in rng.sample(SERVICES, rng.randint(1, 3)):
            t = hour * 3600 + rng.uniform(0, 120)
            for step in range(rng.randint(2, 9)):
                name = f"{job}-{rng.choice(('extract', 'load'))}"
                alerts.append((t, "batch", name, f"step {step} of {job} failed", f"{job} {hour}"))
                t += rng.expovariate(1 / 18)
    return in_order(alerts)


HELD_OUT: dict[str, Family] = {
    family.__name__: family for family in (tenants, on_call, categories, experiments, flaps, on_the_hour)
}
