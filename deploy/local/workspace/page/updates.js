/**
 * Events pushed by the server, applied to the store: one small function an event type; applied twice, an event does
 * no more than once. And what the server is asked for, brought into one order with them.
 */
import { api } from "./api.js";
import { isReply, setMessages, setState, setThread, state, threadKey, touch } from "./store.js";

function place({ channel, message }) {
  if (!message) return;
  const key = threadKey(channel, message.thread_ts ?? message.ts);
  state.threads.get(key)?.set(message.ts, message);
  if (!isReply(message) || message.subtype === "thread_broadcast")
    state.messages.get(channel)?.set(message.ts, message);
  touch(`channel:${channel}`, `thread:${key}`);
}

/** An unread count covers everything up to `last_ts`. */
function countUnread({ channel, message }) {
  const entry = state.channels.get(channel);
  if (!entry || isReply(message) || Number(message.ts) <= Number(entry.last_ts)) return;
  entry.last_ts = message.ts;
  const seen = channel === state.route.channel && !document.hidden;
  if (!seen && message.user !== state.me) entry.unread = (entry.unread ?? 0) + 1;
  touch("channels");
}

function removed({ channel, ts, deleted_ts: deletedTs, message }) {
  const gone = deletedTs ?? ts ?? message?.ts;
  state.messages.get(channel)?.delete(gone);
  state.ephemerals = state.ephemerals.filter((one) => one.channel !== channel || one.message.ts !== gone);
  for (const [key, thread] of state.threads) {
    if (!key.startsWith(`${channel}:`)) continue;
    thread.delete(gone);
    touch(`thread:${key}`);
  }
  touch(`channel:${channel}`);
}

function reacted({ channel, ts, message, reactions }) {
  if (message) return place({ channel, message });
  const copies = [state.messages.get(channel)?.get(ts)];
  for (const [key, thread] of state.threads) if (key.startsWith(`${channel}:`)) copies.push(thread.get(ts));
  for (const copy of copies.filter(Boolean)) {
    copy.reactions = reactions ?? copy.reactions;
    touch(`channel:${channel}`, `thread:${threadKey(channel, copy.thread_ts ?? copy.ts)}`);
  }
}

function status({ channel, thread_ts: threadTs, text }) {
  const key = threadKey(channel, threadTs);
  if (text) state.statuses.set(key, text);
  else state.statuses.delete(key);
  touch(`thread:${key}`, `channel:${channel}`);
}

function session({ channel, thread_ts: threadTs, status: phase }) {
  const key = threadKey(channel, threadTs);
  state.sessions.set(key, phase);
  touch(`thread:${key}`, `channel:${channel}`);
}

function ephemeral({ channel, user, message }) {
  const others = state.ephemerals.filter((one) => one.message.ts !== message.ts);
  state.ephemerals = [...others, { channel, user, message }];
  touch(`channel:${channel}`, `thread:${threadKey(channel, message.thread_ts)}`);
}

function unread({ channel, unread: count, user }) {
  const entry = state.channels.get(channel);
  if (!entry || (user && user !== state.me)) return;
  entry.unread = count ?? 0;
  touch("channels");
}

function channelChanged({ channel }) {
  if (typeof channel !== "object") return;
  state.channels.set(channel.id, { unread: 0, ...state.channels.get(channel.id), ...channel });
  touch("channels");
}

function promptsChanged({ channel, title, prompts }) {
  state.prompts.set(channel, { title, prompts });
  touch(`channel:${channel}`);
}

function homeChanged({ user, view }) {
  if (user && user !== state.me) return;
  state.home = view;
  touch("home");
}

function appChanged({ connected }) {
  state.connected = connected;
  touch("app");
}

/** What events change, by what an answer of the server replaces: messages, the workspace around them, or App Home. */
const MESSAGES = {
  __proto__: null,
  message: place,
  message_changed: place,
  message_deleted: removed,
  reaction: reacted,
  file: place,
  status,
  session,
};
const WORKSPACE = { __proto__: null, message: countUnread, unread, channel: channelChanged, app: appChanged };
const HOME = { __proto__: null, home: homeChanged };
const OTHER = { __proto__: null, ephemeral, suggested_prompts: promptsChanged };

/** For each answer that is on its way, the events heard since it was asked for. */
const underWay = new Set();

/** Applies one event; event types the store does not hold (views) are left to others. */
export function apply(event) {
  for (const heard of underWay) heard.push(event);
  for (const handlers of [MESSAGES, WORKSPACE, HOME, OTHER]) handlers[event.type]?.(event);
}

/** Puts an answer into the store, and on top of it what was heard meanwhile: it may be older than that. */
async function load(asked, put, handlers) {
  const heard = [];
  underWay.add(heard);
  try {
    put(await asked);
    for (const event of heard) handlers[event.type]?.(event);
  } finally {
    underWay.delete(heard);
  }
}

export const loadMessages = (channel) =>
  load(api.messages(channel), (answer) => setMessages(channel, answer), MESSAGES);

export const loadThread = (channel, ts) =>
  load(api.thread(channel, ts), (answer) => setThread(channel, ts, answer), MESSAGES);

/** The workspace as the acting user sees it. An answer for whoever acted before comes too late. */
export function loadWorkspace() {
  const { me } = state;
  return load(api.state(me), (answer) => me === state.me && setState(answer), WORKSPACE);
}

/** The acting user's App Home; the app is told that it was opened. */
export function loadHome() {
  const { me } = state;
  const put = ({ view }) => me === state.me && homeChanged({ user: me, view: view ?? state.home });
  return load(api.home(me), put, HOME);
}
