/** Block Kit blocks to DOM nodes. */
import { dataVisualization } from "../chart.js";
import { h } from "../dom.js";
import { markdown } from "../markdown.js";
import { mrkdwn, plain, textObject } from "../mrkdwn.js";
import { card, carousel, container, video } from "./cards.js";
import { element, image } from "./elements.js";
import { richText } from "./rich_text.js";
import { table } from "./table.js";
import { keepOpened, plan, taskCard } from "./tasks.js";

function section(block, ctx) {
  const fields =
    block.fields?.length &&
    h(
      "div",
      { class: "fields" },
      block.fields.map((field) => h("div", { class: "field" }, textObject(field))),
    );
  const text = block.text && h("div", { class: "section-text" }, textObject(block.text));
  const main = h("div", { class: "section-main" }, text, fields);
  return h(
    "div",
    { class: "section" },
    main,
    block.accessory &&
      h("div", { class: `accessory accessory-${block.accessory.type}` }, element(block.accessory, ctx)),
  );
}

function context(block) {
  return h(
    "div",
    { class: "context" },
    (block.elements ?? []).map((item) =>
      item.type === "image"
        ? image(item)
        : item.type === "mrkdwn"
          ? mrkdwn(item.text)
          : h("span", {}, plain(item.text)),
    ),
  );
}

function imageBlock(block) {
  const title = block.title && h("figcaption", {}, plain(block.title.text));
  return h("figure", { class: "image" }, title, image(block));
}

function input(block, ctx) {
  const id = `input-${ctx.scope}`;
  const control = element(block.element, { ...ctx, live: Boolean(block.dispatch_action) });
  const field = control.matches("input, textarea, select") ? control : control.querySelector("select");
  field?.setAttribute("id", id);
  field?.setAttribute("aria-describedby", `${id}-note`);
  return h(
    "div",
    { class: "input-block" },
    h(
      "label",
      { for: field ? id : null },
      plain(block.label?.text),
      block.optional && h("span", { class: "optional" }, " (optional)"),
    ),
    control,
    h("div", { class: "input-hint", id: `${id}-note` }, plain(block.hint?.text ?? "")),
  );
}

const alert = (block) => h("div", { class: `alert-block ${block.level ?? "default"}` }, textObject(block.text));
const buttons = (block, ctx) =>
  h(
    "div",
    { class: block.type.replace("_", "-") },
    (block.elements ?? []).map((item) => element(item, ctx)),
  );
const file = (block) => h("div", { class: "unknown" }, `File ${block.external_id ?? ""}`);

const DRAW = {
  __proto__: null, // a type called "constructor" must find nothing
  card,
  carousel,
  container,
  video,
  section,
  context,
  input,
  alert,
  file,
  table,
  plan,
  actions: buttons,
  context_actions: buttons,
  divider: () => h("hr"),
  header: (block) => h("h3", { class: "header-block" }, plain(block.text?.text)),
  image: imageBlock,
  rich_text: richText,
  markdown: (block) => markdown(block.text),
  data_table: table,
  task_card: taskCard,
  data_visualization: dataVisualization,
};

/**
 * One block. ctx: {scope, emit(blockId, element, change), initial?(blockId, element, value)}; `initial` is told
 * what each field holds when it is drawn.
 * A block that cannot be drawn shows a note and leaves the rest of the message alone.
 */
export function block(json, ctx) {
  const name = `block block-${String(json.type).replaceAll("_", "-")}`;
  const root = h("div", { class: name, "data-block-type": json.type, "data-block-id": json.block_id });
  const inner = {
    scope: `${ctx.scope}-${json.block_id ?? ""}`.replace(/[^\w-]/g, "_"),
    outer: ctx,
    emit: (item, change) => ctx.emit(root.dataset.blockId, item, change),
    emitAs: (blockId) => (item, change) => ctx.emit(blockId, item, change),
    initial: ctx.initial && ((item, value) => ctx.initial(json.block_id, item, value)),
  };
  try {
    const note = `A “${json.type}” block is not shown in this workspace.`;
    root.append(DRAW[json.type]?.(json, inner) ?? h("div", { class: "unknown" }, note));
  } catch (error) {
    root.append(h("div", { class: "unknown" }, `A “${json.type}” block could not be drawn: ${error.message}`));
  }
  return root;
}

/**
 * [{key, signature, make, keep}] for `reconcile`: unchanged blocks keep their nodes. Blocks without an id of the app's
 * own get a new one with each edit, so in messages the id does not count; in views it does, because values go by it.
 */
export function blockParts(blocks, ctx) {
  return blocks.map((json, i) => ({
    key: `block-${i}`,
    signature: JSON.stringify(ctx.initial ? json : { ...json, block_id: "" }),
    make: (known) => keepOpened(block(json, ctx), known),
    keep: (node) => (node.dataset.blockId = json.block_id),
  }));
}

/** Shows {block_id: sentence} under the inputs of a view, and takes away what was shown before. */
export function showErrors(root, errors) {
  for (const node of root.querySelectorAll(".input-error")) node.remove();
  for (const node of root.querySelectorAll("[data-block-id]")) {
    const error = errors[node.dataset.blockId];
    const field = node.querySelector("input, textarea, select");
    node.classList.toggle("invalid", Boolean(error));
    field?.setAttribute("aria-invalid", String(Boolean(error)));
    if (error) node.firstElementChild.append(h("div", { class: "input-error", role: "alert" }, error));
  }
}
