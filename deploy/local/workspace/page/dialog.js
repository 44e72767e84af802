/** Dialogs: a backdrop, Esc to close, focus kept inside and given back afterwards. */
import { h, trapFocus } from "./dom.js";
import { icon } from "./icons.js";
import { plain, textObject } from "./mrkdwn.js";

let serial = 0;

/** Shows `content` in a dialog. onClose runs on Esc or a click on the backdrop. Returns {node, close}. */
export function openDialog(content, { label, className = "", testid, onClose = () => {} } = {}) {
  const before = document.activeElement;
  const dialog = h(
    "div",
    { class: `dialog ${className}`, role: "dialog", "aria-modal": "true", "aria-label": label, "data-testid": testid },
    content,
  );
  const dismiss = () => onClose();
  const keys = (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      dismiss();
    } else trapFocus(dialog, event);
  };
  const layer = h(
    "div",
    { class: "backdrop", onkeydown: keys, onpointerdown: (event) => event.target === layer && dismiss() },
    dialog,
  );
  document.getElementById("overlays").append(layer);
  focusFirst(dialog);
  const close = () => {
    layer.remove();
    if (before?.isConnected) before.focus();
  };
  return { node: dialog, close };
}

export function focusFirst(dialog) {
  const field = dialog.querySelector("input:not([type=hidden]):not(:disabled), textarea, select");
  (field ?? dialog.querySelector(".primary") ?? dialog.querySelector("button"))?.focus();
}

export function dialogHead(title, onClose) {
  serial += 1;
  return h(
    "header",
    { class: "dialog-head" },
    h("h2", { id: `dialog-${serial}` }, title),
    h("button", { type: "button", class: "ghost-button", "aria-label": "Close", onclick: onClose }, icon("close")),
  );
}

/** Slack's confirm object; resolves to true when the person confirms. */
export function confirmDialog(confirm) {
  return new Promise((resolve) => {
    const done = (answer) => () => {
      opened.close();
      resolve(answer);
    };
    const title = plain(confirm.title?.text ?? "Are you sure?");
    const yes = h(
      "button",
      {
        type: "button",
        class: `button ${confirm.style === "danger" ? "danger solid" : "primary"}`,
        onclick: done(true),
        "data-testid": "confirm",
      },
      plain(confirm.confirm?.text ?? "Yes"),
    );
    const no = h(
      "button",
      { type: "button", class: "button", onclick: done(false) },
      plain(confirm.deny?.text ?? "Cancel"),
    );
    const opened = openDialog(
      [
        dialogHead(title, done(false)),
        h("div", { class: "dialog-body" }, textObject(confirm.text)),
        h("footer", { class: "dialog-foot" }, no, yes),
      ],
      { label: confirm.title?.text ?? "Confirm", className: "small", testid: "confirm-dialog", onClose: done(false) },
    );
    yes.focus();
  });
}
