"""The Logs Insights query language: `parse_query(text)` gives a Query, `run_query(query, ...)` evaluates it.

lexer -> parser -> nodes (what was asked)
rows (an event and the fields discovered in it), values, functions, aggregates -> expressions -> commands
"""

from deploy.local.account.logs.insights.commands import Outcome, run_query
from deploy.local.account.logs.insights.lexer import QueryError
from deploy.local.account.logs.insights.nodes import Query
from deploy.local.account.logs.insights.parser import parse_query
from deploy.local.account.logs.insights.rows import Row

__all__ = ["Outcome", "Query", "QueryError", "Row", "parse_query", "run_query"]
