"""Turns an expression into a plain function of a row, once for a query; every event is then a call."""

import operator
from collections.abc import Callable

from deploy.local.account.logs.insights.functions import FUNCTIONS, date_floor
from deploy.local.account.logs.insights.nodes import Binary, Call, Duration, Expression, Field, In, Like, Literal, Not
from deploy.local.account.logs.insights.rows import Row
from deploy.local.account.logs.insights.values import Value, as_number, as_text, equal, ordered, truth

Evaluate = Callable[[Row], Value]

_COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "=": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": ordered(operator.lt),
    "<=": ordered(operator.le),
    ">": ordered(operator.gt),
    ">=": ordered(operator.ge),
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "^": operator.pow,
}


def compile_expression(expression: Expression, leaf: Callable[[Call], Evaluate | None] | None = None) -> Evaluate:
    """`leaf` may answer for a call in its own way, as `stats` does for aggregates."""
    match expression:
        case Field(name):
            return lambda row: row.get(name)
        case Literal(value):
            return lambda row: value
        case Duration():
            return lambda row: expression
        case Call():
            return (leaf(expression) if leaf else None) or _call(expression, leaf)
        case Not(operand):
            inner = compile_expression(operand, leaf)
            return lambda row: not truth(inner(row))
        case Like():
            return _like(expression, leaf)
        case In(operand, choices):
            value = compile_expression(operand, leaf)
            options = [compile_expression(choice, leaf) for choice in choices]
            return lambda row: any(equal(value(row), option(row)) for option in options)
        case Binary():
            return _binary(expression, leaf)


def _call(call: Call, leaf: Callable[[Call], Evaluate | None] | None) -> Evaluate:
    if call.name == "bin":
        period = call.arguments[0]
        return lambda row: date_floor(row.get("@timestamp"), period) if isinstance(period, Duration) else None
    function = FUNCTIONS[call.name][0]
    arguments = [compile_expression(argument, leaf) for argument in call.arguments]
    return lambda row: function(*(argument(row) for argument in arguments))


def _like(like: Like, leaf: Callable[[Call], Evaluate | None] | None) -> Evaluate:
    inner, pattern = compile_expression(like.operand, leaf), like.pattern
    if isinstance(pattern, str):
        return lambda row: (value := inner(row)) is not None and pattern in as_text(value)
    return lambda row: (value := inner(row)) is not None and pattern.search(as_text(value)) is not None


def _binary(node: Binary, leaf: Callable[[Call], Evaluate | None] | None) -> Evaluate:
    left, right = compile_expression(node.left, leaf), compile_expression(node.right, leaf)
    if node.operator == "and":
        return lambda row: truth(left(row)) and truth(right(row))
    if node.operator == "or":
        return lambda row: truth(left(row)) or truth(right(row))
    if node.operator in _COMPARISONS:
        compare = _COMPARISONS[node.operator]
        return lambda row: compare(left(row), right(row))
    compute = _ARITHMETIC[node.operator]

    def arithmetic(row: Row) -> Value:
        a, b = as_number(left(row)), as_number(right(row))
        if a is None or b is None:
            return None
        try:
            return compute(a, b)
        except (ZeroDivisionError, OverflowError):
            return None

    return arithmetic
