"""From the text of a query to its nodes. Raises QueryError, with offsets, for everything the service would refuse."""

from collections.abc import Callable
from typing import NoReturn, TypeVar

from deploy.local.account.logs.insights.aggregates import AGGREGATES
from deploy.local.account.logs.insights.expression_parser import ExpressionParser, calls_in, unexpected
from deploy.local.account.logs.insights.globs import compile_regex, glob_to_regex
from deploy.local.account.logs.insights.lexer import Lexer, QueryError, Token
from deploy.local.account.logs.insights.nodes import (
    Binary,
    Command,
    Dedup,
    Display,
    Expression,
    Field,
    Fields,
    Filter,
    In,
    Limit,
    Named,
    Parse,
    Pattern,
    Query,
    Sort,
    SortKey,
    Stats,
)

MAX_LENGTH = 10_000
MAX_LIMIT = 10_000
MAX_STATS = 2

T = TypeVar("T")


def parse_query(text: str) -> Query:
    """`fields @timestamp, @message | filter @message like /ERROR/ | limit 20` as a Query."""
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query is longer than {MAX_LENGTH} characters")
    try:
        commands = _QueryParser(Lexer(text)).parse()
    except RecursionError as error:
        raise QueryError("the query is nested too deeply") from error
    _check_order(commands)
    return Query(text, commands)


def _check_order(commands: tuple[Command, ...]) -> None:
    """The service's own rules about which command may follow which."""
    stats = [index for index, command in enumerate(commands) if isinstance(command, Stats)]
    if len(stats) > MAX_STATS:
        raise QueryError(f"a query can have at most {MAX_STATS} stats commands")
    if len(stats) == MAX_STATS and any(isinstance(command, Sort | Limit) for command in commands[: stats[1]]):
        raise QueryError("sort and limit must come after the second stats command")
    dedup = next((index for index, command in enumerate(commands) if isinstance(command, Dedup)), None)
    if dedup is not None and any(not isinstance(command, Limit | Dedup) for command in commands[dedup:]):
        raise QueryError("only limit can follow dedup")


class _QueryParser:
    def __init__(self, lexer: Lexer) -> None:
        self._lexer = lexer
        self._expressions = ExpressionParser(lexer)
        self._commands: dict[str, Callable[[], Command]] = {
            "fields": lambda: Fields(self._items()),
            "display": lambda: Display(self._items()),
            "filter": lambda: Filter(self._row_expression()),
            "filterindex": self._filter_index,
            "parse": self._parse,
            "stats": self._stats,
            "sort": self._sort,
            "limit": self._limit,
            "dedup": lambda: Dedup(tuple(self._comma_separated(self._field_name))),
            "pattern": lambda: Pattern(self._row_expression()),
        }

    def parse(self) -> tuple[Command, ...]:
        commands = [self._command()]
        while self._lexer.peek().kind != "end":
            self._expect("|")
            commands.append(self._command())
        return tuple(commands)

    def _command(self) -> Command:
        token = self._lexer.take()
        parse = self._commands.get(token.text.lower()) if token.kind == "word" else None
        return parse() if parse else self._unexpected(token)

    def _items(self) -> tuple[Named, ...]:
        return tuple(self._comma_separated(lambda: self._named(self._row_expression)))

    def _named(self, parse: Callable[[], Expression]) -> Named:
        start = self._lexer.peek().start
        expression = parse()
        text = self._lexer.source[start : self._lexer.end_of_last]
        if self._accept_word("as"):
            return Named(self._field_name(), expression)
        return Named(expression.name if isinstance(expression, Field) else text, expression)

    def _row_expression(self) -> Expression:
        """An expression about one event: it has no aggregates in it."""
        start = self._lexer.peek()
        expression = self._expressions.parse()
        aggregate = next((call.name for call in calls_in(expression) if call.name in AGGREGATES), None)
        if aggregate is not None:
            raise QueryError(f"{aggregate} can only be used in stats", start.start, self._lexer.end_of_last)
        return expression

    def _aggregate(self) -> Expression:
        start = self._lexer.peek()
        expression = self._expressions.parse()
        if not any(call.name in AGGREGATES for call in calls_in(expression)):
            raise QueryError("stats needs an aggregation such as count(*)", start.start, self._lexer.end_of_last)
        return expression

    def _filter_index(self) -> Filter:
        start = self._lexer.peek()
        condition = self._row_expression()
        operand = condition.left if isinstance(condition, Binary) and condition.operator == "=" else None
        operand = condition.operand if isinstance(condition, In) else operand
        if not isinstance(operand, Field):
            raise QueryError("filterIndex compares one field by = or in", start.start, self._lexer.end_of_last)
        return Filter(condition, index_field=operand.name)

    def _parse(self) -> Parse:
        start = self._lexer.peek().start
        operand: Expression = Field("@message")
        if self._lexer.peek().kind in ("word", "field"):
            operand = self._expressions.parse_operand()
        source = self._lexer.take_regex()
        if source is not None:
            regex, names = compile_regex(source, start, self._lexer.end_of_last)
        else:
            token = self._lexer.take()
            if token.kind != "string":
                self._unexpected(token)
            regex, names = glob_to_regex(token.text), []
        if self._accept_word("as"):
            names = self._comma_separated(self._field_name)
        if regex.groups != len(names) or not names:
            message = f"parse finds {regex.groups} values and names {len(names)} of them"
            raise QueryError(message, start, self._lexer.end_of_last)
        return Parse(operand, regex, tuple(names))

    def _stats(self) -> Stats:
        aggregates = self._comma_separated(lambda: self._named(self._aggregate))
        by = self._items() if self._accept_word("by") else ()
        return Stats(tuple(aggregates), by)

    def _sort(self) -> Sort:
        return Sort(tuple(self._comma_separated(self._sort_key)))

    def _sort_key(self) -> SortKey:
        start = self._lexer.peek().start
        expression = self._expressions.parse()
        text = self._lexer.source[start : self._lexer.end_of_last]
        descending = self._accept_word("desc")
        if not descending:
            self._accept_word("asc")
        return SortKey(text, expression, descending)

    def _limit(self) -> Limit:
        token = self._lexer.take()
        if token.kind != "number" or not token.text.isdigit():
            self._unexpected(token)
        if not 1 <= int(token.text) <= MAX_LIMIT:
            raise QueryError(f"limit must be between 1 and {MAX_LIMIT}", token.start, token.end)
        return Limit(int(token.text))

    def _field_name(self) -> str:
        token = self._lexer.take()
        return token.text if token.kind in ("word", "field") else self._unexpected(token)

    def _comma_separated(self, parse: Callable[[], T]) -> list[T]:
        found = [parse()]
        while self._lexer.peek().text == "," and self._lexer.peek().kind == "symbol":
            self._lexer.take()
            found.append(parse())
        return found

    def _accept_word(self, word: str) -> bool:
        token = self._lexer.peek()
        if token.kind != "word" or token.text.lower() != word:
            return False
        self._lexer.take()
        return True

    def _expect(self, symbol: str) -> None:
        token = self._lexer.take()
        if token.kind != "symbol" or token.text != symbol:
            self._unexpected(token)

    def _unexpected(self, token: Token) -> NoReturn:
        unexpected(self._lexer.source, token)
