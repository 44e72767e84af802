"""Figures as they stand in a sentence: short, with their unit."""

from __future__ import annotations

_SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"))


def number(value: float) -> str:
    """Three digits that matter: `0.42`, `17`, `1,234`, `12.3k`, `3.4M`."""
    for size, letter in _SCALES:
        if abs(value) >= size * 0.9995:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def quantity(value: float, unit: str) -> str:
    """A value with its unit: CloudWatch's (`Bytes`, `Percent`, `Milliseconds`, `Count`, ...), `usd`, or any word."""
    match unit:
        case "usd":
            return usd(value)
        case "Percent":
            return f"{value:.3g}%"
        case "Bytes" | "Bytes/Second":
            rate = "/s" if unit.endswith("Second") else ""
            return (f"{number(value)}B" if abs(value) >= 1e6 else f"{value:,.0f} B") + rate
        case "Milliseconds":
            return duration(value / 1000)
        case "Seconds":
            return duration(value)
        case "Count" | "None" | "":
            return number(value)
        case _:
            return f"{number(value)} {unit}"


def usd(value: float) -> str:
    """`$3.42`, `$1,240`."""
    digits = 2 if abs(value) < 100 else 0
    return f"-${-value:,.{digits}f}" if value < 0 else f"${value:,.{digits}f}"


def duration(seconds: float) -> str:
    """`35 ms`, `4.2 s`, `12 min`, `3.5 h`, `2.1 days`."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.3g} ms"
    for least, unit, size in ((172_800, "days", 86_400), (5_400, "h", 3_600), (120, "min", 60), (0, "s", 1)):
        if abs(seconds) >= least:
            value = seconds / size
            return f"{value:.2g} {unit}" if abs(value) < 10 else f"{value:.0f} {unit}"
    return f"{seconds} s"


def times(factor: float) -> str:
    """How many times: `2.4 times`; `more than 100 times` rather than a figure nobody can use."""
    if factor >= 100:
        return "more than 100 times"
    return f"{factor:.2g} times" if factor < 10 else f"{factor:.0f} times"


def percent_change(before: float, after: float) -> str:
    """`+120%`, `-30%`, or `new` when there was nothing before."""
    if before <= 0:
        return "new"
    return f"{(after - before) / before * 100:+.0f}%"


def count(number_of: int, noun: str) -> str:
    """`1 alarm`, `3 alarms`."""
    return f"{number_of} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"
