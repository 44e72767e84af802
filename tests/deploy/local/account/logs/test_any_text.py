"""Whatever text comes in as a query or a pattern: it is understood or refused, and never anything else."""

import warnings
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.account.logs.filter_pattern import PatternError, compile_pattern
from deploy.local.account.logs.generator import LogEvent
from deploy.local.account.logs.insights import QueryError, Row, parse_query, run_query

WORDS = st.sampled_from(
    [
        *("fields", "filter", "stats", "sort", "limit", "parse", "dedup", "pattern", "display", "filterIndex"),
        *("by", "as", "and", "or", "not", "in", "like", "=~", "desc", "count(*)", "bin(5m)", "avg(ms)", "strlen(a)"),
        *("@message", "@timestamp", "ms", "level", "'x'", '"y*"', "/re(x)/", "/(?<n>a)/", "5", "1.5", "10m", "true"),
        *("|", ",", "(", ")", "[", "]", "=", "!=", "<", ">=", "+", "-", "*", "/", "%", "^", "`b c`", "#", "\n"),
    ]
)
PIECES = st.sampled_from(
    [
        *("ERROR", "-x", "?y", '"a b"', "%re%", "{", "}", "[", "]", "$.a", "$.b[0]", "=", "!=", ">", "&&", "||"),
        *("(", ")", "NOT", "EXISTS", "IS", "NULL", "TRUE", "*", "...", ",", "ip", "4*", "1e3", "a.b", '"'),
    ]
)
EVENT = LogEvent(1_793_700_000_000, "web-1", '{"level": "ERROR", "ms": 12, "a": [1, null]}', "1")


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map(" ".join)))
def test_a_query_runs_or_is_refused(text: str) -> None:
    with warnings.catch_warnings(), suppress(QueryError):
        warnings.simplefilter("ignore", FutureWarning)  # Python's remark on regexes such as [[a]
        run_query(parse_query(text), [Row(EVENT, "group"), Row(EVENT, "group")])


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=10).map(" ".join)))
def test_a_pattern_matches_or_is_refused(text: str) -> None:
    with warnings.catch_warnings(), suppress(PatternError):
        warnings.simplefilter("ignore", FutureWarning)
        matches = compile_pattern(text)
        assert {matches(EVENT.message), matches("127.0.0.1 - [x y] 404"), matches("")} <= {True, False}


def test_deep_nesting_is_refused() -> None:
    for text in ("filter " + "(" * 4000, "filter " + "not " * 2400 + "a"):
        with suppress(QueryError):
            run_query(parse_query(text), [Row(EVENT, "group")])
