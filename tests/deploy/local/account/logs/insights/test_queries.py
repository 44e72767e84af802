"""Queries in the Logs Insights language find, compute and leave out what they say."""

import json
from typing import Any

import pytest

from deploy.local.account.logs.generator import LogEvent
from deploy.local.account.logs.insights import Outcome, Row, parse_query, run_query

MINUTE = 60_000
START = 1_793_700_000_000  # 2026-11-03 10:00:00 UTC


def rows(*messages: str | dict[str, Any], group: str = "/ecs/checkout", stream: str = "web-1") -> list[Row]:
    """A minute apart from 10:00 on, newest first as the service reads them."""
    texts = [text if isinstance(text, str) else json.dumps(text) for text in messages]
    events = [LogEvent(START + index * MINUTE, stream, text, f"{index:03d}") for index, text in enumerate(texts)]
    return [Row(event, group) for event in reversed(events)]


def run(query: str, events: list[Row]) -> Outcome:
    return run_query(parse_query(query), events)


def table(query: str, events: list[Row]) -> list[list[str]]:
    return [[value for _, value in result] for result in run(query, events).results]


@pytest.fixture
def orders() -> list[Row]:
    return rows(
        {"level": "INFO", "ms": 12, "path": "/pay", "ok": True, "user": {"id": "u1", "tags": ["a", "b"]}},
        {"level": "ERROR", "ms": 830.5, "path": "/pay", "ok": False, "error": "Timeout after 800 ms"},
        {"level": "INFO", "ms": 20, "path": "/cart", "ok": True},
        {"level": "ERROR", "ms": 900, "path": "/pay", "ok": False, "error": "Connection refused by 10.0.0.7"},
        {"level": "WARN", "ms": 55, "path": "/cart", "ok": True},
    )


def test_without_commands_that_choose_the_time_and_the_message_are_shown_newest_first(orders: list[Row]) -> None:
    outcome = run("filter level = 'INFO'", orders)
    assert [[name for name, _ in result] for result in outcome.results] == [["@timestamp", "@message"]] * 2
    assert [result[0][1] for result in outcome.results] == ["2026-11-03 10:02:00.000", "2026-11-03 10:00:00.000"]


@pytest.mark.parametrize(
    ("condition", "paths"),
    [
        ("ms > 800", [900, 830.5]),
        ("ms >= 20 and ms < 60", [55, 20]),
        ("level = 'ERROR' and not (ms > 850)", [830.5]),
        ("level = 'ERROR' or path = '/cart'", [55, 900, 20, 830.5]),
        ("path = '/cart' or path = '/pay' and level = 'INFO'", [55, 20, 12]),
        ("level in ['WARN', 'INFO'] and path != '/pay'", [55, 20]),
        ("level not in ['WARN', 'INFO']", [900, 830.5]),
        ("error like 'refused'", [900]),
        ("error like /(?i)TIMEOUT/", [830.5]),
        ("error =~ /by \\d+\\./", [900]),
        ("error not like /Timeout/", [55, 900, 20, 12]),
        ("ispresent(error)", [900, 830.5]),
        ("not ispresent(error) and ok = 1", [55, 20, 12]),
        ("ok = false", [900, 830.5]),
        ("user.id = 'u1'", [12]),
        ("user.tags.1 = 'b'", [12]),
        ("`user.id` = 'u1'", [12]),
        ("ms * 2 - 10 = 100", [55]),
        ("ms % 2 = 0 and 2 ^ 3 = 8", [900, 20, 12]),
        ("missing > 3", []),
        ("level > 5", []),
        ("@timestamp < 1793700060000", [12]),
        ("strcontains(path, 'car')", [55, 20]),
        ("isIpInSubnet(substr(error, 22), '10.0.0.0/8')", [900]),
    ],
)
def test_filters(condition: str, paths: list[float], orders: list[Row]) -> None:
    found = table(f"fields ms | filter {condition}", orders)
    expected = [row for row in found if row != [""]]
    assert [float(ms) for [ms] in expected] == paths


def test_filters_on_text_that_no_number_is() -> None:
    events = rows("level=ERROR user=7", "level=INFO user=12")
    assert table("filter @message like /user=1/ | fields @message", events) == [["level=INFO user=12"]]


def test_stats_groups_and_orders(orders: list[Row]) -> None:
    found = table("stats count(*) as n, avg(ms) as mean, max(ms) by path | sort n desc", orders)
    assert found == [["/pay", "3", "580.8333", "900"], ["/cart", "2", "37.5", "55"]]


def test_stats_by_time(orders: list[Row]) -> None:
    outcome = run("filter level = 'ERROR' | stats count(*) by bin(2m) as window | sort window asc", orders)
    assert outcome.results == [
        [("window", "2026-11-03 10:00:00.000"), ("count(*)", "1")],
        [("window", "2026-11-03 10:02:00.000"), ("count(*)", "1")],
    ]
    assert outcome.matched == 2


def test_all_aggregations(orders: list[Row]) -> None:
    query = (
        "stats count(), count(error) as errors, count_distinct(path) as paths, sum(ms) as total, min(ms) as least,"
        " pct(ms, 50) as median, stddev(ms) > 400 as wide, latest(level) as newest, earliest(level) as oldest,"
        " sortsFirst(path) as first, sortsLast(path) as last, count(error) / count(*) * 100 as percent"
    )
    [result] = run(query, orders).results
    assert dict(result) == {
        "count()": "5",
        "errors": "2",
        "paths": "2",
        "total": "1817.5",
        "least": "12",
        "median": "55",
        "wide": "1",
        "newest": "WARN",
        "oldest": "INFO",
        "first": "/cart",
        "last": "/pay",
        "percent": "40",
    }


def test_stats_over_stats(orders: list[Row]) -> None:
    query = "stats max(ms) as worst by path, level | stats count(*) as groups, sum(worst) as total by path | sort path"
    assert table(query, orders) == [["/cart", "2", "75"], ["/pay", "2", "912"]]


def test_stats_of_nothing_is_nothing(orders: list[Row]) -> None:
    assert run("filter level = 'FATAL' | stats count(*)", orders).results == []


def test_parse_with_a_glob() -> None:
    events = rows("user=anna, latency := 120 (slow)", "user=ben, latency := 15 (fast)", "no such line")
    query = "parse @message 'user=*, latency := * (*)' as @user, @latency, kind | stats sum(@latency) as ms by kind"
    assert table(query + " | filter ispresent(kind) | sort ms", events) == [["fast", "15"], ["slow", "120"]]


def test_parse_with_a_regex_and_a_wildcard_at_the_end() -> None:
    events = rows("GET /pay 503 upstream timed out", "GET /cart 200 fine")
    query = r"parse @message /GET (?<path>\/\w+) (?<status>\d+)/ | parse '503 *' as why | display path, status, why"
    assert table(query, events) == [["/cart", "200"], ["/pay", "503", "upstream timed out"]]


def test_fields_computes_and_names() -> None:
    events = rows({"a": "x", "n": 10}, {"a": " Y ", "n": 3})
    query = "fields concat(a, '-', n) as both, toupper(trim(a)) as up, coalesce(b, 'none') as b, n / 4 as quarter"
    assert table(query, events) == [[" Y -3", "Y", "none", "0.75"], ["x-10", "X", "none", "2.5"]]


def test_sort_is_natural_and_limit_cuts() -> None:
    events = rows(*({"v": value} for value in ("b10", "b9", "10", 9, "a")))
    assert table("fields v | sort v", events) == [["a"], ["b9"], ["b10"], ["9"], ["10"]]
    assert table("fields v | sort v desc | limit 2", events) == [["10"], ["9"]]


def test_sort_names_a_column_of_stats_by_its_text(orders: list[Row]) -> None:
    assert table("stats count(*) by level | sort count(*) desc, level asc | limit 1", orders) == [["ERROR", "2"]]


def test_dedup_keeps_the_first_of_each_and_what_lacks_the_field(orders: list[Row]) -> None:
    found = table("fields ms | sort @timestamp desc | dedup path, level", orders)
    assert found == [["55"], ["900"], ["20"], ["12"]]
    assert len(table("fields ms | dedup error", orders)) == 5


def test_lambda_fields_are_discovered() -> None:
    request = "8f5a0c1e-3b7d-4c52-a1f0-5d2b7e9c4a11"
    events = rows(
        f"START RequestId: {request} Version: 7",
        f'2026-11-03T10:00:01.000Z\t{request}\tERROR\tInvoke Error\t{{"errorType":"KeyError"}}',
        f"REPORT RequestId: {request}\tDuration: 3000.00 ms\tBilled Duration: 3001 ms\tMemory Size: 256 MB"
        "\tMax Memory Used: 128 MB\tInit Duration: 401.20 ms",
        group="/aws/lambda/checkout",
    )
    query = (
        "filter @type = 'REPORT' | stats max(@duration) as ms, max(@memorySize / 1000 / 1000) as mb,"
        " max(@maxMemoryUsed / @memorySize) as used, avg(@initDuration) as init by @requestId"
    )
    assert table(query, events) == [[request, "3000", "256", "0.5", "401.2"]]
    assert table("filter errorType = 'KeyError' | fields @requestId", events) == [[request]]
    assert run("filter @type = 'REPORT'", rows("REPORT RequestId: 1", group="/ecs/other")).results == []


def test_flow_log_fields_are_discovered() -> None:
    events = rows(
        "2 123456789012 eni-0a1 10.0.1.5 52.216.8.1 44321 443 6 1000 1500000 1793700000 1793700060 ACCEPT OK",
        "2 123456789012 eni-0a1 10.0.1.9 10.0.2.9 44321 5432 6 10 4000 1793700000 1793700060 ACCEPT OK",
    )
    query = "filter not isIpInSubnet(dstAddr, '10.0.0.0/8') | stats sum(bytes) as total by srcAddr, dstPort"
    assert table(query, events) == [["10.0.1.5", "443", "1500000"]]


def test_pattern_groups_what_differs_only_in_values() -> None:
    events = rows("took 12 ms", "ERROR lost 10.0.0.7 of cus_0a91b", "took -900.5 ms", "took 7 ms")
    assert table("pattern @message", events) == [
        ["took <Number-1> ms", "0.75", "3", "NONE"],
        ["ERROR lost <IPAddress-1> of <Token-2>", "0.25", "1", "ERROR"],
    ]


def test_filter_index_leaves_out_groups_without_that_index() -> None:
    events = rows({"level": "ERROR"}, group="indexed") + rows({"level": "ERROR"}, {"level": "INFO"}, group="plain")
    query = parse_query("filterIndex level = 'ERROR' | fields @log")
    outcome = run_query(query, events, lambda group, field: (group, field) == ("indexed", "level"))
    assert outcome.results == [[("@log", "indexed")]]


def test_dates(orders: list[Row]) -> None:
    query = (
        "fields datefloor(@timestamp, 1h) as hour, dateceil(@timestamp, 1d) as day,"
        " datefloor(@timestamp, 1mo) as month, datefloor(@timestamp, 1w) as week,"
        " toMillis(@timestamp) as ms, fromMillis(0) as epoch | limit 1"
    )
    assert table(query, orders) == [
        [
            "2026-11-03 10:00:00.000",
            "2026-11-04 00:00:00.000",
            "2026-11-01 00:00:00.000",
            "2026-11-02 00:00:00.000",
            "1793700240000",
            "1970-01-01 00:00:00.000",
        ]
    ]


def test_comments_and_line_breaks_are_allowed(orders: list[Row]) -> None:
    assert table("# what failed\nfields ms\n| filter level = 'WARN' # only this\n| limit 5", orders) == [["55"]]
