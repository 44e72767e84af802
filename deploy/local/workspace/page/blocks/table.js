/** table (and data_table) blocks. */
import { h } from "../dom.js";
import { plain } from "../mrkdwn.js";
import { richText } from "./rich_text.js";

const cell = (value) => {
  if (value?.type === "rich_text") return richText(value);
  if (value?.type === "raw_number") return [value.text ?? String(value.value ?? "")];
  return plain(value?.text ?? "");
};

/** The first row is drawn as the header, as Slack does. */
export function table(block) {
  const settings = block.column_settings ?? [];
  const row = (tag) => (cells) =>
    h(
      "tr",
      {},
      cells.map((value, i) => {
        const align = settings[i]?.align ?? (value?.type === "raw_number" ? "right" : "left");
        const wrap = settings[i]?.is_wrapped ? " wrap" : "";
        return h(tag, { class: `align-${align}${wrap}`, scope: tag === "th" ? "col" : null }, cell(value));
      }),
    );
  const [head = [], ...body] = block.rows ?? [];
  return h(
    "div",
    { class: "table-scroll", tabindex: "0", role: "region", "aria-label": block.caption ?? "Table" },
    h("table", {}, h("thead", {}, row("th")(head)), h("tbody", {}, body.map(row("td")))),
  );
}
