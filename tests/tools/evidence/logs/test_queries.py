"""Searching and querying logs, and listing groups."""

import pytest

from agent.models import EvidenceStatus
from tests.tools.evidence.conftest import Call, Load
from tools.evidence.logs.queries import filter_pattern, log_groups, log_search, logs_insights

LOGS = [
    {
        "group": "/ecs/payments",
        "retention_days": 30,
        "lines": [
            {"template": "paid order {int:1-9999}", "per_minute": 3},
            {"template": "card service timed out (attempt {int:1-3})", "level": "ERROR", "count": 12, "from": "-50m"},
        ],
    },
    {"group": "/ecs/catalog", "lines": [{"template": "listed {int:1-40} items", "per_minute": 1}]},
]


async def test_a_search_counts_what_matches_and_leaves_out_the_rest(load: Load, call: Call):
    load(logs=LOGS)
    evidence = await call(log_search, pattern="timed out (attempt", resource="payments")
    assert evidence.summary.startswith("12 lines in /ecs/payments")
    assert [finding.kind for finding in evidence.findings] == ["log_error_pattern"]
    assert evidence.findings[0].attributes["count"] == "12"


async def test_a_search_without_matches_says_so(load: Load, call: Call):
    load(logs=LOGS)
    evidence = await call(log_search, pattern="refunded", resource="payments")
    assert evidence.status == EvidenceStatus.no_data
    assert evidence.findings[0].kind == "log_quiet"


async def test_a_query_returns_its_rows(load: Load, call: Call):
    load(logs=LOGS)
    query = "filter @message like /timed out/ | stats count(*) as n"
    evidence = await call(logs_insights, query=query, log_group="payments")
    assert evidence.findings[0].statement == "n=12"
    assert "logs-insights" in evidence.console_url


async def test_a_malformed_query_comes_back_as_the_services_own_error(load: Load, call: Call):
    load(logs=LOGS)
    evidence = await call(logs_insights, query="stats stats |", log_group="payments")
    assert evidence.status == EvidenceStatus.error
    assert "MalformedQueryException" in evidence.summary


async def test_groups_are_found_by_a_part_of_their_name(load: Load, call: Call):
    load(logs=LOGS)
    evidence = await call(log_groups, log_group="PAY")
    assert [finding.attributes["log_group"] for finding in evidence.findings] == ["/ecs/payments"]
    assert evidence.findings[0].attributes["retention_days"] == "30"


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("Timeout", "Timeout"),
        ("timed out", '"timed out"'),
        ('say "no"', '"say \\"no\\""'),
        ("?timeout ?refused", "?timeout ?refused"),
        ("{ $.status = 500 }", "{ $.status = 500 }"),
        ("%5[0-9][0-9]%", "%5[0-9][0-9]%"),
    ],
)
def test_plain_text_is_quoted_and_patterns_are_left_alone(text: str, pattern: str):
    assert filter_pattern(text) == pattern
