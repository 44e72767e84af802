/** Pop-up menus: arrows move, Enter chooses, Esc and a click elsewhere close. */
import { h } from "./dom.js";

let closeOpen = null;

function place(menu, anchor, align) {
  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const wanted = align === "end" ? box.right - width : box.left;
  const left = Math.max(8, Math.min(wanted, innerWidth - width - 8));
  const below = box.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, box.top - height - 6) : below;
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

const move = (items, step) => {
  const at = items.indexOf(document.activeElement);
  items[(at + step + items.length) % items.length]?.focus();
};

/** items: [{label, detail?, mark?, checked?, testid?, run}]. */
export function openMenu(anchor, items, { title, align = "start", className = "" } = {}) {
  if (closeOpen?.(anchor)) return;
  const rows = items.map((item) =>
    h(
      "button",
      {
        type: "button",
        role: item.checked === undefined ? "menuitem" : "menuitemradio",
        class: "menu-item",
        tabindex: "-1",
        "aria-checked": item.checked === undefined ? null : String(item.checked),
        "data-testid": item.testid ?? null,
        onclick: () => (close(), item.run()),
      },
      item.mark,
      h(
        "span",
        { class: "menu-words" },
        h("span", { class: "menu-label" }, item.label),
        item.detail && h("span", { class: "menu-detail" }, item.detail),
      ),
    ),
  );
  const keys = {
    ArrowDown: () => move(rows, 1),
    ArrowUp: () => move(rows, -1),
    Home: () => rows[0]?.focus(),
    End: () => rows.at(-1)?.focus(),
    Escape: () => close(),
    Tab: () => close(),
  };
  const menu = h(
    "div",
    {
      class: `menu ${className}`,
      role: "menu",
      "aria-label": title ?? null,
      onkeydown: (event) => {
        if (!keys[event.key]) return;
        event.preventDefault();
        event.stopPropagation();
        keys[event.key]();
      },
    },
    title && h("div", { class: "menu-title" }, title),
    rows,
  );
  const outside = (event) => !menu.contains(event.target) && !anchor.contains(event.target) && close(null, false);
  const close = (next, refocus = true) => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    anchor.setAttribute("aria-expanded", "false");
    closeOpen = null;
    if (refocus) anchor.focus();
    return next === anchor;
  };
  closeOpen = close;
  document.getElementById("overlays").append(menu);
  document.addEventListener("pointerdown", outside, true);
  anchor.setAttribute("aria-expanded", "true");
  place(menu, anchor, align);
  (rows.find((row) => row.getAttribute("aria-checked") === "true") ?? rows[0])?.focus();
}
