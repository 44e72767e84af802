"""Filters, order and pages of Airflow's list replies, as query parameters ask for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from deploy.local.account.airflow.errors import RestError

Item = dict[str, Any]
Query = Mapping[str, Any]
Matcher = Callable[[Item, Any], bool]
"""Whether an item is kept, given the value of a query parameter."""
MAX_LIMIT = 100


def listed(
    name: str,
    items: Sequence[Item],
    query: Query,
    matchers: Mapping[str, Matcher],
    sortable: Sequence[str] = (),
) -> dict[str, Any]:
    """{name: one page, total_entries: how many match}. `matchers` says what each filter keeps; others are refused."""
    unknown = sorted(set(query) - set(matchers) - {"limit", "offset", "order_by"})
    if unknown:
        raise RestError(400, f"Extra query parameter(s) {', '.join(unknown)} not in spec", "Bad Request")
    kept = [item for item in items if all(keep(item, query[key]) for key, keep in matchers.items() if key in query)]
    for key in reversed(_texts(query.get("order_by"))):
        kept = _ordered(kept, key, sortable)
    offset, limit = _number(query, "offset", 0), _number(query, "limit", MAX_LIMIT // 2)
    return {name: kept[offset : offset + min(limit, MAX_LIMIT)], "total_entries": len(kept)}


def equals(field: str) -> Matcher:
    """One of the values given, which may be a list or comma-separated. `none` stands for null."""

    def keep(item: Item, wanted: Any) -> bool:
        return ("none" if item[field] is None else str(item[field])) in _texts(wanted)

    return keep


def is_true(field: str) -> Matcher:
    return lambda item, wanted: bool(item[field]) == (str(wanted).lower() == "true")


def contains(field: str) -> Matcher:
    """A SQL-like pattern; % may stand at either end."""
    return lambda item, wanted: str(wanted).strip("%").lower() in str(item[field]).lower()


def any_of(values: Callable[[Item], Sequence[str]]) -> Matcher:
    return lambda item, wanted: not set(values(item)).isdisjoint(_texts(wanted))


def between(field: str) -> dict[str, Matcher]:
    """Matchers for field_gte, field_gt, field_lte and field_lt. A null matches none of them."""
    return {
        f"{field}_gte": lambda item, moment: item[field] is not None and when(item[field]) >= when(moment),
        f"{field}_gt": lambda item, moment: item[field] is not None and when(item[field]) > when(moment),
        f"{field}_lte": lambda item, moment: item[field] is not None and when(item[field]) <= when(moment),
        f"{field}_lt": lambda item, moment: item[field] is not None and when(item[field]) < when(moment),
    }


def when(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        moment = datetime.fromisoformat(str(value).replace(" ", "+"))
    except ValueError:
        raise RestError(422, f"Invalid datetime: {value!r}", "Unprocessable Entity") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _ordered(items: list[Item], key: str, sortable: Sequence[str]) -> list[Item]:
    field = key.lstrip("-")
    if field not in sortable:
        raise RestError(400, f"Ordering with '{field}' is disallowed or the attribute does not exist", "Bad Request")
    return sorted(items, key=lambda item: (item[field] is None, str(item[field])), reverse=key.startswith("-"))


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    values = value if isinstance(value, list | tuple) else str(value).split(",")
    return [str(each) for each in values]


def _number(query: Query, name: str, default: int) -> int:
    try:
        number = int(query.get(name, default))
    except (TypeError, ValueError):
        number = -1
    if number < 0:
        raise RestError(422, f"{name} must be a whole number that is not negative", "Unprocessable Entity")
    return number
