"""The filter-pattern language of FilterLogEvents and TestMetricFilter.

    compile_pattern('ERROR -"health check"')            # every term, none of the excluded
    compile_pattern("?timeout ?refused")                # any of the terms
    compile_pattern('{ $.level = "ERROR" && $.ms > 1000 }')
    compile_pattern("[ip, user, ..., status = 5*, bytes > 1000]")
    compile_pattern("%conn[a-z]+ refused%")

Terms match as case-sensitive substrings, as in the service ("ERROR" finds "ERRORCODE"). Each compiled pattern is a
plain function from a message to a bool.
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from deploy.local.account.logs.filter_expression import Getter, parse_expression
from deploy.local.account.logs.filter_values import PatternError, compile_regex, unquote

__all__ = ["PatternError", "compile_pattern"]

Matcher = Callable[[str], bool]

MAX_LENGTH = 1024
_TERM = re.compile(r'\s*([-?]?)("(?:\\.|[^"\\])*"|%[^%]+%|[^\s"]+)')
_STEP = re.compile(r"""\.([\w-]+)|\.?\[\s*(\*|\d+|"[^"]*"|'[^']*')\s*\]""")
_COLUMN_NAME = re.compile(r"[A-Za-z_][\w.-]*")
# A class of characters, or a dot with its quantifier; and a regex of these, plain characters and alternatives alone.
_ANYTHING = re.compile(r"\[[\w-]+\]|\.(?:[?*+]|\{[\d,]+\})?")
_SIMPLE = re.compile(rf"(?:[\w\s:/#=@;,|-]|{_ANYTHING.pattern})+")
# One column of a space-delimited line: a bracketed or quoted group counts as one.
_COLUMN = re.compile(r'\[([^\]]*)\]|"([^"]*)"|(\S+)')


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Matcher:
    """Raises PatternError, whose message the service would show, for a malformed pattern."""
    text = pattern.strip()
    if len(text) > MAX_LENGTH:
        raise PatternError(f"The filter pattern is longer than {MAX_LENGTH} characters")
    if not text:
        return lambda message: True
    if text.startswith("{"):
        return _json_matcher(_body(text, "}"))
    if text.startswith("["):
        return _delimited_matcher(_body(text, "]"))
    return _term_matcher(text)


def _body(text: str, closing: str) -> str:
    if not text.endswith(closing):
        raise PatternError(f"The filter pattern does not end with '{closing}'")
    return text[1:-1]


def _term_matcher(text: str) -> Matcher:
    groups: dict[str, list[str | re.Pattern[str]]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise PatternError(f"Invalid character(s) in term '{text[position:].strip()}'")
        groups[match[1]].append(_term(match[2]))
        position = match.end()
    required, excluded, optional = groups[""], groups["-"], groups["?"]
    if not required and not excluded:
        return _any_of(optional)
    # Beside other terms the service ignores the optional ones.
    needed, unwanted = [_any_of([term]) for term in required], _any_of(excluded)

    def matches(message: str) -> bool:
        for has in needed:
            if not has(message):
                return False
        return not unwanted(message)

    return matches


def _any_of(terms: list[str | re.Pattern[str]]) -> Matcher:
    """Whether a message has one of the terms. Plain loops: they are run for every line of a busy log."""
    words = tuple(term for term in terms if isinstance(term, str))
    regexes = [(term, _parts_needed(term.pattern)) for term in terms if not isinstance(term, str)]

    def found(message: str) -> bool:
        if _has_one(message, words):
            return True
        for regex, parts in regexes:  # noqa: SIM110 - as below
            if _has_one(message, parts) and regex.search(message):
                return True
        return False

    return found


def _has_one(message: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - any() would take three times as long
        if word in message:
            return True
    return False


def _parts_needed(regex: str) -> tuple[str, ...]:
    """Of each alternative a piece that every match contains: looking for those is ten times as fast as matching.

    `[Ee]rror|status.{1,4}5` -> ("rror", "status"). ("",), which everything contains, for what is not so simple.
    """
    if not _SIMPLE.fullmatch(regex):
        return ("",)
    return tuple(max(_ANYTHING.split(part), key=len) for part in regex.split("|"))


def _term(text: str) -> str | re.Pattern[str]:
    """A word that a message must hold, or an expression that it must match."""
    if len(text) > 2 and text[0] == text[-1] == "%":
        return compile_regex(text[1:-1])
    if not text.startswith('"') and not re.fullmatch(r"\w+", text):
        raise PatternError(f"Invalid character(s) in term '{text}'")
    return unquote(text)


def _json_matcher(body: str) -> Matcher:
    predicate = parse_expression(body, _selector)

    def matches(message: str) -> bool:
        if not message.lstrip().startswith("{"):
            return False
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return predicate(event)

    return matches


def _selector(text: str) -> Getter:
    """`$.a.b[0]`, `$.a[*]`, `$['odd name']` -> every value found there."""
    if not text.startswith("$"):
        raise PatternError(f"Invalid selector '{text}': it must start with '$'")
    steps = [match[1] or match[2].strip("\"'") for match in _STEP.finditer(text)]

    def values(event: Any) -> list[Any]:
        found = [event]
        for step in steps:
            found = [child for value in found for child in _children(value, step)]
        return found

    return values


def _children(value: Any, step: str) -> list[Any]:
    if isinstance(value, dict):
        return [value[step]] if step in value else []
    if isinstance(value, list) and step == "*":
        return list(value)
    if isinstance(value, list) and step.isdigit():
        return value[int(step) : int(step) + 1]
    return []


def _delimited_matcher(body: str) -> Matcher:
    columns = [column.strip() for column in _split_columns(body)]
    if columns.count("...") > 1 or "" in columns:
        raise PatternError("A space-delimited pattern has at most one '...' and no empty column")
    tests = [_column_test(column) for column in columns if column != "..."]
    before = columns.index("...") if "..." in columns else None

    def matches(message: str) -> bool:
        found = [a or b or c for a, b, c in _COLUMN.findall(message)]
        if before is None:
            if len(found) != len(tests):
                return False
        elif len(found) < len(tests):
            return False
        else:
            found = found[:before] + found[len(found) - (len(tests) - before) :]
        return all(test(value) for test, value in zip(tests, found, strict=True))

    return matches


def _split_columns(body: str) -> list[str]:
    return re.findall(r'(?:"(?:\\.|[^"\\])*"|%[^%]*%|[^,"%])+|(?<=,)(?=,)', body)


def _column_test(column: str) -> Callable[[str], bool]:
    """`name`, or a condition on it such as `status = 4* && status != 404`."""
    if _COLUMN_NAME.fullmatch(column):
        return lambda value: True
    names: set[str] = set()

    def resolve(name: str) -> Getter:
        if not _COLUMN_NAME.fullmatch(name):
            raise PatternError(f"Invalid column name '{name}'")
        names.add(name)
        return lambda value: [value]

    predicate = parse_expression(column, resolve)
    if len(names) > 1:
        raise PatternError(f"One column has several names: {', '.join(sorted(names))}")
    return predicate
