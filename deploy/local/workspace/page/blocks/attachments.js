/** Legacy attachments: the coloured cards that monitoring apps post. */
import { h, link, safeUrl } from "../dom.js";
import { fullTime, timeOf } from "../format.js";
import { mrkdwn } from "../mrkdwn.js";
import { image } from "./elements.js";
import { block } from "./index.js";

const COLOURS = { good: "var(--good)", warning: "var(--warn)", danger: "var(--bad)" };

function colour(value) {
  if (COLOURS[value]) return COLOURS[value];
  return /^#?[0-9a-f]{6}$/i.test(value ?? "") ? `#${value.replace("#", "")}` : "var(--line-strong)";
}

const picture = (url, alt) => safeUrl(url, { image: true }) && image({ image_url: url, alt_text: alt });

function author(json) {
  if (!json.author_name) return null;
  const name = json.author_link ? link(json.author_link, json.author_name) : json.author_name;
  return h("div", { class: "attachment-author" }, picture(json.author_icon, ""), name);
}

function title(json) {
  if (!json.title) return null;
  return h(
    "div",
    { class: "attachment-title" },
    json.title_link ? link(json.title_link, json.title) : mrkdwn(json.title),
  );
}

function fields(list = []) {
  if (!list.length) return null;
  const row = (field) =>
    h("div", { class: `attachment-field${field.short ? "" : " wide"}` }, h("b", {}, field.title), mrkdwn(field.value));
  return h("div", { class: "attachment-fields" }, list.map(row));
}

function footer(json) {
  if (!json.footer && !json.ts) return null;
  const at = json.ts && h("time", { title: fullTime(json.ts) }, timeOf(json.ts));
  return h(
    "div",
    { class: "attachment-footer" },
    picture(json.footer_icon, ""),
    json.footer,
    json.footer && at && " · ",
    at,
  );
}

export function attachment(json, ctx) {
  const body = json.blocks
    ? json.blocks.map((one) => block(one, ctx))
    : [
        author(json),
        title(json),
        json.text && mrkdwn(json.text),
        fields(json.fields),
        picture(json.image_url, json.title ?? "Attached image"),
        footer(json),
      ];
  const empty = !json.blocks && body.every((part) => !part);
  return h(
    "div",
    { class: "attachment" },
    json.pretext && mrkdwn(json.pretext),
    h(
      "div",
      { class: "attachment-card", style: { "--bar": colour(json.color) } },
      h("div", { class: "attachment-body" }, empty ? mrkdwn(json.fallback ?? "") : body),
      !json.blocks && json.thumb_url && h("div", { class: "attachment-thumb" }, picture(json.thumb_url, "")),
    ),
  );
}
