"""A malformed query is refused, with the place where it is wrong."""

import pytest

from deploy.local.account.logs.insights import QueryError, parse_query


@pytest.mark.parametrize(
    "query",
    [
        "",
        "fields",
        "select @message",
        "fields @message |",
        "fields @message filter a = 1",
        "filter level == 'x'",
        "filter level = ",
        "filter (a = 1",
        "filter a like b",
        "filter a in 'x'",
        "filter a like /(open/",
        "filter nosuch(a) = 1",
        "filter count(*) > 3",
        "fields strlen()",
        "stats level by path",
        "stats count(*) by bin(5)",
        "stats count(*) by bin(level)",
        "stats pct(ms)",
        "parse @message 'a * b *' as one",
        "parse @message /(\\d+)/",
        "parse @message as x",
        "sort",
        "limit ten",
        "limit 0",
        "limit 10001",
        "dedup a | fields b",
        "stats count(*) by a | limit 3 | stats count(*)",
        "stats count(*) by a | stats count(*) by b | stats count(*)",
        "filterIndex a > 3",
        "filter a = 'not closed",
        "fields a ; fields b",
        "filter a = 1 " + "or a = 1 " * 2000,
    ],
)
def test_it_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query)


def test_the_error_points_at_the_symbol() -> None:
    with pytest.raises(QueryError, match="unexpected symbol found frobnicate at line 2 and position 3") as caught:
        parse_query("fields @message\n| frobnicate level")
    assert (caught.value.start, caught.value.end) == (18, 28)
