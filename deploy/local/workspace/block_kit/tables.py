"""Blocks that show figures: tables, data tables and charts."""

from collections.abc import Iterator
from typing import Any, cast

from deploy.local.workspace.block_kit.objects import block_id
from deploy.local.workspace.block_kit.rich_text import RICH_TEXT_OBJECT
from deploy.local.workspace.block_kit.schema import (
    Check,
    Report,
    all_of,
    array,
    boolean,
    by_type,
    number,
    obj,
    one_of,
    optional,
    required,
    string,
    unique,
)

TYPE = required(string())
BLOCK = {"type": TYPE, "block_id": optional(block_id)}
MAX_TABLE_CHARACTERS = 10_000
MAX_DATA_TABLE_CHARACTERS = 20_000

CELLS: dict[str, Check] = {
    "raw_text": obj({"type": TYPE, "text": required(string(minimum=1)), "emoji": optional(boolean)}),
    "raw_number": obj({"type": TYPE, "value": required(number()), "text": required(string(minimum=1))}),
    "rich_text": RICH_TEXT_OBJECT,
}


def _column_setting(report: Report, pointer: str, value: Any) -> None:
    fields = {"align": optional(one_of("left", "center", "right")), "is_wrapped": optional(boolean)}
    if value is not None:  # a null keeps the default of that column
        obj(fields)(report, pointer, value)


def characters(value: Any) -> int:
    """All text in cells, in characters."""
    return sum(len(text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, nested in cast(dict[str, Any], value).items():
            if key == "text" and isinstance(nested, str):
                yield nested
            else:
                yield from _texts(nested)
    elif isinstance(value, list):
        for nested in cast(list[Any], value):
            yield from _texts(nested)


def _count_table(report: Report, pointer: str, value: Any) -> None:
    report.count("tables")
    report.count("table characters", characters(value["rows"]))


TABLE = obj(
    BLOCK
    | {
        "rows": required(array(array(by_type(CELLS, ("raw_text", "rich_text")), 1, 20), 1, 100)),
        "column_settings": optional(array(_column_setting, 0, 20)),
    },
    _count_table,
)


def _data_table_shape(report: Report, pointer: str, value: Any) -> None:
    rows = value["rows"]
    columns = len(rows[0])
    if any(len(row) != columns for row in rows):
        report.add(f"{pointer}/rows", "failed_constraint", "rows must have the same number of columns")
    if any(cell["type"] == "rich_text" for cell in rows[0]):
        report.add(f"{pointer}/rows/0", "failed_constraint", "header cells cannot be rich_text")
    if value.get("row_header_column_index", 0) >= columns:
        report.add(f"{pointer}/row_header_column_index", "failed_constraint", f"must be less than {columns}")
    report.count("data table characters", characters(rows))


DATA_TABLE = obj(
    BLOCK
    | {
        "rows": required(array(array(by_type(CELLS), 1, 20), 2, 201)),
        "caption": required(string(minimum=1)),
        "page_size": optional(number(1, 100, whole=True)),
        "row_header_column_index": optional(number(0, whole=True)),
    },
    _data_table_shape,
)


def _positive(report: Report, pointer: str, value: Any) -> None:
    if isinstance(value, int | float) and value <= 0:
        report.add(pointer, "failed_constraint", "must be greater than 0")


LABEL = required(string(20, 1))
SEGMENT = obj({"label": LABEL, "value": required(all_of(number(), _positive))})
SERIES = obj({"name": LABEL, "data": required(array(obj({"label": LABEL, "value": required(number())}), 1, 20))})
AXIS = obj(
    {
        "categories": required(array(string(20, 1), 1, 20)),
        "x_label": optional(string(50)),
        "y_label": optional(string(50)),
    },
    lambda report, pointer, value: unique(value["categories"], report, f"{pointer}/categories", "categories"),
)


def _series_match_axis(report: Report, pointer: str, value: Any) -> None:
    categories = value["axis_config"]["categories"]
    unique([series["name"] for series in value["series"]], report, f"{pointer}/series", "series names")
    for index, series in enumerate(value["series"]):
        labels = [point["label"] for point in series["data"]]
        if sorted(labels) != sorted(categories):
            message = "must have exactly one point for every category"
            report.add(f"{pointer}/series/{index}/data", "failed_constraint", message)


AXIS_CHART = obj(
    {"type": TYPE, "series": required(array(SERIES, 1, 12)), "axis_config": required(AXIS)}, _series_match_axis
)
CHARTS: dict[str, Check] = {
    "pie": obj({"type": TYPE, "segments": required(array(SEGMENT, 1, 12))}),
    "bar": AXIS_CHART,
    "line": AXIS_CHART,
    "area": AXIS_CHART,
}
DATA_VISUALIZATION = obj(BLOCK | {"title": required(string(50, 1)), "chart": required(by_type(CHARTS))})
