"""One valid block of every type that a message may carry."""

from typing import Any

JSON = dict[str, Any]

DAYS = ("Mon", "Tue", "Wed")


def plain(text: str) -> JSON:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> JSON:
    return {"type": "mrkdwn", "text": text}


def rich(text: str, **style: bool) -> JSON:
    part: JSON = {"type": "text", "text": text} | ({"style": style} if style else {})
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [part]}]}


def options(*labels: str) -> list[JSON]:
    return [{"text": plain(label), "value": label.lower()} for label in labels]


def chart(kind: str, title: str = "Errors a day", series: str = "Errors") -> JSON:
    if kind == "pie":
        segments = [{"label": "Lambda", "value": 75}, {"label": "RDS", "value": 25}]
        return {"type": "data_visualization", "title": title, "chart": {"type": "pie", "segments": segments}}
    data = [{"label": day, "value": value} for day, value in zip(DAYS, (3, -2, 47), strict=True)]
    axes = {"categories": list(DAYS), "x_label": "Day", "y_label": "Errors"}
    body = {"type": kind, "series": [{"name": series, "data": data}], "axis_config": axes}
    return {"type": "data_visualization", "title": title, "chart": body}


RICH_TEXT: JSON = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "bold words", "style": {"bold": True}},
                {"type": "user", "user_id": "U0MAYAOKAF"},
                {"type": "channel", "channel_id": "C0FINOPS01"},
                {"type": "usergroup", "usergroup_id": "S0PLATFORM"},
                {"type": "broadcast", "range": "here"},
                {"type": "emoji", "name": "tada"},
                {"type": "link", "url": "https://example.com/runbook", "text": "the runbook"},
                {"type": "date", "timestamp": 1_720_710_212, "format": "{date_num}", "fallback": "a day in July"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "ordered",
            "indent": 1,
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "an item"}]}],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a quotation"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a log line"}]},
    ],
}

MARKDOWN = """## A heading
**bold**, *italic*, ~~struck~~, `code` and [a link](https://example.com/docs)

1. first
2. second
   - nested
- [x] done

> quoted

| Function | Cost |
|:--|--:|
| thumbnailer | $375 |

```python
raise KeyError
```"""

PLAN: JSON = {
    "type": "plan",
    "title": "Looking into it",
    "tasks": [
        {
            "task_id": "a",
            "title": "Read the metric",
            "status": "complete",
            "details": rich("47 errors"),
            "sources": [{"type": "url", "url": "https://example.com/metric", "text": "CloudWatch"}],
        },
        {"task_id": "b", "title": "Read the logs", "status": "in_progress", "output": rich("One new pattern")},
        {"task_id": "c", "title": "Compare versions", "status": "pending"},
        {"task_id": "d", "title": "Read Health", "status": "error", "details": rich("Access denied")},
    ],
}

ACTIONS: JSON = {
    "type": "actions",
    "elements": [
        {"type": "button", "text": plain("Approve"), "style": "primary", "action_id": "approve", "value": "apr_1"},
        {"type": "button", "text": plain("Reject"), "style": "danger", "action_id": "reject", "value": "apr_1"},
        {"type": "static_select", "action_id": "severity", "options": options("High", "Low")},
        {"type": "users_select", "action_id": "person"},
        {"type": "channels_select", "action_id": "channel"},
        {"type": "overflow", "action_id": "more", "options": options("Mute", "Escalate")},
        {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-21"},
        {"type": "timepicker", "action_id": "time", "initial_time": "10:30"},
        {"type": "checkboxes", "action_id": "boxes", "options": options("Page", "Ticket")},
        {"type": "radio_buttons", "action_id": "when", "options": options("Now", "Later")},
    ],
}

FEEDBACK: JSON = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": plain("Helpful"), "value": "up"},
            "negative_button": {"text": plain("Not helpful"), "value": "down"},
        },
        {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "delete"},
    ],
}

TABLE: JSON = {
    "type": "table",
    "rows": [[{"type": "raw_text", "text": "Evidence"}], [rich("47 a minute", bold=True)]],
    "column_settings": [{"align": "right", "is_wrapped": True}],
}

CARD: JSON = {"type": "card", "title": plain("A card"), "body": mrkdwn("*Two* open incidents")}


def every_block(image_url: str) -> dict[str, list[JSON]]:
    """By block type, the blocks of one message (charts come in two messages: at most two are allowed in one)."""
    image = {"type": "image", "image_url": image_url, "alt_text": "A lighthouse"}
    numbers = [[{"type": "raw_text", "text": "Cost"}], [{"type": "raw_number", "value": 4, "text": "$4"}]]
    fields = {"type": "section", "fields": [mrkdwn("*Since*\n10:32"), plain("Affected: prod")]}
    return {
        "header": [{"type": "header", "text": plain(":rotating_light: checkout-api fails")}],
        "section": [{"type": "section", "text": mrkdwn("It *fails* in `prod`"), "accessory": image}, fields],
        "context": [{"type": "context", "elements": [image, mrkdwn("Sources: <https://example.com/logs|logs>")]}],
        "divider": [{"type": "divider"}],
        "image": [image | {"title": plain("The lighthouse")}],
        "input": [{"type": "input", "label": plain("Note"), "element": {"type": "plain_text_input"}}],
        "rich_text": [RICH_TEXT],
        "markdown": [{"type": "markdown", "text": MARKDOWN}],
        "table": [TABLE],
        "data_table": [{"type": "data_table", "caption": "Costs", "rows": numbers}],
        "data_visualization": [chart("line"), chart("bar")],
        "data_visualization 2": [chart("area"), chart("pie")],
        "plan": [PLAN],
        "task_card": [{"type": "task_card", "task_id": "x", "title": "Read Cost Explorer", "status": "complete"}],
        "actions": [ACTIONS],
        "context_actions": [FEEDBACK],
        "card": [CARD],
        "carousel": [{"type": "carousel", "elements": [CARD]}],
        "container": [{"type": "container", "title": plain("Details"), "child_blocks": [fields]}],
    }
