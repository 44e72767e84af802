/** Short notices in the corner, and words for screen readers. */
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { userOf } from "./store.js";

const SHOWN_MS = 6000;

/** kind: "busy" (stays until replaced or closed), "done" or "error". Returns {update, close}. */
export function toast(text, { kind = "done", action } = {}) {
  let timer;
  const node = h("div", { class: "toast" });
  const close = () => node.remove();
  const update = (words, next = {}) => {
    const mark = {
      busy: () => h("span", { class: "spinner" }),
      error: () => icon("warning", 16),
      done: () => icon("check", 16),
    }[next.kind ?? "done"];
    const follow =
      next.action &&
      h(
        "button",
        { type: "button", class: "link-button", onclick: () => (close(), next.action.run()) },
        next.action.label,
      );
    node.className = `toast ${next.kind ?? "done"}`;
    node.replaceChildren(
      mark(),
      h("span", { class: "toast-text" }, words),
      ...(follow ? [follow] : []),
      h(
        "button",
        { type: "button", class: "ghost-button", "aria-label": "Dismiss", onclick: close },
        icon("close", 14),
      ),
    );
    clearTimeout(timer);
    if (next.kind !== "busy") timer = setTimeout(close, next.kind === "error" ? SHOWN_MS * 2 : SHOWN_MS);
  };
  document.getElementById("toasts").append(node);
  update(text, { kind, action });
  return { update, close };
}

/** Runs a call; a failure is shown as a toast and answered with null. */
export async function attempt(promise) {
  try {
    return await promise;
  } catch (error) {
    toast(error.message, { kind: "error" });
    return null;
  }
}

/** Tells screen readers that a message came; they read the message itself in the log. */
export function announce(message) {
  const author = message.username ?? userOf(message.user)?.real_name ?? "an app";
  document.getElementById("announcer").replaceChildren(h("p", {}, `New message from ${author}`));
}
