"""How rules write text: `payments-*` (`*` and `?`, the whole value) or `/disk (full|low)/` (an expression, anywhere).

Both ignore case, and both are compiled by RE2: no pattern that somebody writes takes more than linear time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any, cast

import re2
from pydantic import AfterValidator, BeforeValidator

MAX_VALUE_CHARS = 100_000


def listed(value: object) -> list[object]:
    """One value, or a list of them, as a list."""
    return list(cast("list[object]", value)) if isinstance(value, list | tuple) else [value]


def _checked(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        compiled(value)
    return values


Patterns = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_checked)]
"""One pattern or several; one of them has to match."""


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Any:
    """ValueError for an expression that RE2 does not know."""
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    options.log_errors = False
    try:
        return re2.compile(_source(pattern), options)
    except re2.error as error:
        reason = cast("object", error.args[0] if error.args else error)
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(
            f"{pattern} is no expression that RE2 knows ({words}); it has no lookaheads and no back-references"
        ) from None


def _source(pattern: str) -> str:
    if len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/"):
        return pattern[1:-1]
    escaped = str(re2.escape(pattern)).replace(r"\*", ".*").replace(r"\?", ".")
    return rf"\A(?:{escaped})\z"


def matches(patterns: Sequence[str], values: Iterable[str]) -> bool:
    """Whether one of the values is what one of the patterns wants. Only the pattern `""` matches what is not there."""
    for value in values:
        if not value:
            if "" in patterns:
                return True
            continue
        text = value[:MAX_VALUE_CHARS]
        text = text if text.isascii() else text.encode("utf-8", "replace").decode()  # half characters are no UTF-8
        if any(pattern and compiled(pattern).search(text) for pattern in patterns):
            return True
    return False
