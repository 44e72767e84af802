from __future__ import annotations

import pytest

from agent.vocabulary import names_in, objects_in, service_in


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("why did our Lambda costs spike?", "lambda"),
        ("is the DB slow?", "rds"),
        ("the ECS task definition of the queue worker", "ecs"),
        ("which DAG failed?", "mwaa"),
        ("the warehouse is stale", "redshift"),
        ("our data transfer bill", "nat"),
        ("is everything fine?", ""),
        ("the feedback form", ""),
    ],
)
def test_the_first_service_that_is_named_counts(text: str, service: str) -> None:
    assert service_in(text) == service


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("is checkout-api failing because of order_events?", ["checkout-api", "order_events"]),
        ("what about `search`?", ["search"]),
        ("see (arn:aws:lambda:us-east-1:123456789012:function:pay), please", None),
        ("what failed in us-east-1 and eu-west-2?", []),
        ("day-over-day, is the on-call rota follow-up read-only?", []),
        ("what would on-demand cost us by month-end?", []),
        ("on-call-api is down", ["on-call-api"]),
        ("AWS/Lambda errors of real-time-bidder", ["real-time-bidder"]),
        ("checkout-api. And again checkout-api!", ["checkout-api"]),
        ("read s3://bucket-a/path/file.csv", []),
        ("why?", []),
    ],
)
def test_names_are_found_and_common_words_are_not(text: str, names: list[str] | None) -> None:
    expected = ["arn:aws:lambda:us-east-1:123456789012:function:pay"] if names is None else names
    assert names_in(text) == expected


def test_objects_are_told_from_their_buckets() -> None:
    text = "s3://drops/orders/2026-11-20/orders.csv is missing (see s3://drops/a.csv?). Ask."

    assert objects_in(text) == [("drops", "orders/2026-11-20/orders.csv"), ("drops", "a.csv")]
