/** Events pushed by the server, applied to the store: one small function an event type. */
import { isReply, state, threadKey, touch } from "./store.js";
import { announce } from "./toast.js";

function place(channel, message) {
  const key = threadKey(channel, message.thread_ts ?? message.ts);
  state.threads.get(key)?.set(message.ts, message);
  if (!isReply(message) || message.subtype === "thread_broadcast")
    state.messages.get(channel)?.set(message.ts, message);
  touch(`channel:${channel}`, `thread:${key}`);
}

function countUnread(entry, message) {
  if (!entry) return;
  entry.last_ts = message.ts;
  const seen = entry.id === state.route.channel && !document.hidden;
  if (!seen && message.user !== state.me) entry.unread = (entry.unread ?? 0) + 1;
  touch("channels");
}

function added({ channel, message }) {
  const key = threadKey(channel, message.thread_ts ?? message.ts);
  const known = state.threads.get(key)?.has(message.ts) || state.messages.get(channel)?.has(message.ts);
  place(channel, message);
  if (known) return;
  if (!isReply(message)) countUnread(state.channels.get(channel), message);
  if (channel === state.route.channel && message.user !== state.me) announce(message);
}

function removed({ channel, ts, deleted_ts: deletedTs, message }) {
  const gone = deletedTs ?? ts ?? message?.ts;
  state.messages.get(channel)?.delete(gone);
  for (const [key, thread] of state.threads) {
    if (key.startsWith(`${channel}:`) && thread.delete(gone)) touch(`thread:${key}`);
  }
  touch(`channel:${channel}`);
}

function reacted({ channel, ts, message, reactions }) {
  if (message) return place(channel, message);
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
  state.ephemerals.push({ channel, user, message });
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

const HANDLERS = {
  __proto__: null,
  message: added,
  message_changed: ({ channel, message }) => place(channel, message),
  message_deleted: removed,
  ephemeral,
  reaction: reacted,
  file: ({ channel, message }) => message && place(channel, message),
  status,
  session,
  unread,
  channel: channelChanged,
  suggested_prompts: promptsChanged,
  home: homeChanged,
  app: appChanged,
};

/** Applies one event; event types the store does not hold (views) are left to others. */
export function apply(event) {
  HANDLERS[event.type]?.(event);
}
