/** DOM helpers. All text reaches the page as text nodes, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

function assign(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, v] of Object.entries(value)) node.style.setProperty(key, v);
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

function build(node, props, children) {
  assign(node, props ?? {});
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** h("p", {class: "x", onclick: f}, "text", node, [more]) */
export const h = (tag, props, ...children) => build(document.createElement(tag), props, children);

/** The same for SVG elements. */
export const svg = (tag, props, ...children) => build(document.createElementNS(SVG, tag), props, children);

/** An address that is safe to put in href or src, or null. Scripts and data documents are refused. */
export function safeUrl(address, { image = false } = {}) {
  const url = String(address ?? "").trim();
  if (image && /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/i.test(url)) return url;
  if (url.startsWith("/") && !url.startsWith("//")) return url;
  return /^(https?:\/\/|mailto:)/i.test(url) ? url : null;
}

/** A link that opens in a new tab; plain text when the address is not a safe one. */
export function link(address, children, props = {}) {
  const href = safeUrl(address);
  if (!href) return h("span", {}, children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", ...props }, children);
}

/**
 * Makes the container's children match `wanted`, a list of {key, signature, make(known), keep?(node)}.
 * A child whose key and signature are unchanged keeps its node (with its focus, open state and loaded images).
 */
export function reconcile(container, wanted) {
  const old = new Map();
  for (const node of container.children) if (node._key !== undefined) old.set(node._key, node);
  let cursor = container.firstElementChild;
  for (const { key, signature, make, keep } of wanted) {
    const known = old.get(key);
    old.delete(key);
    if (known && known._signature === signature) {
      keep?.(known);
      if (known === cursor) cursor = cursor.nextElementSibling;
      else container.insertBefore(known, cursor);
      continue;
    }
    const node = make(known);
    node._key = key;
    node._signature = signature;
    if (known && known === cursor) cursor = cursor.nextElementSibling;
    if (known && known !== node) known.remove();
    if (node.parentNode !== container || node.nextElementSibling !== cursor) container.insertBefore(node, cursor);
  }
  for (const node of old.values()) node.remove();
}

/** Keeps Tab inside a dialog. */
export function trapFocus(dialog, event) {
  if (event.key !== "Tab") return;
  const stops = [...dialog.querySelectorAll("a[href], button, input, select, textarea, [tabindex='0']")].filter(
    (node) => !node.disabled && node.offsetParent !== null,
  );
  if (!stops.length) return event.preventDefault();
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement === edge || !dialog.contains(document.activeElement)) {
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }
}
