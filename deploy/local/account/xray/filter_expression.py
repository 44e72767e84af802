"""X-Ray filter expressions: `service("checkout") { fault } AND responsetime > 2`.

The part that is understood: ok, error, fault, throttle, partial; responsetime, duration, http.status and http.url;
service() and edge() with or without a filter of their own; `!`, AND, OR, parentheses. The rest is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence

from deploy.local.account.xray.traces import Part, Trace

Test = Callable[[Trace, Sequence[Part]], bool]
"""Whether a trace matches. Outside service() and edge() the parts are the trace's root alone."""

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([\w.]+)|(!=|<=|>=|[(){}!<>=,]))')
_COMPARE = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


class FilterError(Exception):
    """The expression is not one that is understood here."""


def compile_filter(text: str) -> Test:
    """Raises FilterError."""
    parser = _Parser(_tokens(text))
    test = parser.either()
    if parser.left:
        raise FilterError(f"unexpected {parser.left[0]}")
    return test


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position, text = 0, text.strip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise FilterError(f"cannot read {text[position : position + 20]!r}")
        tokens.append(match[1] or match[2] or match[3])
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens

    def either(self) -> Test:
        tests = [self._both()]
        while self._is("OR"):
            tests.append(self._both())
        return lambda trace, parts: any(test(trace, parts) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._is("AND"):
            tests.append(self._single())
        return lambda trace, parts: all(test(trace, parts) for test in tests)

    def _single(self) -> Test:
        if self._is("!"):
            test = self._single()
            return lambda trace, parts: not test(trace, parts)
        if self._is("("):
            test = self.either()
            self._need(")")
            return test
        word = self._next()
        if word in ("service", "edge"):
            return self._complex(word)
        return self._keyword(word)

    def _keyword(self, word: str) -> Test:
        if word in ("ok", "error", "fault", "throttle", "partial"):
            wanted = self._next() == "true" if self._is("=") else True
            return lambda trace, parts: any(_is(part, word) for part in parts) is wanted
        if word in ("responsetime", "duration", "http.status"):
            compare, limit = _COMPARE.get(self._next()), self._number()
            if compare is None:
                raise FilterError(f"{word} needs a comparison")
            return lambda trace, parts: any(compare(_figure(part, word), limit) for part in parts)
        if word == "http.url" and self._is("CONTAINS"):
            wanted_text = self._string()
            return lambda trace, parts: wanted_text in trace.url
        raise FilterError(f"the keyword {word} is not answered here")

    def _complex(self, word: str) -> Test:
        self._need("(")
        names: list[str] = []
        while not self._is(")"):
            names.append(self._string())
            self._is(",")
        inner: Test | None = None
        if self._is("{"):
            inner = self.either()
            self._need("}")
        if len(names) > (1 if word == "service" else 2):
            raise FilterError(f"{word} takes fewer names")
        choose = _services if word == "service" else _edges

        def test(trace: Trace, parts: Sequence[Part]) -> bool:
            chosen = choose(trace, names)
            return any(inner is None or inner(trace, [part]) for part in chosen)

        return test

    def _number(self) -> float:
        try:
            return float(self._next())
        except ValueError as error:
            raise FilterError("a number is missing") from error

    def _string(self) -> str:
        token = self._next()
        if not token.startswith('"'):
            raise FilterError(f"{token} must stand in quotes")
        return token[1:-1]

    def _next(self) -> str:
        if not self.left:
            raise FilterError("it ends too early")
        return self.left.pop(0)

    def _is(self, token: str) -> bool:
        if self.left and self.left[0].upper() == token:
            self.left.pop(0)
            return True
        return False

    def _need(self, token: str) -> None:
        if not self._is(token):
            raise FilterError(f"{token} is missing")


def _services(trace: Trace, names: Sequence[str]) -> list[Part]:
    return [part for part in trace.nodes if not names or part.call.name == names[0]]


def _edges(trace: Trace, names: Sequence[str]) -> list[Part]:
    pairs = trace.root.edges()
    return [b for a, b in pairs if [a.call.name, b.call.name][: len(names)] == list(names)]


def _is(part: Part, word: str) -> bool:
    if word == "ok":
        return not (part.fault or part.error)
    return bool(getattr(part, word)) if word != "partial" else False


def _figure(part: Part, word: str) -> float:
    return float(part.call.status) if word == "http.status" else part.seconds
