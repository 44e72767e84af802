/** One message row: author, text, blocks, files, reactions, and the way into its thread. */
import { api } from "./api.js";
import { attachment } from "./blocks/attachments.js";
import { blockParts } from "./blocks/index.js";
import { authorOf, userAvatar } from "./avatar.js";
import { h, link, reconcile, safeUrl } from "./dom.js";
import { ago, fullTime, plural, timeOf } from "./format.js";
import { icon } from "./icons.js";
import { emoji, mrkdwn } from "./mrkdwn.js";
import { openThread } from "./router.js";
import { state, threadKey, userOf } from "./store.js";
import { attempt, toast } from "./toast.js";

const SYSTEM = new Set(["channel_join", "channel_leave", "channel_topic", "tombstone"]);

export const isSystem = (message) => SYSTEM.has(message.subtype);

/** Clicks are those of whoever acts at that moment, however long the message has been there. */
function sender(message) {
  const at = { channel: message.channel, ts: message.ts };
  return (blockId, element, change) => {
    const clicked = { user: state.me, block_id: blockId, action_id: element.action_id, type: element.type };
    return attempt(api.action({ ...at, ...clicked, ...change }));
  };
}

function file(item) {
  const url = safeUrl(item.url);
  if (url && item.mimetype?.startsWith("image/")) {
    return h(
      "figure",
      { class: "file-image" },
      h("figcaption", {}, item.title || item.name),
      h("a", { href: url, target: "_blank" }, h("img", { src: url, alt: item.title || item.name, loading: "lazy" })),
    );
  }
  return link(
    item.url,
    [icon("file", 22), h("span", {}, h("b", {}, item.title || item.name), h("small", {}, item.mimetype ?? ""))],
    { class: "file-card" },
  );
}

function reactions({ channel, ts, reactions: list }) {
  const one = ({ name, users }) => {
    const mine = users.includes(state.me);
    const who = users.map((id) => userOf(id)?.real_name ?? id).join(", ");
    const toggle = () => attempt(api.react({ user: state.me, channel, ts, name }));
    return h(
      "button",
      {
        type: "button",
        class: `reaction${mine ? " mine" : ""}`,
        "aria-pressed": String(mine),
        title: `${who} reacted with :${name}:`,
        onclick: toggle,
      },
      emoji(name),
      String(users.length),
    );
  };
  return h("div", { class: "reactions" }, list.map(one));
}

function threadLink(message) {
  const status = state.statuses.get(threadKey(message.channel, message.ts));
  const faces = (message.reply_users ?? []).slice(0, 4).map((id) => userAvatar(userOf(id) ?? { name: id }, 22));
  const last =
    message.latest_reply && h("span", { class: "reply-age" }, status ? "" : `Last reply ${ago(message.latest_reply)}`);
  return h(
    "button",
    {
      type: "button",
      class: "thread-link",
      "data-testid": "thread-open",
      onclick: () => openThread(message.channel, message.ts),
    },
    h("span", { class: "faces" }, faces),
    h("b", {}, message.reply_count ? plural(message.reply_count, "reply", "replies") : "View thread"),
    last,
    status && h("span", { class: "reply-status" }, h("span", { class: "spinner" }), status.replace(/^is /, "")),
  );
}

const ONLY_YOU = {
  key: "only",
  signature: "",
  make: () => h("div", { class: "only-you" }, icon("eye", 14), "Only visible to you"),
};

/** The parts of a message's body, for `reconcile`. */
function parts(message, inThread) {
  const ctx = { scope: `m${message.ts}`, emit: sender(message) };
  const list = message.blocks?.length
    ? blockParts(message.blocks, ctx)
    : message.text
      ? [{ key: "text", signature: message.text, make: () => mrkdwn(message.text) }]
      : [];
  const more = (key, value, make) => value && list.push({ key, signature: JSON.stringify(value), make });
  (message.attachments ?? []).forEach((one, i) => more(`attachment-${i}`, one, () => attachment(one, ctx)));
  if (message.files?.length) more("files", message.files, () => h("div", { class: "files" }, message.files.map(file)));
  if (message.reactions?.length) more("reactions", [message.reactions, state.me], () => reactions(message));
  const key = threadKey(message.channel, message.ts);
  const status = state.statuses.get(key);
  if (!inThread && (message.reply_count || status)) {
    more("thread", [message.reply_count, message.latest_reply, message.reply_users, status], () => threadLink(message));
  }
  return list;
}

const permalink = (message) =>
  `${location.origin}/#/${message.channel}${message.thread_ts ? `/thread/${message.thread_ts}` : ""}`;

function tools(message, inThread) {
  const copy = async () => {
    const address = permalink(message);
    const copied = await navigator.clipboard?.writeText(address).then(
      () => true,
      () => false,
    );
    if (copied) toast("Link copied.");
    else toast(`The browser did not allow copying. The link is ${address}`, { kind: "error" });
  };
  const reply =
    !inThread &&
    h(
      "button",
      {
        type: "button",
        class: "ghost-button",
        "aria-label": "Reply in thread",
        title: "Reply in thread",
        "data-testid": "thread-open",
        onclick: () => openThread(message.channel, message.thread_ts ?? message.ts),
      },
      icon("reply", 16),
    );
  return h(
    "div",
    { class: "tools", role: "group", "aria-label": "Message actions" },
    reply,
    h(
      "button",
      { type: "button", class: "ghost-button", "aria-label": "Copy link", title: "Copy link", onclick: copy },
      icon("link", 16),
    ),
  );
}

function head(message, author) {
  return h(
    "div",
    { class: "message-head" },
    h("span", { class: "author" }, author.name),
    author.app && h("span", { class: "app-badge" }, "APP"),
    h("time", { title: fullTime(message.ts) }, timeOf(message.ts)),
    h("span", { class: "edited" }),
  );
}

function systemRow(message) {
  const text = message.subtype === "tombstone" ? "This message was deleted." : message.text;
  return h(
    "article",
    { class: "message system", "data-testid": "message", "data-ts": message.ts },
    h("span", { class: "gutter" }, h("time", {}, timeOf(message.ts))),
    mrkdwn(text),
  );
}

function newRow(message, author, { grouped, inThread }) {
  const body = h("div", { class: "message-body" });
  const gutter = grouped ? h("time", { title: fullTime(message.ts) }, timeOf(message.ts)) : author.avatar(36);
  const row = h(
    "article",
    { "data-testid": "message", "data-ts": message.ts },
    h("div", { class: "gutter" }, gutter),
    h("div", { class: "message-main" }, !grouped && head(message, author), body),
    !message.ephemeral && tools(message, inThread),
  );
  row._body = body;
  row._grouped = grouped;
  return row;
}

/** One way into the thread is called `thread-open`: the replies' link where there is one, else the hover button. */
function nameThreadButton(row) {
  const button = row.querySelector(".tools [aria-label='Reply in thread']");
  if (button) button.dataset.testid = row._body.querySelector(".thread-link") ? "reply-in-thread" : "thread-open";
}

/**
 * A message's row. Given the row drawn before, changes only what is different in it, so that open details,
 * focus and loaded images survive an update.
 */
export function messageRow(message, { grouped, inThread }, known) {
  if (isSystem(message)) return systemRow(message);
  const author = authorOf(message);
  const row = known?._grouped === grouped && known._body ? known : newRow(message, author, { grouped, inThread });
  const kinds = { grouped, streaming: message.streaming, ephemeral: message.ephemeral };
  row.className = ["message", ...Object.keys(kinds).filter((kind) => kinds[kind])].join(" ");
  row.setAttribute("aria-label", `${author.name}, ${timeOf(message.ts)}`);
  const edited = row.querySelector(".edited");
  if (edited) edited.textContent = message.edited ? "edited" : "";
  reconcile(row._body, [...(message.ephemeral ? [ONLY_YOU] : []), ...parts(message, inThread)]);
  nameThreadButton(row);
  return row;
}

/** What makes two drawings of a message differ. */
export function messageSignature(message, grouped) {
  const status = state.statuses.get(threadKey(message.channel, message.ts)) ?? "";
  return `${grouped}${status}${state.me}${JSON.stringify(message)}`;
}
