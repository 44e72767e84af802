"""Tokens of a Logs Insights query, read on demand: only the parser knows whether a slash divides or opens a regex."""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "field", "string", "number", "duration", "symbol", "end"]

_SPACE = re.compile(r"(?:\s+|#[^\n]*)+")
_TOKEN = re.compile(
    r"""(?P<duration>\d+(?:ms|mo|s|m|h|d|w|q|y)\b)
      | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<field>`[^`]+`)
      | (?P<word>[@A-Za-z_$][\w@$]*(?:\.[\w@$]+)*)
      | (?P<symbol>=~|!=|<=|>=|[=<>+\-*/^%()\[\],|])
    """,
    re.VERBOSE,
)
_REGEX = re.compile(r"/((?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+)/")


class QueryError(ValueError):
    """The query is malformed. `start` and `end` are character offsets of what is wrong."""

    def __init__(self, message: str, start: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.start, self.end = start, max(start, end)


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    """Without quotes or backticks."""
    start: int
    end: int


class Lexer:
    """A cursor over the query's text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._position = 0
        self._ahead: Token | None = None

    @property
    def end_of_last(self) -> int:
        """Offset just behind the last token taken."""
        return self._position

    def peek(self) -> Token:
        if self._ahead is None:
            self._ahead = self._read()
        return self._ahead

    def take(self) -> Token:
        token = self.peek()
        self._position, self._ahead = token.end, None
        return token

    def take_regex(self) -> str | None:
        """The inside of /.../ if that comes next; the flags that Insights knows are written inline, as (?i)."""
        match = _REGEX.match(self.source, self._start())
        if match is None:
            return None
        self._position, self._ahead = match.end(), None
        return match[1]

    def _start(self) -> int:
        space = _SPACE.match(self.source, self._position)
        return space.end() if space else self._position

    def _read(self) -> Token:
        start = self._start()
        if start >= len(self.source):
            return Token("end", "", start, start)
        match = _TOKEN.match(self.source, start)
        if match is None:
            raise QueryError(f"unexpected symbol found {self.source[start]}", start, start + 1)
        kind: Kind = match.lastgroup  # pyright: ignore[reportAssignmentType] - the groups are named after the kinds
        text = match.group()
        if kind == "string":
            text = re.sub(r"\\([\"'\\])", r"\1", text[1:-1])
        elif kind == "field":
            text = text[1:-1]
        return Token(kind, text, start, match.end())
