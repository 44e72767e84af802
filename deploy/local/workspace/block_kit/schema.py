"""A small schema language for Block Kit: a check looks at one value and reports what is wrong and where.

BUTTON = obj({"text": required(text(75, PLAIN)), "value": optional(string(maximum=2000))})
report = Report()
BUTTON(report, "/blocks/0/elements/0", {"text": ...})
report.problems
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

JSON = dict[str, Any]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `pointer` is a JSON pointer, `code` one of a few words, `message` a sentence."""

    pointer: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer or '/'}]"


@dataclass
class Report:
    """Collects problems, and what has to be counted or unique over a whole surface."""

    problems: list[Problem] = field(default_factory=list[Problem])
    action_ids: set[str] = field(default_factory=set[str])
    block_ids: set[str] = field(default_factory=set[str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, pointer: str, code: str, message: str) -> None:
        self.problems.append(Problem(pointer, code, message))

    def count(self, what: str, amount: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + amount


Check = Callable[[Report, str, Any], None]


@dataclass(frozen=True)
class Field:
    check: Check
    required: bool


def required(check: Check) -> Field:
    return Field(check, True)


def optional(check: Check) -> Field:
    return Field(check, False)


def obj(fields: Mapping[str, Field], also: Check | None = None) -> Check:
    """An object with these fields and no others; `also` sees the object when its fields are in order."""

    def check(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.add(pointer, "invalid_type", "must provide an object")
            return
        item = cast(JSON, value)
        before = len(report.problems)
        for name in item.keys() - fields.keys():
            report.add(pointer, "additional_property", f"invalid additional property: {name}")
        for name, spec in fields.items():
            if item.get(name) is not None:
                spec.check(report, f"{pointer}/{name}", item[name])
            elif spec.required:
                report.add(pointer, "missing_field", f"missing required field: {name}")
        if also is not None and len(report.problems) == before:
            also(report, pointer, item)

    return check


def string(maximum: int | None = None, minimum: int = 0) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, str):
            report.add(pointer, "invalid_type", "must be a string")
        else:
            _check_size(report, pointer, len(value), minimum, maximum, "characters")

    return check


def number(minimum: float | None = None, maximum: float | None = None, *, whole: bool = False) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            report.add(pointer, "invalid_type", "must be an integer" if whole else "must be a number")
        elif value != value or value in (float("inf"), float("-inf")):
            report.add(pointer, "failed_constraint", "must be a finite number")
        elif minimum is not None and value < minimum:
            report.add(pointer, "failed_constraint", f"must be at least {minimum}")
        elif maximum is not None and value > maximum:
            report.add(pointer, "failed_constraint", f"must be at most {maximum}")

    return check


def boolean(report: Report, pointer: str, value: Any) -> None:
    if not isinstance(value, bool):
        report.add(pointer, "invalid_type", "must be a boolean")


def one_of(*values: str) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if value not in values:
            report.add(pointer, "failed_constraint", f"must be one of: {', '.join(values)}")

    return check


def array(item: Check, minimum: int = 0, maximum: int | None = None) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, list):
            report.add(pointer, "invalid_type", "must be an array")
            return
        items = cast(list[Any], value)
        _check_size(report, pointer, len(items), minimum, maximum, "items")
        for index, entry in enumerate(items):
            item(report, f"{pointer}/{index}", entry)

    return check


def by_type(variants: Mapping[str, Check], allowed: Collection[str] | None = None) -> Check:
    """Chooses the check by the object's `type`. `allowed` narrows the variants for one place."""

    def check(report: Report, pointer: str, value: Any) -> None:
        kind: Any = cast(JSON, value).get("type") if isinstance(value, dict) else None
        known = variants.keys() if allowed is None else allowed
        if not isinstance(kind, str) or kind not in known:
            report.add(f"{pointer}/type", "unsupported_type", f"unsupported type: {kind}")
        else:
            variants[kind](report, pointer, value)

    return check


def all_of(*checks: Check) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        for part in checks:
            part(report, pointer, value)

    return check


def at_least_one(*names: str) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if not any(value.get(name) for name in names):
            report.add(pointer, "missing_field", f"must define at least one of: {', '.join(names)}")

    return check


def exactly_one(*names: str) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if sum(value.get(name) is not None for name in names) != 1:
            report.add(pointer, "failed_constraint", f"must define exactly one of: {', '.join(names)}")

    return check


def unique(values: list[Any], report: Report, pointer: str, what: str) -> None:
    if len(set(values)) != len(values):
        report.add(pointer, "failed_constraint", f"{what} must be unique")


def _check_size(report: Report, pointer: str, size: int, minimum: int, maximum: int | None, unit: str) -> None:
    if size < minimum:
        report.add(pointer, "failed_constraint", f"must be more than {minimum - 1} {unit}")
    if maximum is not None and size > maximum:
        report.add(pointer, "failed_constraint", f"must be less than {maximum + 1} {unit}")
