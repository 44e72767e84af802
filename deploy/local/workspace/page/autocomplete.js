/** Suggestions while typing: @people, #channels, :emoji: and /commands. */
import { userAvatar } from "./avatar.js";
import { h } from "./dom.js";
import { emojiMatching } from "./emoji.js";
import { icon } from "./icons.js";
import { state } from "./store.js";

const MAX_SUGGESTIONS = 8;
const QUERY = /(^|[\s(])([@#:])([\p{L}\p{N}._+-]*)$/u;

const startsWord = (text, query) =>
  text
    .toLowerCase()
    .split(/[\s._-]+/)
    .some((word) => word.startsWith(query)) || text.toLowerCase().startsWith(query);

function people(query) {
  const score = (user) => (user.id === state.agent.bot_user ? 0 : 1);
  return [...state.users.values()]
    .filter((user) => startsWord(user.name, query) || startsWord(user.real_name ?? "", query))
    .sort((a, b) => score(a) - score(b) || a.name.localeCompare(b.name))
    .map((user) => ({
      insert: `@${user.name} `,
      label: user.real_name || user.name,
      detail: `@${user.name}`,
      mark: () => userAvatar(user, 22),
      badge: user.is_bot,
    }));
}

function channels(query) {
  return [...state.channels.values()]
    .filter((channel) => !channel.is_im && startsWord(channel.name, query))
    .map((channel) => ({
      insert: `#${channel.name} `,
      label: channel.name,
      detail: channel.topic ?? "",
      mark: () => icon("hash", 16),
    }));
}

const emojis = (query) =>
  query.length < 2
    ? []
    : emojiMatching(query).map(([code, character]) => ({
        insert: `${character} `,
        label: `:${code}:`,
        detail: "",
        mark: () => h("span", { class: "emoji" }, character),
      }));

const commands = (query) =>
  state.commands
    .filter((command) => command.startsWith(query))
    .map((command) => ({
      insert: `${command} `,
      label: command,
      detail: state.agent.name,
      mark: () => icon("bolt", 16),
    }));

/** {from, items}: what fits the text before the caret, and where the typed query starts. */
export function suggestions(text, caret) {
  const before = text.slice(0, caret);
  if (/^\/\S*$/.test(before)) return { from: 0, items: commands(before).filter((item) => item.label !== before) };
  const found = before.match(QUERY);
  if (!found) return { from: caret, items: [] };
  const query = found[3].toLowerCase();
  const source = { "@": people, "#": channels, ":": emojis }[found[2]];
  return { from: caret - found[3].length - 1, items: source(query).slice(0, MAX_SUGGESTIONS) };
}

/** The list above the composer. onPick(item, from) puts a suggestion in. */
export class Suggestions {
  constructor(id, onPick) {
    this.onPick = onPick;
    this.items = [];
    this.node = h("div", { class: "suggestions", role: "listbox", id, "aria-label": "Suggestions", hidden: true });
  }

  show({ from, items }) {
    this.from = from;
    this.items = items;
    this.at = 0;
    this.node.hidden = !items.length;
    this.#draw();
  }

  hide() {
    this.show({ from: 0, items: [] });
  }

  #draw() {
    const row = (item, i) =>
      h(
        "div",
        {
          class: `suggestion${i === this.at ? " active" : ""}`,
          role: "option",
          id: `${this.node.id}-${i}`,
          "aria-selected": String(i === this.at),
          onpointerdown: (event) => (event.preventDefault(), this.pick(i)),
        },
        item.mark(),
        h("b", {}, item.label),
        item.badge && h("span", { class: "app-badge" }, "APP"),
        h("span", { class: "suggestion-detail" }, item.detail),
      );
    this.node.replaceChildren(...this.items.map(row));
  }

  get activeId() {
    return this.items.length ? `${this.node.id}-${this.at}` : null;
  }

  pick(i = this.at) {
    const item = this.items[i];
    const from = this.from;
    this.hide();
    this.onPick(item, from);
  }

  /** Handles a key while suggestions are shown; true when it was used. */
  key(event) {
    if (!this.items.length) return false;
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (moves[event.key]) {
      this.at = (this.at + moves[event.key] + this.items.length) % this.items.length;
      this.#draw();
    } else if (event.key === "Enter" || event.key === "Tab") this.pick();
    else if (event.key === "Escape") this.hide();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
