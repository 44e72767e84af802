/** The lower part of a channel or a thread: who is working on it, suggested prompts, and the composer. */
import { api } from "./api.js";
import { mark } from "./avatar.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { state, threadKey } from "./store.js";
import { attempt } from "./toast.js";

/** "is checking CloudWatch…" -> "Watchkeeper is checking CloudWatch…" */
const sentence = (text) => [h("b", {}, state.agent.name), ` ${/^[A-Z]/.test(text) ? `— ${text}` : text}`];

/** What the assistant is doing in a thread, or null when it is idle there. */
function statusText(channel, ts, messages) {
  const key = threadKey(channel, ts);
  const streaming = messages.some((message) => message.streaming);
  return (
    state.statuses.get(key) ??
    (streaming ? "is answering…" : state.sessions.get(key) === "processing" ? "is working on it…" : null)
  );
}

/** The assistant's status in a thread and its stop button, for `reconcile`; the button outlives what it stops. */
export function statusLine(channel, ts, messages) {
  const text = statusText(channel, ts, messages);
  if (!text) return [];
  const make = (known) => {
    const line = known ?? emptyLine(channel, ts);
    line.querySelector(".status-text").replaceChildren(...sentence(text));
    return line;
  };
  return [{ key: "status", signature: text, make }];
}

function emptyLine(channel, ts) {
  const stop = h(
    "button",
    {
      type: "button",
      class: "button small",
      "data-testid": "stop",
      onclick: () => attempt(api.stop(state.me, channel, ts)),
    },
    icon("stop", 12),
    "Stop",
  );
  return h(
    "div",
    { class: "status-line", "data-testid": "status" },
    h("span", { class: "pulse" }, mark(20)),
    h("span", { class: "status-text" }),
    stop,
  );
}

/** Suggested prompts as buttons, for `reconcile`; pressing one sends it. */
export function promptList(offer, send) {
  if (!offer?.prompts?.length) return [];
  return [{ key: "prompts", signature: JSON.stringify(offer), make: () => prompts(offer, send) }];
}

function prompts(offer, send) {
  return h(
    "div",
    { class: "prompts", "data-testid": "prompts" },
    offer.title && h("p", {}, offer.title),
    h(
      "div",
      { class: "prompt-row" },
      offer.prompts.map((prompt) =>
        h("button", { type: "button", class: "prompt", onclick: () => send(prompt.message) }, prompt.title),
      ),
    ),
  );
}
