/** data_visualization blocks: line, bar, area and pie charts as inline SVG. */
import { h, svg } from "./dom.js";
import { compact } from "./format.js";

const HEIGHT = 220;
const EDGE = { top: 12, right: 22, bottom: 28, left: 46 };
const round = (n) => Math.round(n * 100) / 100;

/** About four round tick values that cover low to high. */
export function ticks(low, high) {
  if (low === high) high = low + 1;
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function frame(chart, width) {
  const series = chart.series ?? [];
  const config = chart.axis_config ?? {};
  const categories = config.categories ?? series[0]?.data.map((point) => point.label) ?? [];
  const valuesOf = (one) => {
    const byLabel = new Map(one.data.map((point) => [point.label, Number(point.value)]));
    return categories.map((label, i) => byLabel.get(label) ?? Number(one.data[i]?.value ?? 0));
  };
  const rows = series.map((one) => ({ name: one.name, values: valuesOf(one) }));
  const all = rows.flatMap((row) => row.values);
  const scale = ticks(Math.min(0, ...all), Math.max(0, ...all));
  const bottom = HEIGHT - EDGE.bottom - (config.x_label ? 16 : 0);
  const left = EDGE.left + (config.y_label ? 16 : 0);
  const y = (value) => round(bottom - ((value - scale[0]) / (scale.at(-1) - scale[0])) * (bottom - EDGE.top));
  const inner = width - left - EDGE.right;
  const band = inner / Math.max(1, categories.length);
  const banded = chart.type === "bar" || categories.length < 2;
  const x = (i) => round(banded ? left + band * (i + 0.5) : left + (inner * i) / (categories.length - 1));
  return { rows, categories, scale, bottom, left, inner, band, x, y, config, width };
}

function axes(f) {
  const grid = f.scale.map((value) => [
    svg("line", {
      class: value === 0 ? "axis" : "grid",
      x1: f.left,
      x2: f.width - EDGE.right,
      y1: f.y(value),
      y2: f.y(value),
    }),
    svg("text", { class: "tick", x: f.left - 8, y: f.y(value) + 4, "text-anchor": "end" }, compact(value)),
  ]);
  const longest = Math.max(1, ...f.categories.map((label) => label.length));
  const every = Math.max(1, Math.ceil((f.categories.length * (longest * 6.4 + 14)) / f.inner));
  // A label that would leave the picture ends at its edge.
  const anchor = (label, i) => (f.x(i) + label.length * 3.2 > f.width ? "end" : "middle");
  const labels = f.categories.map((label, i) =>
    i % every
      ? null
      : svg("text", { class: "tick", x: f.x(i), y: f.bottom + 18, "text-anchor": anchor(label, i) }, label),
  );
  const middle = f.left + f.inner / 2;
  const names = [
    f.config.x_label &&
      svg("text", { class: "axis-name", x: middle, y: HEIGHT - 6, "text-anchor": "middle" }, f.config.x_label),
    f.config.y_label &&
      svg(
        "text",
        {
          class: "axis-name",
          "text-anchor": "middle",
          transform: `translate(12 ${round((f.bottom + EDGE.top) / 2)}) rotate(-90)`,
        },
        f.config.y_label,
      ),
  ];
  return [grid, labels, names];
}

const hint = (row, f, i) => svg("title", {}, `${row.name}, ${f.categories[i]}: ${row.values[i].toLocaleString()}`);

function lines(f, filled) {
  return f.rows.map((row, s) => {
    const points = row.values.map((value, i) => `${f.x(i)} ${f.y(value)}`);
    const path = `M${points.join("L")}`;
    const base = f.y(0);
    return svg(
      "g",
      { class: `series s${s % 12}` },
      filled && svg("path", { class: "fill", d: `${path}L${f.x(points.length - 1)} ${base}L${f.x(0)} ${base}Z` }),
      svg("path", { class: "stroke", d: path }),
      row.values.map((value, i) =>
        svg(
          "circle",
          { class: "dot", cx: f.x(i), cy: f.y(value), r: f.categories.length > 14 ? 1.8 : 3 },
          hint(row, f, i),
        ),
      ),
    );
  });
}

function bars(f) {
  const gap = Math.min(16, f.band * 0.28);
  const thickness = Math.min(44, (f.band - gap) / Math.max(1, f.rows.length));
  return f.rows.map((row, s) =>
    svg(
      "g",
      { class: `series s${s % 12}` },
      row.values.map((value, i) => {
        const left = f.x(i) + (s - f.rows.length / 2) * thickness;
        const [top, bottom] = [Math.min(f.y(value), f.y(0)), Math.max(f.y(value), f.y(0))];
        return svg(
          "rect",
          {
            class: "bar",
            x: round(left + 1),
            y: top,
            width: round(Math.max(1, thickness - 2)),
            height: round(Math.max(1, bottom - top)),
            rx: 2.5,
          },
          hint(row, f, i),
        );
      }),
    ),
  );
}

function pie(segments) {
  const total = segments.reduce((sum, { value }) => sum + Number(value), 0) || 1;
  const [centre, outer, inner] = [90, 82, 48];
  let angle = -Math.PI / 2;
  const at = (radius, a) => `${round(centre + radius * Math.cos(a))} ${round(centre + radius * Math.sin(a))}`;
  return segments.map((segment, s) => {
    const share = Number(segment.value) / total;
    // A full circle has no arc between its equal ends: stop a hair short.
    const sweep = Math.min(share, 0.9999) * 2 * Math.PI;
    const [from, to] = [angle, angle + sweep];
    angle = to;
    const wide = sweep > Math.PI ? 1 : 0;
    const d = `M${at(outer, from)}A${outer} ${outer} 0 ${wide} 1 ${at(outer, to)}L${at(inner, to)}A${inner} ${inner} 0 ${wide} 0 ${at(inner, from)}Z`;
    return svg(
      "path",
      { class: `slice s${s % 12}`, d },
      svg("title", {}, `${segment.label}: ${Number(segment.value).toLocaleString()} (${Math.round(share * 100)}%)`),
    );
  });
}

/** The chart in words, for those who cannot see it. */
function described(title, chart) {
  if (chart.type === "pie") return `${title}. ${chart.segments.map((s) => `${s.label} ${s.value}`).join(", ")}.`;
  const rows = (chart.series ?? []).map(
    (one) => `${one.name}: ${one.data.map((p) => `${p.label} ${p.value}`).join(", ")}`,
  );
  return `${title}. ${rows.join("; ")}.`;
}

function legend(chart) {
  if (chart.type === "pie") {
    const total = chart.segments.reduce((sum, { value }) => sum + Number(value), 0) || 1;
    return chart.segments.map((s, i) =>
      h(
        "li",
        {},
        h("i", { class: `key s${i % 12}` }),
        s.label,
        h("b", {}, `${Math.round((Number(s.value) / total) * 100)}%`),
      ),
    );
  }
  return (chart.series ?? []).map((one, i) => h("li", {}, h("i", { class: `key s${i % 12}` }), one.name));
}

function drawing(block, width) {
  const { chart, title } = block;
  const label = { role: "img", "aria-label": described(title, chart) };
  if (chart.type === "pie")
    return svg("svg", { ...label, viewBox: "0 0 180 180", width: 180, height: 180 }, pie(chart.segments));
  const f = frame(chart, width);
  const marks = chart.type === "bar" ? bars(f) : lines(f, chart.type === "area");
  return svg("svg", { ...label, viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT }, axes(f), marks);
}

/** The figure draws itself again when its width changes, so that its text keeps its size. */
export function dataVisualization(block) {
  const canvas = h("div", { class: "chart-canvas" });
  let drawn = 0;
  const draw = (width) => {
    if (Math.abs(width - drawn) < 8) return;
    drawn = width;
    canvas.replaceChildren(drawing(block, Math.max(240, Math.round(width))));
  };
  new ResizeObserver(([entry]) => entry.contentRect.width && draw(entry.contentRect.width)).observe(canvas);
  draw(480);
  const list = h("ul", { class: "legend" }, legend(block.chart));
  return h("figure", { class: `chart chart-${block.chart.type}` }, h("figcaption", {}, block.title), canvas, list);
}
