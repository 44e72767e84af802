"""Who may send to a webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sources import SOURCES, Request, source_named

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SECRET = "-".join(("shared", "with", "the", "sender"))
BODY = json.dumps({"title": "Disk is full"}).encode()
SENDING = [source for source in SOURCES if source.verify]


def refusal(source: str, headers: dict[str, str], body: bytes = BODY, secret: str = SECRET) -> str:
    found = source_named(source)
    assert found
    assert found.verify
    return found.verify(Request(body, headers, NOW), secret)


def signature(message: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def stamped(at: datetime = NOW, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    signed = signature(f"{stamp}.".encode() + body, secret)
    return {"x-watchkeeper-timestamp": stamp, "x-watchkeeper-signature": signed}


def basic(pair: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


@pytest.mark.parametrize("source", ["datadog", "alertmanager", "grafana", "opsgenie"])
def test_a_token_or_a_password_lets_in(source: str) -> None:
    assert refusal(source, {"authorization": f"Bearer {SECRET}"}) == ""
    assert refusal(source, {"x-watchkeeper-token": SECRET}) == ""
    assert refusal(source, basic(f"anybody:{SECRET}")) == ""
    assert refusal(source, basic(f"datadog:{SECRET}"), secret=f"datadog:{SECRET}") == ""


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Bearer {SECRET}x"},
        {"authorization": f"Bearer {SECRET[:-1]}"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()},
        basic("datadog:wrong"),
        {"x-watchkeeper-token": ""},
        {"x-watchkeeper-token": "s\udce9cret"},
    ],
)
def test_wrong_credentials_do_not(headers: dict[str, str]) -> None:
    assert refusal("datadog", headers)
    assert refusal("datadog", headers, secret="")


def test_where_a_user_is_set_the_password_alone_is_not_enough() -> None:
    assert refusal("datadog", basic(f"other:{SECRET}"), secret=f"datadog:{SECRET}")


def test_any_of_pagerdutys_signatures_may_fit() -> None:
    old, new = signature(BODY, "the old one"), signature(BODY)

    assert refusal("pagerduty", {"x-pagerduty-signature": f"v1={old},v1={new}"}) == ""
    assert refusal("pagerduty", {"x-pagerduty-signature": f"v1={new}"}) == ""
    assert refusal("pagerduty", {"x-pagerduty-signature": f"v1={old}"})
    assert refusal("pagerduty", {"x-pagerduty-signature": f"v2={new}"})
    assert refusal("pagerduty", {"x-pagerduty-signature": f"v1={new}"}, body=BODY + b" ")
    assert refusal("pagerduty", {})


@pytest.mark.parametrize("source", ["generic", "servicenow", "superops"])
def test_a_signature_over_time_and_body_lets_in(source: str) -> None:
    assert refusal(source, stamped()) == ""
    assert (
        refusal(source, stamped() | {"x-watchkeeper-signature": "sha256=" + stamped()["x-watchkeeper-signature"]}) == ""
    )
    assert refusal(source, stamped(), body=b"another")
    assert refusal(source, stamped(secret="another"))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_an_old_or_early_time_is_refused(seconds: int) -> None:
    """A request that somebody recorded is of no use five minutes later."""
    assert refusal("generic", stamped(datetime.fromtimestamp(NOW.timestamp() + seconds, UTC)))


@pytest.mark.parametrize("stamp", ["", "now", "1795186800.5", "-5", "1e9", "９９", "9" * 400, "0x10"])
def test_a_time_that_is_no_number_is_refused(stamp: str) -> None:
    headers = {"x-watchkeeper-timestamp": stamp, "x-watchkeeper-signature": signature(f"{stamp}.".encode() + BODY)}

    assert refusal("generic", headers)


def test_sentry_and_dbt_sign_the_body() -> None:
    assert refusal("sentry", {"sentry-hook-signature": signature(BODY)}) == ""
    assert refusal("dbt", {"authorization": signature(BODY)}) == ""
    assert refusal("sentry", {"sentry-hook-signature": signature(b"x")})
    assert refusal("dbt", {"authorization": SECRET})


@pytest.mark.parametrize("source", SENDING, ids=lambda source: source.name)
def test_nobody_gets_in_without_a_secret(source: object) -> None:
    name = getattr(source, "name", "")
    empty = signature(BODY, "")
    shown = {"authorization": "Bearer ", "sentry-hook-signature": empty, "x-pagerduty-signature": f"v1={empty}"}

    assert refusal(name, shown | stamped(secret=""), secret="")


names = st.sampled_from(
    ("authorization", "x-watchkeeper-timestamp", "x-watchkeeper-signature", "x-pagerduty-signature", "x-api-key")
)


@given(st.sampled_from(SENDING), st.dictionaries(names, st.text(max_size=60), max_size=5), st.binary(max_size=60))
def test_no_request_makes_a_check_fail_or_pass_by_chance(source: object, headers: dict[str, str], body: bytes) -> None:
    assert refusal(getattr(source, "name", ""), headers, body)
