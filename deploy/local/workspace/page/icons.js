/** Line icons on a 20 x 20 grid, drawn for this page. */
import { svg } from "./dom.js";

const PATHS = {
  hash: "M8 3 6.5 17M13.5 3 12 17M3.5 7.5h13.5M3 12.5h13.5",
  bolt: "M11 2.5 4.5 11.5H9.5L8.5 17.5 15.5 8.5H10.5z",
  close: "M5 5l10 10M15 5 5 15",
  reply: "M3.5 4.5h13v9h-7l-3.5 3v-3h-2.5z",
  send: "M3.5 16.5 17 10 3.5 3.5 5.5 10zM5.5 10H11",
  stop: "M6 6h8v8H6z",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.4 4.4l1 1M14.6 14.6l1 1M4.4 15.6l1-1M14.6 5.4l1-1",
  moon: "M16.5 11.8A6.8 6.8 0 1 1 8.2 3.5a5.4 5.4 0 0 0 8.3 8.3z",
  chevron: "M5.5 8 10 12.5 14.5 8",
  search: "M8.7 3.5a5.2 5.2 0 1 0 0 10.4 5.2 5.2 0 0 0 0-10.4zM12.5 12.5l4 4",
  check: "M4.5 10.5 8.5 14.5 15.5 6",
  warning: "M10 3.5 17.5 16.5H2.5zM10 8.5v3.5M10 14.2v.2",
  file: "M5 2.5h6.5L15 6v11.5H5zM11.5 2.5V6H15",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  up: "M6.5 9.5 9.3 3.2c1.3 0 1.9.9 1.7 2.1L10.6 8h4.3c1 0 1.7.9 1.5 1.9l-.9 5c-.2.9-.9 1.6-1.8 1.6H6.5zM3.5 9.5h3v7h-3z",
  down: "M13.5 10.5 10.7 16.8c-1.3 0-1.9-.9-1.7-2.1l.4-2.7H5.1c-1 0-1.7-.9-1.5-1.9l.9-5c.2-.9.9-1.6 1.8-1.6h7.2zM16.5 10.5h-3v-7h3z",
  link: "M8.5 11.5 11.5 8.5M9.5 6.5l1.8-1.8a2.8 2.8 0 0 1 4 4L13.5 10.500M10.5 13.500l-1.8 1.800a2.8 2.8 0 0 1-4-4L6.5 9.5",
  eye: "M2.5 10c2-3.6 4.5-5.3 7.5-5.300s5.5 1.7 7.5 5.300c-2 3.6-4.5 5.3-7.5 5.300S4.5 13.6 2.5 10zM10 7.700a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.600z",
  home: "M3.5 9.5 10 3.500l6.5 6v7h-4.500v-4.500h-4v4.500h-4.500z",
  trash: "M4 5.500h12M8 5.500v-2h4v2M5.5 5.500l.8 11h7.400l.8-11",
  arrow: "M10 4v11.500M5.5 11 10 15.5 14.5 11",
};

/** A decorative icon: hidden from screen readers, coloured by its text. */
export function icon(name, size = 18) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 20 20", width: size, height: size, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] ?? PATHS.more }),
  );
}
