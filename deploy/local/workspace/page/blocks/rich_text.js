/** rich_text blocks: sections, lists, quotes and preformatted text. */
import { h, link } from "../dom.js";
import { emojiOf } from "../emoji.js";
import { formatDate } from "../format.js";
import { broadcast, channelLink, codeRun, emoji, group, mention } from "../mrkdwn.js";

const TAGS = [
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["underline", "u"],
];

function styled(node, style = {}) {
  return TAGS.reduce((inner, [name, tag]) => {
    if (!style[name]) return inner;
    return tag === "code" && typeof inner[0] === "string" && inner.length === 1 ? codeRun(inner[0]) : h(tag, {}, inner);
  }, node);
}

function lines(text) {
  return String(text ?? "")
    .split("\n")
    .flatMap((line, i) => (i ? [h("br"), line] : [line]))
    .filter((part) => part !== "");
}

function unicodeEmoji({ name, unicode }) {
  if (emojiOf(name) || !unicode) return emoji(name);
  const points = unicode.split("-").map((point) => Number.parseInt(point, 16));
  return h("span", { class: "emoji", role: "img", "aria-label": name }, String.fromCodePoint(...points));
}

const INLINE = {
  __proto__: null,
  text: (e) => lines(e.text),
  link: (e) => link(e.url, e.text || e.url),
  user: (e) => mention(e.user_id),
  usergroup: (e) => group(e.usergroup_id),
  channel: (e) => channelLink(e.channel_id),
  team: (e) => h("span", { class: "mention" }, e.team_id),
  emoji: unicodeEmoji,
  broadcast: (e) => broadcast(e.range),
  date: (e) =>
    h(
      "time",
      { title: e.fallback ?? null },
      e.url ? link(e.url, formatDate(e.timestamp, e.format)) : formatDate(e.timestamp, e.format),
    ),
  color: (e) => [h("span", { class: "swatch", style: { background: e.value } }), h("code", {}, e.value)],
};

function inlines(elements = []) {
  return elements.flatMap((element) => {
    const node = INLINE[element.type]?.(element) ?? String(element.text ?? "");
    const marked = Object.values(element.style ?? {}).some(Boolean);
    return marked ? [styled(node, element.style)] : [node].flat();
  });
}

function list(element) {
  const ordered = element.style === "ordered";
  const indent = Math.min(element.indent ?? 0, 8);
  return h(
    ordered ? "ol" : "ul",
    {
      class: `indent-${indent}${element.border ? " bordered" : ""}`,
      start: ordered && element.offset ? element.offset + 1 : null,
      style: { "--indent": indent },
    },
    (element.elements ?? []).map((section) => h("li", {}, inlines(section.elements))),
  );
}

const PARTS = {
  __proto__: null,
  rich_text_section: (e) => h("div", { class: "text" }, inlines(e.elements)),
  rich_text_list: list,
  rich_text_quote: (e) => h("blockquote", { class: e.border ? "bordered" : null }, inlines(e.elements)),
  rich_text_preformatted: (e) =>
    h("pre", { tabindex: "0" }, h("code", { "data-language": e.language ?? null }, inlines(e.elements))),
};

export function richText(block) {
  return h(
    "div",
    { class: "rich-text" },
    (block.elements ?? []).map((part) => PARTS[part.type]?.(part)),
  );
}
