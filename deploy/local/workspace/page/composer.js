/** Where people write: drafts, mentions, slash commands. Enter sends, Shift+Enter breaks the line. */
import { api } from "./api.js";
import { Suggestions, suggestions } from "./autocomplete.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { state } from "./store.js";
import { attempt, toast } from "./toast.js";

const LONGEST_HEIGHT_PX = 220;
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const ADDRESS = /(^|[\s(])(https?:\/\/[^\s]+[^\s.,:;!?)'"])/g;
const NAME = /(^|[^\p{L}\p{N}_@#])([@#])([\p{L}\p{N}._-]*[\p{L}\p{N}_-])/gu;

let serial = 0;

/** The id of a mentioned name, or null: people and apps for @, channels for #. */
function referenced(sign, name) {
  const wanted = name.toLowerCase();
  if (sign === "#") {
    const channel = [...state.channels.values()].find((c) => !c.is_im && c.name === wanted);
    return channel && `<#${channel.id}>`;
  }
  if (["here", "channel", "everyone"].includes(wanted)) return `<!${wanted}>`;
  const user = [...state.users.values()].find((u) => u.name.toLowerCase() === wanted);
  if (user) return `<@${user.id}>`;
  const group = [...state.groups.values()].find((g) => g.handle === wanted);
  return group && `<!subteam^${group.id}>`;
}

const named = (whole, before, sign, name) => {
  const reference = referenced(sign, name);
  return reference ? before + reference : whole;
};

/**
 * What a person typed, as Slack's mrkdwn: special characters escaped, names turned into mentions, addresses into
 * links. Code is left alone.
 */
export function toMrkdwn(typed) {
  const marked = (text) => text.replace(NAME, named).replace(ADDRESS, "$1<$2>");
  return typed
    .replace(/[&<>]/g, (c) => ESCAPES[c])
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, i) => (i % 2 ? part : marked(part)))
    .join("");
}

/** The typed text with its mentions marked, drawn underneath the text field. */
function highlighted(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(NAME)) {
    if (!referenced(found[2], found[3])) continue;
    const start = found.index + found[1].length;
    nodes.push(text.slice(at, start), h("mark", {}, text.slice(start, found.index + found[0].length)));
    at = found.index + found[0].length;
  }
  return [...nodes, `${text.slice(at)}\n`];
}

export class Composer {
  /** {channel, thread?, placeholder, testid, onSent?, onUp?} */
  constructor(options) {
    this.options = options;
    this.draftKey = `draft:${options.channel}:${options.thread ?? ""}`;
    serial += 1;
    const listId = `suggestions-${serial}`;
    this.suggest = new Suggestions(listId, (item, from) => this.#insert(item, from));
    this.mirror = h("div", { class: "composer-mirror", "aria-hidden": "true" });
    this.field = h("textarea", {
      rows: 1,
      placeholder: options.placeholder,
      "aria-label": options.placeholder,
      "data-testid": options.testid,
      autocomplete: "off",
      spellcheck: "true",
      role: "combobox",
      "aria-expanded": "false",
      "aria-controls": listId,
      "aria-autocomplete": "list",
      oninput: () => this.#changed(),
      onkeydown: (event) => this.#key(event),
      onblur: () => this.#offer({ from: 0, items: [] }),
      onscroll: () => (this.mirror.scrollTop = this.field.scrollTop),
    });
    this.button = h(
      "button",
      {
        type: "button",
        class: "send",
        "aria-label": "Send",
        title: "Send",
        "data-testid": options.thread ? "thread-send" : "send",
        onclick: () => this.send(),
      },
      icon("send"),
    );
    const hint = h(
      "span",
      { class: "composer-hint" },
      h("kbd", {}, "Enter"),
      " to send, ",
      h("kbd", {}, "Shift Enter"),
      " for a new line",
    );
    this.node = h(
      "div",
      { class: "composer" },
      this.suggest.node,
      h(
        "div",
        { class: "composer-box" },
        h("div", { class: "composer-field" }, this.mirror, this.field),
        h("div", { class: "composer-bar" }, this.#tools(), hint, this.button),
      ),
    );
    this.field.value = sessionStorage.getItem(this.draftKey) ?? "";
    this.#show();
  }

  #tools() {
    const type = (text, label, sign) =>
      h(
        "button",
        { type: "button", class: "ghost-button", "aria-label": label, title: label, onclick: () => this.type(text) },
        sign,
      );
    const tools = [type("@", "Mention someone", h("span", { class: "sign" }, "@"))];
    if (!this.options.thread) tools.push(type("/", "Slash command", h("span", { class: "sign" }, "/")));
    return h("div", { class: "composer-tools" }, tools);
  }

  focus() {
    this.field.focus();
  }

  /** Types text at the caret, as if by hand. A slash only makes sense at the very start. */
  type(text) {
    const { value, selectionStart, selectionEnd } = this.field;
    if (text === "/" && value) return this.focus();
    const spaced = text === "@" && /\S$/.test(value.slice(0, selectionStart)) ? " @" : text;
    this.focus();
    this.field.setRangeText(spaced, selectionStart, selectionEnd, "end");
    this.#changed();
  }

  #insert(item, from) {
    this.field.setRangeText(item.insert, from, this.field.selectionStart, "end");
    this.#changed();
  }

  #offer(offer) {
    this.suggest.show(offer);
    this.field.setAttribute("aria-expanded", String(offer.items.length > 0));
    if (this.suggest.activeId) this.field.setAttribute("aria-activedescendant", this.suggest.activeId);
    else this.field.removeAttribute("aria-activedescendant");
  }

  #changed() {
    if (this.field.value) sessionStorage.setItem(this.draftKey, this.field.value);
    else sessionStorage.removeItem(this.draftKey);
    this.#show();
    this.#offer(suggestions(this.field.value, this.field.selectionStart));
  }

  #show() {
    this.mirror.replaceChildren(...highlighted(this.field.value));
    this.button.disabled = !this.field.value.trim();
    this.field.style.height = "auto";
    this.field.style.height = `${Math.min(this.field.scrollHeight, LONGEST_HEIGHT_PX)}px`;
  }

  #key(event) {
    if (event.isComposing) return;
    if (this.suggest.key(event)) {
      if (this.suggest.activeId) this.field.setAttribute("aria-activedescendant", this.suggest.activeId);
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  #clear() {
    this.field.value = "";
    this.#changed();
  }

  /** Posts the text, or runs it as a command. A text that could not be sent comes back into the field. */
  async send(words = null) {
    const typed = (words ?? this.field.value).trim();
    if (!typed) return;
    const { channel, thread, onSent } = this.options;
    const command = /^\/\w/.test(typed) && typed.split(/\s/)[0];
    if (command && !this.#canRun(command)) return;
    if (words === null) this.#clear();
    const call = command
      ? api.command({ user: state.me, channel, command, text: typed.slice(command.length).trim() })
      : api.post({ user: state.me, channel, text: toMrkdwn(typed), ...(thread && { thread_ts: thread }) });
    onSent?.();
    const answer = await attempt(call);
    if (answer === null && words === null) {
      this.field.value = [typed, this.field.value].filter(Boolean).join("\n");
      this.#changed();
    } else onSent?.(answer?.ts);
  }

  #canRun(command) {
    if (!state.commands.includes(command))
      toast(`${command} is not a command here. Commands: ${state.commands.join(", ") || "none"}.`, { kind: "error" });
    else if (this.options.thread)
      toast(`Slack runs no slash commands in threads. Use ${command} in the channel.`, { kind: "error" });
    else return true;
    return false;
  }
}
