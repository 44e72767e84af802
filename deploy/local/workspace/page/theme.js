/** Light or dark: as the system has it, until the person chooses. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "workspace.theme";
const system = matchMedia("(prefers-color-scheme: dark)");

const current = () => localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light");

export function applyTheme() {
  document.documentElement.dataset.theme = current();
}

export function themeToggle() {
  const button = h("button", { type: "button", class: "ghost-button", "data-testid": "theme-toggle" });
  const draw = () => {
    const dark = current() === "dark";
    const label = dark ? "Switch to light" : "Switch to dark";
    button.replaceChildren(icon(dark ? "sun" : "moon", 16));
    button.setAttribute("aria-label", label);
    button.title = label;
  };
  button.onclick = () => {
    localStorage.setItem(KEY, current() === "dark" ? "light" : "dark");
    applyTheme();
    draw();
  };
  system.addEventListener("change", () => (applyTheme(), draw()));
  draw();
  return button;
}
