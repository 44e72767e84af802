"""Boolean expressions inside a filter pattern: `$.status >= 500 && ($.path = "/pay*" || $.user NOT EXISTS)`.

The JSON form `{ ... }` and each column of the space-delimited form `[ ... ]` share this grammar; they differ
only in what may stand on the left of an operator, which the caller resolves.
"""

import re
from collections.abc import Callable
from typing import Any

from deploy.local.account.logs.filter_values import PatternError, Test, comparison

# Every value that the left-hand side selects in an event; empty when the event has no such field.
Getter = Callable[[Any], list[Any]]
Predicate = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<operator> && | \|\| | != | >= | <= | [=<>()])
      | (?P<selector> \$ (?: \.[\w-]+ | \.?\[\s*(?:\*|\d+|"[^"]*"|'[^']*')\s*\] )+ )
      | (?P<string> "(?:\\.|[^"\\])*")
      | (?P<regex> %[^%]*%)
      | (?P<word> [^\s"%()=<>!&|$]+ )
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"=", "!=", ">", "<", ">=", "<="}
_RESERVED = _COMPARISONS | {"&&", "||", "(", ")"}


def parse_expression(source: str, resolve: Callable[[str], Getter]) -> Predicate:
    """`resolve` turns a left-hand side into a getter, or raises PatternError. Raises PatternError for bad syntax."""
    return _Parser(_tokens(source), resolve).parse()


def _tokens(source: str) -> list[str]:
    found: list[str] = []
    position, end = 0, len(source.rstrip())
    while position < end:
        match = _TOKEN.match(source, position)
        if match is None:
            raise PatternError(f"Invalid character(s) in filter pattern at '{source[position:].strip()[:20]}'")
        found.append(match.group().strip())
        position = match.end()
    return found


class _Parser:
    """Recursive descent; `||` binds weaker than `&&`."""

    def __init__(self, tokens: list[str], resolve: Callable[[str], Getter]) -> None:
        self._tokens, self._resolve, self._next = tokens, resolve, 0

    def parse(self) -> Predicate:
        predicate = self._any()
        if self._next < len(self._tokens):
            raise PatternError(f"Unexpected '{self._tokens[self._next]}' in filter pattern")
        return predicate

    def _take(self, what: str) -> str:
        if self._next >= len(self._tokens):
            raise PatternError(f"The filter pattern ends where {what} is expected")
        self._next += 1
        return self._tokens[self._next - 1]

    def _accept(self, *words: str) -> bool:
        ahead = [token.upper() for token in self._tokens[self._next : self._next + len(words)]]
        if ahead != list(words):
            return False
        self._next += len(words)
        return True

    def _any(self) -> Predicate:
        choices = [self._all()]
        while self._accept("||"):
            choices.append(self._all())
        return choices[0] if len(choices) == 1 else lambda event: any(choice(event) for choice in choices)

    def _all(self) -> Predicate:
        parts = [self._condition()]
        while self._accept("&&"):
            parts.append(self._condition())
        return parts[0] if len(parts) == 1 else lambda event: all(part(event) for part in parts)

    def _condition(self) -> Predicate:
        if self._accept("("):
            inner = self._any()
            if not self._accept(")"):
                raise PatternError("A parenthesis is not closed in the filter pattern")
            return inner
        values = self._resolve(self._take("a field"))
        if self._accept("NOT", "EXISTS"):
            return lambda event: not values(event)
        if self._accept("IS"):
            return self._constant(values)
        operator = self._take("an operator")
        if operator not in _COMPARISONS:
            raise PatternError(f"'{operator}' is not an operator of filter patterns")
        value = self._take("a value")
        if value in _RESERVED:
            raise PatternError(f"'{value}' stands where a value is expected in the filter pattern")
        test = comparison(operator, value)
        return lambda event: any(test(value) for value in values(event))

    def _constant(self, values: Getter) -> Predicate:
        negated = self._accept("NOT")
        name = self._take("NULL, TRUE or FALSE").upper()
        tests: dict[str, Test] = {
            "NULL": lambda value: value is None,
            "TRUE": lambda value: value is True,
            "FALSE": lambda value: value is False,
        }
        if name not in tests:
            raise PatternError(f"'IS {name}' is not a condition of filter patterns")
        return lambda event: any(tests[name](value) is not negated for value in values(event))
