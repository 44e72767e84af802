/** The sidebar: workspace, channels, direct messages, the app, and who is acting. */
import { mark, userAvatar } from "./avatar.js";
import { h, reconcile } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { agentChannel, channelName, on, state, userOf } from "./store.js";
import { openSwitcher } from "./switcher.js";
import { themeToggle } from "./theme.js";

function row({ id, name, sign, unread = 0, testid, current }) {
  const label = unread ? `${name}, ${unread} unread` : name;
  return h(
    "a",
    {
      class: `side-row${unread ? " unread" : ""}`,
      href: `#/${id}`,
      "aria-current": current ? "page" : null,
      "aria-label": label,
      "data-testid": testid,
    },
    sign,
    h("span", { class: "side-name" }, name),
    unread > 0 && h("span", { class: "badge", "aria-hidden": "true" }, unread > 99 ? "99+" : String(unread)),
  );
}

/** For `reconcile`, as all that is drawn again with each message: the row that has the focus keeps it. */
function group(title, places) {
  const rows = places.map(({ sign, ...place }) => ({
    key: place.id,
    signature: JSON.stringify(place),
    make: () => row({ ...place, sign: sign() }),
  }));
  const make = (known) => {
    const section = known ?? h("section", { class: "side-group" }, h("h2", {}, title), h("div", {}));
    reconcile(section.lastChild, rows);
    return section;
  };
  return { key: title, signature: JSON.stringify(places), make };
}

function channels() {
  return [...state.channels.values()]
    .filter((channel) => !channel.is_im)
    .map((channel) => ({
      id: channel.id,
      name: channel.name,
      unread: channel.unread,
      sign: () => icon("hash", 16),
      testid: `channel-${channel.name}`,
      current: channel.id === state.route.channel,
    }));
}

function direct() {
  const channel = agentChannel();
  if (!channel) return null;
  const name = channelName(channel.id);
  return group("Direct messages", [
    {
      id: channel.id,
      name,
      unread: channel.unread,
      sign: () => mark(20),
      testid: "channel-dm",
      current: channel.id === state.route.channel,
    },
  ]);
}

const apps = () =>
  group("Apps", [
    {
      id: "home",
      name: `${state.agent.name} home`,
      sign: () => icon("home", 16),
      testid: "open-home",
      current: state.route.channel === "home",
    },
  ]);

function appStatus() {
  const [kind, words] = !state.live
    ? ["lost", "Workspace server is not answering"]
    : state.connected
      ? ["on", `${state.agent.name} is connected`]
      : ["starting", `${state.agent.name} is starting…`];
  return h(
    "div",
    { class: `app-status ${kind}`, role: "status", "data-testid": "app-status", "data-state": kind },
    h("i", {}),
    words,
  );
}

function people(actAs) {
  return [...state.users.values()]
    .filter((user) => !user.is_bot)
    .map((user) => ({
      label: user.real_name || user.name,
      detail: user.title || `@${user.name}`,
      mark: userAvatar(user, 24),
      checked: user.id === state.me,
      testid: `act-as-${user.name}`,
      run: () => actAs(user.id),
    }));
}

function actingUser(actAs) {
  const me = userOf(state.me);
  const open = (event) => openMenu(event.currentTarget, people(actAs), { title: "Act as" });
  return h(
    "button",
    {
      type: "button",
      class: "me",
      "data-testid": "act-as",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-label": `Acting as ${me?.real_name ?? ""}. Change`,
      onclick: open,
    },
    userAvatar(me, 28),
    h("span", { class: "me-words" }, h("small", {}, "Acting as"), h("b", {}, me?.real_name || me?.name || "")),
    icon("chevron", 14),
  );
}

/** Draws the sidebar and keeps it current. actAs(userId) switches the acting user. */
export function showSidebar(root, actAs) {
  const head = h("div", { class: "side-head" });
  const search = h(
    "button",
    { type: "button", class: "side-search", onclick: openSwitcher, "aria-label": "Jump to a channel" },
    icon("search", 15),
    h("span", {}, "Jump to…"),
    h("kbd", {}, "Ctrl K"),
  );
  const body = h("div", { class: "side-body" });
  const status = h("div", {});
  const me = h("div", {});
  const drawList = () => reconcile(body, [group("Channels", channels()), direct(), apps()].filter(Boolean));
  const drawStatus = () => status.replaceChildren(appStatus());
  const drawMe = () => me.replaceChildren(actingUser(actAs));
  const drawHead = () => {
    head.replaceChildren(h("span", { class: "team" }, state.team.name || "Workspace"), themeToggle());
    document.title = `${state.team.name} · local workspace`;
  };
  root.replaceChildren(head, search, body, h("div", { class: "side-foot" }, status, me));
  on("workspace", () => (drawHead(), drawMe()));
  on("channels", drawList);
  on("route", drawList);
  on("app", drawStatus);
  on("me", () => (drawMe(), drawList()));
  for (const draw of [drawHead, drawList, drawStatus, drawMe]) draw();
}
