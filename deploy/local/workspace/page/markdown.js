/** Standard Markdown (Slack's markdown block, streamed answers), turned into DOM nodes. */
import { h, link } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { codeRun, emoji, token, unescape } from "./mrkdwn.js";

const INLINE = [
  [/^\\([\\`*_{}[\]()#+\-.!|~<>])/, (m) => m[1]],
  [/^(`+)([^`]|[^`][\s\S]*?[^`])\1(?!`)/, (m) => codeRun(m[2].replace(/^ (.+) $/, "$1"))],
  [/^!\[([^\]]*)\]\(([^()\s]+)[^)]*\)/, (m) => link(m[2], m[1] || m[2])],
  [
    /^\[((?:[^[\]]|\[[^\]]*\])+)\]\(((?:[^()\s]|\([^()\s]*\))+)(?:\s+"[^"]*")?\)/,
    (m) => link(m[2], inline(m[1], true)),
  ],
  [/^<([@#!][^<>\s]+|(?:https?:\/\/|mailto:)[^<>\s]+(?:\|[^<>]*)?)>/, (m) => token(m[1])],
  [/^(\*\*|__)(?=\S)([\s\S]*?\S)\1/, (m, inLink) => h("strong", {}, inline(m[2], inLink))],
  [/^~~(?=\S)([\s\S]*?\S)~~/, (m, inLink) => h("s", {}, inline(m[1], inLink))],
  [/^\*(?=[^\s*])((?:\*\*[^*]*\*\*|[^*])*[^\s*])\*(?!\*)/, (m, inLink) => h("em", {}, inline(m[1], inLink))],
  [/^_(?=[^\s_])([^_]*[^\s_])_(?![\p{L}\p{N}])/u, (m, inLink) => h("em", {}, inline(m[1], inLink)), "word"],
  [/^:([a-z0-9_+'-]+):/, (m) => (emojiOf(m[1]) ? emoji(m[1]) : m[0])],
  [/^https?:\/\/[^\s<>]+[^\s<>.,:;!?'")\]}*_]/, (m, inLink) => (inLink ? m[0] : link(m[0], m[0])), "word"],
  [/^(?: {2,}|\\)\n/, () => h("br")],
];
const STARTS = "\\`![<*_~:h ";

/** Inline Markdown to a list of nodes. A single line break is kept, as Slack keeps it. */
export function inline(text, inLink = false) {
  const nodes = [];
  let plain = "";
  const spill = () => {
    plain.split("\n").forEach((line, i) => {
      if (i) nodes.push(h("br"));
      if (line) nodes.push(unescape(line));
    });
    plain = "";
  };
  for (let i = 0; i < text.length;) {
    const rest = STARTS.includes(text[i]) ? text.slice(i) : "";
    const wordBefore = /[\p{L}\p{N}]/u.test(text[i - 1] ?? "");
    let found = null;
    for (const [pattern, make, boundary] of rest ? INLINE : []) {
      const matched = !(boundary && wordBefore) && pattern.exec(rest);
      if (!matched) continue;
      found = [make(matched, inLink), matched[0].length];
      break;
    }
    if (!found) plain += text[i];
    else if (typeof found[0] === "string") plain += found[0];
    else {
      spill();
      nodes.push(found[0]);
    }
    i += found ? found[1] : 1;
  }
  spill();
  return nodes;
}

const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const RULE = /^ {0,3}([-*_])\s*(?:\1\s*){2,}$/;
const DELIMITER = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const STOPS = [/^\s*$/, /^ {0,3}#{1,6}\s/, /^ {0,3}(```|~~~)/, /^ {0,3}>/, RULE, ITEM];

function fence(lines, at) {
  const open = lines[at].match(/^ {0,3}(`{3,}|~{3,})\s*(\S*)/);
  if (!open) return null;
  let end = at + 1;
  while (end < lines.length && !lines[end].trim().startsWith(open[1])) end += 1;
  const code = lines.slice(at + 1, end).join("\n");
  return [h("pre", { tabindex: "0" }, h("code", { "data-language": open[2] || null }, code)), end + 1];
}

function heading(lines, at) {
  const found = lines[at].match(/^ {0,3}(#{1,6})\s+(.*?)\s*#*$/);
  // A message is not the page's outline: headings start at level 3.
  return (
    found && [h(`h${Math.min(found[1].length + 2, 6)}`, { class: `md-h${found[1].length}` }, inline(found[2])), at + 1]
  );
}

const rule = (lines, at) => (RULE.test(lines[at]) ? [h("hr"), at + 1] : null);

function quote(lines, at) {
  if (!/^ {0,3}>/.test(lines[at])) return null;
  let end = at;
  while (end < lines.length && /^ {0,3}>/.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return [h("blockquote", {}, parse(inner)), end];
}

function cells(line) {
  const trimmed = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return trimmed.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function table(lines, at) {
  if (!lines[at].includes("|") || !DELIMITER.test(lines[at + 1] ?? "") || !lines[at + 1].includes("-")) return null;
  const head = cells(lines[at]);
  const marks = cells(lines[at + 1]);
  if (head.length !== marks.length) return null;
  const align = marks.map((mark) => (/^:.*:$/.test(mark) ? "center" : mark.endsWith(":") ? "right" : "left"));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const row = (tag, values) =>
    h(
      "tr",
      {},
      head.map((_, i) =>
        h(tag, { class: `align-${align[i]}`, scope: tag === "th" ? "col" : null }, inline(values[i] ?? "")),
      ),
    );
  const body = lines.slice(at + 2, end).map((line) => row("td", cells(line)));
  const grid = h("table", {}, h("thead", {}, row("th", head)), h("tbody", {}, body));
  return [h("div", { class: "table-scroll", tabindex: "0" }, grid), end];
}

function item(lines) {
  const task = lines[0].match(/^\[([ xX])\]\s+(.*)$/);
  const content = parse(task ? [task[2], ...lines.slice(1)] : lines, true);
  if (!task) return h("li", {}, content);
  const box = h("input", {
    type: "checkbox",
    disabled: true,
    checked: task[1] !== " ",
    "aria-label": task[1] === " " ? "open" : "done",
  });
  return h("li", { class: "task" }, box, h("div", {}, content));
}

function list(lines, at) {
  const first = lines[at].match(ITEM);
  if (!first) return null;
  const indent = first[1].length;
  const ordered = /\d/.test(first[2]);
  const items = [];
  let i = at;
  for (; i < lines.length; i += 1) {
    const found = lines[i].match(ITEM);
    const depth = lines[i].search(/\S/);
    if (found && depth <= indent + 1 && depth >= indent && /\d/.test(found[2]) === ordered) items.push([found[3]]);
    else if (depth === -1 && (lines[i + 1]?.match(ITEM) || lines[i + 1]?.search(/\S/) > indent)) items.at(-1).push("");
    else if (depth > indent) items.at(-1).push(lines[i].slice(Math.min(depth, indent + 2)));
    else break;
  }
  const start = ordered ? Number.parseInt(first[2], 10) : null;
  return [h(ordered ? "ol" : "ul", { start: start === 1 ? null : start }, items.map(item)), i];
}

function paragraph(lines, at, tight) {
  let end = at + 1;
  const ends = (i) => STOPS.some((stop) => stop.test(lines[i])) || table(lines, i);
  while (end < lines.length && !ends(end)) end += 1;
  const content = inline(
    lines
      .slice(at, end)
      .map((line) => line.trimStart())
      .join("\n")
      .trimEnd(),
  );
  return [tight ? h("span", {}, content) : h("p", {}, content), end];
}

const BLOCKS = [fence, heading, rule, quote, table, list];

function parse(lines, tight = false) {
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    let found = null;
    for (const block of BLOCKS) if ((found = block(lines, at))) break;
    found ??= paragraph(lines, at, tight);
    nodes.push(found[0]);
    at = found[1];
  }
  return nodes;
}

/** A whole Markdown document. */
export function markdown(text, props = {}) {
  return h(
    "div",
    { class: "markdown", ...props },
    parse(
      String(text ?? "")
        .replaceAll("\r\n", "\n")
        .replaceAll("\t", "    ")
        .split("\n"),
    ),
  );
}
