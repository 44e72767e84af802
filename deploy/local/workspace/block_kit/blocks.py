"""The layout blocks, and on which surface each may stand."""

from typing import Any

from deploy.local.workspace.block_kit.elements import (
    BUTTON,
    ELEMENTS,
    IMAGE,
    IMAGE_SOURCE,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
)
from deploy.local.workspace.block_kit.objects import PLAIN, SLACK_ICON, block_id, text, url
from deploy.local.workspace.block_kit.rich_text import ELEMENTS as RICH_TEXT_ELEMENTS
from deploy.local.workspace.block_kit.rich_text import RICH_TEXT_OBJECT
from deploy.local.workspace.block_kit.schema import (
    Check,
    Report,
    all_of,
    array,
    at_least_one,
    boolean,
    by_type,
    exactly_one,
    obj,
    one_of,
    optional,
    required,
    string,
    unique,
)
from deploy.local.workspace.block_kit.tables import DATA_TABLE, DATA_VISUALIZATION, TABLE

BLOCK = {"type": required(string()), "block_id": optional(block_id)}
CONTEXT_ELEMENTS: dict[str, Check] = {"image": IMAGE, "plain_text": text(kinds=PLAIN), "mrkdwn": text()}
TASK_STATUS = one_of("pending", "in_progress", "complete", "error")
SOURCE = obj({"type": required(one_of("url")), "url": required(url), "text": required(string(minimum=1))})
TASK = {
    "task_id": required(string(minimum=1)),
    "title": required(string(minimum=1)),
    "status": required(TASK_STATUS),
    "details": optional(RICH_TEXT_OBJECT),
    "output": optional(RICH_TEXT_OBJECT),
    "sources": optional(array(SOURCE)),
}
PLAN_TASK = obj(BLOCK | {"type": optional(one_of("task_card"))} | TASK)


def _standalone_task(report: Report, pointer: str, value: Any) -> None:
    if value["status"] == "pending":
        report.add(f"{pointer}/status", "failed_constraint", "only tasks of a plan can be pending")


def _unique_tasks(report: Report, pointer: str, value: Any) -> None:
    unique([task["task_id"] for task in value["tasks"]], report, f"{pointer}/tasks", "task ids")


def _count_markdown(report: Report, pointer: str, value: Any) -> None:
    report.count("markdown characters", len(value["text"]))


def _one_icon(report: Report, pointer: str, value: Any) -> None:
    if value.get("icon") and value.get("slack_icon"):
        report.add(pointer, "failed_constraint", "icon and slack_icon cannot both be given")


def _collapsing(report: Report, pointer: str, value: Any) -> None:
    if value.get("default_collapsed") and not value.get("is_collapsible"):
        report.add(pointer, "failed_constraint", "default_collapsed needs is_collapsible")
    if value.get("has_header_divider") and value.get("is_collapsible"):
        report.add(pointer, "failed_constraint", "has_header_divider is for containers that do not collapse")


CARD = obj(
    BLOCK
    | {
        "hero_image": optional(IMAGE),
        "icon": optional(IMAGE),
        "slack_icon": optional(SLACK_ICON),
        "title": optional(text(150)),
        "subtitle": optional(text(150)),
        "body": optional(text(200)),
        "subtext": optional(text(200)),
        "actions": optional(array(BUTTON, 0, 3)),
    },
    all_of(at_least_one("hero_image", "title", "actions", "body"), _one_icon),
)

BLOCKS: dict[str, Check] = {
    "section": obj(
        BLOCK
        | {
            "text": optional(text()),
            "fields": optional(array(text(2_000), 1, 10)),
            "accessory": optional(by_type(ELEMENTS, IN_SECTION)),
            "expand": optional(boolean),
        },
        at_least_one("text", "fields"),
    ),
    "header": obj(BLOCK | {"text": required(text(150, PLAIN))}),
    "divider": obj(BLOCK),
    "context": obj(BLOCK | {"elements": required(array(by_type(CONTEXT_ELEMENTS), 1, 10))}),
    "context_actions": obj(BLOCK | {"elements": required(array(by_type(ELEMENTS, IN_CONTEXT_ACTIONS), 1, 5))}),
    "actions": obj(BLOCK | {"elements": required(array(by_type(ELEMENTS, IN_ACTIONS), 1, 25))}),
    "image": obj(
        BLOCK | {"alt_text": required(string(2_000)), "title": optional(text(2_000, PLAIN))} | IMAGE_SOURCE,
        exactly_one("image_url", "slack_file"),
    ),
    "input": obj(
        BLOCK
        | {
            "label": required(text(2_000, PLAIN)),
            "element": required(by_type(ELEMENTS, IN_INPUT)),
            "hint": optional(text(2_000, PLAIN)),
            "optional": optional(boolean),
            "dispatch_action": optional(boolean),
        }
    ),
    "rich_text": obj(BLOCK | {"elements": RICH_TEXT_ELEMENTS}),
    "markdown": obj(BLOCK | {"text": required(string(12_000, 1))}, _count_markdown),
    "table": TABLE,
    "data_table": DATA_TABLE,
    "data_visualization": DATA_VISUALIZATION,
    "task_card": obj(BLOCK | TASK, _standalone_task),
    "plan": obj(
        BLOCK
        | {
            "title": required(string(minimum=1)),
            "tasks": required(array(PLAN_TASK, 0, 50)),
        },
        _unique_tasks,
    ),
    "video": obj(
        BLOCK
        | {
            "alt_text": required(string(2_000)),
            "title": required(text(200, PLAIN)),
            "thumbnail_url": required(url),
            "video_url": required(url),
            "title_url": optional(string(2_000)),
            "author_name": optional(string(50)),
            "description": optional(text(200, PLAIN)),
            "provider_name": optional(string(50)),
            "provider_icon_url": optional(string(2_000)),
        }
    ),
    "file": obj(BLOCK | {"external_id": required(string(minimum=1)), "source": required(one_of("remote"))}),
    "alert": obj(
        BLOCK
        | {"text": required(text(200)), "level": optional(one_of("default", "info", "warning", "error", "success"))}
    ),
    "card": CARD,
    "carousel": obj(BLOCK | {"elements": required(array(by_type({"card": CARD}), 1, 10))}),
}

IN_CONTAINER = frozenset(
    ["actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video"]
)
BLOCKS["container"] = obj(
    BLOCK
    | {
        "title": optional(text(150, PLAIN)),
        "rich_text_title": optional(RICH_TEXT_OBJECT),
        "subtitle": optional(text(150)),
        "child_blocks": required(array(by_type(BLOCKS, IN_CONTAINER), 1, 10)),
        "width": optional(one_of("narrow", "standard", "wide", "full")),
        "icon": optional(IMAGE),
        "is_collapsible": optional(boolean),
        "default_collapsed": optional(boolean),
        "has_header_divider": optional(boolean),
    },
    all_of(at_least_one("title", "rich_text_title"), _collapsing),
)

ON_MESSAGE = frozenset(BLOCKS) - {"alert"}
ON_MODAL = frozenset(
    ["actions", "alert", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"]
)
ON_HOME = ON_MODAL - {"alert"} | {"carousel", "container", "data_table", "data_visualization", "table"}
