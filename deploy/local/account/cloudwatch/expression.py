"""The syntax of metric math: from text to a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from deploy.local.account.request import AwsError

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<string>"[^"]*"|'[^']*')
      | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
      | (?P<sign>&&|\|\||<=|>=|==|!=|[-+*/^<>(),\[\]])
    )""",
    re.VERBOSE,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("OR", "||"),
    ("AND", "&&"),
    ("<", "<=", ">", ">=", "==", "!="),
    ("+", "-"),
    ("*", "/"),
    ("^",),
)
"""Binary operators, the loosest first."""


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Text:
    value: str


@dataclass(frozen=True)
class Name:
    """The id of another query, or a bare word such as REPEAT or ASC."""

    value: str


@dataclass(frozen=True)
class Negative:
    operand: Node


@dataclass(frozen=True)
class Binary:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Array:
    items: tuple[Node, ...]


Node = Number | Text | Name | Negative | Binary | Call | Array


def parse_expression(text: str) -> Node:
    """Parse metric math. Raises a ValidationError that says where the text stops making sense."""
    parser = _Parser(text)
    node = parser.binary(0)
    parser.expect_end()
    return node


def names_in(node: Node) -> set[str]:
    """Every id (and bare word) that an expression mentions."""
    match node:
        case Name(value):
            return {value}
        case Negative(operand):
            return names_in(operand)
        case Binary(_, left, right):
            return names_in(left) | names_in(right)
        case Call(_, parts) | Array(parts):
            return set[str]().union(*(names_in(part) for part in parts))
        case _:
            return set()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._position = 0

    def binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self.binary(level + 1)
        while self._next() in _LEVELS[level]:
            operator = self._take()
            node = Binary(operator, node, self.binary(level + 1))
        return node

    def expect_end(self) -> None:
        if self._next():
            raise self._error(f"unexpected {self._next()!r}")

    def _unary(self) -> Node:
        if self._next() == "-":
            self._take()
            return Negative(self._unary())
        return self._primary()

    def _primary(self) -> Node:
        piece = self._take()
        if not piece:
            raise self._error("it ends too early")
        if piece == "(":
            node = self.binary(0)
            self._expect(")")
            return node
        if piece == "[":
            return Array(self._list("]"))
        if piece[0] in "\"'":
            return Text(piece[1:-1])
        if piece[0].isdigit():
            return Number(float(piece))
        if not (piece[0].isalpha() or piece[0] == "_"):
            raise self._error(f"unexpected {piece!r}")
        if self._next() == "(":
            self._take()
            return Call(piece, self._list(")"))
        return Name(piece)

    def _list(self, closing: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while self._next() != closing:
            items.append(self.binary(0))
            if self._next() != closing:
                self._expect(",")
        self._take()
        return tuple(items)

    def _expect(self, token: str) -> None:
        found = self._take()
        if found != token:
            raise self._error(f"expected {token!r} and found {found!r}" if found else f"expected {token!r}")

    def _next(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        self._position += 1
        return token

    def _split(self) -> list[str]:
        tokens: list[str] = []
        position, text = 0, self._text.rstrip()
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                raise self._error(f"unexpected {text[position:].strip()[:10]!r}")
            tokens.append(match[0].strip())
            position = match.end()
        return tokens

    def _error(self, problem: str) -> AwsError:
        return AwsError("ValidationError", f"Error in expression '{self._text}': {problem}")
