"""Expressions: `or` binds weakest, then `and`, `not`, comparisons, `+ -`, `* / %`, `^`, unary minus."""

from collections.abc import Iterator
from typing import NoReturn

from deploy.local.account.logs.insights.aggregates import AGGREGATES
from deploy.local.account.logs.insights.functions import FUNCTIONS
from deploy.local.account.logs.insights.globs import compile_regex
from deploy.local.account.logs.insights.lexer import Lexer, QueryError, Token
from deploy.local.account.logs.insights.nodes import Binary, Call, Duration, Expression, Field, In, Like, Literal, Not

_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_UNITS = ("ms", "s", "m", "h", "d", "w", "mo", "q", "y")
_LITERALS = {"true": True, "false": False, "null": None}
_NAMES = {name.lower(): name for name in (*FUNCTIONS, *AGGREGATES, "bin")}


def calls_in(expression: Expression) -> Iterator[Call]:
    """Every function call within an expression."""
    match expression:
        case Call():
            yield expression
            for argument in expression.arguments:
                yield from calls_in(argument)
        case Binary():
            yield from calls_in(expression.left)
            yield from calls_in(expression.right)
        case Not() | Like() | In():
            yield from calls_in(expression.operand)
        case Field() | Literal() | Duration():
            return


class ExpressionParser:
    """Recursive descent over the lexer that it shares with the query's parser."""

    def __init__(self, lexer: Lexer) -> None:
        self._lexer = lexer

    def parse(self) -> Expression:
        left = self._conjunction()
        while self._accept("or"):
            left = Binary("or", left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self._accept("and"):
            left = Binary("and", left, self._negation())
        return left

    def _negation(self) -> Expression:
        return Not(self._negation()) if self._accept("not") else self._comparison()

    def _comparison(self) -> Expression:
        left = self._sum()
        negated = self._accept("not")
        if self._accept("like") or (not negated and self._accept("=~")):
            found: Expression = self._like(left)
        elif self._accept("in"):
            found = In(left, self._choices())
        elif negated:
            self._unexpected(self._lexer.peek())
        elif self._lexer.peek().text in _COMPARISONS and self._lexer.peek().kind == "symbol":
            found = Binary(self._lexer.take().text, left, self._sum())
        else:
            return left
        return Not(found) if negated else found

    def _like(self, operand: Expression) -> Like:
        start = self._lexer.end_of_last
        source = self._lexer.take_regex()
        if source is not None:
            return Like(operand, compile_regex(source, start, self._lexer.end_of_last)[0])
        token = self._lexer.take()
        return Like(operand, token.text) if token.kind == "string" else self._unexpected(token)

    def _choices(self) -> tuple[Expression, ...]:
        self._expect("[")
        choices = [self._sum()]
        while self._accept(","):
            choices.append(self._sum())
        self._expect("]")
        return tuple(choices)

    def _sum(self) -> Expression:
        left = self._product()
        while self._lexer.peek().kind == "symbol" and self._lexer.peek().text in "+-":
            left = Binary(self._lexer.take().text, left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._power()
        while self._lexer.peek().kind == "symbol" and self._lexer.peek().text in "*/%":
            left = Binary(self._lexer.take().text, left, self._power())
        return left

    def _power(self) -> Expression:
        base = self._unary()
        return Binary("^", base, self._power()) if self._accept("^") else base

    def _unary(self) -> Expression:
        if self._accept("-"):
            return Binary("-", Literal(0), self._unary())
        return self.parse_operand()

    def parse_operand(self) -> Expression:
        """A field, a literal, a call or something in parentheses."""
        token = self._lexer.take()
        if token.kind == "symbol" and token.text == "(":
            inner = self.parse()
            self._expect(")")
            return inner
        if token.kind == "string":
            return Literal(token.text)
        if token.kind == "number":
            return Literal(int(token.text) if token.text.isdigit() else float(token.text))
        if token.kind == "duration":
            return _duration(token)
        if token.kind == "field":
            return Field(token.text)
        if token.kind != "word" or token.text.lower() in ("and", "or", "not", "in", "like", "as", "by"):
            self._unexpected(token)
        if self._accept("("):
            return self._call(token)
        return Literal(_LITERALS[token.text]) if token.text in _LITERALS else Field(token.text)

    def _call(self, token: Token) -> Call:
        name = _NAMES.get(token.text.lower())
        if name is None:
            raise QueryError(f"unknown function {token.text}", token.start, token.end)
        arguments: list[Expression] = []
        if name == "count" and self._accept("*"):
            self._expect(")")
        elif not self._accept(")"):
            arguments.append(self.parse())
            while self._accept(","):
                arguments.append(self.parse())
            self._expect(")")
        self._check_arity(name, arguments, token)
        return Call(name, tuple(arguments))

    def _check_arity(self, name: str, arguments: list[Expression], token: Token) -> None:
        if name == "bin":
            low, high = 1, 1
        else:
            _, low, high = AGGREGATES[name] if name in AGGREGATES else FUNCTIONS[name]
        if not low <= len(arguments) <= high:
            raise QueryError(f"{name} does not take {len(arguments)} arguments", token.start, self._lexer.end_of_last)
        if name in ("bin", "datefloor", "dateceil") and not isinstance(arguments[-1], Duration):
            raise QueryError(f"{name} needs a period such as 5m", token.start, self._lexer.end_of_last)

    def _accept(self, text: str) -> bool:
        token = self._lexer.peek()
        if token.kind not in ("word", "symbol") or token.text.lower() != text:
            return False
        self._lexer.take()
        return True

    def _expect(self, symbol: str) -> None:
        token = self._lexer.peek()
        if not self._accept(symbol):
            self._unexpected(token)

    def _unexpected(self, token: Token) -> NoReturn:
        unexpected(self._lexer.source, token)


def unexpected(source: str, token: Token) -> NoReturn:
    """The sentence that the service uses, with line and position."""
    line = source.count("\n", 0, token.start) + 1
    column = token.start - source.rfind("\n", 0, token.start)
    found = token.text if token.kind != "end" else "the end of the query"
    raise QueryError(f"unexpected symbol found {found} at line {line} and position {column}", token.start, token.end)


def _duration(token: Token) -> Duration:
    unit = next(unit for unit in sorted(_UNITS, key=len, reverse=True) if token.text.endswith(unit))
    return Duration(int(token.text.removesuffix(unit)), unit)
