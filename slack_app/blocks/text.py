"""Text fit for Slack: escaped, cut to size, and without live mentions or links that nobody vouched for."""

from __future__ import annotations

import re
from urllib.parse import urlparse

SECTION_LIMIT = 3000
HEADER_LIMIT = 150
URL_LIMIT = 1500
ALLOWED_LINK_HOSTS = (
    "console.aws.amazon.com",
    "console.amazonaws.cn",
    "console.amazonaws-us-gov.com",
    "health.aws.amazon.com",
)
_MENTION = re.compile(r"@(channel|here|everyone)\b", re.I)
_ZERO_WIDTH_SPACE = "\u200b"
_MARKUP = str.maketrans({"*": "∗", "~": "∼", "`": "'"})


def escape(text: str) -> str:
    """Foreign text as mrkdwn that shows what it says: no mention, link or channel in it is live."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _MENTION.sub(rf"@{_ZERO_WIDTH_SPACE}\1", escaped)
    for live in ("://", "]("):  # a bare address, and Markdown's link
        escaped = escaped.replace(live, f"{live[0]}{_ZERO_WIDTH_SPACE}{live[1:]}")
    return escaped.translate(_MARKUP)


def link(url: str, label: str) -> str:
    """A live link if the address is a console's, else only the label."""
    try:
        parts = urlparse(url)
        host = parts.hostname or ""
    except ValueError:  # not an address at all
        return escape(label)
    trusted = any(host == allowed or host.endswith(f".{allowed}") for allowed in ALLOWED_LINK_HOSTS)
    if parts.scheme != "https" or not trusted or len(url) > URL_LIMIT:
        return escape(label)
    safe = url.replace("|", "%7C").replace(">", "%3E").replace("<", "%3C").replace(" ", "%20")
    return f"<{safe}|{escape(label)}>"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis when something was left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def cut_live(text: str, limit: int) -> str:
    """`cut` for text with tokens of our own in it, such as `<!date^…>`: none is cut in two."""
    if len(text) <= limit:
        return text
    return text[: _outside(text, limit - 1)] + "…"


def _outside(text: str, at: int) -> int:
    """This place, or the beginning of the token that it lies in. Foreign text has no `<` of its own."""
    start = text.rfind("<", 0, at)
    return start if start > text.rfind(">", 0, at) else at


def pieces(text: str, limit: int = SECTION_LIMIT) -> list[str]:
    """Long text in parts that fit a section, broken at line ends or spaces where there are any."""
    parts: list[str] = []
    while len(text) > limit:
        at = max(text.rfind("\n", 1, limit), text.rfind(" ", 1, limit))
        at = _outside(text, at if at > limit // 2 else limit) or limit
        parts.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [part for part in [*parts, text] if part]
