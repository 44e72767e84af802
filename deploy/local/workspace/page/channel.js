/** The middle of the page: one channel or direct conversation. */
import { api } from "./api.js";
import { mark, userAvatar } from "./avatar.js";
import { Composer } from "./composer.js";
import { promptList } from "./conversation.js";
import { h, reconcile } from "./dom.js";
import { fireButton } from "./fire.js";
import { icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { openThread } from "./router.js";
import { agentChannel, channelName, on, partnerOf, state, timeline } from "./store.js";
import { Timeline } from "./timeline.js";
import { attempt } from "./toast.js";
import { loadMessages } from "./updates.js";

function intro(channel) {
  const name = channelName(channel.id);
  if (channel.is_im) {
    return h(
      "div",
      { class: "intro" },
      userAvatar(partnerOf(channel), 56),
      h("h2", {}, name),
      h("p", {}, `Ask ${name} anything about the account. Answers come in a thread, with their evidence.`),
    );
  }
  return h(
    "div",
    { class: "intro" },
    h("span", { class: "intro-sign" }, icon("hash", 26)),
    h("h2", {}, name),
    channel.topic && mrkdwn(channel.topic),
    h("p", {}, `This is the very beginning of #${name}.`),
  );
}

function header(channel) {
  const name = channelName(channel.id);
  const title = channel.is_im ? [mark(22), name] : [icon("hash", 18), name];
  return h(
    "header",
    { class: "main-head" },
    h("h1", {}, title),
    channel.topic && h("div", { class: "topic", title: channel.topic }, mrkdwn(channel.topic)),
    channel.is_im &&
      h(
        "nav",
        { class: "tabs", "aria-label": `${name} tabs` },
        h("a", { href: "#/home" }, "Home"),
        h("a", { href: `#/${channel.id}`, "aria-current": "page" }, "Messages"),
      ),
    h("div", { class: "head-tools" }, fireButton()),
  );
}

/** Draws a channel into `root`; returns the function that takes it down. */
export function showChannel(root, id) {
  const channel = state.channels.get(id);
  const unreadAfter = firstUnread(channel);
  const list = new Timeline({ intro: () => intro(channel), label: `Messages in ${channelName(id)}` });
  // A direct message to an agent opens its thread, as in Slack's agent view.
  const sent = (ts) => {
    list.toBottom();
    const here = state.route.channel === id; // whoever went elsewhere meanwhile stays there
    if (ts && here && channel === agentChannel()) openThread(id, ts);
  };
  const composer = new Composer({
    channel: id,
    placeholder: `Message ${channel.is_im ? "" : "#"}${channelName(id)}`,
    testid: "composer",
    onSent: sent,
  });
  const above = h("div", { class: "above-composer" });
  const draw = () => {
    const messages = timeline(id);
    list.update(messages, { unreadAfter: unreadAfter(messages) });
    const people = messages.filter((message) => message.user && !message.bot_id && !message.subtype);
    const offer =
      channel === agentChannel() && !people.length
        ? (state.prompts.get(id) ?? {
            title: state.agent.prompts_title || "Try asking",
            prompts: state.agent.suggested_prompts,
          })
        : null;
    reconcile(above, promptList(offer, (words) => composer.send(words)));
  };
  root.replaceChildren(header(channel), list.node, h("footer", { class: "main-foot" }, above, composer.node));
  const stops = [on(`channel:${id}`, draw)];
  if (channel === agentChannel()) stops.push(announce());
  draw();
  load(id);
  if (!state.route.thread) composer.focus();
  return { destroy: () => (stops.forEach((stop) => stop()), list.destroy()), reload: () => load(id), focus: () => composer.focus() };
}

/** Remembers where the unread messages began when the channel was opened. */
function firstUnread(channel) {
  const count = channel.unread ?? 0;
  let boundary;
  return (messages) => {
    if (!count || !messages.length) return null;
    boundary ??= messages.at(-count - 1)?.ts ?? (messages.length > count ? null : "0");
    return boundary;
  };
}

/** Tells the app that its Messages tab is open, as soon as there is one to tell. */
function announce() {
  let told = false;
  const tell = () => {
    if (told || !state.connected) return;
    told = true;
    api.home(state.me, "messages").catch(() => {}); // without prompts the tab works as well
  };
  tell();
  return on("app", tell);
}

async function load(id) {
  if ((await attempt(loadMessages(id))) !== null) markRead(id);
}

/** Tells the server that the acting user has seen the channel. */
export function markRead(id) {
  const channel = state.channels.get(id);
  if (!channel || document.hidden) return;
  channel.unread = 0;
  api.read(state.me, id).catch(() => {}); // an unread mark that stays is no harm
}
