"""What a person types, as Slack stores it: mrkdwn text with a `rich_text` block beside it."""

import re

from deploy.local.workspace.state import JSON, new_id

FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
TOKEN = re.compile(
    r"<@(?P<user>[UW][A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<#(?P<channel>C[A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<!subteam\^(?P<group>S[A-Z0-9]+)(?:\|[^>]*)?>"
    r"|<!(?P<range>here|channel|everyone)>"
    r"|<(?P<url>(?:https?|mailto):[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![\w*])\*(?P<bold>[^*\n]+)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\n]+)_(?![\w_])"
    r"|(?<![\w~])~(?P<strike>[^~\n]+)~(?![\w~])"
    r"|:(?P<emoji>[a-z0-9_+-]+):"
)


def rich_text(text: str) -> JSON:
    """The `rich_text` block Slack makes of a person's message."""
    elements: list[JSON] = []
    for index, part in enumerate(FENCE.split(text)):
        if index % 2:
            elements.append({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": unescape(part)}]})
        elif part.strip():
            elements.append({"type": "rich_text_section", "elements": inline_elements(part)})
    return {"type": "rich_text", "block_id": new_id("b"), "elements": elements}


def inline_elements(text: str) -> list[JSON]:
    elements: list[JSON] = []
    position = 0
    for match in TOKEN.finditer(text):
        if match.start() > position:
            elements.append({"type": "text", "text": unescape(text[position : match.start()])})
        elements.append(_element(match))
        position = match.end()
    if position < len(text):
        elements.append({"type": "text", "text": unescape(text[position:])})
    return elements


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _element(match: re.Match[str]) -> JSON:
    kind = match.lastgroup or ""
    value = match[kind]
    match kind:
        case "user":
            return {"type": "user", "user_id": value}
        case "channel":
            return {"type": "channel", "channel_id": value}
        case "group":
            return {"type": "usergroup", "usergroup_id": value}
        case "range":
            return {"type": "broadcast", "range": value}
        case "url":
            return {"type": "link", "url": unescape(value)}
        case "label":
            return {"type": "link", "url": unescape(match["url"]), "text": unescape(value)}
        case "emoji":
            return {"type": "emoji", "name": value}
        case _:
            return {"type": "text", "text": unescape(value), "style": {kind: True}}
