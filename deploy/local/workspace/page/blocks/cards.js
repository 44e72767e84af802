/** card, carousel, container and video blocks. */
import { h, link } from "../dom.js";
import { icon } from "../icons.js";
import { textObject } from "../mrkdwn.js";
import { element, image } from "./elements.js";
import { block } from "./index.js";
import { richText } from "./rich_text.js";

const line = (name, text) => text && h("div", { class: `card-${name}` }, textObject(text));

export function card(json, ctx) {
  const buttons = json.actions?.length && json.actions.map((one) => element(one, ctx));
  return h(
    "div",
    { class: "card" },
    json.hero_image && h("div", { class: "card-hero" }, image(json.hero_image)),
    h(
      "div",
      { class: "card-head" },
      json.icon && image(json.icon),
      h("div", {}, line("title", json.title), line("subtitle", json.subtitle)),
    ),
    line("body", json.body),
    line("subtext", json.subtext),
    buttons && h("div", { class: "actions" }, buttons),
  );
}

export function carousel(json, ctx) {
  const cards = json.elements.map((one) => card(one, { ...ctx, emit: ctx.emitAs(one.block_id) }));
  return h("div", { class: "carousel", tabindex: "0", role: "region", "aria-label": "Cards" }, cards);
}

export function container(json, ctx) {
  const title = json.rich_text_title ? richText(json.rich_text_title) : textObject(json.title);
  const head = [json.icon && image(json.icon), h("div", {}, h("b", {}, title), line("subtitle", json.subtitle))];
  const body = h(
    "div",
    { class: "container-body" },
    json.child_blocks.map((child) => block(child, ctx.outer)),
  );
  if (!json.is_collapsible) return h("div", { class: "container" }, h("div", { class: "container-head" }, head), body);
  const summary = h("summary", { class: "container-head" }, head, icon("chevron", 14));
  return h("details", { class: "container", open: !json.default_collapsed }, summary, body);
}

export function video(json) {
  const title = link(json.title_url ?? json.video_url, textObject(json.title));
  return h(
    "div",
    { class: "card" },
    h("div", { class: "card-title" }, title),
    line("body", json.description),
    h("div", { class: "card-hero" }, image({ image_url: json.thumbnail_url, alt_text: json.alt_text })),
  );
}
