"""The last look at what goes to Slack, whoever wrote it: `cleaned("chat.postMessage", request)` before it is sent.

Text from outside was made harmless where it was put into a message (`slack_app.blocks.text.escape`). Here nothing is
taken on trust any more: whatever a block, a model or a mistake has put there, nothing invisible, no call to everybody,
no picture and no link to an unknown host leaves, nothing is unfurled, and no secret is in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from agent.redaction.plain import redact_plain
from agent.visible import visible
from slack_app.blocks.links import trusted
from slack_app.blocks.text import ZERO_WIDTH_SPACE

SHOWN = ("text", "blocks", "chunks", "view", "markdown_text", "initial_comment", "status", "title", "files")
"""The parameters of Slack's methods that people read."""
NEVER_SENT = ("attachments", "icon_url", "icon_emoji", "username", "parse", "link_names", "reply_broadcast")
UNFURLED = ("chat.postMessage", "chat.update", "chat.scheduleMessage")
PICTURES = ("image", "video")
PICTURE_FIELDS = ("image_url", "thumbnail_url", "thumb_url", "video_url", "slack_file")
FOR_MACHINES = (
    "type",
    "block_id",
    "action_id",
    "value",
    "private_metadata",
    "callback_id",
    "external_id",
    "id",
    "style",
    "url",
)
"""Not touched. An address that is not trusted is taken out before."""
LINKED_WORDS = ("text", "markdown_text", "initial_comment", "status", "details", "output")
"""Plain strings in which Slack makes links of whatever looks like an address."""
TITLED = ("task_update", "agents.sessions.setStatus", "agents.sessions.rename", "assistant.threads.setTitle")
"""Whose titles are such strings, too."""
_OURS = re.compile(rf"(?<=[:<\].@\u2024\u3002\uff0e\uff61]){ZERO_WIDTH_SPACE}")
_KEPT = "\ue0ff"
"""Stands for a zero-width space of our own while others are taken out."""
_TOKEN = re.compile(r"<([^<>\n]*)>")
_LIVE_TOKEN = re.compile(r"@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!date\^\d+\^[^\^|]*\|[^|]*")
_TOKENS_BEGINNING = re.compile(r"<(?=[!@#])")
_EVERYBODY = re.compile(r"@(?=(channel|here|everyone)\b)", re.I)
_SCHEME = re.compile(rf":(?=//)|\b(mailto|tel|sms|callto|facetime):(?=[^\s{ZERO_WIDTH_SPACE}])", re.I)
_MARKDOWN_LINK = re.compile(r"\](?=[(\[])")
_DOMAIN = re.compile(r"(?<=[^\W_])[.\u2024\u3002\uff0e\uff61](?=(xn--|[^\W\d_]{2,}(?![^\W_])))", re.I)
"""The dot before what may be a top-level domain, be it of an address without a scheme or of an e-mail address."""
_TOP_LEVEL = frozenset(
    word
    for line in (Path(__file__).parent / "top_level_domains.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
    for word in line.split()
)


def cleaned(method: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a Slack method as they may be sent."""
    kept = {name: value for name, value in request.items() if name not in NEVER_SENT}
    shown = redact_plain({name: value for name, value in kept.items() if name in SHOWN and value is not None})
    clean = _clean_object({"type": method, **shown})
    del clean["type"]
    never = {"unfurl_links": False, "unfurl_media": False} if method in UNFURLED else {}
    return {**kept, **redact_plain(clean), **never}  # once more: a secret may have had something invisible in it


def mrkdwn(text: str, *, verbatim: bool) -> str:
    """Text in Slack's markup with only such tokens live as Watchkeeper writes.

    Not `verbatim`: Slack would make links of addresses in its plain words, so they are broken.
    """
    parts = _TOKEN.split(_without_hidden(text))
    plain, tokens = parts[::2], parts[1::2]
    shown = [_words(part, verbatim) for part in plain]
    return shown[0] + "".join(_token(token, verbatim) + after for token, after in zip(tokens, shown[1:], strict=True))


def _clean(name: str, value: Any) -> Any:
    if isinstance(value, str):
        if name in FOR_MACHINES:
            return value
        return mrkdwn(value, verbatim=False) if name in LINKED_WORDS else _plain(value)
    if isinstance(value, list):
        found = [_clean(name, item) for item in cast("list[Any]", value) if not _is_picture(item)]
        return [item for item in found if item != {}]
    return _clean_object(cast("dict[str, Any]", value)) if isinstance(value, dict) else value


def _clean_object(block: dict[str, Any]) -> dict[str, Any]:
    """A block, an element or a text; what becomes of its text, its type says."""
    kind, text = block.get("type"), block.get("text")
    kept = {name: value for name, value in block.items() if name not in PICTURE_FIELDS and not _is_picture(value)}
    if kind == "broadcast":  # of rich text: @channel
        return {"type": "text", "text": _plain(str(block.get("range") or ""))}
    if "url" in kept and not trusted(str(kept["url"])):
        del kept["url"]
        if kind == "link":  # of rich text, which is nothing without its address
            return {"type": "text", "text": _plain(str(text or ""))}
    clean = {name: _clean(name, value) for name, value in kept.items() if name != "text" or not isinstance(value, str)}
    if kind in TITLED and isinstance(block.get("title"), str):
        clean["title"] = mrkdwn(block["title"], verbatim=False)
    if not isinstance(text, str):
        return clean
    if kind == "mrkdwn":
        return clean | {"text": mrkdwn(text, verbatim=True), "verbatim": True}
    plain = kind in ("plain_text", "raw_text", "text")
    return clean | {"text": _plain(text) if plain else mrkdwn(text, verbatim=False)}


def _is_picture(value: Any) -> bool:
    return isinstance(value, dict) and cast("dict[str, Any]", value).get("type") in PICTURES


def _without_hidden(text: str) -> str:
    """Without what nobody sees, but with our own zero-width spaces."""
    if text.isascii() and text.isprintable():
        return text
    return visible(_OURS.sub(_KEPT, text.replace(_KEPT, ""))).replace(_KEPT, ZERO_WIDTH_SPACE)


def _plain(text: str) -> str:
    """Text that Slack takes as it stands; what would be live elsewhere is broken all the same. It gets no longer."""
    broken = _EVERYBODY.sub(f"@{ZERO_WIDTH_SPACE}", _without_hidden(text))
    return _SCHEME.sub(_with_a_break, _TOKENS_BEGINNING.sub(f"<{ZERO_WIDTH_SPACE}", broken))[: len(text)]


def _words(text: str, verbatim: bool) -> str:
    text = _EVERYBODY.sub(f"@{ZERO_WIDTH_SPACE}", text.replace("<", "&lt;"))
    if verbatim:
        return text
    for live in (_SCHEME, _MARKDOWN_LINK):
        text = live.sub(_with_a_break, text)
    return _DOMAIN.sub(_domain_broken, text)


def _domain_broken(found: re.Match[str]) -> str:
    """A name such as `dana.okafor` stays as it can be copied: nothing links it. What is not ASCII may be a domain."""
    end = found[1].lower()
    live = end == "xn--" or not end.isascii() or end in _TOP_LEVEL
    return _with_a_break(found) if live else found[0]


def _with_a_break(found: re.Match[str]) -> str:
    return f"{found[0]}{ZERO_WIDTH_SPACE}"


def _token(token: str, verbatim: bool) -> str:
    """A link to a trusted host, a person, a group, a channel or a moment stays; of all others only the words do."""
    if _LIVE_TOKEN.fullmatch(token):
        return f"<{token}>"
    address, _, label = token.partition("|")
    if trusted(address):
        return f"<{address}|{_words(label, verbatim)}>" if label else f"<{address}>"
    return _words(label or f"&lt;{token}&gt;", verbatim)
