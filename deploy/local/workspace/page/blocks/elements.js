/**
 * Interactive elements. Each is drawn from its JSON and reports through ctx.emit(element, change):
 * messages send it to the app at once, views keep it until they are submitted.
 */
import { h, link, safeUrl } from "../dom.js";
import { icon } from "../icons.js";
import { openMenu } from "../menu.js";
import { confirmDialog } from "../dialog.js";
import { plain, textObject } from "../mrkdwn.js";
import { state, visible } from "../store.js";

const label = (object) => object?.text ?? "";

/** Asks first when the element says so. */
async function emit(ctx, element, change) {
  if (element.confirm && !(await confirmDialog(element.confirm))) return false;
  return ctx.emit(element, change);
}

function button(element, ctx) {
  const style = ["primary", "danger"].includes(element.style) ? ` ${element.style}` : "";
  const props = {
    class: `button${style}`,
    "aria-label": element.accessibility_label ?? null,
    "data-action-id": element.action_id,
  };
  const url = element.url && safeUrl(element.url);
  const press = async (event) => {
    const node = event.currentTarget;
    node.setAttribute("aria-busy", "true");
    await emit(ctx, element, { value: element.value });
    node.removeAttribute("aria-busy");
  };
  if (url)
    return link(url, plain(label(element.text)), {
      ...props,
      onclick: () => ctx.emit(element, { value: element.value }),
    });
  return h("button", { type: "button", ...props, onclick: press }, plain(label(element.text)));
}

const groupsOf = (element) => element.option_groups ?? [{ options: element.options ?? [] }];
const people = () => [...state.users.values()].filter((user) => !user.is_bot);

/** Where each kind of select takes its choices from, and what it reports. */
const SELECTS = {
  static_select: { key: "selected_option", groups: groupsOf },
  users_select: {
    key: "selected_user",
    initial: "initial_user",
    list: () => people().map((u) => [u.id, u.real_name || u.name]),
  },
  channels_select: { key: "selected_channel", initial: "initial_channel", list: () => channels() },
  conversations_select: { key: "selected_conversation", initial: "initial_conversation", list: () => channels() },
};
const channels = () =>
  [...state.channels.values()].filter((c) => visible(c) && !c.is_im).map((c) => [c.id, `#${c.name}`]);

function select(element, ctx) {
  const kind = SELECTS[element.type];
  const options = kind.groups ? groupsOf(element).flatMap((group) => group.options) : [];
  const initial = kind.groups ? element.initial_option?.value : element[kind.initial];
  const choice = (value, text) => h("option", { value, selected: value === initial }, text);
  const body = kind.groups
    ? groupsOf(element).map((group) => {
        const choices = group.options.map((option) => choice(option.value, label(option.text)));
        return group.label ? h("optgroup", { label: label(group.label) }, choices) : choices;
      })
    : kind.list().map(([value, text]) => choice(value, text));
  const placeholder = h(
    "option",
    { value: "", disabled: true, selected: initial === undefined },
    label(element.placeholder) || "Choose…",
  );
  const change = (event) => {
    const value = event.target.value;
    return emit(ctx, element, { [kind.key]: kind.groups ? options.find((option) => option.value === value) : value });
  };
  const control = h(
    "select",
    { onchange: change, "data-action-id": element.action_id, "aria-label": label(element.placeholder) || "Choose" },
    placeholder,
    body,
  );
  ctx.initial?.(element, { [kind.key]: kind.groups ? (element.initial_option ?? null) : (initial ?? null) });
  return h("span", { class: "select" }, control, icon("chevron", 14));
}

/** [value, text, option] rows of a multi-select, and the key it reports under. */
const MULTI = {
  multi_static_select: {
    key: "selected_options",
    initial: (e) => (e.initial_options ?? []).map((o) => o.value),
    rows: (e) =>
      groupsOf(e)
        .flatMap((g) => g.options)
        .map((o) => [o.value, label(o.text), o]),
  },
  multi_users_select: {
    key: "selected_users",
    initial: (e) => e.initial_users ?? [],
    rows: () => people().map((u) => [u.id, u.real_name || u.name, u.id]),
  },
  multi_channels_select: {
    key: "selected_channels",
    initial: (e) => e.initial_channels ?? [],
    rows: () => channels().map(([id, name]) => [id, name, id]),
  },
  multi_conversations_select: {
    key: "selected_conversations",
    initial: (e) => e.initial_conversations ?? [],
    rows: () => channels().map(([id, name]) => [id, name, id]),
  },
};

function multiSelect(element, ctx) {
  const kind = MULTI[element.type];
  const rows = kind.rows(element);
  const chosen = new Set(kind.initial(element));
  const value = () => ({ [kind.key]: rows.filter(([id]) => chosen.has(id)).map(([, , option]) => option) });
  const toggle = (id) => (event) => {
    if (event.target.checked) chosen.add(id);
    else chosen.delete(id);
    ctx.emit(element, value());
  };
  ctx.initial?.(element, value());
  const boxes = rows.map(([id, text]) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "checkbox", checked: chosen.has(id), onchange: toggle(id) }),
      text,
    ),
  );
  return h(
    "fieldset",
    { class: "choices boxed" },
    h("legend", { class: "visually-hidden" }, label(element.placeholder) || "Choose"),
    boxes,
  );
}

function overflow(element, ctx) {
  const open = (event) =>
    openMenu(
      event.currentTarget,
      element.options.map((option) => ({
        label: label(option.text),
        detail: option.description ? label(option.description) : "",
        run: () => {
          if (option.url && safeUrl(option.url)) window.open(option.url, "_blank", "noopener");
          emit(ctx, element, { selected_option: option });
        },
      })),
    );
  return h(
    "button",
    {
      type: "button",
      class: "button icon-only",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      onclick: open,
      "data-action-id": element.action_id,
    },
    icon("more"),
  );
}

function choices(element, ctx) {
  const many = element.type === "checkboxes";
  const name = `${ctx.scope}-${element.action_id}`;
  const initial = new Set(many ? (element.initial_options ?? []).map((o) => o.value) : [element.initial_option?.value]);
  const read = (root) => {
    const picked = [...root.querySelectorAll("input:checked")].map((input) => element.options[Number(input.value)]);
    return many ? { selected_options: picked } : { selected_option: picked[0] ?? null };
  };
  const change = (event) => emit(ctx, element, read(event.currentTarget));
  const rows = element.options.map((option, i) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: many ? "checkbox" : "radio", name, value: i, checked: initial.has(option.value) }),
      h("span", {}, textObject(option.text), option.description && h("small", {}, textObject(option.description))),
    ),
  );
  const root = h(
    "div",
    { class: "choices", role: many ? "group" : "radiogroup", onchange: change, "data-action-id": element.action_id },
    rows,
  );
  ctx.initial?.(element, read(root));
  return root;
}

/** [input type, key it reports, key of its initial value] */
const PICKERS = {
  datepicker: ["date", "selected_date", "initial_date"],
  timepicker: ["time", "selected_time", "initial_time"],
  email_text_input: ["email", "value", "initial_value"],
  url_text_input: ["url", "value", "initial_value"],
  number_input: ["number", "value", "initial_value"],
  plain_text_input: ["text", "value", "initial_value"],
};

function input(element, ctx) {
  const [type, key, initialKey] = PICKERS[element.type];
  const initial = element[initialKey] ?? null;
  const props = {
    placeholder: label(element.placeholder) || null,
    "aria-label": label(element.placeholder) || null,
    maxlength: element.max_length ?? null,
    min: element.min_value ?? null,
    max: element.max_value ?? null,
    step: type === "number" ? (element.is_decimal_allowed ? "any" : "1") : null,
    "data-action-id": element.action_id,
    value: initial ?? "",
    [ctx.live && type !== "date" && type !== "time" ? "onchange" : "oninput"]: (event) =>
      ctx.emit(element, { [key]: event.target.value || null }),
  };
  ctx.initial?.(element, { [key]: initial });
  return element.multiline ? h("textarea", { ...props, rows: 4 }) : h("input", { type, ...props });
}

function datetime(element, ctx) {
  const seconds = element.initial_date_time;
  const local = seconds
    ? new Date(seconds * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
    : "";
  const change = (event) =>
    ctx.emit(element, {
      selected_date_time: event.target.value ? Math.floor(new Date(event.target.value).getTime() / 1000) : null,
    });
  ctx.initial?.(element, { selected_date_time: seconds ?? null });
  return h("input", { type: "datetime-local", value: local, onchange: change, "aria-label": "Date and time" });
}

function feedback(element, ctx) {
  const one = (choice, name) => {
    const press = async ({ currentTarget }) => {
      for (const other of currentTarget.parentElement.children)
        other.setAttribute("aria-pressed", String(other === currentTarget));
      await ctx.emit(element, { value: choice.value });
    };
    const text = choice.accessibility_label ?? label(choice.text);
    return h(
      "button",
      {
        type: "button",
        class: "ghost-button",
        "aria-label": text,
        title: text,
        "aria-pressed": "false",
        onclick: press,
      },
      icon(name, 16),
    );
  };
  return h(
    "span",
    { class: "feedback", role: "group", "aria-label": "Feedback" },
    one(element.positive_button, "up"),
    one(element.negative_button, "down"),
  );
}

function iconButton(element, ctx) {
  const only = element.visible_to_user_ids;
  if (only?.length && !only.includes(state.me)) return null;
  const text = element.accessibility_label ?? label(element.text);
  return h(
    "button",
    {
      type: "button",
      class: "ghost-button",
      "aria-label": text,
      title: text,
      onclick: () => emit(ctx, element, { value: element.value }),
    },
    icon(element.icon, 16),
  );
}

export function image(element) {
  const src = safeUrl(element.image_url ?? element.slack_file?.url, { image: true });
  if (!src) return h("span", { class: "image-missing" }, element.alt_text ?? "Image");
  const fallback = (event) =>
    event.target.replaceWith(
      h("span", { class: "image-missing" }, element.alt_text || "The image could not be loaded."),
    );
  return h("img", { src, alt: element.alt_text ?? "", title: element.alt_text ?? null, onerror: fallback });
}

const DRAW = {
  __proto__: null, // a type called "constructor" must find nothing
  button,
  overflow,
  checkboxes: choices,
  radio_buttons: choices,
  datetimepicker: datetime,
  feedback_buttons: feedback,
  icon_button: iconButton,
  image,
  workflow_button: button,
};
for (const type of Object.keys(SELECTS)) DRAW[type] = select;
for (const type of Object.keys(MULTI)) DRAW[type] = multiSelect;
for (const type of Object.keys(PICKERS)) DRAW[type] = input;

/** Any element, or a short note when the page does not know its type. */
export function element(json, ctx) {
  if (!DRAW[json.type]) return h("span", { class: "unknown" }, `“${json.type}” is not shown in this workspace.`);
  return DRAW[json.type](json, ctx);
}
