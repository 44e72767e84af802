"""Made-up streams of alerts with the incident that each belongs to, after what real systems do.

Each family is one way in which incidents show themselves. Rows are `{"t", "system", "service", "title", "incident"}`,
in the order of time. Nothing here is drawn from the correlator's own constants.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Row = dict[str, Any]
Family = Callable[[random.Random], list[Row]]
Made = list[tuple[float, str, str, str, str]]
"""Alerts in any order: time, system, service, title, incident."""

SERVICES = (
    *("frontend", "cart", "checkout", "payment", "shipping", "catalogue", "recommendation", "email", "currency"),
    *("search", "ads", "orders", "users", "auth", "inventory", "pricing", "ledger", "billing", "gateway", "sessions"),
    *("notifications", "reviews", "ratings", "profile", "geo", "rate", "reserve", "media", "timeline", "composer"),
)
SYMPTOMS = (
    "p99 latency above objective",
    "5xx error rate above 5%",
    "CPU utilisation above 90%",
    "memory working set close to limit",
    "pod restarted unexpectedly",
    "request queue is growing",
    "connection pool exhausted",
    "timeouts towards upstream",
    "throughput dropped",
    "health check failing",
)
FAULTS = ("cpu hog", "memory leak", "disk full", "network delay", "packet loss", "socket leak", "bad deployment")


def in_order(alerts: Made) -> list[Row]:
    names = ("t", "system", "service", "title", "incident")
    return [dict(zip(names, alert, strict=True)) for alert in sorted(alerts, key=lambda alert: alert[0])]


def _graph(rng: random.Random, services: Sequence[str]) -> dict[str, list[str]]:
    """Who calls whom: each service but the first has one or two callers among those before it."""
    return {name: rng.sample(services[:i], min(i, rng.choice((1, 1, 2)))) for i, name in enumerate(services)}


def between(rng: random.Random, low: float, high: float) -> float:
    """Log-uniform: pauses of all magnitudes are as likely."""
    return low * (high / low) ** rng.random()


def cascades(rng: random.Random) -> list[Row]:
    """A fault of one service spreads to its callers; between faults the system is quiet for minutes."""
    alerts: Made = []
    for system in ("shop", "booking", "social"):
        services = rng.sample(SERVICES, 12)
        callers = _graph(rng, services)
        t = rng.uniform(0, 600)
        for number in range(14):
            t = _cascade(rng, alerts, system, callers, t, f"{system}-{number}", spread=(2, 70))
            t += between(rng, 45, 1500)
    return in_order(alerts)


def _cascade(
    rng: random.Random,
    alerts: Made,
    system: str,
    callers: dict[str, list[str]],
    start: float,
    incident: str,
    spread: tuple[float, float],
    root: str = "",
) -> float:
    """Appends one fault's alerts; gives the time of the last."""
    root = root or rng.choice(list(callers))
    hit, waiting = {root: start}, [root]
    while waiting and len(hit) < 7:
        name = waiting.pop(0)
        for caller in callers[name]:
            if caller not in hit and rng.random() < 0.8:
                hit[caller] = hit[name] + between(rng, *spread)
                waiting.append(caller)
    end = start
    for name, at in hit.items():
        for title in rng.sample(SYMPTOMS, rng.choice((1, 2, 2, 3))):
            t = at + rng.expovariate(1 / 12)
            for _ in range(rng.choice((1, 1, 2, 4))):
                alerts.append((t, system, name, f"{title} on {name}", incident))
                end = max(end, t)
                t += between(rng, 5, 110)
    return end


def neighbours(rng: random.Random) -> list[Row]:
    """Faults of unrelated parts follow each other within a minute, more often than not."""
    alerts: Made = []
    for system in ("bank", "trade"):
        parts = [rng.sample(SERVICES, 4) for _ in range(4)]
        t = 0.0
        for number in range(30):
            part = rng.choice(parts)
            for _ in range(rng.randint(3, 14)):
                alerts.append((t, system, rng.choice(part), rng.choice(SYMPTOMS), f"{system}-{number}"))
                t += rng.expovariate(1 / 6)
            t += between(rng, 10, 400)
    return in_order(alerts)


def overlaps(rng: random.Random) -> list[Row]:
    """Long incidents of one system lie over each other, in services that have nothing to do with one another."""
    alerts: Made = []
    for system in ("media", "cloud"):
        for number in range(24):
            service, other = rng.sample(SERVICES, 2)
            titles = rng.sample(SYMPTOMS, 3)
            t = rng.uniform(0, 6 * 3600)
            for _ in range(rng.randint(4, 25)):
                name = service if rng.random() < 0.8 else other
                alerts.append((t, system, name, f"{name}: {rng.choice(titles)}", f"{system}-{number}"))
                t += rng.expovariate(1 / 20)
    return in_order(alerts)


def attacks(rng: random.Random) -> list[Row]:
    """Steps of an attack on one network, each with rules of its own that fire in bursts, seconds to an hour apart."""
    steps = {
        "scan": (("mail", "vpn", "web", "share"), ("nmap user agent seen", "smtp invalid reply", "ssl invalid record")),
        "crawl": (("web",), ("web server 400 error code", "forbidden directory", "many 400 codes from one source")),
        "plugins": (("web",), ("web server 400 error code", "common web attack", "suspicious url access")),
        "shell": (("web",), ("high entropy in request", "new request parameter")),
        "crack": (("monitor",), ("cpu outside expected range", "cpu deviates from mean")),
        "change user": (("web",), ("pam session opened", "user changed uid", "authentication success")),
        "escalate": (("web",), ("first sudo by user", "sudo to root executed", "new command in audit log")),
        "exfiltrate": (("firewall",), ("dns query to rare domain", "high entropy in dns name")),
    }
    alerts: Made = []
    for system in ("fox", "heron", "lynx", "otter"):
        t = rng.uniform(0, 3600)
        for step, (hosts, titles) in steps.items():
            count = int(between(rng, 3, 120))
            pause = between(rng, 0.05, 12)
            for _ in range(count):
                alerts.append((t, system, rng.choice(hosts), rng.choice(titles), f"{system} {step}"))
                t += rng.expovariate(1 / pause)
            t += between(rng, 8, 2400)
    return in_order(alerts)


def background(rng: random.Random) -> list[Row]:
    """Faults, and besides them checks that flap by themselves all day: each spell of one is an incident of its own."""
    alerts: Made = []
    for system in ("retail", "travel"):
        services = rng.sample(SERVICES, 14)
        callers = _graph(rng, services[:10])
        t = 0.0
        for number in range(16):
            t = _cascade(rng, alerts, system, callers, t, f"{system}-{number}", spread=(2, 40)) + between(
                rng, 100, 2000
            )
        for name in services[10:]:
            at, spell = rng.uniform(0, 900), 0
            while at < t:
                for _ in range(rng.choice((1, 1, 2))):
                    alerts.append((at, system, name, f"disk check of {name} flapping", f"{system} {name} {spell}"))
                    at += rng.uniform(10, 40)
                at += rng.uniform(700, 1500)
                spell += 1
    return in_order(alerts)


def reminders(rng: random.Random) -> list[Row]:
    """Rules evaluated each minute say again and again that they still fire, with some rounds left out."""
    alerts: Made = []
    for system in ("data", "core"):
        services = rng.sample(SERVICES, 10)
        t = 0.0
        for number in range(20):
            hit = [(name, rng.choice(SYMPTOMS)) for name in rng.sample(services, rng.randint(1, 4))]
            for _ in range(rng.randint(3, 12)):
                for name, title in hit:
                    if rng.random() < 0.7:
                        alerts.append((t + rng.uniform(0, 5), system, name, title, f"{system}-{number}"))
                t += 60
            t += between(rng, 120, 3000)
    return in_order(alerts)


def nodes(rng: random.Random) -> list[Row]:
    """A large machine: the same message from many nodes, in bursts that thin out."""
    kinds = ("machine check exception", "ciod stream read failure", "torus link retry", "panasas file system lost",
             "kernel data storage interrupt", "node card power error", "scheduler lost contact")  # fmt: skip
    alerts: Made = []
    for system in ("blue", "thunder"):
        for number in range(40):
            kind, t, pause = rng.choice(kinds), rng.uniform(0, 2 * 86400), between(rng, 0.2, 8)
            for _ in range(int(between(rng, 2, 90))):
                alerts.append((t, system, f"node-{rng.randint(1, 400):03}", kind, f"{system}-{number}"))
                t += rng.expovariate(1 / pause)
                pause *= 1.06
    return in_order(alerts)


def pipelines(rng: random.Random) -> list[Row]:
    """Nightly jobs: one fails, and those that wait for it fail after it, at the pace of the scheduler."""
    alerts: Made = []
    for system in ("warehouse", "lake"):
        t = 0.0
        chains = [[f"{rng.choice(SERVICES)}_{step}" for step in ("load", "clean", "join", "report")] for _ in range(5)]
        for number in range(40):
            chain = rng.choice(chains)
            for job in chain[: rng.randint(1, 4)]:
                for attempt in range(rng.randint(1, 3)):
                    alerts.append((t, system, job, f"Task failed, try {attempt + 1}", f"{system}-{number}"))
                    t += between(rng, 20, 130)
            t += between(rng, 100, 5000)
    return in_order(alerts)


def injections(rng: random.Random) -> list[Row]:
    """A test bench injects one fault after the other; each shows in many services at once, always in the first."""
    alerts: Made = []
    for system in ("boutique", "socks", "train"):
        services = rng.sample(SERVICES, 11)
        t = 0.0
        for number in range(18):
            root, fault = rng.choice(services), rng.choice(FAULTS)
            rate = between(rng, 3, 25)
            begun = t
            while t < begun + rng.uniform(60, 240):
                name = rng.choice((root, root, services[0], rng.choice(services)))
                symptom = f"{fault} suspected" if name == root and rng.random() < 0.3 else rng.choice(SYMPTOMS[:5])
                alerts.append((t, system, name, f"{name} {symptom}", f"{system}-{number}"))
                t += rng.expovariate(1 / rate)
            t += between(rng, 50, 600)
    return in_order(alerts)


def rates(rng: random.Random) -> list[Row]:
    """Systems of very different pace: what is a pause in one is an eternity in another."""
    alerts: Made = []
    for system, pause in (("fast", 1.5), ("medium", 12.0), ("slow", 45.0)):
        services = rng.sample(SERVICES, 8)
        t = 0.0
        for number in range(25):
            hit = rng.sample(services, rng.randint(1, 3))
            for _ in range(rng.randint(4, 20)):
                name = rng.choice(hit)
                alerts.append((t, system, name, f"{name} {rng.choice(SYMPTOMS)}", f"{system}-{number}"))
                t += rng.expovariate(1 / pause)
            t += pause * between(rng, 6, 60)
    return in_order(alerts)


def regions(rng: random.Random) -> list[Row]:
    """An outage of a zone: strangers all over the system within a few minutes, nothing in common but the time."""
    alerts: Made = []
    for system in ("north", "south"):
        t = 0.0
        for number in range(16):
            for name in rng.sample(SERVICES, rng.randint(3, 15)):
                alerts.append((t, system, name, f"{rng.choice(SYMPTOMS)}", f"{system}-{number}"))
                t += rng.expovariate(1 / 14)
            t += between(rng, 90, 4000)
    return in_order(alerts)


def telemetry(rng: random.Random) -> list[Row]:
    """Faults of nine minutes, some right after or during another. Metrics are read each minute, traces at any time;

    an alert is the first time in a fault that one of either is out of its band, so that they thin out.
    """
    alerts: Made = []
    for system in ("bed-1", "bed-2"):
        things = [f"{name}-{copy}" for name in SERVICES[:10] for copy in range(4)]
        t = 0.0
        for number in range(40):
            root = rng.choice(things)
            found = {(rng.choice((root, rng.choice(things))), rng.choice(SYMPTOMS)) for _ in range(rng.randint(8, 40))}
            for name, title in sorted(found):
                after = 60 * (1 + int(rng.triangular(0, 9, 0))) if rng.random() < 0.6 else rng.expovariate(1 / 70)
                at = (t + after) // 60 * 60 if after % 60 == 0 else t + min(after, 540)
                alerts.append((at, system, name, title, f"{system}-{number}"))
            t += between(rng, 400, 4000)
    return in_order(alerts)


def floods(rng: random.Random) -> list[Row]:
    """Each rule says once that a fault shows: many do in the first seconds, some minutes later, the last after nine.

    The next fault begins nine minutes to an hour after the one before began, in the same few services.
    """
    alerts: Made = []
    for system in ("hall-1", "hall-2"):
        calls = [
            (name, f"{other} {symptom}")
            for name in SERVICES[:12]
            for other, symptom in zip(SERVICES, SYMPTOMS, strict=False)
        ]
        t = 0.0
        for number in range(30):
            for name, title in rng.sample(calls, rng.randint(20, 90)):
                alerts.append((t + 540 * rng.random() ** 5, system, name, title, f"{system}-{number}"))
            t += between(rng, 540, 3600)
    return in_order(alerts)


FAMILIES: dict[str, Family] = {
    family.__name__: family
    for family in (
        *(cascades, neighbours, overlaps, attacks, background, reminders),
        *(nodes, pipelines, injections, rates, regions, telemetry, floods),
    )
}


def streams(seeds: range, families: dict[str, Family] | None = None) -> Iterator[tuple[str, list[Row]]]:
    """Family by family, each with every seed; the families of one seed have nothing in common."""
    for name, family in (families or FAMILIES).items():
        for seed in seeds:
            yield name, family(random.Random(f"{name} {seed}"))
