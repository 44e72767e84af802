/** plan and task_card blocks: what an assistant is doing, step by step. */
import { h, link } from "../dom.js";
import { icon } from "../icons.js";
import { richText } from "./rich_text.js";

const STATUS = {
  pending: ["Waiting", () => h("span", { class: "ring" })],
  in_progress: ["In progress", () => h("span", { class: "spinner" })],
  complete: ["Done", () => icon("check", 14)],
  error: ["Failed", () => icon("close", 13)],
};

const rich = (value) => (typeof value === "string" ? h("div", { class: "text" }, value) : richText(value));

function sources(list) {
  return h(
    "ul",
    { class: "sources", "aria-label": "Sources" },
    list.map((source) => h("li", {}, link(source.url, source.text || source.url))),
  );
}

const chosen = (event) => {
  event.currentTarget.parentElement.dataset.chosen = "yes";
};

/** Tasks that a person folded or unfolded stay so when their block is drawn anew. */
export function keepOpened(node, before) {
  for (const old of before?.querySelectorAll("details[data-chosen]") ?? []) {
    const now = [...node.querySelectorAll("details")].find((one) => one.dataset.task === old.dataset.task);
    if (!now) continue;
    now.open = old.open;
    now.dataset.chosen = "yes";
  }
  return node;
}

/** One task. Its details fold away once there is nothing left to watch. */
export function taskCard(task) {
  const status = STATUS[task.status] ? task.status : "pending";
  const [label, mark] = STATUS[status];
  const title = [
    h("span", { class: `task-mark ${status}`, title: label }, mark()),
    h("span", { class: "visually-hidden" }, `${label}: `),
    h("span", { class: "task-title" }, task.title),
  ];
  const inner = [
    task.details && rich(task.details),
    task.output && h("div", { class: "task-output" }, rich(task.output)),
    task.sources?.length && sources(task.sources),
  ].filter(Boolean);
  if (!inner.length) return h("div", { class: `task-card ${status}` }, h("div", { class: "task-head" }, title));
  return h(
    "details",
    { class: `task-card ${status}`, "data-task": task.task_id, open: status === "in_progress" || status === "error" },
    h("summary", { class: "task-head", onclick: chosen }, title, icon("chevron", 14)),
    h("div", { class: "task-body" }, inner),
  );
}

/** A titled list of tasks, with how many are done. */
export function plan(block) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete").length;
  return h(
    "section",
    { class: "plan", "aria-label": block.title },
    h(
      "div",
      { class: "plan-head" },
      h("span", { class: "plan-title" }, block.title),
      h("span", { class: "plan-count" }, `${done} of ${tasks.length}`),
    ),
    tasks.map(taskCard),
  );
}
