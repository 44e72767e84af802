"""Who sent an SNS message: its signature, over the certificate that the message names and we fetch from AWS alone.

Steps and order of the signed fields: "Verifying the signatures of Amazon SNS messages", Amazon SNS Developer Guide.
Each check gives "" when it holds, else the reason, for our own log only.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from agent.sources.moments import moment

MAX_AGE = timedelta(hours=1)
MAX_AHEAD = timedelta(minutes=5)
"""How far the sender's clock may be ahead of ours."""
CONFIRMATIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")

_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(CONFIRMATIONS, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")),
}
_HASHES: Mapping[str, type[hashes.SHA1] | type[hashes.SHA256]] = {"1": hashes.SHA1, "2": hashes.SHA256}
"""Version 1 is what topics have that nobody set to 2."""
_TOPIC = re.compile(r"arn:aws[\w-]*:sns:([a-z0-9-]{5,30}):\d{12}:[\w.-]{1,256}")
_CERTIFICATE = re.compile(r"/[\w-]{1,100}\.pem")

Message = Mapping[str, Any]


def refusal(message: Any, topics: Collection[str], now: datetime) -> str:
    """Why a message is refused before anything is fetched for it: its shape, its topic, its age, its addresses."""
    if not isinstance(message, Mapping) or str(message.get("Type")) not in _SIGNED:
        return "not a message of SNS (raw message delivery carries no signature)"
    if any(not isinstance(message.get(name, ""), str) for name in (*_SIGNED[message["Type"]], "Signature")):
        return "a signed field is not a text"
    if message.get("TopicArn") not in topics or not _TOPIC.fullmatch(message["TopicArn"]):
        return "a topic that is not among WATCHKEEPER_SNS_TOPICS"
    if not certificate_url(message):
        return "the certificate is not at SNS's own address"
    if message["Type"] in CONFIRMATIONS and not confirmation_url(message):
        return "the confirmation is not at SNS's own address"
    sent = moment(message.get("Timestamp"))
    if sent is None or not now - MAX_AGE <= sent <= now + MAX_AHEAD:
        return "a message from more than an hour ago, or from the future"
    return "" if str(message.get("SignatureVersion")) in _HASHES else "an unknown version of signatures"


def certificate_url(message: Message) -> str:
    """Where the certificate is, when that is SNS in the topic's own region; else ""."""
    url = _own_address(message.get("SigningCertURL"), message)
    return url if _CERTIFICATE.fullmatch(urlsplit(url).path) else ""


def confirmation_url(message: Message) -> str:
    """What to fetch to confirm a subscription, when it is SNS's own address and does nothing else; else ""."""
    url = _own_address(message.get("SubscribeURL"), message)
    asked = parse_qs(urlsplit(url).query)
    confirms = asked.get("Action") == ["ConfirmSubscription"] and asked.get("TopicArn") == [message.get("TopicArn")]
    return url if confirms and urlsplit(url).path in ("", "/") else ""


def _own_address(url: Any, message: Message) -> str:
    """The URL when it leads to SNS in the topic's region, over HTTPS and with nothing odd in it; else ""."""
    topic = _TOPIC.fullmatch(str(message.get("TopicArn")))
    if not topic or not isinstance(url, str) or not url.isascii() or len(url) > 2000 or re.search(r"[\s\\@]", url):
        return ""
    suffix = ".cn" if topic[1].startswith("cn-") else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    own = parts.scheme == "https" and parts.netloc == f"sns.{topic[1]}.amazonaws.com{suffix}"
    return url if own else ""


def signed_text(message: Message) -> bytes:
    """What was signed: each field that is there, its name and value on a line each, in the order above."""
    lines = (f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if name in message)
    return "".join(lines).encode("utf-8", "surrogatepass")


def mismatch(message: Message, certificate: bytes, now: datetime) -> str:
    """Why the signature is not that of the certificate's owner, or "". `message` has passed `refusal`."""
    try:
        signer = x509.load_pem_x509_certificate(certificate)
        key = signer.public_key()
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as error:
        return f"the certificate or the signature cannot be read ({type(error).__name__})"
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        return "the certificate is not valid now"
    if not isinstance(key, RSAPublicKey):
        return "the certificate's key is not an RSA key"
    algorithm = _HASHES[str(message["SignatureVersion"])]()
    try:
        key.verify(signature, signed_text(message), padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return "wrong signature"
    return ""
