"""Block elements: buttons, menus, inputs, and where each may stand."""

import re
from typing import Any

from deploy.local.workspace.block_kit.objects import (
    ANY_TEXT,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_CONFIG,
    OPTION_GROUP,
    PLAIN,
    SLACK_FILE,
    WORKFLOW,
    action_id,
    option,
    text,
    url,
)
from deploy.local.workspace.block_kit.rich_text import RICH_TEXT_OBJECT
from deploy.local.workspace.block_kit.schema import (
    Check,
    Field,
    Report,
    array,
    boolean,
    exactly_one,
    number,
    obj,
    one_of,
    optional,
    required,
    string,
)

INTERACTIVE = {"type": required(string()), "action_id": optional(action_id), "confirm": optional(CONFIRM)}
FOCUS = {"focus_on_load": optional(boolean)}
PLACEHOLDER = {"placeholder": optional(text(150, PLAIN))}
STRING_LIST = optional(array(string(minimum=1)))
BUTTON_STYLE = optional(one_of("primary", "danger"))
LABEL = {"accessibility_label": optional(string(75))}
MAX_VALUE = 2_000


def pattern(expression: str, description: str) -> Check:
    def check(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, str) or not re.fullmatch(expression, value):
            report.add(pointer, "failed_constraint", f"must be {description}")

    return check


DATE = optional(pattern(r"\d{4}-\d{2}-\d{2}", "a date as YYYY-MM-DD"))
TIME = optional(pattern(r"([01]\d|2[0-3]):[0-5]\d", "a time as HH:mm"))

BUTTON = obj(
    INTERACTIVE
    | LABEL
    | {
        "text": required(text(75, PLAIN)),
        "value": optional(string(MAX_VALUE)),
        "url": optional(url),
        "style": BUTTON_STYLE,
        "agent_prompt": optional(string(4_000, 1)),
        "agent_prompt_display": optional(string(minimum=1)),
    }
)
FEEDBACK_BUTTON = obj({"text": required(text(75, PLAIN)), "value": required(string(MAX_VALUE))} | LABEL)
IMAGE_SOURCE = {"image_url": optional(url), "slack_file": optional(SLACK_FILE)}
IMAGE = obj(
    {"type": required(string()), "alt_text": required(string(2_000))} | IMAGE_SOURCE,
    exactly_one("image_url", "slack_file"),
)


def menu(fields: dict[str, Field], *, multiple: bool, also: Check | None = None) -> Check:
    """A select menu; the `multi_` variant may limit how many are chosen."""
    limit = {"max_selected_items": optional(number(1, whole=True))} if multiple else {}
    return obj(INTERACTIVE | FOCUS | PLACEHOLDER | limit | fields, also)


def _initial(name: str, check: Check, *, multiple: bool) -> dict[str, Field]:
    return {f"initial_{name}s": optional(array(check))} if multiple else {f"initial_{name}": optional(check)}


def static_menu(multiple: bool) -> Check:
    fields = {"options": optional(array(option(PLAIN), 1, 100)), "option_groups": optional(array(OPTION_GROUP, 1, 100))}
    initial = _initial("option", option(PLAIN), multiple=multiple)
    return menu(fields | initial, multiple=multiple, also=exactly_one("options", "option_groups"))


def external_menu(multiple: bool) -> Check:
    fields = {"min_query_length": optional(number(0, whole=True))}
    return menu(fields | _initial("option", option(PLAIN), multiple=multiple), multiple=multiple)


def user_menu(multiple: bool) -> Check:
    return menu(_initial("user", string(minimum=1), multiple=multiple), multiple=multiple)


def channel_menu(multiple: bool) -> Check:
    extra = {} if multiple else {"response_url_enabled": optional(boolean)}
    return menu(_initial("channel", string(minimum=1), multiple=multiple) | extra, multiple=multiple)


def conversation_menu(multiple: bool) -> Check:
    fields = {"default_to_current_conversation": optional(boolean), "filter": optional(CONVERSATION_FILTER)}
    extra = {} if multiple else {"response_url_enabled": optional(boolean)}
    initial = _initial("conversation", string(minimum=1), multiple=multiple)
    return menu(fields | extra | initial, multiple=multiple)


def choices(kinds: tuple[str, ...], maximum: int, initial: dict[str, Field]) -> Check:
    return obj(INTERACTIVE | FOCUS | {"options": required(array(option(kinds), 1, maximum))} | initial)


TEXT_INPUT = {
    "type": required(string()),
    "action_id": optional(action_id),
    "dispatch_action_config": optional(DISPATCH_CONFIG),
    **FOCUS,
    **PLACEHOLDER,
}


def _length_order(report: Report, pointer: str, value: Any) -> None:
    low, high = value.get("min_length"), value.get("max_length")
    if low is not None and high is not None and low > high:
        report.add(pointer, "failed_constraint", "min_length must not exceed max_length")


SIMPLE_ELEMENTS: dict[str, Check] = {
    "button": BUTTON,
    "workflow_button": obj(
        INTERACTIVE | LABEL | {"text": required(text(75, PLAIN)), "workflow": required(WORKFLOW), "style": BUTTON_STYLE}
    ),
    "feedback_buttons": obj(
        {
            "type": required(string()),
            "action_id": optional(action_id),
            "positive_button": required(FEEDBACK_BUTTON),
            "negative_button": required(FEEDBACK_BUTTON),
        }
    ),
    "icon_button": obj(
        INTERACTIVE
        | LABEL
        | {
            "icon": required(one_of("trash")),
            "text": required(text(kinds=PLAIN)),
            "value": optional(string(MAX_VALUE)),
            "visible_to_user_ids": optional(array(string(minimum=1), 0, 10)),
        }
    ),
    "image": IMAGE,
    "checkboxes": choices(ANY_TEXT, 10, {"initial_options": optional(array(option(ANY_TEXT), 1, 10))}),
    "radio_buttons": choices(ANY_TEXT, 10, {"initial_option": optional(option(ANY_TEXT))}),
    "overflow": obj(INTERACTIVE | {"options": required(array(option(PLAIN, with_url=True), 1, 5))}),
    "datepicker": obj(INTERACTIVE | FOCUS | PLACEHOLDER | {"initial_date": DATE}),
    "timepicker": obj(
        INTERACTIVE | FOCUS | PLACEHOLDER | {"initial_time": TIME, "timezone": optional(string(minimum=1))}
    ),
    "datetimepicker": obj(
        INTERACTIVE | FOCUS | {"initial_date_time": optional(number(1_000_000_000, 9_999_999_999, whole=True))}
    ),
    "plain_text_input": obj(
        TEXT_INPUT
        | {
            "initial_value": optional(string(3_000)),
            "multiline": optional(boolean),
            "min_length": optional(number(0, 3_000, whole=True)),
            "max_length": optional(number(1, 3_000, whole=True)),
        },
        _length_order,
    ),
    "email_text_input": obj(TEXT_INPUT | {"initial_value": optional(string())}),
    "url_text_input": obj(TEXT_INPUT | {"initial_value": optional(string())}),
    "number_input": obj(
        TEXT_INPUT
        | {
            "is_decimal_allowed": required(boolean),
            "initial_value": optional(string()),
            "min_value": optional(string()),
            "max_value": optional(string()),
        }
    ),
    "rich_text_input": obj(
        TEXT_INPUT
        | {
            "initial_value": optional(RICH_TEXT_OBJECT),
            "min_lines": optional(number(1, 100, whole=True)),
            "max_lines": optional(number(1, 100, whole=True)),
        }
    ),
    "file_input": obj(
        {
            "type": required(string()),
            "action_id": optional(action_id),
            "filetypes": STRING_LIST,
            "max_files": optional(number(1, 10, whole=True)),
        }
    ),
}


def menus(prefix: str, *, multiple: bool) -> dict[str, Check]:
    return {
        f"{prefix}static_select": static_menu(multiple),
        f"{prefix}external_select": external_menu(multiple),
        f"{prefix}users_select": user_menu(multiple),
        f"{prefix}channels_select": channel_menu(multiple),
        f"{prefix}conversations_select": conversation_menu(multiple),
    }


ELEMENTS = SIMPLE_ELEMENTS | menus("", multiple=False) | menus("multi_", multiple=True)
SELECTS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
SINGLE_SELECTS = frozenset(name for name in SELECTS if not name.startswith("multi_"))
PICKERS = frozenset({"datepicker", "timepicker", "checkboxes", "radio_buttons"})
IN_ACTIONS = SINGLE_SELECTS | PICKERS | {"button", "workflow_button", "overflow", "datetimepicker", "rich_text_input"}
IN_SECTION = SELECTS | PICKERS | {"button", "workflow_button", "overflow", "image"}
IN_INPUT = (
    SELECTS
    | PICKERS
    | {
        "datetimepicker",
        "plain_text_input",
        "email_text_input",
        "url_text_input",
        "number_input",
        "rich_text_input",
        "file_input",
    }
)
IN_CONTEXT_ACTIONS = frozenset({"feedback_buttons", "icon_button"})
