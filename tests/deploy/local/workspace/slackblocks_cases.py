"""One case for each limit in slackblocks' table: something built right at the limit, and where to make it grow.

`build(n)` makes a block or view whose measured part has size `n`; `path` leads to that part in its JSON.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import slackblocks as sb
from slackblocks import objects

Build = Callable[[int], Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Case:
    limit: str
    build: Build
    path: Path


def text(size: int) -> str:
    return "x" * size


def names(size: int) -> list[str]:
    return [f"n{index}" for index in range(size)]


def option(words: str, value: str, **more: Any) -> Any:
    return sb.Option(sb.PlainText(words), value, **more)


def options(size: int) -> list[Any]:
    return [option(name, name) for name in names(size)]


def action(element: Any) -> Any:
    return sb.ActionsBlock([element])


def field(element: Any) -> Any:
    return sb.InputBlock(label="Label", element=element)


def button(**more: Any) -> Any:
    return action(sb.Button(**{"text": "Go", **more}))


def confirm(**more: Any) -> Any:
    words = {"title": "t", "text": "x", "confirm": "y", "deny": "n", **more}
    return button(confirm=sb.ConfirmationDialogue(**words))


def menu(**more: Any) -> Any:
    return action(sb.StaticSelectMenu(action_id="menu", **{"options": options(1), **more}))


def feedback(**more: Any) -> Any:
    good = objects_feedback(**more)
    return sb.ContextActionsBlock([sb.FeedbackButtons(good, objects_feedback())])


def objects_feedback(**more: Any) -> Any:
    return sb.FeedbackButton(**{"text": "Good", "value": "v", **more})


def icon(**more: Any) -> Any:
    return sb.ContextActionsBlock([sb.IconButton(text="Delete", **more)])


def workflow(**more: Any) -> Any:
    flow = sb.Workflow(sb.Trigger("https://x", None))
    return action(sb.WorkflowButton(**{"text": "Run", "workflow": flow, "action_id": "run", **more}))


def chart(shape: Any, title: str = "t") -> Any:
    return sb.DataVisualizationBlock(title, shape)


def series(categories: list[str], count: int = 1, name: str = "s", **axis: Any) -> Any:
    rows = [
        objects.DataSeries(f"{name}{index if count > 1 else ''}", [objects.DataPoint(c, 1) for c in categories])
        for index in range(count)
    ]
    return chart(objects.LineChart(rows, objects.AxisConfig(categories, **axis)))


def pie(size: int = 1, label: str | None = None) -> Any:
    return chart(objects.PieChart([objects.ChartSegment(label or name, 1) for name in names(size)]))


def rich(*elements: Any) -> Any:
    return sb.RichTextBlock(list(elements))


def section() -> Any:
    return sb.RichTextSection([sb.RichText("x")])


def data_table(rows: int = 2, columns: int = 1, **more: Any) -> Any:
    cells = [[sb.RawText("x") for _ in range(columns)] for _ in range(rows)]
    return sb.DataTableBlock(**{"rows": cells, "caption": "c", **more})


def card(**more: Any) -> Any:
    return sb.CardBlock(**{"title": "t", **more})


def video(**more: Any) -> Any:
    words = {"alt_text": "a", "thumbnail_url": "https://x", "title": "t", "video_url": "https://x"}
    return sb.VideoBlock(**words, **more) if not more.keys() & words.keys() else sb.VideoBlock(**(words | more))


def container(**more: Any) -> Any:
    return sb.ContainerBlock(**{"child_blocks": [sb.DividerBlock()], "title": "t", **more})


def modal(**more: Any) -> Any:
    return sb.ModalView(**{"title": "t", "blocks": [sb.DividerBlock()], **more})


EL: Path = ("elements", 0)
CONFIRM: Path = (*EL, "confirm")
OPTION: Path = (*EL, "options", 0)
GOOD: Path = (*EL, "positive_button")
INPUT: Path = ("element",)
AXIS: Path = ("chart", "axis_config")

CASES = [
    Case("ACTION_ID_MAX_LENGTH", lambda n: button(action_id=text(n)), (*EL, "action_id")),
    Case("BLOCK_ID_MAX_LENGTH", lambda n: sb.DividerBlock(block_id=text(n)), ("block_id",)),
    Case("BUTTON_TEXT_MAX_LENGTH", lambda n: button(text=text(n)), (*EL, "text", "text")),
    Case("BUTTON_URL_MAX_LENGTH", lambda n: button(url=text(n)), (*EL, "url")),
    Case("BUTTON_VALUE_MAX_LENGTH", lambda n: button(value=text(n)), (*EL, "value")),
    Case(
        "BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH",
        lambda n: button(accessibility_label=text(n)),
        (*EL, "accessibility_label"),
    ),
    Case("BUTTON_AGENT_PROMPT_MAX_LENGTH", lambda n: button(agent_prompt=text(n)), (*EL, "agent_prompt")),
    Case("CONFIRMATION_TITLE_MAX_LENGTH", lambda n: confirm(title=text(n)), (*CONFIRM, "title", "text")),
    Case("CONFIRMATION_TEXT_MAX_LENGTH", lambda n: confirm(text=text(n)), (*CONFIRM, "text", "text")),
    Case("CONFIRMATION_CONFIRM_MAX_LENGTH", lambda n: confirm(confirm=text(n)), (*CONFIRM, "confirm", "text")),
    Case("CONFIRMATION_DENY_MAX_LENGTH", lambda n: confirm(deny=text(n)), (*CONFIRM, "deny", "text")),
    Case("OPTION_TEXT_MAX_LENGTH", lambda n: menu(options=[option(text(n), "v")]), (*OPTION, "text", "text")),
    Case("OPTION_VALUE_MAX_LENGTH", lambda n: menu(options=[option("t", text(n))]), (*OPTION, "value")),
    Case(
        "OPTION_DESCRIPTION_MAX_LENGTH",
        lambda n: menu(options=[option("t", "v", description=sb.PlainText(text(n)))]),
        (*OPTION, "description", "text"),
    ),
    Case(
        "OPTION_URL_MAX_LENGTH",
        lambda n: action(sb.OverflowMenu("m", [option("t", "v", url=text(n))])),
        (*OPTION, "url"),
    ),
    Case(
        "OPTION_GROUP_LABEL_MAX_LENGTH",
        lambda n: menu(options=None, option_groups=[sb.OptionGroup(sb.PlainText(text(n)), options(1))]),
        (*EL, "option_groups", 0, "label", "text"),
    ),
    Case(
        "OPTION_GROUP_OPTIONS_MAX_ITEMS",
        lambda n: menu(options=None, option_groups=[sb.OptionGroup(sb.PlainText("g"), options(n))]),
        (*EL, "option_groups", 0, "options"),
    ),
    Case("SELECT_PLACEHOLDER_MAX_LENGTH", lambda n: menu(placeholder=text(n)), (*EL, "placeholder", "text")),
    Case("SELECT_OPTIONS_MAX_ITEMS", lambda n: menu(options=options(n)), (*EL, "options")),
    Case(
        "SELECT_OPTION_GROUPS_MAX_ITEMS",
        lambda n: menu(options=None, option_groups=[sb.OptionGroup(sb.PlainText(g), options(1)) for g in names(n)]),
        (*EL, "option_groups"),
    ),
    Case("OVERFLOW_OPTIONS_MAX_ITEMS", lambda n: action(sb.OverflowMenu("m", options(n))), (*EL, "options")),
    Case("CHECKBOXES_OPTIONS_MAX_ITEMS", lambda n: action(sb.CheckboxGroup("c", options(n))), (*EL, "options")),
    Case("RADIO_BUTTONS_OPTIONS_MAX_ITEMS", lambda n: action(sb.RadioButtonGroup("r", options(n))), (*EL, "options")),
    Case("FILE_INPUT_MAX_FILES_MAX", lambda n: field(sb.FileInput("f", max_files=n)), (*INPUT, "max_files")),
    Case(
        "PLAIN_TEXT_INPUT_MIN_LENGTH_MAX", lambda n: field(sb.PlainTextInput("i", min_length=n)), (*INPUT, "min_length")
    ),
    Case(
        "PLAIN_TEXT_INPUT_MAX_LENGTH_MAX", lambda n: field(sb.PlainTextInput("i", max_length=n)), (*INPUT, "max_length")
    ),
    Case(
        "PLAIN_TEXT_INPUT_PLACEHOLDER_MAX_LENGTH",
        lambda n: field(sb.PlainTextInput("i", placeholder=text(n))),
        (*INPUT, "placeholder", "text"),
    ),
    Case(
        "EMAIL_INPUT_PLACEHOLDER_MAX_LENGTH",
        lambda n: field(sb.EmailInput("i", placeholder=text(n))),
        (*INPUT, "placeholder", "text"),
    ),
    Case(
        "URL_INPUT_PLACEHOLDER_MAX_LENGTH",
        lambda n: field(sb.URLInput("i", placeholder=text(n))),
        (*INPUT, "placeholder", "text"),
    ),
    Case(
        "NUMBER_INPUT_PLACEHOLDER_MAX_LENGTH",
        lambda n: field(sb.NumberInput(True, "i", placeholder=text(n))),
        (*INPUT, "placeholder", "text"),
    ),
    Case(
        "DATE_PICKER_PLACEHOLDER_MAX_LENGTH",
        lambda n: action(sb.DatePicker("d", placeholder=text(n))),
        (*EL, "placeholder", "text"),
    ),
    Case(
        "TIME_PICKER_PLACEHOLDER_MAX_LENGTH",
        lambda n: action(sb.TimePicker("d", placeholder=text(n))),
        (*EL, "placeholder", "text"),
    ),
    Case(
        "RICH_TEXT_INPUT_PLACEHOLDER_MAX_LENGTH",
        lambda n: field(sb.RichTextInput("i", placeholder=text(n))),
        (*INPUT, "placeholder", "text"),
    ),
    Case("RICH_TEXT_INPUT_MIN_LINES_MAX", lambda n: field(sb.RichTextInput("i", min_lines=n)), (*INPUT, "min_lines")),
    Case("RICH_TEXT_INPUT_MAX_LINES_MAX", lambda n: field(sb.RichTextInput("i", max_lines=n)), (*INPUT, "max_lines")),
    Case(
        "DISPATCH_ACTION_CONFIGURATION_TRIGGER_ACTIONS_ON_MAX_ITEMS",
        lambda n: field(
            sb.PlainTextInput(
                "i",
                dispatch_action_config=sb.DispatchActionConfiguration(
                    (["on_enter_pressed", "on_character_entered"] * n)[:n]
                ),
            )
        ),
        (*INPUT, "dispatch_action_config", "trigger_actions_on"),
    ),
    Case(
        "ACTIONS_ELEMENTS_MAX_ITEMS",
        lambda n: sb.ActionsBlock([sb.Button("b", name) for name in names(n)]),
        ("elements",),
    ),
    Case("ALERT_TEXT_MAX_LENGTH", lambda n: sb.ModalView("t", sb.AlertBlock(text(n))), ("blocks", 0, "text", "text")),
    Case("CARD_TITLE_MAX_LENGTH", lambda n: card(title=text(n)), ("title", "text")),
    Case("CARD_SUBTITLE_MAX_LENGTH", lambda n: card(subtitle=text(n)), ("subtitle", "text")),
    Case("CARD_BODY_MAX_LENGTH", lambda n: card(body=text(n)), ("body", "text")),
    Case("CARD_ACTIONS_MAX_ITEMS", lambda n: card(actions=[sb.Button("b", name) for name in names(n)]), ("actions",)),
    Case("CARD_SUBTEXT_MAX_LENGTH", lambda n: card(subtext=text(n)), ("subtext", "text")),
    Case("CAROUSEL_ELEMENTS_MAX_ITEMS", lambda n: sb.CarouselBlock([card() for _ in range(n)]), ("elements",)),
    Case("CONTAINER_TITLE_MAX_LENGTH", lambda n: container(title=text(n)), ("title", "text")),
    Case("CONTAINER_SUBTITLE_MAX_LENGTH", lambda n: container(subtitle=text(n)), ("subtitle", "text")),
    Case(
        "CONTAINER_CHILD_BLOCKS_MAX_ITEMS",
        lambda n: container(child_blocks=[sb.DividerBlock() for _ in range(n)]),
        ("child_blocks",),
    ),
    Case("CONTEXT_ELEMENTS_MAX_ITEMS", lambda n: sb.ContextBlock([sb.Text(name) for name in names(n)]), ("elements",)),
    Case(
        "CONTEXT_ACTIONS_ELEMENTS_MAX_ITEMS",
        lambda n: sb.ContextActionsBlock([sb.IconButton(text="x", action_id=name) for name in names(n)]),
        ("elements",),
    ),
    Case("FEEDBACK_BUTTON_TEXT_MAX_LENGTH", lambda n: feedback(text=text(n)), (*GOOD, "text", "text")),
    Case("FEEDBACK_BUTTON_VALUE_MAX_LENGTH", lambda n: feedback(value=text(n)), (*GOOD, "value")),
    Case(
        "FEEDBACK_BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH",
        lambda n: feedback(accessibility_label=text(n)),
        (*GOOD, "accessibility_label"),
    ),
    Case("ICON_BUTTON_VALUE_MAX_LENGTH", lambda n: icon(value=text(n)), (*EL, "value")),
    Case(
        "ICON_BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH",
        lambda n: icon(accessibility_label=text(n)),
        (*EL, "accessibility_label"),
    ),
    Case(
        "ICON_BUTTON_VISIBLE_TO_USER_IDS_MAX_ITEMS",
        lambda n: icon(visible_to_user_ids=names(n)),
        (*EL, "visible_to_user_ids"),
    ),
    Case("WORKFLOW_BUTTON_TEXT_MAX_LENGTH", lambda n: workflow(text=text(n)), (*EL, "text", "text")),
    Case(
        "WORKFLOW_BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH",
        lambda n: workflow(accessibility_label=text(n)),
        (*EL, "accessibility_label"),
    ),
    Case("TABLE_ROWS_MAX_ITEMS", lambda n: sb.TableBlock([[sb.RawText("x")] for _ in range(n)]), ("rows",)),
    Case("TABLE_COLUMNS_MAX_ITEMS", lambda n: sb.TableBlock([[sb.RawText("x") for _ in range(n)]]), ("rows", 0)),
    Case(
        "TABLE_COLUMN_SETTINGS_MAX_ITEMS",
        lambda n: sb.TableBlock([[sb.RawText("x")]], [sb.ColumnSettings("left") for _ in range(n)]),
        ("column_settings",),
    ),
    Case("DATA_TABLE_ROWS_MAX_ITEMS", lambda n: data_table(rows=n), ("rows",)),
    Case("DATA_TABLE_COLUMNS_MAX_ITEMS", lambda n: data_table(columns=n), ("rows", 0)),
    Case("DATA_TABLE_PAGE_SIZE_MAX", lambda n: data_table(page_size=n), ("page_size",)),
    Case(
        "DATA_TABLE_CONTENT_MAX_LENGTH",
        lambda n: sb.DataTableBlock([[sb.RawText("h")], [sb.RawText(text(n - 1))]], "c"),
        ("rows", 1, 0, "text"),
    ),
    Case(
        "DATA_VISUALIZATION_TITLE_MAX_LENGTH",
        lambda n: chart(objects.PieChart([objects.ChartSegment("a", 1)]), text(n)),
        ("title",),
    ),
    Case("DATA_VISUALIZATION_SEGMENTS_MAX_ITEMS", pie, ("chart", "segments")),
    Case("DATA_VISUALIZATION_SEGMENT_LABEL_MAX_LENGTH", lambda n: pie(1, text(n)), ("chart", "segments", 0, "label")),
    Case("DATA_VISUALIZATION_SERIES_MAX_ITEMS", lambda n: series(["a"], n), ("chart", "series")),
    Case(
        "DATA_VISUALIZATION_SERIES_NAME_MAX_LENGTH",
        lambda n: series(["a"], name=text(n)),
        ("chart", "series", 0, "name"),
    ),
    Case("DATA_VISUALIZATION_DATA_MAX_ITEMS", lambda n: series(names(n)), ("chart", "series", 0, "data")),
    Case(
        "DATA_VISUALIZATION_POINT_LABEL_MAX_LENGTH",
        lambda n: series([text(n)]),
        ("chart", "series", 0, "data", 0, "label"),
    ),
    Case("DATA_VISUALIZATION_CATEGORIES_MAX_ITEMS", lambda n: series(names(n)), (*AXIS, "categories")),
    Case("DATA_VISUALIZATION_CATEGORY_LABEL_MAX_LENGTH", lambda n: series([text(n)]), (*AXIS, "categories", 0)),
    Case("DATA_VISUALIZATION_AXIS_LABEL_MAX_LENGTH", lambda n: series(["a"], x_label=text(n)), (*AXIS, "x_label")),
    Case("HEADER_TEXT_MAX_LENGTH", lambda n: sb.HeaderBlock(text(n)), ("text", "text")),
    Case("IMAGE_IMAGE_URL_MAX_LENGTH", lambda n: sb.ImageBlock(text(n), "a"), ("image_url",)),
    Case("IMAGE_ALT_TEXT_MAX_LENGTH", lambda n: sb.ImageBlock("https://x", text(n)), ("alt_text",)),
    Case("IMAGE_TITLE_MAX_LENGTH", lambda n: sb.ImageBlock("https://x", "a", text(n)), ("title", "text")),
    Case("IMAGE_ELEMENT_IMAGE_URL_MAX_LENGTH", lambda n: sb.ContextBlock([sb.Image("a", text(n))]), (*EL, "image_url")),
    Case(
        "IMAGE_ELEMENT_ALT_TEXT_MAX_LENGTH",
        lambda n: sb.ContextBlock([sb.Image(text(n), "https://x")]),
        (*EL, "alt_text"),
    ),
    Case("INPUT_LABEL_MAX_LENGTH", lambda n: sb.InputBlock(text(n), sb.PlainTextInput("i")), ("label", "text")),
    Case("INPUT_HINT_MAX_LENGTH", lambda n: sb.InputBlock("l", sb.PlainTextInput("i"), hint=text(n)), ("hint", "text")),
    Case("MARKDOWN_TEXT_MAX_LENGTH", lambda n: sb.MarkdownBlock(text(n)), ("text",)),
    Case(
        "PLAN_TASKS_MAX_ITEMS",
        lambda n: sb.PlanBlock("p", [sb.TaskCardBlock(name, "t", status="complete") for name in names(n)]),
        ("tasks",),
    ),
    Case(
        "RICH_TEXT_LIST_INDENT_MAX", lambda n: rich(sb.RichTextList("bullet", [section()], indent=n)), (*EL, "indent")
    ),
    Case(
        "RICH_TEXT_LIST_BORDER_MAX", lambda n: rich(sb.RichTextList("bullet", [section()], border=n)), (*EL, "border")
    ),
    Case("RICH_TEXT_QUOTE_BORDER_MAX", lambda n: rich(sb.RichTextQuote([sb.RichText("x")], border=n)), (*EL, "border")),
    Case(
        "RICH_TEXT_PREFORMATTED_BORDER_MAX",
        lambda n: rich(sb.RichTextCodeBlock([sb.RichText("x")], border=n)),
        (*EL, "border"),
    ),
    Case("SECTION_TEXT_MAX_LENGTH", lambda n: sb.SectionBlock(text(n)), ("text", "text")),
    Case("SECTION_FIELDS_MAX_ITEMS", lambda n: sb.SectionBlock(fields=list(names(n))), ("fields",)),
    Case("SECTION_FIELDS_ITEM_MAX_LENGTH", lambda n: sb.SectionBlock(fields=[text(n)]), ("fields", 0, "text")),
    Case("VIDEO_ALT_TEXT_MAX_LENGTH", lambda n: video(alt_text=text(n)), ("alt_text",)),
    Case("VIDEO_TITLE_MAX_LENGTH", lambda n: video(title=text(n)), ("title", "text")),
    Case("VIDEO_AUTHOR_NAME_MAX_LENGTH", lambda n: video(author_name=text(n)), ("author_name",)),
    Case("VIDEO_DESCRIPTION_MAX_LENGTH", lambda n: video(description=text(n)), ("description", "text")),
    Case("VIDEO_PROVIDER_NAME_MAX_LENGTH", lambda n: video(provider_name=text(n)), ("provider_name",)),
    Case("VIDEO_THUMBNAIL_URL_MAX_LENGTH", lambda n: video(thumbnail_url=text(n)), ("thumbnail_url",)),
    Case("VIDEO_VIDEO_URL_MAX_LENGTH", lambda n: video(video_url=text(n)), ("video_url",)),
    Case("VIDEO_TITLE_URL_MAX_LENGTH", lambda n: video(title_url=text(n)), ("title_url",)),
    Case("VIDEO_PROVIDER_ICON_URL_MAX_LENGTH", lambda n: video(provider_icon_url=text(n)), ("provider_icon_url",)),
    Case("VIEW_BLOCKS_MAX_ITEMS", lambda n: modal(blocks=[sb.DividerBlock() for _ in range(n)]), ("blocks",)),
    Case("VIEW_PRIVATE_METADATA_MAX_LENGTH", lambda n: modal(private_metadata=text(n)), ("private_metadata",)),
    Case("VIEW_CALLBACK_ID_MAX_LENGTH", lambda n: modal(callback_id=text(n)), ("callback_id",)),
    Case("VIEW_EXTERNAL_ID_MAX_LENGTH", lambda n: modal(external_id=text(n)), ("external_id",)),
    Case("VIEW_TITLE_MAX_LENGTH", lambda n: modal(title=text(n)), ("title", "text")),
    Case("VIEW_CLOSE_MAX_LENGTH", lambda n: modal(close=text(n)), ("close", "text")),
    Case("VIEW_SUBMIT_MAX_LENGTH", lambda n: modal(submit=text(n)), ("submit", "text")),
]
