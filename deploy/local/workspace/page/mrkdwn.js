/** Slack's mrkdwn, turned into DOM nodes. */
import { h, link, safeUrl } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { formatDate } from "./format.js";
import { channelName, state, userOf } from "./store.js";

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };
export const unescape = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

const STYLES = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const URL_AT = /https?:\/\/[^\s<>|]+[^\s<>|.,:;!?'")\]}]/y;
const EMOJI_AT = /:([a-z0-9_+'-]+)(?:::skin-tone-\d)?:/y;
const TOKEN_AT = /<([^<>\n]+)>/y;

export function mention(id, label) {
  const name = label || userOf(id)?.name || id;
  return h("span", { class: `mention${id === state.me ? " mention-me" : ""}`, "data-user": id }, `@${name}`);
}

export function group(id, label) {
  const handle = label || state.groups.get(id)?.handle || id;
  return h("span", { class: "mention" }, `@${handle.replace(/^@/, "")}`);
}

export const broadcast = (range) => h("span", { class: "mention mention-me" }, `@${range}`);

export function channelLink(id, label) {
  return h("a", { class: "mention", href: `#/${id}` }, `#${label || channelName(id)}`);
}

export function emoji(code) {
  const character = emojiOf(code);
  return character
    ? h("span", { class: "emoji", role: "img", "aria-label": code, title: `:${code}:` }, character)
    : `:${code}:`;
}

/** Inline code; a short one is kept on one line. */
export const codeRun = (text) => h("code", { class: text.length < 32 ? "short" : null }, text);

/** What stands between < and >: a mention, a channel, a date, or a link. */
export function token(body) {
  const [target, ...rest] = body.split("|");
  const label = unescape(rest.join("|"));
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelLink(target.slice(1), label);
  if (target.startsWith("!subteam^")) return group(target.slice(9), label);
  if (target.startsWith("!date^")) return date(target.split("^"), label);
  if (target.startsWith("!")) return broadcast(label.replace(/^@/, "") || target.slice(1));
  const url = unescape(target);
  return safeUrl(url) ? link(url, label ? styled(rest.join("|")) : url.replace(/^mailto:/, "")) : `<${unescape(body)}>`;
}

function date([, seconds, pattern, address], fallback) {
  const text = Number.isFinite(Number(seconds)) ? formatDate(seconds, pattern) : fallback;
  return h("time", { title: fallback }, address ? link(address, text) : text);
}

/** Where the closing delimiter of a styled run stands, or -1. */
function closing(text, start, mark) {
  for (let i = text.indexOf(mark, start + 1); i !== -1; i = text.indexOf(mark, i + 1)) {
    const inside = text.slice(start + 1, i);
    if (inside.includes("\n")) return -1;
    const open = inside.lastIndexOf("<") > inside.lastIndexOf(">");
    if (i > start + 1 && !/\s/.test(text[i - 1]) && !WORD.test(text[i + 1] ?? "") && !open) return i;
  }
  return -1;
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** One special run starting at `i`: [node, where it ends], or null when the character is plain. */
function run(text, i, plainLinks) {
  const char = text[i];
  if (char === "`") {
    const end = text.indexOf("`", i + 1);
    const code = end > i + 1 && text.slice(i + 1, end);
    return code && !code.includes("\n") ? [codeRun(unescape(code)), end + 1] : null;
  }
  if (char === "<") {
    const found = match(TOKEN_AT, text, i);
    return found && [token(found[1]), i + found[0].length];
  }
  if (char === ":") {
    const found = match(EMOJI_AT, text, i);
    return found && emojiOf(found[1]) ? [emoji(found[1]), i + found[0].length] : null;
  }
  if (char === "h" && plainLinks && !WORD.test(text[i - 1] ?? "")) {
    const found = match(URL_AT, text, i);
    return found && [link(unescape(found[0]), unescape(found[0])), i + found[0].length];
  }
  if (char in STYLES && !WORD.test(text[i - 1] ?? "") && !/\s/.test(text[i + 1] ?? " ")) {
    const end = closing(text, i, char);
    return end === -1 ? null : [h(STYLES[char], {}, inline(text.slice(i + 1, end), plainLinks)), end + 1];
  }
  return null;
}

/** Inline text to a list of nodes. */
export function inline(text, plainLinks = true) {
  const nodes = [];
  let plain = "";
  const spill = () => {
    unescape(plain)
      .split("\n")
      .forEach((line, i) => {
        if (i) nodes.push(h("br"));
        if (line) nodes.push(line);
      });
    plain = "";
  };
  for (let i = 0; i < text.length;) {
    const special = run(text, i, plainLinks);
    if (!special) {
      plain += text[i];
      i += 1;
      continue;
    }
    spill();
    nodes.push(special[0]);
    i = special[1];
  }
  spill();
  return nodes;
}

const styled = (text) => inline(text, false);

function quotes(text) {
  const nodes = [];
  let kind = null;
  let lines = [];
  const spill = () => {
    if (kind === "quote") nodes.push(h("blockquote", {}, inline(lines.join("\n"))));
    else if (kind === "text" && lines.join("").trim())
      nodes.push(h("div", { class: "text" }, inline(lines.join("\n").replace(/^\n|\n$/g, ""))));
    lines = [];
  };
  const all = text.split("\n");
  for (const [i, line] of all.entries()) {
    const rest = line.match(/^(?:&gt;|>){3}\s?(.*)/);
    if (rest) {
      spill();
      nodes.push(h("blockquote", {}, inline([rest[1], ...all.slice(i + 1)].join("\n"))));
      return nodes;
    }
    const quoted = line.match(/^(?:&gt;|>)\s?(.*)/);
    const next = quoted ? "quote" : "text";
    if (next !== kind) spill();
    kind = next;
    lines.push(quoted ? quoted[1] : line);
  }
  spill();
  return nodes;
}

const unlinked = (text) =>
  text.replace(/<([^<>|\n]+)(?:\|([^<>\n]*))?>/g, (whole, url, label) => (safeUrl(url) ? label || url : whole));

/** A whole mrkdwn text: code fences, quotes, and inline runs. */
export function mrkdwn(text, props = {}) {
  const parts = String(text ?? "").split(/```/);
  const nodes = parts.flatMap((part, i) => {
    const fenced = i % 2 === 1 && i < parts.length - 1;
    if (fenced) return [h("pre", { tabindex: "0" }, h("code", {}, unescape(unlinked(part)).replace(/^\n|\n$/g, "")))];
    return quotes(i % 2 === 1 ? `\`\`\`${part}` : part);
  });
  return h("div", { class: "mrkdwn", ...props }, nodes);
}

/** plain_text objects: only emoji codes are drawn. */
export function plain(text) {
  const nodes = [];
  let at = 0;
  for (const found of String(text ?? "").matchAll(/:([a-z0-9_+'-]+):/g)) {
    if (!emojiOf(found[1])) continue;
    nodes.push(text.slice(at, found.index), emoji(found[1]));
    at = found.index + found[0].length;
  }
  return [...nodes, String(text ?? "").slice(at)].filter((node) => node !== "");
}

/** A composition text object (plain_text or mrkdwn), or a bare string. */
export function textObject(object) {
  if (!object) return [];
  if (typeof object === "string") return plain(object);
  return object.type === "mrkdwn" ? [mrkdwn(object.text)] : plain(object.text);
}
