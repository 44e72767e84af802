/** What the page knows. Views subscribe to topics and are told at most once a frame. */

export const state = {
  team: { id: "", name: "" },
  me: sessionStorage.getItem("workspace.me") ?? "", // the acting user
  users: new Map(),
  channels: new Map(),
  scenarios: [],
  commands: [],
  groups: new Map(),
  agent: { bot_user: "", name: "Watchkeeper", suggested_prompts: [] },
  connected: false, // is the app connected to the workspace?
  live: false, // is this page connected to the workspace?
  messages: new Map(), // channel id -> Map(ts -> top-level message)
  threads: new Map(), // "channel:ts" -> Map(ts -> message), the root included
  statuses: new Map(), // "channel:ts" -> what the assistant says it is doing
  sessions: new Map(), // "channel:ts" -> "processing" while the assistant works there
  ephemerals: [], // {channel, user, message}
  prompts: new Map(), // channel id -> {title, prompts}
  home: null, // the App Home view
  route: { channel: "", thread: "" },
};

const LONGEST_PRESS_MS = 1000;

const listeners = new Map();
const touched = new Set();
let scheduled = false;
let press = 0; // the timer of a press that is under way

/** Calls fn after the topic changed; returns the function that unsubscribes. */
export function on(topic, fn) {
  if (!listeners.has(topic)) listeners.set(topic, new Set());
  listeners.get(topic).add(fn);
  return () => listeners.get(topic).delete(fn);
}

function flush() {
  if (press) return;
  scheduled = false;
  const topics = [...touched];
  touched.clear();
  const due = new Set(topics.flatMap((topic) => [...(listeners.get(topic) ?? [])]));
  for (const fn of due) fn();
}

function release() {
  clearTimeout(press);
  press = 0;
  if (scheduled) flush();
}

// A click must find what it was aimed at: between a press and its click nothing is drawn, for a second at most.
addEventListener("pointerdown", () => (press ||= setTimeout(release, LONGEST_PRESS_MS)), true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(release), true);

/** Marks topics as changed. A burst of changes is drawn once, on the next frame. */
export function touch(...topics) {
  for (const topic of topics) touched.add(topic);
  if (scheduled) return;
  scheduled = true;
  if (document.hidden) setTimeout(flush, 50);
  else requestAnimationFrame(flush);
}

export const threadKey = (channel, ts) => `${channel}:${ts}`;
export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

const byTs = (a, b) => Number(a.ts) - Number(b.ts);

function withEphemerals(messages, channel, threadTs) {
  const mine = state.ephemerals
    .filter((e) => e.channel === channel && e.user === state.me && (e.message.thread_ts ?? "") === threadTs)
    .map((e) => ({ ...e.message, ephemeral: true }));
  return [...messages, ...mine].sort(byTs);
}

/** A channel's messages, oldest first. */
export function timeline(channel) {
  const known = state.messages.get(channel);
  return withEphemerals(known ? [...known.values()] : [], channel, "");
}

/** A thread's messages, root first. */
export function replies(channel, ts) {
  const known = state.threads.get(threadKey(channel, ts));
  return withEphemerals(known ? [...known.values()] : [], channel, ts);
}

export const userOf = (id) => state.users.get(id);

/** The other side of a direct message, as the acting user sees it. */
export const partnerOf = (channel) => userOf(channel.user === state.me ? state.agent.bot_user : channel.user);

export function channelName(id) {
  const channel = state.channels.get(id);
  if (!channel) return id;
  if (!channel.is_im) return channel.name;
  const partner = partnerOf(channel);
  return partner?.real_name || partner?.name || channel.name || "Direct message";
}

export const isAgent = (message) =>
  message.user === state.agent.bot_user ||
  Boolean(message.app_id && message.app_id === userOf(state.agent.bot_user)?.app_id);

/** The acting user's direct message channel with the app, if there is one. */
export const agentChannel = () => {
  const direct = [...state.channels.values()].filter((channel) => channel.is_im);
  return (
    direct.find((channel) => channel.user === state.me) ??
    direct.find((channel) => channel.user === state.agent.bot_user)
  );
};

/** Does the acting user see this channel? Direct messages of others stay theirs. */
export const visible = (channel) => !channel.is_im || channel === agentChannel();

/** Replaces the workspace's description (not its messages). */
export function setState(answer) {
  state.team = answer.team;
  state.users = new Map(answer.users.map((user) => [user.id, user]));
  state.channels = new Map(answer.channels.map((channel) => [channel.id, channel]));
  state.scenarios = answer.scenarios ?? [];
  state.commands = answer.commands ?? [];
  state.groups = new Map((answer.groups ?? []).map((group) => [group.id, group]));
  state.agent = { ...state.agent, ...answer.agent };
  state.agent.name = userOf(state.agent.bot_user)?.real_name || state.agent.name;
  state.connected = Boolean(answer.connected);
  if (!state.users.has(state.me)) state.me = answer.me;
  touch("workspace", "channels", "app", "me");
}

/** `statuses`: what the assistant says in this channel's threads, by their ts. */
export function setMessages(channel, { messages, statuses }) {
  state.messages.set(channel, new Map(messages.filter((m) => !isReply(m)).map((m) => [m.ts, m])));
  const others = [...state.statuses].filter(([key]) => !key.startsWith(`${channel}:`));
  const these = Object.entries(statuses).map(([ts, text]) => [threadKey(channel, ts), text]);
  state.statuses = new Map([...others, ...these]);
  const threads = [...state.threads.keys()].filter((key) => key.startsWith(`${channel}:`));
  touch(`channel:${channel}`, ...threads.map((key) => `thread:${key}`));
}

export function setThread(channel, ts, { messages, status, session }) {
  const key = threadKey(channel, ts);
  state.threads.set(key, new Map(messages.map((message) => [message.ts, message])));
  state.sessions.set(key, session?.status);
  if (status) state.statuses.set(key, status);
  else state.statuses.delete(key);
  touch(`thread:${key}`, `channel:${channel}`);
}
