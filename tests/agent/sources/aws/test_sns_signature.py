"""Which SNS messages are believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sources.aws.sns_signature import confirmation_url, mismatch, refusal, signed_text
from tests.agent.sources.aws.signing import CERTIFICATE_URL, CONFIRM_URL, NOW, TOPIC, certificate, confirmation, signed

TOPICS = (TOPIC,)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["ALARM: checkout", None])
def test_what_sns_signed_is_believed(version: str, subject: str | None) -> None:
    message = signed(version, Subject=subject)

    assert refusal(message, TOPICS, NOW) == ""
    assert mismatch(message, certificate(), NOW) == ""


def test_the_signed_text_has_each_field_and_its_value_on_a_line_in_order() -> None:
    message = {"Type": "Notification", "TopicArn": "t", "Message": "a\nb", "MessageId": "1", "Timestamp": "now"}

    assert signed_text(message) == b"Message\na\nb\nMessageId\n1\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n"


def test_a_confirmation_signs_its_address_and_its_token() -> None:
    message = confirmation()

    assert refusal(message, TOPICS, NOW) == ""
    assert mismatch(message, certificate(), NOW) == ""
    assert mismatch(message | {"Token": "other"}, certificate(), NOW) == "wrong signature"
    assert confirmation_url(message) == CONFIRM_URL


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])
def test_no_signed_field_can_be_changed(field: str) -> None:
    changed = signed() | {field: confirmation()["Type"] if field == "Type" else "changed"}

    assert mismatch(changed, certificate(), NOW) == "wrong signature"


def test_a_signature_of_version_2_is_not_taken_for_one_of_version_1() -> None:
    assert mismatch(signed("2") | {"SignatureVersion": "1"}, certificate(), NOW) == "wrong signature"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"TopicArn": "arn:aws:sns:eu-west-1:123456789012:others"}, "WATCHKEEPER_SNS_TOPICS"),
        ({"Timestamp": (NOW - timedelta(minutes=61)).isoformat()}, "an hour ago"),
        ({"Timestamp": (NOW + timedelta(minutes=6)).isoformat()}, "future"),
        ({"Timestamp": "yesterday"}, "an hour ago"),
        ({"SignatureVersion": "3"}, "version"),
        ({"Type": "Other"}, "not a message"),
        ({"Message": 17}, "not a text"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_fetched(changes: dict[str, Any], reason: str) -> None:
    assert reason in refusal(signed() | changes, TOPICS, NOW)


def test_without_topics_nobody_may_send() -> None:
    assert refusal(signed(), (), NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://user@sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem",
        "https://xsns.eu-west-1.amazonaws.com/a.pem",
        "https://bucket.s3.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.cn/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://sns.eu-west-1.amazonaws.com/../a.pem",
        "https://sns.eu-west-1.amazonaws.com\\@evil.example/a.pem",
        "https://[sns/a.pem",
        "//sns.eu-west-1.amazonaws.com/a.pem",
        "",
        None,
        ["https://sns.eu-west-1.amazonaws.com/a.pem"],
    ],
)
def test_a_certificate_from_anywhere_else_is_refused(url: Any) -> None:
    assert refusal(signed() | {"SigningCertURL": url}, TOPICS, NOW) == "the certificate is not at SNS's own address"


def test_china_has_an_address_of_its_own() -> None:
    topic = "arn:aws-cn:sns:cn-north-1:123456789012:alarms"
    message = signed(TopicArn=topic, SigningCertURL="https://sns.cn-north-1.amazonaws.com.cn/a.pem")

    assert refusal(message, (topic,), NOW) == ""


@pytest.mark.parametrize(
    "url",
    [
        CONFIRM_URL.replace("ConfirmSubscription", "Unsubscribe"),
        CONFIRM_URL.replace(":alarms", ":others"),
        CONFIRM_URL.replace("eu-west-1.amazonaws.com", "evil.example"),
        CONFIRM_URL.replace("https:", "http:"),
        CONFIRM_URL.replace(".com/?", ".com/elsewhere?"),
    ],
)
def test_only_the_confirmation_of_the_same_topic_is_followed(url: str) -> None:
    assert "confirmation" in refusal(confirmation(SubscribeURL=url), TOPICS, NOW)


def test_a_certificate_that_is_over_not_yet_valid_of_another_kind_or_broken_is_refused() -> None:
    day = timedelta(days=1)
    for given_certificate, reason in (
        (certificate(before=2 * day, after=-day), "not valid now"),
        (certificate(before=-day, after=2 * day), "not valid now"),
        (certificate(curve=True), "RSA"),
        (b"-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----", "cannot be read"),
        (b"", "cannot be read"),
    ):
        assert reason in mismatch(signed(), given_certificate, NOW)


def test_another_key_s_signature_is_refused() -> None:
    assert mismatch(signed() | {"Signature": "QUJD"}, certificate(), NOW) == "wrong signature"
    assert "cannot be read" in mismatch(signed() | {"Signature": "no base64!"}, certificate(), NOW)


values = st.none() | st.integers() | st.text(max_size=20) | st.lists(st.text(max_size=5), max_size=2)


@settings(deadline=None)
@given(st.sampled_from(sorted(signed())), values)
def test_no_mangled_message_fails_and_none_is_believed(field: str, value: Any) -> None:
    message = signed() | {field: value}
    if message == signed():
        return
    reason = refusal(message, TOPICS, NOW)

    assert reason or mismatch(message, certificate(), NOW) or field in ("SigningCertURL", "SignatureVersion")


@settings(deadline=None)
@given(values)
def test_anything_else_is_no_message(body: Any) -> None:
    assert refusal(body, TOPICS, NOW)
    assert CERTIFICATE_URL
