/** The thread pane on the right. */
import { Composer } from "./composer.js";
import { statusLine } from "./conversation.js";
import { h, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { closeThread } from "./router.js";
import { channelName, on, replies, state, threadKey } from "./store.js";
import { Timeline } from "./timeline.js";
import { attempt } from "./toast.js";
import { loadThread } from "./updates.js";

/** Draws a thread into `root`; returns the function that takes it down. */
export function showThread(root, channel, ts) {
  const list = new Timeline({ inThread: true, label: "Thread" });
  const composer = new Composer({
    channel,
    thread: ts,
    placeholder: "Reply…",
    testid: "thread-composer",
    onSent: () => list.toBottom(),
  });
  const status = h("div", { class: "above-composer" });
  const name = state.channels.get(channel)?.is_im ? channelName(channel) : `#${channelName(channel)}`;
  const head = h(
    "header",
    { class: "main-head" },
    h("h2", {}, "Thread"),
    h("span", { class: "thread-where" }, name),
    h(
      "div",
      { class: "head-tools" },
      h(
        "button",
        {
          type: "button",
          class: "ghost-button",
          "aria-label": "Close thread",
          title: "Close (Esc)",
          "data-testid": "thread-close",
          onclick: closeThread,
        },
        icon("close"),
      ),
    ),
  );
  const draw = () => {
    const messages = replies(channel, ts);
    list.update(messages);
    reconcile(status, statusLine(channel, ts, messages));
  };
  root.replaceChildren(head, list.node, h("footer", { class: "main-foot" }, status, composer.node));
  root.hidden = false;
  const stop = on(`thread:${threadKey(channel, ts)}`, draw);
  const reload = () => attempt(loadThread(channel, ts));
  draw();
  reload();
  composer.focus();
  return { destroy: () => (stop(), list.destroy(), hide(root)), reload, focus: () => composer.focus() };
}

function hide(root) {
  root.hidden = true;
  root.replaceChildren();
}
