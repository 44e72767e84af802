"""Charts and tables as Slack draws them. The figures come from evidence, never from a model's text.

    chart_block(chart)    -> a `data_visualization` block, or None when there is nothing to draw
    table_block(table)    -> a `table` block
    without_charts(blocks) -> the same message where Slack refuses charts: the first becomes a table, the others text

Slack's limits: a chart has at most 20 points and 12 series or slices, names of 20 characters, a title of 50; a table
100 rows, 20 columns and 10,000 characters.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, cast

from agent.figures import quantity
from agent.models import Chart, Series, Table
from slack_app.blocks.parts import Block, context, sections
from slack_app.blocks.text import cut, escape

MAX_POINTS = 20
MAX_SERIES = 12
NAME_LIMIT = 20
TITLE_LIMIT = 50
AXIS_LIMIT = 50
MAX_ROWS = 100
"""With the heading."""
MAX_COLUMNS = 20
MAX_CELL = 200
WRAPPED_FROM = 14
TABLE_CHARACTERS = 9_500
LARGEST = 1e18
"""What is beyond that is no measurement."""
_FIGURE = re.compile(
    r"[-+<>~≈]?\s?\$?\d[\d,.]*\s?(?:%|[kMGT]?B(?:/s)?|[kMGT]|ms|s|min|h|days?|times|[A-Z]{3})?|new|-|–|"
)
_UNITS = {"usd": "USD", "None": "", "Count": "", "Percent": "%", "Milliseconds": "ms", "Seconds": "seconds"}


def chart_block(chart: Chart) -> Block | None:
    """What Slack draws. None for a chart without two points or without any figure."""
    drawn = _fitted(chart)
    if drawn is None:
        return None
    block: Block = {"type": "data_visualization", "title": cut(drawn.title, TITLE_LIMIT) or "Chart"}
    if drawn.kind == "pie":
        names, values = _unique(drawn.labels), drawn.series[0].values
        slices = [{"label": name, "value": value} for name, value in zip(names, values, strict=True) if value]
        return block | {"chart": {"type": "pie", "segments": slices}}
    categories = _unique(drawn.labels)
    series = [
        {"name": name, "data": [{"label": c, "value": v or 0} for c, v in zip(categories, each.values, strict=True)]}
        for name, each in zip(_unique([s.name for s in drawn.series]), drawn.series, strict=True)
    ]
    axis: Block = {"categories": categories}
    if unit := _UNITS.get(drawn.unit, drawn.unit):
        axis["y_label"] = cut(unit, AXIS_LIMIT)
    return block | {"chart": {"type": drawn.kind, "series": series, "axis_config": axis}}


def table_block(table: Table) -> Block:
    """A heading and as many rows as fit; columns of figures stand on the right."""
    columns, rows = fitting(table)
    settings = [_setting([row[i] for row in rows]) for i in range(len(columns))]
    return {"type": "table", "rows": [_cells(row) for row in (columns, *rows)], "column_settings": settings}


def table_blocks(table: Table) -> list[Block]:
    """The table under its title, and what of it is not shown."""
    _, rows = fitting(table)
    left = len(table.rows) - len(rows)
    more = f" · {left} more rows in the file below" if left else ""
    return [context(f"*{escape(table.title) or 'Table'}*{more}"), table_block(table)]


def fitting(table: Table) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The heading and the first rows that Slack takes, all of one width."""
    columns = tuple(_cell(name) for name in table.columns[:MAX_COLUMNS]) or ("",)
    left = TABLE_CHARACTERS - sum(map(len, columns))
    rows: list[tuple[str, ...]] = []
    for row in table.rows[: MAX_ROWS - 1]:
        cells = tuple(_cell(row[i]) if i < len(row) else "" for i in range(len(columns)))
        left -= sum(len(cell) or 1 for cell in cells)
        if left < 0:
            break
        rows.append(cells)
    return columns, rows


def without_charts(blocks: Sequence[Block]) -> list[Block]:
    """For a Slack that does not know charts: their figures as a table, or as text beside another table."""
    shown: list[Block] = []
    free = not any(block["type"] == "table" for block in blocks)
    for block in blocks:
        if block["type"] != "data_visualization":
            shown.append(block)
            continue
        table = _as_table(block)
        shown += table_blocks(table) if free else sections(_as_text(table))
        free = False
    return shown


def without_tables(blocks: Sequence[Block]) -> list[Block]:
    """For a Slack that knows neither: figures as text."""
    shown: list[Block] = []
    for block in without_charts(blocks):
        shown += sections(_rows_as_text(block["rows"])) if block["type"] == "table" else [block]
    return shown


def csv_text(table: Table) -> str:
    """The whole table for a file; a cell that a spreadsheet would run is text."""
    rows = [table.columns, *table.rows]
    return "\n".join(",".join(_quoted(cell) for cell in row) for row in rows) + "\n"


def _quoted(cell: str) -> str:
    risky = cell[:1] in ("=", "+", "-", "@", "\t") and not re.fullmatch(r"[-+]?[\d.,]+%?", cell)
    return '"' + ("'" if risky else "") + cell.replace('"', '""') + '"'


def _fitted(chart: Chart) -> Chart | None:
    """The chart within Slack's limits: finite figures, few enough series, and points merged where there are many."""
    count = len(chart.labels)
    series = [
        Series(name=s.name, values=tuple(_finite(v) for v in (*s.values, *([None] * count))[:count]))
        for s in chart.series[:MAX_SERIES]
    ]
    series = [s for s in series if any(v is not None for v in s.values)]
    if not series or count < 2:
        return None
    if chart.kind == "pie":
        return _pie(chart, series[0])
    known = [i for i in range(count) if any(s.values[i] is not None for s in series)]
    series = [Series(name=s.name, values=tuple(s.values[i] for i in known)) for s in series]
    return _merged(chart.model_copy(update={"labels": tuple(chart.labels[i] for i in known), "series": tuple(series)}))


def _merged(chart: Chart) -> Chart:
    """At most 20 points: of neighbours that become one, the highest stays."""
    count = len(chart.labels)
    size = math.ceil(count / MAX_POINTS)
    if size <= 1:
        return chart
    # A peak that is not drawn would contradict the text.
    steps = range(0, count, size)
    merged = tuple(
        Series(name=s.name, values=tuple(_highest(s.values[i : i + size]) for i in steps)) for s in chart.series
    )
    title = f"{cut(chart.title, TITLE_LIMIT - 9)} (maxima)"
    return chart.model_copy(update={"title": title, "labels": tuple(chart.labels[i] for i in steps), "series": merged})


def _pie(chart: Chart, slices: Series) -> Chart | None:
    """The largest slices, and the rest as one."""
    pairs = sorted(((v, n) for v, n in zip(slices.values, chart.labels, strict=True) if v and v > 0), reverse=True)
    if len(pairs) < 2:
        return None
    if len(pairs) > MAX_SERIES:
        pairs = [*pairs[: MAX_SERIES - 1], (sum(v for v, _ in pairs[MAX_SERIES - 1 :]), "others")]
    values = Series(name=slices.name, values=tuple(v for v, _ in pairs))
    return chart.model_copy(update={"labels": tuple(n for _, n in pairs), "series": (values,)})


def _highest(values: Sequence[float | None]) -> float | None:
    return max((v for v in values if v is not None), default=None)


def _finite(value: float | None) -> float | None:
    """Rounded to four digits that matter: nobody sees more in a chart."""
    return float(f"{value:.4g}") if value is not None and abs(value) < LARGEST else None


def _unique(names: Sequence[str]) -> list[str]:
    """Names of at most 20 characters, no two alike; of long ones the end stays, where they differ."""
    found: list[str] = []
    for name in names:
        short = " ".join(name.split()) or "-"
        short = short if len(short) <= NAME_LIMIT else f"{short[:8]}…{short[-(NAME_LIMIT - 9) :]}"
        number = 2
        chosen = short
        while chosen in found:
            chosen = f"{short[: NAME_LIMIT - 1 - len(str(number))]} {number}"
            number += 1
        found.append(chosen)
    return found


def _cell(text: str) -> str:
    return cut(" ".join(text.split()), MAX_CELL)


def _cells(row: Sequence[str]) -> list[Block]:
    return [{"type": "raw_text", "text": cell or " "} for cell in row]


def _setting(cells: Sequence[str]) -> Block:
    """Figures on the right; what is long goes over several lines."""
    if any(cells) and all(_FIGURE.fullmatch(cell) for cell in cells):
        return {"align": "right"}
    return {"align": "left", "is_wrapped": any(len(cell) > WRAPPED_FROM for cell in cells)}


def _as_table(block: Block) -> Table:
    chart = block["chart"]
    if chart["type"] == "pie":
        rows = tuple((str(s["label"]), quantity(s["value"], "")) for s in chart["segments"])
        return Table(title=block["title"], columns=("", "Amount"), rows=rows)
    series, axis = chart["series"], chart["axis_config"]
    unit = str(axis.get("y_label", ""))
    rows = tuple(
        (str(label), *(quantity(each["data"][i]["value"], "") for each in series))
        for i, label in enumerate(axis["categories"])
    )
    return Table(
        title=block["title"],
        columns=("", *(f"{each['name']} ({unit})" if unit else str(each["name"]) for each in series)),
        rows=rows,
    )


def _as_text(table: Table) -> str:
    rows = "\n".join(" · ".join(escape(cell) for cell in row) for row in table.rows)
    return f"*{escape(table.title)}* {escape(' · '.join(table.columns[1:]))}\n{rows}"


def _rows_as_text(rows: Sequence[Sequence[dict[str, Any]]]) -> str:
    return "\n".join(" · ".join(escape(cast("str", cell["text"])) for cell in row) for row in rows)
