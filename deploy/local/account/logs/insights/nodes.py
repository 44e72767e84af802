"""What a parsed query consists of."""

import re
from dataclasses import dataclass

from deploy.local.account.logs.insights.values import Value


@dataclass(frozen=True, slots=True)
class Field:
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    value: Value


@dataclass(frozen=True, slots=True)
class Duration:
    """`5m` as an argument of bin, datefloor and dateceil; months and longer have no fixed length."""

    amount: int
    unit: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function; `*` as in count(*) is no argument at all."""

    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, comparison, `and` or `or`."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class In:
    operand: "Expression"
    choices: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Like:
    """`like "text"` looks for a part, `like /regex/` and `=~ /regex/` for a match."""

    operand: "Expression"
    pattern: re.Pattern[str] | str


Expression = Field | Literal | Duration | Call | Not | Binary | In | Like


@dataclass(frozen=True, slots=True)
class Named:
    """An expression with its alias, or with its own text where it has none."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Fields:
    items: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Display:
    items: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Expression
    index_field: str | None = None
    """Set for filterIndex: log groups without an index on that field contribute nothing."""


@dataclass(frozen=True, slots=True)
class Parse:
    operand: Expression
    regex: re.Pattern[str]
    names: tuple[str, ...]
    """One for each group of the regex."""


@dataclass(frozen=True, slots=True)
class Stats:
    aggregates: tuple[Named, ...]
    by: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    text: str
    """Names a column of a stats command before it, as in `sort count(*) desc`."""
    expression: Expression
    descending: bool


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    count: int


@dataclass(frozen=True, slots=True)
class Dedup:
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Groups the texts of a field by what does not vary in them."""

    operand: Expression


Command = Fields | Display | Filter | Parse | Stats | Sort | Limit | Dedup | Pattern


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    commands: tuple[Command, ...]
