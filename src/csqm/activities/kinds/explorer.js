// The explorer: inputs to turn, a chart and figures that follow at once, and goals to reach.

const isNumber = (entry) => entry.as === "slider" || entry.as === "number";
const decimalsOf = (step) => String(step).split(".")[1]?.length ?? 0;

function fits(entry, value) {
  if (entry.as === "tick") return typeof value === "boolean";
  if (entry.as === "choice") return entry.options.some((option) => option.id === value);
  if (!Number.isFinite(value)) return false;
  const steps = (value - entry.min) / entry.step;
  return value >= entry.min && value <= entry.max && Math.abs(steps - Math.floor(steps + 0.5)) < 1e-6;
}

// A simulation is run once for an answer, however often it is asked for.
let last = {};

function explored(content, answer) {
  if (last.content === content && last.answer === answer) return last;
  const inputs = {};
  for (const entry of content.inputs) inputs[entry.id] = answer.inputs[entry.id] ?? entry.start;
  const settings = content.settings ?? {};
  const found = models[content.model].compute(inputs, settings);
  const shown = {};
  const values = {};
  for (const entry of content.inputs.filter(isNumber)) {
    values[entry.id] = inputs[entry.id];
    shown[entry.id] = written(inputs[entry.id], decimalsOf(entry.step));
  }
  Object.assign(values, found.values);
  for (const { id, decimals } of content.values) shown[id] = written(values[id], decimals);
  const finding = fill(content.findings[found.case], shown);
  last = { content, answer, inputs, settings, found, values, shown, finding };
  return last;
}

// Right, low or high; the machine's rounding decides nothing.
function side(goal, values) {
  const value = values[goal.value];
  if (goal.at_least !== undefined && value < goal.at_least - 1e-9) return "low";
  if (goal.at_most !== undefined && value > goal.at_most + 1e-9) return "high";
  return "right";
}

const kind = {
  empty: { inputs: {} },

  valid(content, answer) {
    const known = content.inputs.map((entry) => entry.id);
    return (
      hasOnly(answer, ["inputs"]) &&
      hasOnly(answer.inputs, known) &&
      content.inputs.every((entry) => {
        const given = answer.inputs[entry.id];
        return !Object.hasOwn(answer.inputs, entry.id) || fits(entry, given);
      })
    );
  },

  score(content, answer, words) {
    const touched = content.inputs.some(
      ({ id, start }) => answer.inputs[id] !== undefined && answer.inputs[id] !== start,
    );
    const { values, shown, finding } = explored(content, answer);
    const items = {};
    for (const goal of content.goals) {
      const where = side(goal, values);
      const text = fill(goal[where], shown);
      items[goal.id] = {
        state: where === "right" ? "right" : "wrong",
        text,
        line: fill(words.explorer_goal, { goal: goal.label, text }),
      };
    }
    const total = content.goals.length;
    const right = Object.values(items).filter((item) => item.state === "right").length;
    const notes = (content.notes ?? []).filter((note) => side(note, values) === "right");
    const lines = [
      fill(words.explorer_summary, { right, total }),
      ...(touched ? [] : [words.explorer_untouched]),
      finding,
      ...notes.map((note) => fill(note.text, shown)),
    ];
    return { points: touched ? right / total : 0, groups: [{ title: "", lines }], items, values };
  },

  view({ content, words, change, announce }) {
    let answer = kind.empty;
    let drawn = null; // what charts and figures show
    let waiting = 0;

    // The finding is said when the hand rests, not at every step of a slider.
    function set(id, value) {
      change({ inputs: { ...answer.inputs, [id]: value } });
      clearTimeout(waiting);
      waiting = setTimeout(() => announce(finding.textContent), 700);
    }

    function nearest(entry, value) {
      const steps = Math.round((Math.min(entry.max, Math.max(entry.min, value)) - entry.min) / entry.step);
      return Number((entry.min + steps * entry.step).toFixed(decimalsOf(entry.step)));
    }

    function numberControl(entry) {
      const { min, max, step, label, unit = "" } = entry;
      const field = newId();
      const name = unit.trim() ? fill(words.explorer_unit, { label, unit: unit.trim() }) : label;
      const number = el("input", {
        type: "number", id: field, min, max, step, inputmode: step < 1 ? "decimal" : "numeric",
        onchange: () => {
          const typed = number.valueAsNumber;
          set(entry.id, Number.isNaN(typed) ? entry.start : nearest(entry, typed));
        },
      });
      const slider = el("input", {
        type: "range", min, max, step, "aria-label": fill(words.explorer_slider, { label: name }),
        oninput: () => set(entry.id, nearest(entry, slider.valueAsNumber)),
      });
      const node = el(
        "div",
        { class: "csqm-control" },
        el("label", { for: field, text: name }),
        number,
        ...(entry.as === "slider" ? [slider] : []),
      );
      const put = (value) => {
        number.value = value;
        slider.value = value;
        slider.setAttribute("aria-valuetext", `${written(value, decimalsOf(step))}${unit}`);
      };
      return { node, put };
    }

    function choiceControl(entry) {
      const field = newId();
      const select = el(
        "select",
        { id: field, onchange: () => set(entry.id, select.value) },
        ...entry.options.map(({ id, label }) => el("option", { value: id, text: label })),
      );
      const label = el("label", { for: field, text: entry.label });
      const node = el("div", { class: "csqm-control" }, label, select);
      return { node, put: (value) => (select.value = value) };
    }

    function tickControl(entry) {
      const box = el("input", { type: "checkbox", onchange: () => set(entry.id, box.checked) });
      const node = el("label", { class: "csqm-option" }, box, el("span", { text: entry.label }));
      return { node, put: (value) => (box.checked = value) };
    }

    const make = { slider: numberControl, number: numberControl, choice: choiceControl, tick: tickControl };
    const controls = content.inputs.map((entry) => ({ entry, ...make[entry.as](entry) }));
    const nodes = controls.flatMap(({ entry, node }, index) => {
      const isNew = entry.group && entry.group !== content.inputs[index - 1]?.group;
      return isNew ? [el("p", { class: "csqm-control-group", text: entry.group }), node] : [node];
    });

    const finding = el("p", { class: "csqm-finding" });
    const charts = el("div", { class: "csqm-explorer-charts" });
    const readouts = content.values
      .filter((entry) => entry.label)
      .map((entry) => ({ entry, value: el("dd") }));
    const goals = el(
      "div",
      { class: "csqm-explorer-goals" },
      el("p", { class: "csqm-subheading", text: words.explorer_goals }),
      el("ul", {}, ...content.goals.map((goal) => el("li", { text: goal.label }))),
    );

    function refresh(next) {
      answer = next;
      const now = explored(content, answer);
      if (now === drawn) return; // only checked: nothing has moved
      drawn = now;
      for (const { entry, put } of controls) put(now.inputs[entry.id]);
      for (const { entry, value } of readouts) {
        value.textContent = `${now.shown[entry.id]}${entry.unit ?? ""}`;
      }
      if (finding.textContent !== now.finding) finding.textContent = now.finding;
      const { draw } = models[content.model];
      charts.replaceChildren(...draw(now.found, now.inputs, now.settings, content.labels ?? {}));
    }

    const more = (_, result) =>
      content.goals.map(({ id, label }) => {
        const { state, text } = result.items[id];
        const node = verdict(words, state, text);
        node.querySelector("strong").textContent += ` · ${label}`;
        return node;
      });

    const body = el(
      "div",
      { class: "csqm-explorer" },
      el(
        "div",
        { class: "csqm-explorer-inputs" },
        goals,
        el("fieldset", {}, el("legend", { class: "csqm-subheading", text: words.explorer_settings }), ...nodes),
      ),
      el(
        "div",
        { class: "csqm-explorer-outcome" },
        el("p", { class: "csqm-subheading", text: words.explorer_results }),
        charts,
        finding,
        el("dl", { class: "csqm-readouts" }, ...readouts.map(({ entry, value }) =>
          el("div", {}, el("dt", { text: entry.label }), value))),
      ),
    );
    return { body, refresh, more };
  },
};

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
