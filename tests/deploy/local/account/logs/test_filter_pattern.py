"""Filter patterns find what they name and leave out what they exclude."""

import json
import re

import pytest

from deploy.local.account.logs.filter_pattern import PatternError, compile_pattern

ACCESS_LINE = '127.0.0.1 - frank [10/Oct/2026:13:25:15 +0000] "GET /index.html?x=1 HTTP/1.0" 404 1534'
ORDER = {
    "level": "ERROR",
    "latency_ms": 1820.5,
    "ok": False,
    "user": None,
    "tags": ["pay", "eu"],
    "http": {"status": 503, "path": "/pay/42", "x-id": "q"},
}


@pytest.mark.parametrize(
    ("pattern", "found", "left_out"),
    [
        ("ERROR", "Exiting with ERRORCODE: -1", "error: lower case"),
        ("ERROR Exception", "[ERROR] Caught IllegalArgumentException", "[ERROR] timeout"),
        ("ERROR -Exiting", "[ERROR] A fatal exception", "Exiting with ERRORCODE: -1"),
        ("-ERROR", "all is well", "ERROR"),
        ("?timeout ?refused", "connection refused", "connection reset"),
        ("ERROR ?timeout", "ERROR disk", "timeout without the required term"),
        ('"INTERNAL SERVER ERROR"', "500 INTERNAL SERVER ERROR", "INTERNAL ERROR SERVER"),
        ('-"health check" GET', "GET /pay", "GET health check"),
        ('"say \\"hi\\""', 'they say "hi" twice', "they say hi"),
        (r"%conn\w+ re[fs]\w{3,6}%", "connection refused", "connection lost"),
        ("", "anything", None),
    ],
)
def test_terms(pattern: str, found: str, left_out: str | None) -> None:
    matches = compile_pattern(pattern)
    assert matches(found)
    assert left_out is None or not matches(left_out)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "error" }', False),
        ("{ $.level = ERR* && $.latency_ms > 1.8e3 }", True),
        ('{ $.level != "ERROR" }', False),
        ("{ $.http.status >= 500 && $.http.status < 503 }", False),
        ('{ ($.http.status = 503 || $.http.status = 504) && $.http.path = "/pay/*" }', True),
        ("{ $.http.status = 503 || $.level = INFO && $.level = WARN }", True),
        ("{ $.ok IS FALSE }", True),
        ("{ $.ok IS TRUE }", False),
        ("{ $.user IS NULL }", True),
        ("{ $.user IS NOT NULL }", False),
        ("{ $.missing NOT EXISTS }", True),
        ("{ $.level NOT EXISTS }", False),
        ('{ $.missing != "x" }', False),
        ('{ $.tags[1] = "eu" }', True),
        ('{ $.tags[0] = "eu" }', False),
        ('{ $.tags[*] = "eu" }', True),
        ("{ $.http['x-id'] = q }", True),
        (r"{ $.http.path = %^/pay/\d+$% }", True),
        (r"{ $.http.path = %^/refund/% }", False),
    ],
)
def test_json_selectors(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern)(json.dumps(ORDER)) is expected


def test_json_selectors_leave_out_lines_that_are_not_json() -> None:
    matches = compile_pattern("{ $.level NOT EXISTS }")
    assert not matches("plain text")
    assert not matches("{ broken json")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[ip, id, user, timestamp, request, status_code, size]", True),
        ("[ip, id, user, timestamp, request, status_code]", False),
        ("[ip, ..., status_code = 4*, size]", True),
        ("[ip, ..., status_code = 5*, size]", False),
        ("[..., status_code = 404 || status_code = 410, size > 1000]", True),
        ("[..., status_code, size > 2000]", False),
        ("[ip != 127.0.0.1, ...]", False),
        ('[ip, id, user, timestamp, request = "GET /index*", ...]', True),
        (r"[ip = %127\.0\.0\.\d+%, ...]", True),
        ("[ip, id, user = frank, ...]", True),
    ],
)
def test_space_delimited_columns(pattern: str, expected: bool) -> None:
    assert compile_pattern(pattern)(ACCESS_LINE) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "user-agent",
        '"not closed',
        "{ $.a = 1",
        "{ $.a == }",
        "{ a = 1 }",
        '{ $.a > "text" }',
        "{ ($.a = 1 }",
        "[ip, , size]",
        "[..., a, ...]",
        "[a = 1 || b = 2]",
        "%(group)%",
        "%bad!%",
        "%[open%",
        "x" * 1100,
    ],
)
def test_a_malformed_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "regex", ["[Ee]rror|FATAL", "a.?b|c.{2,3}d", "x[0-9-]y", "^start", "[^a]b", "a\\|b", "[a|b]c", "ab?c"]
)
@pytest.mark.parametrize("message", ["an Error", "FATAL", "ab", "axb", "c12d", "x-y", "start", "a|b", "|c", "ac", "no"])
def test_a_regex_finds_what_it_would_find_without_a_shortcut(regex: str, message: str) -> None:
    assert compile_pattern(f"%{regex}%")(message) is (re.search(regex, message) is not None)
