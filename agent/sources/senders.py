"""Who may send: the ways in which senders show that they know the secret. Every comparison takes the same time.

Each check gives "" when the sender may send, else the reason, for our own log only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

from agent.sources.source import Request

TOLERANCE_SECONDS = 300
"""How far a signed time may lie from ours, either way."""
TIMESTAMP_HEADER, SIGNATURE_HEADER = "x-watchkeeper-timestamp", "x-watchkeeper-signature"
TOKEN_HEADERS = ("x-watchkeeper-token", "x-webhook-token", "x-api-key")
MAX_SIGNATURES = 10
UNSET = "no secret is set for this source"


def token_or_basic(request: Request, secret: str) -> str:
    """`Authorization: Bearer SECRET`, HTTP basic with it as the password, or one of TOKEN_HEADERS.

    A secret of the form `user:password` wants that user too.
    """
    if not secret:
        return UNSET
    shown = [*_authorised(request.headers.get("authorization", "")), *_tokens(request)]
    if not shown:
        return "no credentials"
    # All are compared, whichever fits: how long it takes tells nothing.
    return "" if sum([_same(each, secret) for each in shown]) else "wrong credentials"


def signed(request: Request, secret: str) -> str:
    """HMAC-SHA256 of `timestamp.body` in hexadecimal, within five minutes of now."""
    stated = request.headers.get(TIMESTAMP_HEADER, "").strip()
    if not (stated.isascii() and stated.isdecimal() and len(stated) <= 12):
        return "no timestamp in whole seconds"
    if abs(request.received.timestamp() - int(stated)) > TOLERANCE_SECONDS:
        return "the timestamp is too far from now"
    return hmac_of(stated.encode() + b"." + request.body, request.headers.get(SIGNATURE_HEADER, ""), secret)


def body_signed(request: Request, header: str, secret: str, prefix: str = "") -> str:
    """HMAC-SHA256 of the body in a header that may hold several, comma separated, during a change of secrets."""
    given = request.headers.get(header, "")
    wanted = [part.strip() for part in given.split(",")[:MAX_SIGNATURES] if part.strip().startswith(prefix)]
    return hmac_of(request.body, [part.removeprefix(prefix) for part in wanted], secret)


def hmac_of(message: bytes, given: str | Iterable[str], secret: str) -> str:
    """Whether one of the hexadecimal signatures given is the message's."""
    if not secret:
        return UNSET
    signatures = [given] if isinstance(given, str) else list(given)
    shown = [each.strip().removeprefix("v1=").removeprefix("sha256=").lower() for each in signatures if each.strip()]
    if not shown:
        return "no signature"
    right = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return "" if sum([_same(each, right) for each in shown]) else "wrong signature"


def _authorised(header: str) -> list[str]:
    """What an Authorization header shows: a token, or of a basic one the password and the pair."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return [rest.strip() if scheme.lower() in ("bearer", "token") else header.strip()] if header else []
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return []
    return [pair, pair.partition(":")[2]]


def _tokens(request: Request) -> list[str]:
    return [request.headers[name].strip() for name in TOKEN_HEADERS if name in request.headers]


def _same(given: str, right: str) -> bool:
    """Digests are compared, so that not even the length shows."""
    one, other = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (given, right))
    return hmac.compare_digest(one, other)
