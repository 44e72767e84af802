"""Opaque pagination tokens. One holds where to go on and a digest of the request it belongs to."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from deploy.local.account.request import AwsError

T = TypeVar("T")


def encode_token(position: Any, request: Mapping[str, Any]) -> str:
    """`position` is any JSON value; the token is good only for requests with the same parameters."""
    return base64.urlsafe_b64encode(json.dumps([position, _digest(request)]).encode()).decode()


def decode_token(token: str, request: Mapping[str, Any], code: str = "InvalidParameterException") -> Any:
    """The position in a token. Raises AwsError with `code` for one that was not made for such a request."""
    try:
        position, digest = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, UnicodeError, ValueError, TypeError):
        position, digest = None, None
    if digest != _digest(request):
        raise AwsError(code, "The specified nextToken is invalid.")
    return position


def page(
    items: Sequence[T],
    request: Mapping[str, Any],
    token: str | None,
    size: int,
    code: str = "InvalidParameterException",
) -> tuple[list[T], str | None]:
    """One page of a list that does not change meanwhile, and the token of the next page if there is one."""
    start = decode_token(token, request, code) if token else 0
    rest = items[start + size :]
    return list(items[start : start + size]), encode_token(start + size, request) if rest else None


def _digest(request: Mapping[str, Any]) -> str:
    """Of all parameters but those of the paging itself."""
    kept = {key: value for key, value in request.items() if key.lower() not in _PAGING}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()[:16]


_PAGING = {"nexttoken", "nextpagetoken", "limit", "maxresults", "maxitems", "pagesize", "maxrecords", "marker"}
