/** A scrolling list of messages that stays put, or at the bottom, while it changes. */
import { h, reconcile } from "./dom.js";
import { dayKey, dayName, plural } from "./format.js";
import { icon } from "./icons.js";
import { isSystem, messageRow, messageSignature } from "./message.js";

const GROUP_SECONDS = 300;
const NEAR_BOTTOM_PX = 60;

const authorKey = (message) => `${message.user ?? ""}|${message.bot_id ?? ""}|${message.username ?? ""}`;

function follows(previous, message) {
  return (
    previous &&
    !isSystem(previous) &&
    !(previous.reply_count || message.reply_count) &&
    !message.ephemeral === !previous.ephemeral &&
    authorKey(previous) === authorKey(message) &&
    Number(message.ts) - Number(previous.ts) < GROUP_SECONDS
  );
}

const divider = (ts) => ({
  key: `day-${dayKey(ts)}`,
  signature: dayName(ts),
  make: () => h("div", { class: "day", role: "separator" }, h("span", {}, dayName(ts))),
});

const replyCount = (count) => ({
  key: "replies",
  signature: String(count),
  make: () => h("div", { class: "replies-line" }, plural(count, "reply", "replies")),
});

const newMark = {
  key: "new",
  signature: "",
  make: () => h("div", { class: "new-line", role: "separator" }, h("span", {}, "New")),
};

export class Timeline {
  /** options: {inThread, intro: () => node} */
  constructor({ inThread = false, intro = null, label }) {
    this.inThread = inThread;
    this.stuck = true;
    this.shown = 0;
    this.list = h("div", { class: "messages" });
    this.intro = h("div", {});
    if (intro) this.intro.append(intro());
    this.inner = h("div", { class: "scroll-inner" }, this.intro, this.list);
    this.scroller = h(
      "div",
      {
        class: "scroll",
        tabindex: "0",
        role: "log",
        "aria-live": "off",
        "aria-label": label,
        onscroll: () => this.#scrolled(),
      },
      this.inner,
    );
    this.jump = h(
      "button",
      { type: "button", class: "jump", hidden: true, onclick: () => this.toBottom() },
      icon("arrow", 14),
      "New messages",
    );
    this.node = h("div", { class: "timeline" }, this.scroller, this.jump);
    // Charts and images grow after they were drawn: whoever was at the bottom stays there.
    this.observer = new ResizeObserver(() => this.stuck && this.toBottom());
    this.observer.observe(this.inner);
    this.observer.observe(this.scroller);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.stuck = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    if (this.stuck) this.jump.hidden = true;
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.stuck = true;
    this.jump.hidden = true;
  }

  /** The first row in view, to hold still while rows above it change. */
  #anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    const row = [...this.list.children].find((node) => node.getBoundingClientRect().bottom > top);
    return row && { row, offset: row.getBoundingClientRect().top };
  }

  update(messages, { unreadAfter } = {}) {
    const anchor = this.stuck ? null : this.#anchor();
    reconcile(this.list, this.#rows(messages, unreadAfter));
    if (this.stuck) this.toBottom();
    else {
      if (anchor?.row.isConnected) this.scroller.scrollTop += anchor.row.getBoundingClientRect().top - anchor.offset;
      if (messages.length > this.shown) this.jump.hidden = false;
    }
    this.shown = messages.length;
  }

  #rows(messages, unreadAfter) {
    const rows = [];
    let previous = null;
    let marked = !unreadAfter;
    for (const message of messages) {
      const newDay = !previous || dayKey(previous.ts) !== dayKey(message.ts);
      if (newDay && !this.inThread) rows.push(divider(message.ts));
      const firstUnread = !marked && Number(message.ts) > Number(unreadAfter);
      if (firstUnread) rows.push(newMark);
      marked ||= firstUnread;
      const grouped = Boolean(!newDay && !firstUnread && follows(previous, message));
      rows.push({
        key: `${message.ts}${message.ephemeral ? "-only" : ""}`,
        signature: messageSignature(message, grouped),
        make: (known) => messageRow(message, { grouped, inThread: this.inThread }, known),
      });
      if (!previous && this.inThread && messages.length > 1) rows.push(replyCount(messages.length - 1));
      previous = message;
    }
    return rows;
  }

  destroy() {
    this.observer.disconnect();
  }
}
