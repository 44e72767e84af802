"""What a range of days cost: the whole, the largest parts of it, and the difference to the days that it compares with.

Sums of the days that Cost Explorer gives, nothing else: a forecast is another tool's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agent.figures import percent_change, times
from agent.models import Finding, Table
from tools.evidence.cost.asked import Asked, Days
from tools.evidence.cost.bill import Bill

STRENGTH = 0.4
"""A total is no sign of trouble, however large."""
RANK_STEP = 0.003
DEFAULT_TOP = 3
MOST_TOP = 10
MAX_ROWS = 15
CENT = 0.005
MAX_NAMED = 3
TWICE = 2.0
"""From which a factor says more than a percentage."""
HISTORY_WORDS = "Cost Explorer's days begin on"


@dataclass(frozen=True)
class Total:
    """What the days cost, and the days before; None where those cannot be known."""

    now: float
    before: float | None

    @property
    def difference(self) -> float:
        return self.now - (self.before or 0.0)

    def a_day(self, asked: Asked) -> Total:
        before = self.before / max(asked.before.count, 1) if self.before is not None else None
        return Total(self.now / max(asked.days.count, 1), before)


def totals(bill: Bill, asked: Asked, service: str, attribute: str, top: int) -> list[Finding]:
    """The whole first, then the `top` largest by name; nothing for days that are older than the bill."""
    if asked.days.first < bill.start:
        return []
    whole = _total(bill, asked, "")
    found = [_whole(bill, asked, whole, service, attribute)]
    ranked = _ranked(bill, asked)
    if len(ranked) < 2 and attribute == "service":
        return found
    return [*found, *(_part(bill, asked, whole, row, attribute) for row in enumerate(ranked[:top], 1))]


def totals_table(bill: Bill, asked: Asked) -> list[Table]:
    """Name, what the days cost, what the days before did, and the difference; the largest first.

    Today is compared with nothing: it is not over.
    """
    shown = 2 if asked.is_today else 4
    columns = ("What", span_words(asked.days), span_words(asked.before), "Difference")
    rows = [
        (_label(bill, name), bill.money(each.now), _or_unknown(bill, each.before), _difference(bill, asked, each))
        for name, each in _ranked(bill, asked)[:MAX_ROWS]
    ]
    return (
        [Table(title="Cost of the range", columns=columns[:shown], rows=tuple(row[:shown] for row in rows))]
        if rows
        else []
    )


def missing(bill: Bill, asked: Asked) -> str:
    """That the range is older than what can be read; empty when it is not."""
    if asked.days.first >= bill.start:
        return ""
    return f" No total of {span_words(asked.days)}: {HISTORY_WORDS} {_day(bill.start)} {bill.start.year}."


def span_words(days: Days) -> str:
    """`1-31 Oct`, `28 Sep-4 Oct`, `21 Nov`."""
    if days.count <= 1:
        return _day(days.first)
    same = (days.first.year, days.first.month) == (days.last.year, days.last.month)
    return f"{days.first.day if same else _day(days.first)}-{_day(days.last)}"


def _total(bill: Bill, asked: Asked, name: str) -> Total:
    daily = bill.total(name)
    return Total(asked.days.sum(daily), asked.before.sum(daily) if asked.before.first >= bill.start else None)


def _ranked(bill: Bill, asked: Asked) -> list[tuple[str, Total]]:
    each = [(name, _total(bill, asked, name)) for name in bill.names]
    return sorted((row for row in each if row[1].now >= CENT or (row[1].before or 0) >= CENT), key=lambda r: -r[1].now)


def _whole(bill: Bill, asked: Asked, total: Total, service: str, attribute: str) -> Finding:
    names = bill.names if service and attribute == "service" else [service] if service else []
    who = _joined([_label(bill, name) for name in names]) or "AWS"
    ending = _ending(bill, asked)
    compared = "" if asked.is_today else f", {_compared(bill, asked, total)}"
    least = "at least " if bill.truncated else ""
    return Finding(
        kind="cost_total",
        statement=f"{who} cost {least}{bill.money(total.now)} {_range(asked)}{_a_day(bill, asked, total)}"
        f"{compared}{ending}.",
        strength=STRENGTH,
        attributes={
            "service": service,
            **_figures(total),
            "usd": f"{total.difference:.2f}" if total.before is not None else "",
            "per_day": f"{total.now / max(asked.days.count, 1):.2f}",
            "start": asked.days.first.isoformat(),
            "end": asked.days.end.isoformat(),
            "days": str(asked.days.count),
            "unit": bill.unit,
        },
    )


def _part(bill: Bill, asked: Asked, whole: Total, row: tuple[int, tuple[str, Total]], attribute: str) -> Finding:
    rank, (name, total) = row
    share = f", {total.now / whole.now * 100:.0f}% of the total" if whole.now > 0 else ""
    before = f", {_compared(bill, asked, total, 'before')}" if not asked.is_today and total.before is not None else ""
    return Finding(
        kind="cost_total",
        statement=f"{_label(bill, name)}: {bill.money(total.now)} {_when(asked)}{share}{before}.",
        strength=round(STRENGTH - 0.01 - RANK_STEP * rank, 3),
        attributes={attribute: name, **_figures(total), "rank": str(rank)},
    )


def _figures(total: Total) -> dict[str, str]:
    if total.before is None:
        return {"current": f"{total.now:.2f}"}
    percent = percent_change(total.before, total.now)
    return {"previous": f"{total.before:.2f}", "current": f"{total.now:.2f}", "percent": percent}


def _compared(bill: Bill, asked: Asked, total: Total, when: str = "") -> str:
    """`$275 (3%) more than in September ($9,156)`; of months that differ in length with what a day of it cost, too."""
    daily = "" if when or asked.uneven or asked.before.count == asked.days.count else _a_day_of(bill, asked, total)
    when, a_day = when or _when_before(asked), " a day" if asked.uneven else ""
    total = total.a_day(asked) if asked.uneven else total
    if total.before is None:
        return f"and {_bare(when)} is not known: {HISTORY_WORDS} {_day(bill.start)} {bill.start.year}"
    before = bill.money(total.before)
    if abs(total.difference) < CENT:
        return f"as much{a_day} as {when} ({before}{a_day}{daily})"
    more = "more" if total.difference > 0 else "less"
    ratio = total.now / total.before if total.before >= CENT else 0.0
    share = f" ({times(ratio) if ratio >= TWICE else f'{abs(ratio - 1) * 100:.0f}%'})" if ratio else ""
    return f"{bill.money(abs(total.difference))}{a_day}{share} {more} than {when} ({before}{a_day}{daily})"


def _a_day_of(bill: Bill, asked: Asked, total: Total) -> str:
    before = total.a_day(asked).before
    return f", {bill.money(before)} a day" if before is not None else ""


def _bare(when: str) -> str:
    return when.removeprefix("in ").removeprefix("on ")


def _range(asked: Asked) -> str:
    """`in October (1-31 Oct UTC)`, `this month so far (1-21 Nov UTC)`, `on 21 Nov (UTC)`."""
    when, span = _when(asked), span_words(asked.days)
    if asked.is_today or asked.days.count == 1:
        return f"{when} (UTC)"
    return f"{when} ({span} UTC)" if span not in when else f"{when} (UTC)"


def _when(asked: Asked) -> str:
    days = asked.days
    if asked.is_today:
        return f"today so far, {_day(days.first)}"
    if asked.to_date:
        return f"{_unit_so_far(days, asked.today)} so far"
    return _named(days, asked.today)


def _when_before(asked: Asked) -> str:
    """The days that it compares with, in words; what is only a part of a month is told by its days."""
    named = _named(asked.before, asked.today)
    directly = asked.before.end == asked.days.first and not asked.before.is_months
    if directly and asked.before.count == 1:
        return f"the day before, {span_words(asked.before)}"
    return f"in the {asked.before.count} days before, {span_words(asked.before)}" if directly else named


def _unit_so_far(days: Days, today: date) -> str:
    if days.first.month == 1 and days.first.day == 1 and today.month > 1:
        return "this year"
    if days.first.day == 1 and (days.first.year, days.first.month) == (today.year, today.month):
        return "this month"
    return "this week" if days.count < 7 else f"since {_day(days.first)}"


def _named(days: Days, today: date) -> str:
    """`in October`, `in August to October`, `on 21 Nov`, `in the 14 days 8-21 Nov`."""
    year = "" if days.last.year == today.year else f" {days.last.year}"
    if days.is_months:
        first, last = f"{days.first:%B}", f"{days.last:%B}"
        return f"in {first}{year}" if first == last else f"in {first} to {last}{year}"
    if days.count == 1:
        return f"on {_day(days.first)}{year}"
    return f"in the {days.count} days {span_words(days)}{year}"


def _a_day(bill: Bill, asked: Asked, total: Total) -> str:
    return f", {bill.money(total.now / asked.days.count)} a day" if asked.days.count > 1 else ""


def _ending(bill: Bill, asked: Asked) -> str:
    """What is not complete yet of the range."""
    if asked.is_today:
        return "; today is not billed to its end"
    so_far = sum(bill.total().get(day, 0.0) for day in (asked.today,)) if asked.to_date else 0.0
    on_top = f"; today has {bill.money(so_far)} so far on top" if so_far >= CENT else ""
    if bill.complete < asked.days.end:
        late = Days(max(bill.complete, asked.days.first), asked.days.end)
        return f"{on_top}; {span_words(late)} {'is' if late.count == 1 else 'are'} not billed to the end yet"
    if not asked.still_grows:
        return on_top
    return f"{on_top}; the last day or two may still grow, since Cost Explorer bills late"


def _label(bill: Bill, name: str) -> str:
    label = bill.labels.get(name, "")
    return f"Account {name} ({label})" if label else name


def _joined(names: Sequence[str]) -> str:
    shown = [*names[:MAX_NAMED], *(["others"] if len(names) > MAX_NAMED else [])]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]])) + (" together" if len(shown) > 1 else "")


def _or_unknown(bill: Bill, amount: float | None) -> str:
    return bill.money(amount) if amount is not None else "not known"


def _difference(bill: Bill, asked: Asked, total: Total) -> str:
    compared, a_day = (total.a_day(asked), " a day") if asked.uneven else (total, "")
    if compared.before is None:
        return ""
    sign = "+" if compared.difference >= 0 else "-"
    how = percent_change(compared.before, compared.now)
    return f"{sign}{bill.money(abs(compared.difference))}{a_day} ({how})"


def _day(day: date) -> str:
    return f"{day.day} {day:%b}"
