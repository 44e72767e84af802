"""SNS messages that are really signed, by a key and a certificate made here and now."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from agent.sources.aws.sns_signature import signed_text

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
CONFIRM_URL = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    before: timedelta = timedelta(days=1), after: timedelta = timedelta(days=1), curve: bool = False
) -> bytes:
    """A certificate in PEM, valid from `before` now until `after` it."""
    owner = ec.generate_private_key(ec.SECP256R1()) if curve else key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    unsigned = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(owner.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - before)
        .not_valid_after(NOW + after)
    )
    return unsigned.sign(owner, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(version: str = "1", **changes: Any) -> dict[str, Any]:
    """A notification with its signature; `changes` are signed too, and None leaves a field out."""
    message = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Subject": "ALARM: checkout",
        "Message": "line one\nline two, with ümläuts",
        "Timestamp": NOW.isoformat(),
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    } | changes
    message = {name: value for name, value in message.items() if value is not None}
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = key().sign(signed_text(message), padding.PKCS1v15(), algorithm)
    return message | {"Signature": base64.b64encode(signature).decode()}


def confirmation(**changes: Any) -> dict[str, Any]:
    asked = {"Type": "SubscriptionConfirmation", "Token": "abc", "SubscribeURL": CONFIRM_URL, "Subject": None}
    return signed(**(asked | changes))
