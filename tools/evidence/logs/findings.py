"""What a log pattern says, as typed findings: the pattern itself, and what well-known texts stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.log_patterns import NO_CHANCE, Burst, LogPattern, burst
from agent.models import Finding, Table, TimeRange
from agent.times import clock_time

MAX_PATTERN_CHARS = 160

_S3_URI = re.compile(r"s3[an]?://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\s'\"<>,)\]}]+)")
_BUCKET_KEY = re.compile(
    r"(?i)\bbucket['\"]?[=:]\s*['\"]?([a-z0-9.-]{3,63}).{0,40}?\bkey['\"]?[=:]\s*['\"]?([^\s'\",)}]+)"
)
_API_REFUSAL = re.compile(
    r"(ProvisionedThroughputExceeded|Throttling|ThrottledException|TooManyRequests|RequestLimitExceeded|SlowDown|LimitExceeded)"
    r"\w*\)?(?:.{0,80}?(?:calling|performing) the (\w+) operation)?"
)
_MEMORY = re.compile(
    r"(?i)out ?of ?memory|\boom(?:[- ]?kill|\b)|signal: killed|cannot allocate memory|java heap space"
    r"|MemoryError|exit(?:ed)?(?: with)?"
    r"(?: code)? 137"
)
_MESSAGE = re.compile(r"(?i)\b(?:message|record|event|job)\b")
_TABLE = re.compile(r"(?i)\btable(?:_?name)?['\"]?\s*[:=/]\s*['\"]?([\w.-]{3,255})")


def resource_of(group: str) -> tuple[str, str]:
    """The (service, name) that a log group belongs to: ("lambda", "checkout") of /aws/lambda/checkout."""
    parts = group.strip("/").split("/")
    if group.startswith("/aws/lambda/"):
        return "lambda", "/".join(parts[2:])
    if group.startswith("/aws/rds/") and len(parts) > 3:
        return "rds", parts[3]
    if group.startswith(("/ecs/", "/aws/ecs/")):
        return "ecs", parts[-1] if parts[-1] != "performance" else parts[-2]
    if group.startswith("airflow-"):
        return "mwaa", group.removeprefix("airflow-").rpartition("-")[0]
    if group.startswith("API-Gateway-Execution-Logs"):
        return "apigateway", parts[0].removeprefix("API-Gateway-Execution-Logs_")
    if group.startswith("/aws/codebuild/"):
        return "codebuild", parts[-1]
    return "", parts[-1]


def error_findings(
    pattern: LogPattern, group: str, span: TimeRange, *, known_before: bool | None, now: datetime
) -> Iterator[Finding]:
    """Findings of one error pattern; `known_before` says whether it came the day before too, None when unknown."""
    change = _rise(pattern, span)
    novelty = _novelty(pattern, change, known_before, span)
    strength = round(min(pattern.severity * (0.2 + 0.8 * novelty) * _volume(pattern.count), 0.98), 2)
    service, name = resource_of(group)
    began = change.at if change else pattern.first
    same = f", always about {pattern.always}" if pattern.always else ""
    statement = f"{group} logged “{shortened(pattern)}” {_when(pattern, change, known_before, now)}{same}."
    yield Finding(
        kind="log_error_pattern",
        statement=statement,
        strength=strength,
        at=began,
        resource=name,
        attributes=pattern_attributes(pattern, group),
    )
    yield from conditions(pattern, service, name, strength, began)


def conditions(pattern: LogPattern, service: str, name: str, strength: float, at: datetime) -> Iterator[Finding]:
    """What an error text is known to mean: one message fails for ever, memory ran out, an AWS API refused for rate."""
    sample = pattern.sample
    if pattern.always and _MESSAGE.search(sample):
        yield Finding(
            kind="poison_message",
            statement=f"{name} failed {pattern.count} times on the same message, {pattern.always}: "
            f"“{shortened(pattern)}”.",
            strength=max(strength, 0.6),
            at=at,
            resource=name,
            attributes={"service": service, "receive_count": str(pattern.count), "id": pattern.always},
        )
    if _MEMORY.search(sample):
        yield Finding(
            kind="out_of_memory",
            statement=f"{name} ran out of memory {pattern.count} times: “{shortened(pattern)}”.",
            strength=max(strength, 0.6),
            at=at,
            resource=name,
            attributes={"service": service},
        )
    if refusal := _API_REFUSAL.search(sample):
        table = _TABLE.search(sample)
        attributes = {
            "service": "dynamodb" if refusal[1].startswith("Provisioned") else "",
            "operation": refusal[2] or "",
            "table": table[1] if table and "ProvisionedThroughput" in sample else "",
        }
        yield Finding(
            kind="throttled",
            statement=f"{name} was refused for rate or capacity {pattern.count} times: “{shortened(pattern)}”.",
            strength=strength,
            at=at,
            resource=attributes["table"] or name,
            attributes={key: value for key, value in attributes.items() if value},
        )


def pattern_attributes(pattern: LogPattern, group: str) -> dict[str, str]:
    """What other tools may want to know of a pattern."""
    attributes = {
        "log_group": group,
        "pattern": shortened(pattern),
        "count": str(pattern.count),
        "service": resource_of(group)[0],
        "exception": pattern.exception,
        "id": pattern.always,
    }
    return {key: value for key, value in attributes.items() if value} | object_attributes(pattern.sample)


def pattern_table(patterns: Sequence[LogPattern], now: datetime) -> list[Table]:
    """What the logs say, how often and when."""
    rows = tuple(
        (shortened(p), group_of(p), f"{p.count:,}", clock_time(p.first, now), clock_time(p.last, now)) for p in patterns
    )
    columns = ("Pattern", "Log group", "Count", "First", "Last")
    return [Table(title="Log patterns", columns=columns, rows=rows)] if rows else []


def group_of(pattern: LogPattern) -> str:
    """The log group that a pattern's lines were read from."""
    return pattern.source.split("\t")[0]


def object_attributes(text: str) -> dict[str, str]:
    """The S3 object that a text names, as `bucket` and `key`."""
    match = _S3_URI.search(text) or _BUCKET_KEY.search(text)
    return {"bucket": match[1], "key": match[2].rstrip(".:;")} if match else {}


def shortened(pattern: LogPattern) -> str:
    """A pattern short enough to quote, `…` for what differs; its own words when the template has lost too many."""
    text = pattern.template.replace("<*>", "…")
    if text.count("…") * 4 > len(text):
        text = pattern.sample.split("\n", 1)[0]
    return text if len(text) <= MAX_PATTERN_CHARS else text[: MAX_PATTERN_CHARS - 1] + "…"


def _rise(pattern: LogPattern, span: TimeRange) -> Burst | None:
    found = burst(pattern.times, span.start, span.end)
    return found if found and found.gain > NO_CHANCE and found.after > 2 * found.before else None


def _novelty(pattern: LogPattern, change: Burst | None, known_before: bool | None, span: TimeRange) -> float:
    if change and change.before * 10 < change.after:
        return 0.7 if known_before and change.before else 1.0
    if change:
        return 0.6
    if known_before:
        return 0.1
    late_start = (pattern.first - span.start).total_seconds() > 0.1 * span.seconds
    surely_new = late_start or (pattern.count >= 3 and known_before is False)
    return 0.85 if surely_new else 0.5


def _volume(count: int) -> float:
    return 0.65 if count == 1 else 0.8 if count < 4 else 0.9 if count < 10 else 1.0


def _when(pattern: LogPattern, change: Burst | None, known_before: bool | None, now: datetime) -> str:
    if pattern.count == 1:
        return f"once, at {clock_time(pattern.first, now)}"
    last = f"last at {clock_time(pattern.last, now)}"
    if change:
        rate = f"{change.after:.2g} a minute since {clock_time(change.at, now)}"
        before = f"{change.before:.2g} a minute before" if change.before >= 0.01 else "none before"
        return f"{pattern.count} times, {rate}, {before}, {last}"
    usual = {True: "as on the day before, ", False: "and not on the day before, ", None: ""}[known_before]
    return f"{pattern.count} times from {clock_time(pattern.first, now)}, {usual}{last}"
