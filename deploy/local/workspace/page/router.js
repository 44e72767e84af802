/** Where the page is, kept in the address: #/C123, #/C123/thread/169.1, #/home. */
import { state, touch } from "./store.js";

/** A permalink arrives as /?channel=C123&ts=169.1&thread_ts=169.0: rewrite it. */
export function readPermalink() {
  const query = new URLSearchParams(location.search);
  const channel = query.get("channel");
  if (!channel) return;
  const thread = query.get("thread_ts") ?? "";
  history.replaceState(null, "", `/#/${channel}${thread && `/thread/${thread}`}`);
}

function parse(hash) {
  const [, channel = "", word, thread = ""] = hash.replace(/^#/, "").split("/").map(decodeURIComponent);
  return { channel, thread: word === "thread" ? thread : "" };
}

/** Reads the address into state.route, falling back to `start()` for a channel that does not exist. */
export function readRoute(start) {
  const route = parse(location.hash);
  if (route.channel !== "home" && !state.channels.has(route.channel)) {
    history.replaceState(null, "", `#/${start()}`);
    state.route = { channel: start(), thread: "" };
  } else state.route = route;
  touch("route");
}

export const openChannel = (id) => {
  location.hash = `#/${id}`;
};

export const openThread = (channel, ts) => {
  location.hash = `#/${channel}/thread/${ts}`;
};

export const closeThread = () => openChannel(state.route.channel);
