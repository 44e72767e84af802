/** Starts the page: state, routes, live updates, keys. */
import { markRead, showChannel } from "./channel.js";
import { h } from "./dom.js";
import { showHome } from "./home.js";
import { closeModals, modalIsOpen, viewEvent } from "./modal.js";
import { closeThread, readPermalink, readRoute } from "./router.js";
import { showSidebar } from "./sidebar.js";
import { listen } from "./socket.js";
import { agentChannel, on, state, touch } from "./store.js";
import { openSwitcher } from "./switcher.js";
import { applyTheme } from "./theme.js";
import { showThread } from "./thread.js";
import { announce, attempt } from "./toast.js";
import { apply, loadWorkspace } from "./updates.js";

const main = document.getElementById("main");
const aside = document.getElementById("thread");
const open = { place: null, placeId: "", thread: null, threadId: "" };

function startChannel() {
  const all = [...state.channels.values()];
  return (all.find((channel) => channel.name === "alerts") ?? all[0])?.id ?? "home";
}

/** Brings the panes in line with state.route, leaving alone what is already shown. */
function showRoute() {
  const { channel, thread } = state.route;
  if (open.placeId !== channel) {
    open.place?.destroy();
    open.placeId = channel;
    open.place = channel === "home" ? showHome(main) : showChannel(main, channel);
  }
  const threadId = thread && `${channel}:${thread}`;
  if (open.threadId === threadId) return;
  const leaving = open.thread && !threadId;
  open.thread?.destroy();
  open.threadId = threadId;
  open.thread = threadId ? showThread(aside, channel, thread) : null;
  document.getElementById("app").classList.toggle("with-thread", Boolean(threadId));
  if (leaving) open.place?.focus();
}

/** After events were missed. */
async function refetch() {
  await attempt(loadWorkspace());
  open.place?.reload();
  open.thread?.reload();
}

/** Everything is drawn again as another person sees it. */
async function actAs(user) {
  sessionStorage.setItem("workspace.me", user);
  state.me = user;
  state.home = null;
  closeModals();
  await attempt(loadWorkspace());
  if (state.me !== user) return;
  const { channel } = state.route;
  const wasDirect = channel !== "home" && !state.channels.has(channel); // a conversation of whoever acted before
  if (wasDirect) location.hash = `#/${agentChannel()?.id ?? startChannel()}`;
  else if (channel === "home") open.place?.reload();
  touch("me", "home", `channel:${channel}`);
  markRead(channel);
}

function received(event) {
  if (event.type === "missed") return refetch();
  if (event.type.startsWith("view_")) return viewEvent(event);
  apply(event);
  const here = event.type === "message" && event.channel === state.route.channel && event.message.user !== state.me;
  if (here) announce(event.message);
  if (here && !document.hidden) markReadSoon();
}

let readTimer;
function markReadSoon() {
  clearTimeout(readTimer);
  readTimer = setTimeout(() => markRead(state.route.channel), 400);
}

function keys(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openSwitcher();
  } else if (event.key === "Escape" && state.route.thread && !modalIsOpen() && !event.defaultPrevented) {
    closeThread();
  }
}

function failed(error) {
  main.replaceChildren(
    h(
      "div",
      { class: "intro", role: "alert" },
      h("h2", {}, "The workspace could not be loaded"),
      h("p", {}, error.message),
      h("button", { type: "button", class: "button primary", onclick: () => location.reload() }, "Try again"),
    ),
  );
}

async function start() {
  applyTheme();
  const up = (live) => {
    state.live = live;
    touch("app");
  };
  await listen({ onEvent: received, onChange: up, onReturn: refetch });
  try {
    await loadWorkspace();
  } catch (error) {
    return failed(error);
  }
  readPermalink();
  readRoute(startChannel);
  showSidebar(document.getElementById("sidebar"), actAs);
  on("route", showRoute);
  addEventListener("hashchange", () => readRoute(startChannel));
  addEventListener("keydown", keys);
  document.addEventListener("visibilitychange", markReadSoon);
  showRoute();
}

start();
