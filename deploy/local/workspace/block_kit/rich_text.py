"""Rich text: sections, lists, quotes and preformatted text, and what stands in them."""

from deploy.local.workspace.block_kit.schema import (
    array,
    boolean,
    by_type,
    number,
    obj,
    one_of,
    optional,
    required,
    string,
)

TYPE = {"type": required(string())}
STYLES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
STYLE = obj({name: optional(boolean) for name in STYLES})
STYLED = TYPE | {"style": optional(STYLE)}
BORDER = optional(number(0, 1, whole=True))

TEXT = obj(STYLED | {"text": required(string(minimum=1))})
LINK = obj(STYLED | {"url": required(string(minimum=1)), "text": optional(string()), "unsafe": optional(boolean)})

INLINE = {
    "text": TEXT,
    "link": LINK,
    "emoji": obj(
        STYLED
        | {
            "name": required(string(minimum=1)),
            "unicode": optional(string()),
            "skin_tone": optional(number(whole=True)),
        }
    ),
    "user": obj(STYLED | {"user_id": required(string(minimum=1))}),
    "usergroup": obj(STYLED | {"usergroup_id": required(string(minimum=1))}),
    "channel": obj(STYLED | {"channel_id": required(string(minimum=1))}),
    "broadcast": obj(STYLED | {"range": required(one_of("here", "channel", "everyone"))}),
    "color": obj(STYLED | {"value": required(string(minimum=1))}),
    "date": obj(
        STYLED
        | {
            "timestamp": required(number(whole=True)),
            "format": required(string(minimum=1)),
            "url": optional(string()),
            "fallback": optional(string()),
        }
    ),
}

SECTION = obj(TYPE | {"elements": required(array(by_type(INLINE), 1))})
PARTS = {
    "rich_text_section": SECTION,
    "rich_text_list": obj(
        TYPE
        | {
            "style": required(one_of("bullet", "ordered")),
            "elements": required(array(by_type({"rich_text_section": SECTION}), 1)),
            "indent": optional(number(0, 8, whole=True)),
            "offset": optional(number(0, whole=True)),
            "border": BORDER,
        }
    ),
    "rich_text_preformatted": obj(
        TYPE
        | {
            "elements": required(array(by_type(INLINE, ("text", "link")), 1)),
            "border": BORDER,
            "language": optional(string()),
        }
    ),
    "rich_text_quote": obj(TYPE | {"elements": required(array(by_type(INLINE), 1)), "border": BORDER}),
}

ELEMENTS = required(array(by_type(PARTS), 1))
RICH_TEXT_OBJECT = obj(
    TYPE | {"type": required(one_of("rich_text")), "elements": ELEMENTS, "block_id": optional(string(255))}
)
"""A rich text entity inside another block: a table cell, a task's details."""
