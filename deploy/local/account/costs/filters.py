"""Cost Explorer's filter expressions: And, Or and Not over dimensions and tags."""

from collections.abc import Callable
from typing import Any

from deploy.local.account.costs.bill import BillLine
from deploy.local.account.costs.periods import invalid

Keep = Callable[[BillLine], bool]
_ROOTS = ("And", "Or", "Not", "Dimensions", "Tags", "CostCategories")
UNKNOWN_DIMENSION = "is not available in this account"


def compile_filter(expression: dict[str, Any] | None, *, resources: bool = False) -> Keep:
    """`resources` allows RESOURCE_ID, which only the resource-level operation knows."""
    if not expression:
        return lambda line: True
    roots = [name for name in _ROOTS if expression.get(name)]
    if len(roots) != 1:
        raise invalid("Expression object must have exactly one root operator: " + ", ".join(_ROOTS))
    root = roots[0]
    inner = expression[root]
    if root in ("And", "Or"):
        parts = [compile_filter(part, resources=resources) for part in inner]
        join = all if root == "And" else any
        return lambda line: join(part(line) for part in parts)
    if root == "Not":
        negated = compile_filter(inner, resources=resources)
        return lambda line: not negated(line)
    value_of = _value_of(root, inner.get("Key", ""), resources=resources)
    test = _test(inner.get("Values") or [], inner.get("MatchOptions") or ["EQUALS"])
    return lambda line: test(value_of(line))


def _value_of(root: str, key: str, *, resources: bool) -> Callable[[BillLine], str | None]:
    if root == "Tags":
        return lambda line: line.tags.get(key)
    if root == "CostCategories":
        return lambda line: None  # no scenario defines any
    check_dimension(key, resources=resources)
    return lambda line: line.dimensions[key]


def check_dimension(key: str, *, resources: bool = False) -> None:
    """Raises ValidationException for a dimension that the bill does not have."""
    known = {"SERVICE", "USAGE_TYPE", "OPERATION", "LINKED_ACCOUNT", "REGION"}
    known |= {"INSTANCE_TYPE", "RECORD_TYPE", "PURCHASE_TYPE"} | ({"RESOURCE_ID"} if resources else set())
    if key not in known:
        raise invalid(f"The dimension {key or '(none)'} {UNKNOWN_DIMENSION}; there are {', '.join(sorted(known))}")


def _test(values: list[str], options: list[str]) -> Callable[[str | None], bool]:
    if "ABSENT" in options:
        return lambda value: not value
    fold: Callable[[str], str] = str.lower if "CASE_INSENSITIVE" in options else str
    wanted = [fold(value) for value in values]
    matches = next((_MATCHES[option] for option in options if option in _MATCHES), _MATCHES["EQUALS"])
    return lambda value: any(matches(fold(value or ""), each) for each in wanted)


_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "EQUALS": lambda value, wanted: value == wanted,
    "STARTS_WITH": str.startswith,
    "ENDS_WITH": str.endswith,
    "CONTAINS": lambda value, wanted: wanted in value,
}
