"""Names in questions: which resource of an inventory they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.naming import Choice, InventoryItem, choose, match, mentions

ARN = "arn:aws:lambda:us-east-1:123456789012:function:checkout-price-cart"
TABLE = """
payments-api-prod | lambda | function
payments-api-staging | lambda | function
checkout-submit-order | lambda | function
checkout-price-cart | lambda | function
checkout-email-receipt | lambda | function
media-thumbnailer | lambda | function
invoicing-worker | lambda | function
invoicing-mailer | lambda | function
storefront-session | lambda | function
catalog-search-indexer | lambda | function
partner-feed-import | lambda | function
invoicing-events | sqs | queue
invoicing-events-dlq | sqs | queue
orders | sqs | queue
orders | dynamodb | table
storefront-sessions | dynamodb | table
orders-db | rds | db
inventory-db | rds | db
checkout-db | rds | db
recommendations | ecs | service
catalog-api | ecs | service
catalog-prod | ecs | ecs-cluster
web-app | ecs | service
analytics-dwh | redshift | cluster
data-platform-prod | mwaa | environment
OrderProcessor | stepfunctions | state-machine
payments | cloudformation | stack
logs | s3 | bucket
api | apigateway | rest-api
"""


def item(line: str) -> InventoryItem:
    name, service, kind = (cell.strip() for cell in line.split("|"))
    arn = ARN if name == "checkout-price-cart" else ""
    return InventoryItem(name=name, service=service, type=kind, arn=arn)


ACCOUNT = [
    *map(item, TABLE.strip().splitlines()),
    InventoryItem(name="nat-0a1b2c3d", service="nat", type="nat-gateway", tags={"Name": "core-prod-nat-a"}),
]


def names(choice: Choice) -> tuple[str, set[str]]:
    return choice.item.name if choice.item else "", {f"{c.service} {c.name}" for c in choice.candidates}


@pytest.mark.parametrize(
    ("text", "name", "service"),
    [
        ("the payments lambda", "payments-api-prod", "lambda"),
        ("why is the paymnets lambda slow?", "payments-api-prod", "lambda"),
        ("why is the staging payments lambda slow?", "payments-api-staging", "lambda"),
        ("Payments API Staging is failing", "payments-api-staging", "lambda"),
        ("PAYMENTS_API_PROD errors", "payments-api-prod", "lambda"),
        ("checkout db", "checkout-db", "rds"),
        ("is the checkout database out of connections?", "checkout-db", "rds"),
        ("chekcuot database", "checkout-db", "rds"),
        ("warum ist die Checkout Datenbank langsam?", "checkout-db", "rds"),
        ("order queue", "orders", "sqs"),
        ("how deep is the orders queue?", "orders", "sqs"),
        ("the orders table", "orders", "dynamodb"),
        ("orders-db", "orders-db", "rds"),
        ("the thumbnailer", "media-thumbnailer", "lambda"),
        ("thumnailer errors since yesterday", "media-thumbnailer", "lambda"),
        ("Why did checkout orders fail?", "checkout-submit-order", "lambda"),
        ("invoicing queue", "invoicing-events", "sqs"),
        ("what is in the invoicing dlq", "invoicing-events-dlq", "sqs"),
        ("sessions table", "storefront-sessions", "dynamodb"),
        ("storefront session lambda", "storefront-session", "lambda"),
        ("recommendations keep dying", "recommendations", "ecs"),
        ("the catalog service", "catalog-api", "ecs"),
        ("order processor", "OrderProcessor", "stepfunctions"),
        ("core prod nat a", "nat-0a1b2c3d", "nat"),
        ("nat-0a1b2c3d", "nat-0a1b2c3d", "nat"),
        ("is the data warehouse slow?", "analytics-dwh", "redshift"),
        ("is our airflow healthy?", "data-platform-prod", "mwaa"),
        ("who changed the payments stack?", "payments", "cloudformation"),
        ("show me the logs bucket", "logs", "s3"),
        (f"errors of {ARN}:live", "checkout-price-cart", "lambda"),
        ("errors in `web-app`", "web-app", "ecs"),
        ("/aws/lambda/media-thumbnailer", "media-thumbnailer", "lambda"),
    ],
)
def test_a_name_means_one_resource(text: str, name: str, service: str) -> None:
    chosen = choose(text, ACCOUNT)
    assert chosen.item is not None, chosen
    assert (chosen.item.name, chosen.item.service) == (name, service)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the api",
        "our service",
        "is the app down?",
        "errors",
        "why did costs go up?",
        "how much did we spend on lambda last month?",
        "which database has the most connections?",
        "which queue is the longest?",
        "how many orders failed yesterday?",
        "search the logs for errors",
        "something strange happened in production",
        "what can you do?",
        "is checkout slow?",
        "p99 latency in us-east-1",
        "our website and the backend",
        "import failed",
        "¿por qué subió el costo?",
    ],
)
def test_common_words_name_nothing(text: str) -> None:
    assert choose(text, ACCOUNT) == Choice()


WEAK_PAIRS = "auth-api login-handler user-api email-worker report-worker invoice-worker search-api cart-service web-app"


@pytest.mark.parametrize("name", [name for name in WEAK_PAIRS.split() if name != "web-app"])
@pytest.mark.parametrize("question", ["is the {} down?", "{} failing", "por que falla el {}", "{} 500s since 3"])
def test_two_everyday_words_side_by_side_name_what_is_called_so(name: str, question: str) -> None:
    account = [item(f"{one} | lambda | function") for one in WEAK_PAIRS.split()]
    assert names(choose(question.format(name.replace("-", " ")), account))[0] == name


@pytest.mark.parametrize(
    "text",
    [
        "is the web app down?",
        "the worker sends an email",
        "search the api logs",
        "the user called an api",
        "cart and service",
        "the auth-api2 thing",
        "invoice failing",
    ],
)
def test_apart_they_name_nothing(text: str) -> None:
    account = [item(f"{one} | lambda | function") for one in WEAK_PAIRS.split()]
    assert choose(text, account) == Choice()


def test_an_environment_behind_them_need_not_be_said() -> None:
    account = [item(f"user-api-{stage} | lambda | function") for stage in ("prod", "staging")]
    assert names(choose("user api 500s", account))[0] == "user-api-prod"
    assert names(choose("user api 500s in staging", account))[0] == "user-api-staging"


def test_words_of_questions_beside_them_name_nothing() -> None:
    account = [item("cost-report | lambda | function"), item("error-logs | s3 | bucket")]
    assert choose("show me a cost report of October", account) == Choice()
    assert choose("any error logs?", account) == Choice()
    assert names(choose("is cost-report ok?", account))[0] == "cost-report"


def test_names_that_are_as_likely_are_asked_about() -> None:
    assert names(choose("why did the invoicing lambda fail?", ACCOUNT)) == (
        "",
        {"lambda invoicing-worker", "lambda invoicing-mailer"},
    )
    assert len(choose("the checkout lambda is slow", ACCOUNT).candidates) == 3


def test_more_than_four_are_too_many_to_ask_about() -> None:
    fleet = [InventoryItem(name=f"fleet-{n}x", service="lambda", type="function") for n in "abcde"]
    assert choose("the fleet lambda", fleet) == Choice()


def test_the_exact_name_wins_over_all_that_contain_it() -> None:
    longer = InventoryItem(name="media-thumbnailer-prod", service="lambda", type="function")
    assert names(choose("media-thumbnailer fails", [*ACCOUNT, longer])) == ("media-thumbnailer", set())


def test_an_exact_name_that_two_resources_have_is_asked_about() -> None:
    twins = [
        InventoryItem(name="billing-sync", service=s, type=t) for s, t in (("lambda", "function"), ("sqs", "queue"))
    ]
    assert len(choose("billing-sync is late", twins).candidates) == 2
    assert names(choose("the billing-sync queue is late", twins))[0] == "billing-sync"


def test_a_cluster_and_its_instance_of_one_name_are_not_asked_about() -> None:
    both = [item("orders-main | rds | db"), item("orders-main | rds | db-cluster")]
    assert names(choose("orders-main is slow", both)) == ("orders-main", set())


def test_what_was_assumed_is_said_and_an_exact_name_assumes_nothing() -> None:
    said = choose("why is the paymnets lambda slow?", ACCOUNT).assumption
    assert said == "“paymnets lambda” is taken to mean the function payments-api-prod."
    assert choose("media-thumbnailer", ACCOUNT).assumption == ""


def test_two_names_are_two_mentions() -> None:
    found = mentions("compare media-thumbnailer with the catalog-api", ACCOUNT)
    assert [choice.item.name for choice in found if choice.item] == ["media-thumbnailer", "catalog-api"]


def test_what_is_named_in_full_is_what_vague_words_for_it_mean() -> None:
    table = item("checkout-orders | dynamodb | table")
    account = [table, *(one for one in ACCOUNT if one.name != "orders")]
    asked = "what's wrong with the orders database?"

    assert {one.name for one in choose(asked, account).candidates} == {"orders-db", "checkout-orders"}
    for named in ("orders-db", "checkout-orders"):
        (found,) = mentions(f"{asked} ({named})", account)
        assert names(found)[0] == named
        assert found.assumption == ""


def test_a_name_apart_from_a_word_for_another_kind_still_counts() -> None:
    chosen = choose("did the thumbnailer fail because a lot of messages came from some queue?", ACCOUNT)
    assert names(chosen)[0] == "media-thumbnailer"


def test_no_inventory_means_no_name() -> None:
    assert choose("payments-api-prod", []) == Choice()


@given(text=st.text(max_size=80), extra=st.lists(st.text(max_size=20), max_size=5))
def test_any_text_and_any_names_give_scores_from_0_to_1_in_order(text: str, extra: list[str]) -> None:
    odd = [InventoryItem(name=name, service="lambda", type="function") for name in extra]
    scores = [found.score for found in match(" ".join([text, *extra]), [*ACCOUNT, *odd])]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


@given(
    st.sampled_from(ACCOUNT), st.sampled_from(["why is {} slow?", "{}", "errors in {} since 2 pm", "¿qué pasa con {}?"])
)
def test_every_name_of_several_words_is_found_as_it_is(wanted: InventoryItem, question: str) -> None:
    if "-" in wanted.name:
        chosen = choose(question.format(wanted.name.upper()), ACCOUNT)
        assert chosen.item == wanted


@pytest.mark.parametrize("said", ["price-cart", "price_cart", "Price-Cart"])
def test_a_joined_part_of_a_name_names_it(said: str) -> None:
    items = [
        InventoryItem(name=name, service="lambda", type="function") for name in ("shop-price-cart", "shop-submit-cart")
    ]

    assert choose(f"is {said} ok?", items).item == items[0]


def test_a_part_that_several_names_have_is_asked_about() -> None:
    items = [InventoryItem(name=name, service="ecs", type="service") for name in ("eu-price-cart", "us-price-cart")]

    assert len(choose("is price-cart ok?", items).candidates) == 2


def test_what_belongs_to_a_kind_is_not_the_only_one_of_it() -> None:
    bucket = InventoryItem(name="ledger-lake", service="s3", type="bucket")

    assert choose("is the bucket there?", [bucket]).item == bucket
    assert choose("who removed the s3 endpoint?", [bucket]) == Choice()
