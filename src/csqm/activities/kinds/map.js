// The map: actors on a plane of power and interest, with a plan for each.

const TICKS = ["power", "legitimacy", "urgency"];
const PLANS = { highhigh: "closely", highlow: "satisfied", lowhigh: "informed", lowlow: "monitor" };
const CLASSES = [
  "non-stakeholder", "demanding", "discretionary", "dependent",
  "dormant", "dangerous", "dominant", "definitive",
];
const LEAST = 6; // actors that must be rated before agreement is computed
const LARGE = 3; // a gap worth showing, in points
const SHOWN = 3; // gaps shown at most

const isRated = (entry) => entry.power !== undefined && entry.interest !== undefined;
// High above the middle, low below it, and both on the line.
const levels = (rating) => [...(rating >= 5 ? ["high"] : []), ...(rating <= 5 ? ["low"] : [])];

function salience(ticks) {
  return CLASSES[TICKS.reduce((sum, tick) => 2 * sum + Number(ticks.includes(tick)), 0)];
}

function judged(entry) {
  const ticks = entry.ticks ?? [];
  const item = { fitting: [], plan: "missing", consistent: false, salience: salience(ticks) };
  if (isRated(entry)) {
    const powers = levels(entry.power);
    item.fitting = powers.flatMap((power) =>
      levels(entry.interest).map((interest) => PLANS[power + interest]),
    );
    item.consistent = powers.includes(ticks.includes("power") ? "high" : "low");
    if (entry.plan !== undefined) item.plan = item.fitting.includes(entry.plan) ? "fits" : "against";
  }
  return item;
}

// Quadratic weighted kappa: squared gaps against those of ratings dealt out at random.
function quadraticKappa(mine, theirs) {
  let expected = 0;
  let observed = 0;
  for (const x of mine) for (const y of theirs) expected += (x - y) ** 2;
  mine.forEach((x, index) => (observed += (x - theirs[index]) ** 2));
  return expected ? 1 - (mine.length * observed) / expected : null;
}

function decimals(value) {
  const hundredths = Math.floor(Math.abs(value) * 100 + 0.5);
  const sign = value < 0 && hundredths ? "−" : "";
  return `${sign}${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`;
}

const classLabel = (words, name) => words[`map_class_${name.replace("-", "_")}`];

const kind = {
  empty: { actors: {} },

  valid(content, answer) {
    const fields = ["power", "interest", "ticks", "plan"];
    const isRating = (value) =>
      value === undefined || (Number.isInteger(value) && value >= 0 && value <= 10);
    const isEntry = (entry) =>
      hasOnly(entry, fields) &&
      isRating(entry.power) &&
      isRating(entry.interest) &&
      (entry.ticks === undefined ||
        (Array.isArray(entry.ticks) && entry.ticks.every((tick) => TICKS.includes(tick)))) &&
      (entry.plan === undefined || Object.values(PLANS).includes(entry.plan));
    const known = content.actors.map((actor) => actor.id);
    return (
      hasOnly(answer, ["actors"]) &&
      hasOnly(answer.actors, known) &&
      Object.values(answer.actors).every(isEntry)
    );
  },

  score(content, answer, words) {
    const { actors } = content;
    const of = (actor) => answer.actors[actor.id] ?? {};
    const items = Object.fromEntries(actors.map((actor) => [actor.id, judged(of(actor))]));
    const every = Object.values(items);
    const rated = actors.filter((actor) => isRated(of(actor)));
    const fits = every.filter((item) => item.plan === "fits").length;
    const consistent = every.filter((item) => item.consistent).length;
    const points = (fits + consistent) / (2 * actors.length);
    // One plan would do for all of them.
    const crowded =
      rated.length >= 2 &&
      Object.values(PLANS).some((plan) =>
        rated.every((actor) => items[actor.id].fitting.includes(plan)),
      );
    const agreement = (axis) =>
      rated.length < LEAST
        ? null
        : quadraticKappa(rated.map((a) => of(a)[axis]), rated.map((a) => a.panel[axis]));
    const kappa = { power: agreement("power"), interest: agreement("interest") };

    const names = (wanted) => wanted.map((actor) => actor.name).join(words.ui_list);
    const unrated = actors.filter((actor) => !rated.includes(actor));
    const unplanned = actors.filter((actor) => of(actor).plan === undefined);
    const complete = rated.filter((actor) => !unplanned.includes(actor)).length;
    const summary = [
      fill(words.map_summary, { complete, total: actors.length, fitting: fits }),
      ...(unrated.length ? [fill(words.map_unrated, { names: names(unrated) })] : []),
      ...(unplanned.length ? [fill(words.map_unplanned, { names: names(unplanned) })] : []),
      ...(crowded ? [words.map_one_quadrant] : []),
    ];

    const against = [];
    const ticks = [];
    for (const actor of rated) {
      const item = items[actor.id];
      const { power, interest, plan, ticks: ticked = [] } = of(actor);
      const given = { name: actor.name, power, interest };
      if (item.plan === "against") {
        against.push(
          fill(words.map_against, {
            ...given,
            plan: words[`map_plan_${plan}`],
            fitting: item.fitting.map((each) => words[`map_plan_${each}`]).join(words.map_or),
            advice: words[`map_advice_${item.fitting[0]}`],
          }),
        );
      }
      if (!item.consistent) {
        const line = ticked.includes("power") ? words.map_tick_extra : words.map_tick_missing;
        ticks.push(fill(line, given));
      }
    }

    const shown = (value) => (value === null ? words.map_kappa_undefined : decimals(value));
    const n = rated.length;
    const agreed =
      n < LEAST
        ? [fill(words.map_kappa_few, { least: LEAST, n })]
        : [
            fill(words.map_kappa, { n, power: shown(kappa.power), interest: shown(kappa.interest) }),
            words.map_kappa_how,
            words.map_kappa_limits,
          ];

    const gaps = rated
      .map((actor) => {
        const { power, interest } = of(actor);
        const gap = [power - actor.panel.power, interest - actor.panel.interest].map(Math.abs);
        const line = fill(words.map_gap, {
          name: actor.name,
          power,
          interest,
          panel_power: actor.panel.power,
          panel_interest: actor.panel.interest,
          reason: actor.panel.reason,
        });
        return { worth: Math.max(...gap) >= LARGE, size: gap[0] ** 2 + gap[1] ** 2, line };
      })
      .filter((gap) => gap.worth)
      .sort((a, b) => b.size - a.size)
      .slice(0, SHOWN)
      .map((gap) => gap.line);

    const groups = [
      { title: words.map_summary_title, lines: summary },
      { title: words.map_against_title, lines: against },
      { title: words.map_tick_title, lines: ticks },
      { title: words.map_kappa_title, lines: agreed },
      { title: words.map_gaps_title, lines: gaps },
    ].filter((group) => group.lines.length);
    return { points: crowded ? points / 2 : points, groups, items, kappa };
  },

  view({ content, words, change, announce }) {
    const { actors } = content;
    let answer;
    let selected = actors[0];

    const entry = (actor) => answer.actors[actor.id] ?? {};
    const described = (actor, template) => fill(template, { name: actor.name, ...entry(actor) });

    function update(actor, fields, said) {
      const next = { ...entry(actor), ...fields };
      for (const name of Object.keys(fields)) if (fields[name] === undefined) delete next[name];
      change({ actors: { ...answer.actors, [actor.id]: next } });
      if (said && isRated(next)) announce(described(actor, words.map_moved));
    }

    function select(actor) {
      selected = actor;
      refresh(answer, lastChecked);
    }

    // The plane: points are dragged, moved by arrow keys, or put where the plane is clicked.
    const plane = el("div", {
      class: "csqm-plane",
      role: "group",
      "aria-label": words.map_plane,
      onclick(event) {
        if (event.target.closest(".csqm-point")) return;
        update(selected, position(event), true);
      },
    });
    const quadrants = Object.values(PLANS).map((plan) =>
      el("span", { class: `csqm-quadrant csqm-${plan}`, text: words[`map_plan_${plan}`] }),
    );
    const ring = el("span", { class: "csqm-ring", "aria-hidden": "true" });
    const points = actors.map((actor, index) =>
      el("button", {
        type: "button",
        class: "csqm-point",
        text: index + 1,
        onclick: () => select(actor),
        onkeydown: (event) => nudge(event, actor),
        onpointerdown: (event) => drag(event, actor),
      }),
    );
    plane.append(...quadrants, ring, ...points);

    function position(event) {
      const box = plane.getBoundingClientRect();
      const scaled = (share) => Math.min(10, Math.max(0, Math.round(share * 10)));
      return {
        power: scaled((box.bottom - event.clientY) / box.height),
        interest: scaled((event.clientX - box.left) / box.width),
      };
    }

    function nudge(event, actor) {
      const steps = {
        ArrowUp: ["power", 1],
        ArrowDown: ["power", -1],
        ArrowRight: ["interest", 1],
        ArrowLeft: ["interest", -1],
      };
      if (!(event.key in steps)) return;
      event.preventDefault();
      const [axis, step] = steps[event.key];
      selected = actor;
      update(actor, { [axis]: Math.min(10, Math.max(0, entry(actor)[axis] + step)) }, true);
    }

    function drag(event, actor) {
      if (event.button !== 0) return;
      const point = event.currentTarget;
      const start = { x: event.clientX, y: event.clientY };
      let moving = false;
      point.setPointerCapture(event.pointerId);
      select(actor);
      const move = (next) => {
        moving ||= Math.hypot(next.clientX - start.x, next.clientY - start.y) > 4;
        const to = position(next);
        const { power, interest } = entry(actor);
        if (moving && (to.power !== power || to.interest !== interest)) update(actor, to);
      };
      const stop = () => {
        point.removeEventListener("pointermove", move);
        point.removeEventListener("pointerup", stop);
        point.removeEventListener("pointercancel", stop);
        if (moving) announce(described(actor, words.map_moved));
      };
      point.addEventListener("pointermove", move);
      point.addEventListener("pointerup", stop);
      point.addEventListener("pointercancel", stop);
    }

    const axis = (name, label) =>
      el(
        "div",
        { class: `csqm-axis csqm-axis-${name}`, "aria-hidden": "true" },
        el("span", { text: words.map_low }),
        el("span", { text: label }),
        el("span", { text: words.map_high }),
      );

    // The list of actors, and the form of the selected one.
    const chips = actors.map((actor, index) => {
      const state = el("span", { class: "csqm-live" });
      const mark = el("span", { class: "csqm-chip-mark", "aria-hidden": "true" });
      const node = el(
        "button",
        { type: "button", class: "csqm-chip", onclick: () => select(actor) },
        el("span", { class: "csqm-chip-number", text: index + 1 }),
        el("span", { class: "csqm-chip-name", text: actor.name }),
        mark,
        state,
      );
      return { node, state, mark };
    });

    const name = el("p", { class: "csqm-subheading" });
    const situation = el("p");
    const counter = el("span", { class: "csqm-counter" });
    const step = (by) => () => {
      select(actors[(actors.indexOf(selected) + by + actors.length) % actors.length]);
      announce(selected.name);
    };

    const numbers = Object.fromEntries(
      ["power", "interest"].map((which) => [
        which,
        el("input", {
          type: "number",
          min: 0,
          max: 10,
          step: 1,
          inputmode: "numeric",
          onchange: (event) => {
            const typed = event.target.valueAsNumber;
            const rating = Math.min(10, Math.max(0, Math.round(typed)));
            update(selected, { [which]: Number.isNaN(typed) ? undefined : rating });
          },
        }),
      ]),
    );
    const boxes = Object.fromEntries(
      TICKS.map((tick) => [
        tick,
        el("input", {
          type: "checkbox",
          onchange: () =>
            update(selected, { ticks: TICKS.filter((each) => boxes[each].checked) }),
        }),
      ]),
    );
    const plan = el(
      "select",
      { onchange: () => update(selected, { plan: plan.value || undefined }) },
      el("option", { value: "", text: words.map_choose }),
      ...Object.values(PLANS).map((each) =>
        el("option", { value: each, text: words[`map_plan_${each}`] }),
      ),
    );
    const note = el("div", { class: "csqm-note" });

    const head = el(
      "div",
      { class: "csqm-selected-actor" },
      el(
        "div",
        { class: "csqm-actor-steps" },
        el("button", { type: "button", text: words.map_previous, onclick: step(-1) }),
        counter,
        el("button", { type: "button", text: words.map_next, onclick: step(1) }),
      ),
      name,
      situation,
    );
    const form = el(
      "div",
      { class: "csqm-actor" },
      el(
        "div",
        { class: "csqm-numbers" },
        ...["power", "interest"].map((which) =>
          el(
            "label",
            {},
            el("span", { text: words[`map_${which}`] }),
            numbers[which],
            el("span", { class: "csqm-scale", text: words.map_scale }),
          ),
        ),
      ),
      el(
        "fieldset",
        { class: "csqm-ticks" },
        el("legend", { text: words.map_ticks }),
        ...TICKS.map((tick) =>
          el("label", { class: "csqm-option" }, boxes[tick], el("span", { text: words[`map_tick_${tick}`] })),
        ),
      ),
      el("label", { class: "csqm-plan" }, el("span", { text: words.map_plan }), plan),
      note,
    );

    let lastChecked = null;
    function refresh(next, checked) {
      answer = next;
      lastChecked = checked;
      const at = {};
      actors.forEach((actor, index) => {
        const { power, interest, plan: chosen } = entry(actor);
        const point = points[index];
        point.hidden = !isRated(entry(actor));
        if (!point.hidden) {
          // Points on the same spot fan out, so that each can be seen and caught.
          const shift = (at[`${power},${interest}`] = (at[`${power},${interest}`] ?? -1) + 1);
          point.style.left = `${interest * 10}%`;
          point.style.bottom = `${power * 10}%`;
          point.style.setProperty("--shift", shift);
          point.setAttribute("aria-label", described(actor, words.map_point));
        }
        point.classList.toggle("csqm-selected", actor === selected);
        const { node, state, mark } = chips[index];
        const done = !point.hidden && chosen !== undefined;
        const begun = Object.keys(entry(actor)).length > 0;
        state.textContent = done ? words.map_done : begun ? words.map_begun : words.map_not_begun;
        mark.textContent = done ? "✓" : begun ? "…" : "";
        node.setAttribute("aria-pressed", actor === selected);
      });

      const { power, interest, ticks = [], plan: chosen } = entry(selected);
      counter.textContent = fill(words.map_actor_of, {
        number: actors.indexOf(selected) + 1,
        total: actors.length,
      });
      name.textContent = selected.name;
      situation.textContent = selected.situation;
      numbers.power.value = power ?? "";
      numbers.interest.value = interest ?? "";
      for (const tick of TICKS) boxes[tick].checked = ticks.includes(tick);
      plan.value = chosen ?? "";

      plane.classList.toggle("csqm-checked", Boolean(checked));
      ring.style.left = `${selected.panel.interest * 10}%`;
      ring.style.bottom = `${selected.panel.power * 10}%`;
      note.replaceChildren(
        ...(checked ? [...remarks(selected, judged(entry(selected))), el("p", { text: words.map_panel_mark })] : []),
      );
    }

    function remarks(actor, item) {
      const { panel } = actor;
      const both = (who, text) => el("p", {}, el("strong", { text: `${who} ` }), el("span", { text }));
      const mine = entry(actor);
      return [
        ...(item.fitting.length ? [both(words.map_you, fill(words.map_line, mine))] : []),
        ...item.fitting.map((each) =>
          el("p", {
            text: fill(words.map_quadrant, {
              plan: words[`map_plan_${each}`],
              advice: words[`map_advice_${each}`],
            }),
          }),
        ),
        el("p", { text: fill(words.map_class, { label: classLabel(words, item.salience) }) }),
        both(words.map_panel, fill(words.map_line, panel)),
        el("p", { text: panel.reason }),
        el("p", { text: fill(words.map_panel_class, { label: classLabel(words, salience(panel.ticks)) }) }),
      ];
    }

    const more = (given, result) => [
      el("p", { class: "csqm-subheading", text: words.map_all_title }),
      ...actors.map((actor, index) =>
        el(
          "details",
          {},
          el("summary", { text: `${index + 1} ${actor.name}` }),
          ...remarks(actor, result.items[actor.id]),
        ),
      ),
    ];

    const body = el(
      "div",
      { class: "csqm-map" },
      el("div", { class: "csqm-chips", role: "group", "aria-label": words.map_actors }, ...chips.map((chip) => chip.node)),
      head,
      el(
        "div",
        { class: "csqm-board" },
        axis("power", words.map_power),
        plane,
        axis("interest", words.map_interest),
        el("p", { class: "csqm-hint", text: words.map_hint }),
      ),
      form,
    );
    return { body, refresh, more };
  },
};

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
