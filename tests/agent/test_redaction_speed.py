"""That the time to redact grows with a text's length and no faster, and that no text, however crafted, raises."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.redaction import redact
from agent.redaction.engine import Rules
from tests.agent.secrets import TOKENS

DUMPED = (
    "- apiVersion: v1\n  data:\n    user: YWRtaW46eHl6MQ==\n  kind: Secret\n  metadata:\n    name: orders-db-1\n"
    "  type: Opaque\n"
)
CRAFTED = {
    "Secrets without values": "kind: Secret\ndata:\n",
    "a dump of Secrets": DUMPED,
    "pairs without a blank": "password=" + "a8f3k2m9q7w1" * 20 + "&b=1&",
    "headers that lay one another bare": "authorization:a1-",
    "glued JWTs": "eyJ-",
    "tokens that are accepted and glued": "glpat-" + "a8f3k2m9q7w1x5z2" + "_",
}


def seconds(unit: str, size: int, tries: int = 3) -> float:
    """The least processor time of so many tries."""
    text = (unit * (size // len(unit) + 1))[:size]
    times: list[float] = []
    for _ in range(tries):
        began = time.process_time()
        redact(text)
        times.append(time.process_time() - began)
    return min(times)


@pytest.mark.slow
@pytest.mark.parametrize("unit", CRAFTED.values(), ids=CRAFTED)
def test_four_times_a_crafted_text_takes_about_four_times_as_long(unit: str) -> None:
    seconds(unit, 1_000)
    assert seconds(unit, 64_000) < 8 * seconds(unit, 16_000) + 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["xai-", "gsk_", "authorization:", "bearer+", "live_", "key=", "fw_", *CRAFTED.values()]
)
def test_a_long_line_of_one_word_takes_seconds_at_most(unit: str) -> None:
    assert seconds(unit, 40_000, tries=1) < 5


@pytest.mark.slow
def test_no_keyword_repeated_takes_more_than_its_share() -> None:
    for keyword in Rules().keywords:
        seconds(keyword, 500, tries=1)
        assert seconds(keyword, 8_000, tries=1) < 8 * seconds(keyword, 2_000, tries=1) + 0.1, keyword


def test_secrets_of_one_document_are_all_hidden_and_what_stands_beside_them_stays() -> None:
    hidden = redact(DUMPED * 100)
    assert hidden.count("[redacted:kubernetes-secret]") == 100
    assert hidden.count("name: orders-db-1") == 100


def test_a_block_is_read_on_where_the_reach_of_one_kind_ends_and_the_next_ones_begins() -> None:
    filler = "# a comment\n" * 1_660
    manifest = "kind: Secret\n" + filler + "data:\n" + "  calm: YWRtaW46eHl6MQ==\n" * 20 + "kind: Secret\n"
    assert "YWRtaW46eHl6MQ==" not in redact(manifest)


def test_a_document_that_is_no_secret_keeps_its_data() -> None:
    text = "kind: Secret\ndata:\n  a: YWRtaW46eHl6MQ==\n---\nkind: ConfigMap\ndata:\n  b: orders-database-1\n"
    assert redact(text) == text.replace("YWRtaW46eHl6MQ==", "[redacted:kubernetes-secret]")


def test_lone_surrogates_in_a_password_neither_raise_nor_stay() -> None:
    assert redact("-u ::\ud83d \ud83d\xe9").startswith("-u :")
    assert redact("curl -u 'app:hunter\ud83d2x' y") == "curl -u 'app:[redacted:password]' y"


PIECES = st.sampled_from(
    [
        "-u ",
        "::",
        '"',
        "'",
        "password=",
        "authorization: bearer ",
        ":\ud83d \ud83d\xe9",
        "kind: Secret\ndata:\n  a: ",
        "cookie: a=",
        *TOKENS,
    ]
)
WITH_SURROGATES = st.text(
    st.characters(categories=["Cs", "L", "P", "Z"]) | st.sampled_from("\ud83d\udca9é \n"), max_size=12
)


@given(st.lists(PIECES | WITH_SURROGATES, max_size=8).map("".join))
@settings(max_examples=100, deadline=None)
def test_text_with_surrogates_never_raises(text: str) -> None:
    hidden = redact(text)
    assert redact(hidden) == hidden
