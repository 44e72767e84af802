"""The check of SNS's senders, with certificates served over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Thread
from typing import Any

import httpx
import pytest
from werkzeug.serving import make_server

from agent.errors import RetryLater
from agent.sources.source import Request
from tests.agent.sources.aws.signing import CERTIFICATE_URL, CONFIRM_URL, NOW, TOPIC, certificate, confirmation, signed
from tools.sns_sender import MAX_BYTES, SnsSender, fetch


def request(message: Any) -> Request:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return Request(body=body, headers={}, received=NOW)


class Addresses:
    """What is at which address, and which were asked."""

    def __init__(self, **pages: bytes) -> None:
        self.pages = {CERTIFICATE_URL: certificate(), CONFIRM_URL: b"<ok/>"}
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.pages:
            raise httpx.ConnectError("nobody is there")
        return self.pages[url]


def test_a_signed_message_may_come_in_and_its_certificate_is_fetched_once() -> None:
    addresses = Addresses()
    sender = SnsSender((TOPIC,), addresses)

    assert [sender.check(request(signed(MessageId=str(number)))) for number in range(3)] == ["", "", ""]
    assert addresses.asked == [CERTIFICATE_URL]


def test_nothing_is_fetched_for_a_message_that_may_not_come_in_anyway() -> None:
    addresses = Addresses()

    assert SnsSender((), addresses).check(request(signed()))
    assert SnsSender((TOPIC,), addresses).check(request(b"no JSON"))
    assert SnsSender((TOPIC,), addresses).check(request(b"[" * 100_000))
    assert SnsSender((TOPIC,), addresses).check(request(signed(SigningCertURL="https://evil.example/a.pem")))
    assert addresses.asked == []


def test_a_forged_message_is_refused() -> None:
    assert SnsSender((TOPIC,), Addresses()).check(request(signed() | {"Message": "forged"})) == "wrong signature"


def test_a_broken_certificate_is_fetched_again() -> None:
    addresses = Addresses()
    addresses.pages[CERTIFICATE_URL] = b"half a file"
    sender = SnsSender((TOPIC,), addresses)

    assert sender.check(request(signed()))
    addresses.pages[CERTIFICATE_URL] = certificate()
    assert sender.check(request(signed())) == ""


def test_a_certificate_that_cannot_be_fetched_now_lets_sns_try_again() -> None:
    addresses = Addresses()
    del addresses.pages[CERTIFICATE_URL]

    with pytest.raises(RetryLater, match="certificate"):
        SnsSender((TOPIC,), addresses).check(request(signed()))


def test_a_subscription_of_a_topic_that_may_send_is_confirmed() -> None:
    addresses = Addresses()
    sender = SnsSender((TOPIC,), addresses)
    message = confirmation()

    assert sender.check(request(message)) == ""
    sender.confirm(message)

    assert addresses.asked == [CERTIFICATE_URL, CONFIRM_URL]


def test_no_other_subscription_is_confirmed() -> None:
    addresses = Addresses()

    SnsSender((), addresses).confirm(confirmation())
    SnsSender((TOPIC,), addresses).confirm(
        confirmation(SubscribeURL="https://evil.example/?Action=ConfirmSubscription")
    )
    SnsSender((TOPIC,), addresses).confirm(signed())

    assert addresses.asked == []


@pytest.fixture
def server() -> Any:
    """A server on loopback: a page, one that is too long, and one that leads elsewhere."""

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"]
        status = {"/moved": "302 Found", "/gone": "404 Not Found"}.get(path, "200 OK")
        start(status, [("Location", "/page")] if path == "/moved" else [])
        return [b"x" * (MAX_BYTES + 1) if path == "/long" else b"a page"]

    running = make_server("127.0.0.1", 0, app)
    thread = Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def test_fetching_follows_no_redirect_and_reads_no_long_answer(server: str) -> None:
    assert fetch(f"{server}/page") == b"a page"
    for path in ("/moved", "/gone", "/long"):
        with pytest.raises(httpx.HTTPError):
            fetch(server + path)
