/** Modal views of the app: opened, pushed, updated, submitted, closed. */
import { api } from "./api.js";
import { blockParts, showErrors } from "./blocks/index.js";
import { dialogHead, focusFirst, openDialog } from "./dialog.js";
import { h, reconcile } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { state } from "./store.js";
import { attempt } from "./toast.js";

/** The stack of open views: {view, values}. The last one is shown. */
const stack = [];
let shown = null;

const top = () => stack.at(-1);

/** What the fields of a view hold, in Slack's `state.values` shape. */
function holder(entry) {
  const put = (blockId, element, change) => {
    entry.values[blockId] ??= {};
    entry.values[blockId][element.action_id] = { type: element.type, ...change };
  };
  const emit = async (blockId, element, change) => {
    put(blockId, element, change);
    const block = entry.view.blocks.find((one) => one.block_id === blockId);
    if (block?.type === "input" && !block.dispatch_action) return;
    await attempt(
      api.action({
        user: state.me,
        view_id: entry.view.id,
        block_id: blockId,
        action_id: element.action_id,
        type: element.type,
        ...change,
      }),
    );
  };
  const initial = (blockId, element, value) => put(blockId, element, value);
  return { scope: `view-${entry.view.id}`, emit, initial };
}

function missing(entry) {
  const empty = (value) =>
    Object.entries(value ?? {}).every(
      ([key, v]) => key === "type" || v === null || v === "" || (Array.isArray(v) && !v.length),
    );
  const required = entry.view.blocks.filter((block) => block.type === "input" && !block.optional);
  return Object.fromEntries(
    required
      .filter((block) => empty(entry.values[block.block_id]?.[block.element.action_id]))
      .map((block) => [block.block_id, "Please fill this in."]),
  );
}

function refuse(errors) {
  showErrors(shown.body, errors);
  shown.body.querySelector("[aria-invalid=true]")?.focus();
}

/** Only what the view's inputs hold now: values of blocks that went away are left out. */
function currentValues(entry) {
  const ids = new Set(entry.view.blocks.map((block) => block.block_id));
  return Object.fromEntries(Object.entries(entry.values).filter(([id]) => ids.has(id)));
}

async function submit(entry) {
  if (entry.sent) return;
  const problems = missing(entry);
  if (Object.keys(problems).length) return refuse(problems);
  entry.sent = true;
  const button = shown.node.querySelector("[type=submit]");
  button?.setAttribute("aria-busy", "true");
  const answer = await attempt(api.submitView(entry.view.id, { user: state.me, values: currentValues(entry) }));
  button?.removeAttribute("aria-busy");
  entry.sent = false;
  if (!answer) return;
  const left = entry !== top();
  if (answer.response_action === "errors") return left ? undefined : refuse(answer.errors ?? {});
  if (answer.response_action === "clear") closeAll();
  else if (!answer.response_action) remove(entry.view.id);
}

function dismiss() {
  const entry = top();
  if (!entry) return;
  attempt(api.closeView(entry.view.id, { user: state.me }));
  if (entry.view.clear_on_close) closeAll();
  else remove(entry.view.id);
}

function draw() {
  const entry = top();
  if (!entry) {
    shown?.close();
    shown = null;
    return;
  }
  if (shown?.viewId !== entry.view.id) {
    shown?.close();
    const body = h("div", { class: "dialog-body view-body" });
    const foot = h("footer", { class: "dialog-foot" });
    const send = (event) => {
      event.preventDefault();
      submit(top());
    };
    const title = h("span", {});
    const form = h("form", { novalidate: true, onsubmit: send }, dialogHead(title, dismiss), body, foot);
    shown = {
      ...openDialog(form, { label: entry.view.title?.text ?? "Dialog", testid: "modal", onClose: dismiss }),
      viewId: entry.view.id,
      body,
      foot,
      title,
    };
    fill(entry);
    focusFirst(body.childElementCount ? body : shown.node);
    return;
  }
  fill(entry);
}

function fill(entry) {
  const { view } = entry;
  shown.title.replaceChildren(...plain(view.title?.text ?? ""));
  reconcile(shown.body, blockParts(view.blocks, holder(entry)));
  showErrors(shown.body, {});
  const button = (text, props) => ({ key: props.type, signature: text, make: () => h("button", props, plain(text)) });
  const close = button(view.close?.text ?? "Close", { type: "button", class: "button", onclick: dismiss });
  const props = { type: "submit", class: "button primary", "data-testid": "modal-submit" };
  reconcile(shown.foot, view.submit ? [close, button(view.submit.text, props)] : [close]);
}

function remove(viewId) {
  const at = stack.findIndex((entry) => entry.view.id === viewId);
  if (at === -1) return;
  stack.splice(at);
  draw();
}

function closeAll() {
  stack.length = 0;
  draw();
}

function opened(view) {
  if (!view.previous_view_id) stack.length = 0;
  stack.push({ view, values: {} });
  draw();
}

function updated(view) {
  const entry = stack.find((one) => one.view.id === view.id);
  if (!entry) return;
  entry.view = view;
  if (entry === top()) draw();
}

/** Events about views, for the acting user only. */
export function viewEvent(event) {
  if (event.user && event.user !== state.me) return;
  if (event.type === "view_opened") opened(event.view);
  else if (event.type === "view_updated") updated(event.view);
  else if (event.type === "view_closed") remove(event.view_id ?? event.view?.id);
}

export const modalIsOpen = () => Boolean(shown);
export { closeAll as closeModals };
