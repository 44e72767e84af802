/** The menu that starts an incident in the simulated account. */
import { api } from "./api.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { openChannel } from "./router.js";
import { state } from "./store.js";
import { toast } from "./toast.js";

async function fire(scenario) {
  const note = toast(`Starting “${scenario.title}”…`, { kind: "busy" });
  const alerts = [...state.channels.values()].find((channel) => channel.name === "alerts");
  try {
    const answer = await api.fire(scenario.name, state.me);
    if (answer.ok === false) throw new Error(answer.error);
    const there = alerts && alerts.id !== state.route.channel;
    note.update(`“${scenario.title}” is under way. The alert is on its way to #alerts.`, {
      kind: "done",
      action: there && { label: "Open #alerts", run: () => openChannel(alerts.id) },
    });
  } catch (error) {
    note.update(error.message, { kind: "error" });
  }
}

export function fireButton() {
  const items = () =>
    state.scenarios.map((scenario) => ({
      label: scenario.title,
      detail: scenario.description,
      testid: `fire-${scenario.name}`,
      run: () => fire(scenario),
    }));
  const open = (event) =>
    openMenu(event.currentTarget, items(), { title: "Fire an incident", align: "end", className: "wide" });
  return h(
    "button",
    {
      type: "button",
      class: "button fire",
      "data-testid": "fire-menu",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      onclick: open,
      disabled: !state.scenarios.length,
    },
    icon("bolt", 16),
    h("span", {}, "Fire an incident"),
  );
}
