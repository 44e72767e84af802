"""What Slack makes live in a text, by Slack's own rules and not by the product's code: the judge of outgoing messages.

    live_in("see <https://evil.example|status>, <!here>")  -> ["link https://evil.example", "call !here"]

In verbatim mrkdwn only tokens in angle brackets are live. In other text Slack links whatever looks like an address, and
Markdown makes links and pictures of `[label](address)` and `![label](address)`.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlsplit

How = Literal["linked", "verbatim", "plain", "address"]
CONSOLES = ("console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com", "health.aws.amazon.com")
SCHEMES = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+|\b(?:mailto|tel|sms):[^\s\u200b]+", re.I)
DOMAINS = re.compile(r"\b(?:[^\W_](?:[\w-]*[^\W_])?[.。．｡․])+(xn--[\w-]+|[^\W\d_]{2,24})(?![^\W_])")
TOP_LEVEL = {
    "example",
    *files("hypothesis").joinpath("vendor/tlds-alpha-by-domain.txt").read_text("utf-8").lower().split(),
}
"""Slack links no address that ends otherwise; `.example` stands for an attacker's in our texts."""
MARKDOWN = re.compile(r"!?\[[^\]]*\]\([^)]*\)|\[[^\]]*\]\[[^\]]*\]")
PLAIN = ("plain_text", "raw_text", "text", "data_visualization", "image")
TOKENS = re.compile(r"<([^<>]*)>")
CALLS = re.compile(r"(?<![\w.])@(?:channel|here|everyone)\b", re.I)
OWN_ZERO_WIDTH = re.compile("(?<=[:<\\].@。．｡․])\u200b")
HARMLESS_FORMATS = ("\ufe0f",)
FOR_MACHINES = (
    "type",
    "block_id",
    "action_id",
    "value",
    "private_metadata",
    "callback_id",
    "external_id",
    "style",
    "id",
)


def live_in(text: str, how: How = "linked", own_hosts: Collection[str] = ()) -> list[str]:
    """Every live link that nobody vouched for, and every call to everybody; in plain text also what only looks so."""
    if how == "plain":
        return [f"shown {each}" for pattern in (r"<[!@#]", CALLS, "://") for each in re.findall(pattern, text)]
    if how == "address":
        return [] if _vouched_for(text, own_hosts) else [f"link {text}"]
    tokens, plain = TOKENS.findall(text), TOKENS.sub(" ", text)
    found = [live for token in tokens if (live := _live_token(token, own_hosts))]
    found += [f"call {call}" for call in CALLS.findall(plain)]
    if how == "linked":
        found += [f"link {each}" for each in (*SCHEMES.findall(plain), *MARKDOWN.findall(plain))]
        found += [f"domain {match[0]}" for match in DOMAINS.finditer(html.unescape(plain)) if _ends_one(match[1])]
    return found


def _ends_one(label: str) -> bool:
    label = label.lower()
    return label.startswith("xn--") or not label.isascii() or label in TOP_LEVEL


def mentions_in(text: str) -> list[str]:
    """The people, groups and channels that are mentioned."""
    return re.findall(r"<(?:@|#|!subteam\^)([A-Z0-9]+)", text)


def hidden_in(text: str) -> list[str]:
    """Characters that nobody sees, but for the zero-width spaces by which Watchkeeper breaks what would be live."""
    rest = OWN_ZERO_WIDTH.sub("", text)
    return [f"U+{ord(c):04X}" for c in rest if _is_hidden(c)]


def texts_of(request: dict[str, Any]) -> list[tuple[str, How]]:
    """Every text of a request that people read, and how Slack reads it."""
    found: list[tuple[str, How]] = []
    _walk(request, "", "linked", found)
    return found


def pictures_in(request: Any) -> list[str]:
    """Blocks and fields by which a message loads a picture."""
    if isinstance(request, list):
        return [each for item in request for each in pictures_in(item)]
    if not isinstance(request, dict):
        return []
    own = [str(request["type"])] if request.get("type") in ("image", "video") else []
    own += [name for name in ("image_url", "thumb_url", "video_url", "thumbnail_url") if name in request]
    return own + [each for value in request.values() for each in pictures_in(value)]


def _walk(node: Any, name: str, how: How, found: list[tuple[str, How]]) -> None:
    if isinstance(node, str):
        if name not in FOR_MACHINES:
            found.append((node, how))
    elif isinstance(node, list):
        for item in node:
            _walk(item, name, how, found)
    elif isinstance(node, dict):
        if node.get("type") in PLAIN:
            how = "plain"
        for key, value in node.items():
            own: How = "verbatim" if key == "text" and node.get("verbatim") else "address" if key == "url" else how
            _walk(value, key, own, found)


def _live_token(token: str, own_hosts: Collection[str]) -> str:
    address = token.partition("|")[0]
    if address.startswith("!date^"):
        return "" if token.count("^") == 2 else f"link in {token}"
    if address.startswith("!") and not address.startswith("!subteam^"):
        return f"call {token}"
    if re.match(r"[@#][A-Z0-9]+$|!subteam\^", address):
        return ""
    return "" if _vouched_for(address, own_hosts) else f"link {address}"


def _vouched_for(address: str, own_hosts: Collection[str]) -> bool:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not address.isascii() or "\\" in address or "@" in parts.netloc:
        return False
    if parts.netloc in own_hosts:
        return True
    known = any(host == console or host.endswith(f".{console}") for console in (*CONSOLES, "slack.com"))
    return parts.scheme == "https" and port in (None, 443) and known


def _is_hidden(character: str) -> bool:
    if character in HARMLESS_FORMATS or character in "\n\t":
        return False
    kind = unicodedata.category(character)
    return kind in ("Cf", "Cc", "Cs", "Zl", "Zp") or "VARIATION SELECTOR" in unicodedata.name(character, "")
