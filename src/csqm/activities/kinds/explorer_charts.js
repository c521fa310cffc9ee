// Charts of the explorer, as SVG; the finding beside them is their text alternative. A model adds
// itself to `models` (see explorer.py) and returns figures made by `chart`.

const models = {};

function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function written(value, decimals) {
  const units = Math.floor(Math.abs(value) * 10 ** decimals + 0.5);
  const sign = value < 0 && units ? "−" : "";
  const whole = String(Math.floor(units / 10 ** decimals)).replace(/\B(?=(\d{3})+$)/g, ",");
  const rest = decimals ? `.${String(units % 10 ** decimals).padStart(decimals, "0")}` : "";
  return `${sign}${whole}${rest}`;
}

// Round steps between two ends: some five ticks.
function ticksOf({ min, max, step }) {
  let by = step;
  if (!by) {
    const rough = (max - min) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    by = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  }
  const decimals = Math.max(0, Math.ceil(-Math.log10(by) - 1e-9) + (by * 10 ** Math.max(0, Math.ceil(-Math.log10(by) - 1e-9)) % 1 ? 1 : 0));
  const ticks = [];
  for (let k = Math.ceil(min / by - 1e-9); k * by <= max + by * 1e-9; k += 1) ticks.push(k * by);
  return ticks.map((value) => ({ value, text: written(value, decimals) }));
}

const WIDTH = 360;

// A figure with axes. x: {min, max, label, step?, ticks?: [{value, text}]}; y the same.
// marks: a list of
//   {line: [[x, y]…], as}            a line
//   {bars: [[from, to, height]…], as}  bars from the lowest y up
//   {band: [from, to]}               a shaded stretch of x
//   {across: y | down: x, text?, right?, as?}  a straight line through the chart, with a label
//   {dot: [x, y], text?, side?, as?}  a point with a label beside it, or "above" or "below" it
//   {dots: [[x, y]…], r, as}  points of a series
//   {spans: [[from, to, y]…], as}    stretches of x, lying at a height
//   {intervals: [[low, mid, high]…], truth?}  lying intervals, one below the other
// as: "main" (accent), "fine" (accent, thin), "other" (grey, dashed), "bad" (warm).
function chart({ title, x, y, marks, height = 220 }) {
  const edge = { left: y.hidden ? 12 : 46, right: 14, top: 12, bottom: 42 };
  const [w, h] = [WIDTH - edge.left - edge.right, height - edge.top - edge.bottom];
  const clamp = (value, { min, max }) => Math.min(max, Math.max(min, value));
  const px = (value) => edge.left + (w * (clamp(value, x) - x.min)) / (x.max - x.min || 1);
  const py = (value) => edge.top + h * (1 - (clamp(value, y) - y.min) / (y.max - y.min || 1));
  const fixed = (value) => value.toFixed(1);
  const root = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    class: "csqm-chart",
    "aria-hidden": "true",
    focusable: "false",
  });
  const add = (...node) => root.append(svg(...node));
  const inside = (text, at, down, name = "") => {
    const right = at > edge.left + w * 0.6;
    add("text", {
      x: fixed(at + (right ? -5 : 5)), y: fixed(Math.max(edge.top + 10, down)),
      "text-anchor": right ? "end" : "start", class: `csqm-chart-note ${name}`, text,
    });
  };

  const bands = marks.filter((mark) => mark.band);
  for (const { band } of bands) {
    const [from, to] = band.map(px);
    add("rect", { x: fixed(from), y: edge.top, width: fixed(to - from), height: h, class: "csqm-chart-band" });
  }
  if (!y.hidden) {
    for (const { value, text } of y.ticks ?? ticksOf(y)) {
      add("path", { d: `M${edge.left} ${fixed(py(value))}h${w}`, class: "csqm-chart-grid" });
      add("text", { x: edge.left - 6, y: fixed(py(value) + 4), "text-anchor": "end", text });
    }
  }
  add("path", { d: `M${edge.left} ${edge.top + h}h${w}`, class: "csqm-chart-axis" });
  for (const { value, text } of x.ticks ?? ticksOf(x)) {
    if (!x.ticks) add("path", { d: `M${fixed(px(value))} ${edge.top + h}v4`, class: "csqm-chart-axis" });
    add("text", { x: fixed(px(value)), y: edge.top + h + 17, "text-anchor": "middle", text });
  }
  add("text", { x: edge.left + w / 2, y: height - 6, "text-anchor": "middle", class: "csqm-chart-label", text: x.label });

  for (const mark of marks) {
    const name = `csqm-chart-${mark.as ?? "main"}`;
    if (mark.line) {
      const d = mark.line.map(([a, b], index) => `${index ? "L" : "M"}${fixed(px(a))} ${fixed(py(b))}`).join("");
      add("path", { d, class: `csqm-chart-line ${name}` });
    }
    for (const [a, b] of mark.dots ?? []) {
      add("circle", { cx: fixed(px(a)), cy: fixed(py(b)), r: mark.r, class: `csqm-chart-dot ${name}` });
    }
    for (const [from, to, top] of mark.bars ?? []) {
      const width = Math.max(1, px(to) - px(from) - 1);
      add("rect", { x: fixed(px(from) + 0.5), y: fixed(py(top)), width: fixed(width), height: fixed(edge.top + h - py(top)), class: `csqm-chart-bar ${name}` });
      if (mark.text) {
        add("text", { x: fixed((px(from) + px(to)) / 2), y: fixed(py(top) - 4), "text-anchor": "middle", text: mark.text(top) });
      }
    }
    for (const [from, to, at] of mark.spans ?? []) {
      add("rect", { x: fixed(px(from)), y: fixed(py(at) - 6), width: fixed(px(to) - px(from)), height: 12, class: `csqm-chart-span ${name}` });
    }
    (mark.intervals ?? []).forEach(([low, middle, high], index, all) => {
      const down = edge.top + (h * (index + 0.5)) / all.length;
      const missed = low > mark.truth || high < mark.truth;
      const as = `csqm-chart-${missed ? "bad" : "main"}`;
      add("path", { d: `M${fixed(px(low))} ${fixed(down)}H${fixed(px(high))}`, class: `csqm-chart-interval ${as}`, "stroke-width": all.length > 20 ? 1.4 : 3 });
      add("circle", { cx: fixed(px(middle)), cy: fixed(down), r: all.length > 20 ? 1.8 : 4.5, class: `csqm-chart-dot ${as}` });
    });
    if (mark.across !== undefined) {
      add("path", { d: `M${edge.left} ${fixed(py(mark.across))}h${w}`, class: `csqm-chart-line ${name}` });
      if (mark.text) inside(mark.text, edge.left + (mark.right ? w : 0), py(mark.across) - 5);
    }
    if (mark.down !== undefined) {
      add("path", { d: `M${fixed(px(mark.down))} ${edge.top}v${h}`, class: `csqm-chart-line ${name}` });
      if (mark.text) inside(mark.text, px(mark.down), edge.top + 10 + 14 * (mark.row ?? 0));
    }
    if (mark.dot) {
      const [at, up] = [px(mark.dot[0]), py(mark.dot[1])];
      add("circle", { cx: fixed(at), cy: fixed(up), r: 5, class: `csqm-chart-dot ${name}` });
      const lift = { above: -10, below: 20 }[mark.side];
      if (lift) {
        const middle = Math.min(at, WIDTH - 30);
        add("text", { x: fixed(middle), y: fixed(up + lift), "text-anchor": "middle", class: "csqm-chart-note", text: mark.text });
      } else if (mark.text) inside(mark.text, at, up - 8);
    }
  }
  for (const { band: [from, to], text = "" } of bands) {
    add("text", { x: fixed((px(from) + px(to)) / 2), y: edge.top + h - 6, "text-anchor": "middle", class: "csqm-chart-note", text });
  }
  return el(
    "div",
    { class: "csqm-chart-box" },
    el("p", { class: "csqm-chart-title", text: title }),
    ...(y.label ? [el("p", { class: "csqm-chart-unit", text: y.label })] : []),
    root,
  );
}

// How many values fall into each of `count` equal bins, as bars for `chart`.
function histogram(values, min, max, count) {
  const bins = Array(count).fill(0);
  for (const value of values) {
    bins[Math.min(count - 1, Math.max(0, Math.floor(((value - min) / (max - min)) * count)))] += 1;
  }
  const width = (max - min) / count;
  return bins.map((height, index) => [min + index * width, min + (index + 1) * width, height]);
}
