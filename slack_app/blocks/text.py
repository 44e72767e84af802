"""Text fit for Slack: escaped, cut to size, and without live mentions or links that nobody vouched for.

Every text from outside (an alert, a log line, a model, a person) goes through `escape` before it stands in a message;
`slack_app.outgoing` looks at every message once more before it leaves.
"""

from __future__ import annotations

import re

from agent.visible import visible
from slack_app.blocks.links import safe_url, trusted

SECTION_LIMIT = 3000
HEADER_LIMIT = 150
ZERO_WIDTH_SPACE = "\u200b"
"""Our own, by which what would be live is not; those of others are taken out first."""
_MENTION = re.compile(r"@(channel|here|everyone)\b", re.I)
_MARKUP = str.maketrans({"*": "∗", "~": "∼", "`": "'"})


def escape(text: str) -> str:
    """Foreign text as mrkdwn that shows what it says: no mention, link or channel in it is live, nothing is hidden."""
    escaped = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = _MENTION.sub(rf"@{ZERO_WIDTH_SPACE}\1", escaped)
    for live in ("://", "]("):  # a bare address, and Markdown's link
        escaped = escaped.replace(live, f"{live[0]}{ZERO_WIDTH_SPACE}{live[1:]}")
    return escaped.translate(_MARKUP)


def link(url: str, label: str) -> str:
    """A live link if the address may be live, else only the label."""
    safe = safe_url(url)
    return f"<{safe}|{escape(label)}>" if trusted(safe) else escape(label)


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
