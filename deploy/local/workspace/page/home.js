/** The app's Home tab. */
import { api } from "./api.js";
import { mark } from "./avatar.js";
import { blockParts } from "./blocks/index.js";
import { h, reconcile } from "./dom.js";
import { fireButton } from "./fire.js";
import { agentChannel, on, state } from "./store.js";
import { attempt } from "./toast.js";
import { loadHome } from "./updates.js";

function act(blockId, element, change) {
  return attempt(
    api.action({
      user: state.me,
      view_id: state.home.id,
      block_id: blockId,
      action_id: element.action_id,
      type: element.type,
      ...change,
    }),
  );
}

const empty = () =>
  h(
    "div",
    { class: "intro" },
    mark(56),
    h("h2", {}, state.agent.name),
    h(
      "p",
      {},
      state.connected
        ? "Preparing the home page…"
        : `${state.agent.name} is starting. Its home page appears here once it is connected.`,
    ),
  );

/** Draws App Home into `root`; returns the function that takes it down. */
export function showHome(root) {
  const view = h("div", { class: "home-view" });
  const direct = agentChannel();
  const tabs = h(
    "nav",
    { class: "tabs", "aria-label": `${state.agent.name} tabs` },
    h("a", { href: "#/home", "aria-current": "page" }, "Home"),
    direct && h("a", { href: `#/${direct.id}` }, "Messages"),
  );
  const draw = () => {
    const blocks = state.home?.blocks ?? [];
    if (!blocks.length) return view.replaceChildren(empty());
    if (view.querySelector(":scope > .intro")) view.replaceChildren();
    reconcile(view, blockParts(blocks, { scope: `home-${state.home.id}`, emit: act }));
  };
  root.replaceChildren(
    h(
      "header",
      { class: "main-head" },
      h("h1", {}, mark(22), state.agent.name),
      tabs,
      h("div", { class: "head-tools" }, fireButton()),
    ),
    h("div", { class: "scroll home", tabindex: "0", "data-testid": "home" }, view),
  );
  const stops = [on("home", draw), on("app", () => state.connected && !state.home && load())];
  const load = () => attempt(loadHome());
  draw();
  load();
  return { destroy: () => stops.forEach((stop) => stop()), reload: load, focus: () => view.focus() };
}
