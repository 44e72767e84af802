"""Messages that one statement printed get one template; other statements' messages get another."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.log_templates import mask, templates


def distinct(messages: list[str]) -> set[str]:
    return set(templates([mask(message) for message in messages]).values())


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("order 4711 in 12.5ms", "order <*> in <*>ms"),
        ("from 10.0.3.4:443 by ann@example.com", "from <*> by <*>"),
        ("request 8f5d1b9a-1111-2222-3333-444455556666 done", "request <*> done"),
        ("at 2026-11-20T12:00:00.123Z", "at <*>"),
        ("customer ord_51c0a97d2e47 unknown", "customer <*> unknown"),
        ("commit 3f2a9c1d8", "commit <*>"),
        ("sha256 and ssh2 and s3 stay", "sha256 and ssh2 and s3 stay"),
        ("worker-17 lost\nits trace", "worker-<*> lost"),
    ],
)
def test_what_is_surely_a_parameter_is_masked(message: str, masked: str):
    assert mask(message) == masked


def test_words_that_vary_become_parameters():
    users = [f"user {name} logged in from the office" for name in ("ann", "bob", "cid", "dora", "eve")]
    assert distinct(users) == {"user <*> logged in from the office"}


def test_statements_of_the_same_length_stay_apart():
    logs = [f"opened file number {n}" for n in range(9)] + [f"closed socket on port {n}" for n in range(9)]
    assert distinct(logs) == {"opened file number <*>", "closed socket on port <*>"}


def test_a_message_that_came_once_stays_as_it_is():
    assert distinct(["the disk is nearly full", *["all is well today here"] * 50]) == {
        "the disk is nearly full",
        "all is well today here",
    }


def test_mixed_statements_are_told_apart_among_thousands_of_lines():
    random.seed(7)
    statements = {
        "GET /api/orders/{n} answered {n} in {n}ms": "GET /api/orders/<*> answered <*> in <*>ms",
        "cache miss for key {w} of tenant {w}": "cache miss for key <*> of tenant <*>",
        "payment of {n} EUR declined by {w}": "payment of <*> EUR declined by <*>",
        "session {w} expired": "session <*> expired",
    }

    def printed(statement: str) -> str:
        while "{w}" in statement:
            statement = statement.replace("{w}", "".join(random.choices("abcdefgh", k=7)), 1)
        return statement.replace("{n}", str(random.randrange(10_000)))

    logs = [printed(random.choice(list(statements))) for _ in range(4000)]
    assert distinct(logs) == set(statements.values())


@given(st.text("abA0123:=,.-/()[]<>*_ \n", max_size=20) | st.text(max_size=20))
def test_what_is_masked_stays_as_it_is_when_masked_again(message: str):
    assert mask(mask(message)) == mask(message)
