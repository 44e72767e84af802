/** Ctrl/Cmd+K: jump to a channel, the app, or its home. */
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { openChannel } from "./router.js";
import { channelName, state, visible } from "./store.js";

let opened = null;

const places = () => [
  ...[...state.channels.values()].filter(visible).map((channel) => ({
    id: channel.id,
    name: channelName(channel.id),
    detail: channel.topic ?? "",
    sign: channel.is_im ? "reply" : "hash",
  })),
  { id: "home", name: `${state.agent.name} home`, detail: "", sign: "home" },
];

export function openSwitcher() {
  if (opened) return;
  let at = 0;
  let found = places();
  const close = () => {
    opened?.close();
    opened = null;
  };
  const go = (place) => {
    close();
    if (place) openChannel(place.id);
  };
  const list = h("div", { class: "switcher-list", role: "listbox", id: "switcher-list", "aria-label": "Places" });
  const draw = () => {
    const row = (place, i) =>
      h(
        "div",
        {
          class: `suggestion${i === at ? " active" : ""}`,
          role: "option",
          "aria-selected": String(i === at),
          onclick: () => go(place),
        },
        icon(place.sign, 16),
        h("b", {}, place.name),
        h("span", { class: "suggestion-detail" }, place.detail),
      );
    list.replaceChildren(...(found.length ? found.map(row) : [h("p", { class: "nothing" }, "Nothing by that name.")]));
  };
  const filter = ({ target }) => {
    const query = target.value.trim().toLowerCase().replace(/^#/, "");
    found = places().filter((place) => place.name.toLowerCase().includes(query));
    at = 0;
    draw();
  };
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) at = (at + step + found.length) % found.length;
    else if (event.key === "Enter") go(found[at]);
    else return;
    event.preventDefault();
    draw();
  };
  const field = h("input", {
    type: "text",
    placeholder: "Jump to…",
    "aria-label": "Jump to a channel",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "switcher-list",
    oninput: filter,
    onkeydown: keys,
  });
  opened = openDialog([h("div", { class: "switcher-field" }, icon("search"), field), list], {
    label: "Jump to a channel",
    className: "switcher",
    testid: "switcher",
    onClose: close,
  });
  draw();
}
