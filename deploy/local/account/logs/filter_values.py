"""What the right-hand side of a filter-pattern condition may be: text with `*` wildcards, a number, or a %regex%."""

import re
from collections.abc import Callable
from typing import Any

# The symbols and operators that CloudWatch Logs allows between two percent signs. Parentheses are not among them.
_REGEX_ALPHABET = re.compile(r"[\w:#=@/;,\- ^$?\[\]{}|\\*+.]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")

Test = Callable[[Any], bool]


class PatternError(ValueError):
    """The filter pattern is malformed; the message says where."""


def compile_regex(source: str) -> re.Pattern[str]:
    """`source` without its percent signs. Raises PatternError for what CloudWatch Logs would refuse."""
    if not _REGEX_ALPHABET.fullmatch(source):
        raise PatternError(f"Invalid character(s) in regex '%{source}%'")
    try:
        return re.compile(source, re.ASCII)
    except re.error as error:
        raise PatternError(f"Invalid regex '%{source}%': {error}") from error


def unquote(text: str) -> str:
    """`"a \\"b\\""` -> `a "b"`; text without quotes stays as it is."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def comparison(operator: str, value: str) -> Test:
    """A test such as `>= 400`, `= "4*"` or `= %4\\d\\d%`, for one value of the event."""
    if len(value) > 1 and value[0] == value[-1] == "%":
        return _equality(operator, _searcher(compile_regex(value[1:-1])))
    if _NUMBER.fullmatch(value):
        return _numeric(operator, float(value))
    return _equality(operator, _glob(unquote(value)))


def _equality(operator: str, test: Test) -> Test:
    if operator == "=":
        return test
    if operator == "!=":
        return lambda actual: not test(actual)
    raise PatternError(f"The operator '{operator}' needs a number")


def _searcher(regex: re.Pattern[str]) -> Test:
    return lambda actual: isinstance(actual, str | int | float) and regex.search(str(actual)) is not None


def _glob(text: str) -> Test:
    if "*" not in text:
        return lambda actual: isinstance(actual, str) and actual == text
    regex = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
    return lambda actual: isinstance(actual, str | int | float) and regex.fullmatch(str(actual)) is not None


def _numeric(operator: str, expected: float) -> Test:
    compare = _NUMERIC_OPERATORS[operator]

    def test(actual: Any) -> bool:
        number = _as_number(actual)
        return compare(number, expected) if number is not None else operator == "!="

    return test


def _as_number(actual: Any) -> float | None:
    if isinstance(actual, bool) or actual is None:
        return None
    if isinstance(actual, int | float):
        return float(actual)
    return float(actual) if isinstance(actual, str) and _NUMBER.fullmatch(actual) else None


_NUMERIC_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}
