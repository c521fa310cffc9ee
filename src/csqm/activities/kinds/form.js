// The form: structured answers, checked by rules that the content declares.

const LONGEST = 400; // characters of a text answer
const ALIKE = 70; // percent of letter pairs from which a sentence repeats another

const blank = (value) =>
  value === undefined || (Array.isArray(value) && !value.length) ||
  (typeof value === "string" && !value.trim());
// Sentences after one another as the language does: English needs a space between.
const oneText = (sentences, words) =>
  sentences.reduce((first, second) => fill(words.form_follow, { first, second }));
const percent = (part, whole) => Math.floor((200 * part + whole) / (2 * whole));

function optionsOf(content, { options = [] }) {
  if (options === "cards") return content.cards ?? [];
  return typeof options === "string" ? (content.lists?.[options] ?? []) : options;
}

function pairs(text) {
  const letters = text.toLowerCase().replace(/[^a-z0-9\u4e00-\u9fff]/g, "");
  return new Set(Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2)));
}

// How alike two sentences are (Dice): the share of common letter pairs, in percent.
function likeness(one, other) {
  const [mine, theirs] = [pairs(one), pairs(other)];
  const common = [...mine].filter((pair) => theirs.has(pair)).length;
  return mine.size && theirs.size ? Math.floor((200 * common) / (mine.size + theirs.size)) : 0;
}

// A Latin word must begin where the text's word begins.
function says(text, word) {
  const letter = /[a-z]/;
  for (let start = text.indexOf(word); start >= 0; start = text.indexOf(word, start + 1)) {
    if (!(start && letter.test(word[0]) && letter.test(text[start - 1]))) return true;
  }
  return false;
}

// The words of a rule or a card that a text has.
const caught = (text, { words: listed }) => listed.filter((word) => says(text, word));

function cardOf(content, section, values) {
  const field = section.fields.find((each) => each.options === "cards");
  const chosen = field && values[`${section.id}.${field.id}`];
  return field && content.cards.find((card) => card.id === chosen);
}

// Why a rule is broken, or null if it is met. No rule is met by an empty field.
function broken(rule, field, number, content, values, words) {
  const section = content.sections[number];
  const value = values[`${section.id}.${field.id}`];
  if (blank(value)) return "";
  let spoken = rule.says ?? words[`form_rule_${rule.rule}`] ?? "";
  let [met, found, where] = [true, "", ""];
  const text = typeof value === "string" ? value.toLowerCase() : "";
  const options = optionsOf(content, field);
  const option = options.find((each) => each.id === value);
  const labels = (list) =>
    options.filter((each) => list.includes(each.id)).map((each) => each.label).join(words.ui_list);
  const checks = {
    required() {},
    one_of() {
      met = rule.values.includes(value);
      const about = option?.about
        ? oneText(
            [fill(words.form_chosen, { option: option.label, about: option.about }), spoken],
            words,
          )
        : spoken;
      if (!met) spoken = rule.wrong?.[value] ?? about;
    },
    has_all() {
      const missed = rule.values.filter((each) => !value.includes(each));
      [met, found] = [!missed.length, labels(missed)];
    },
    only() {
      const extra = value.filter((each) => !rule.values.includes(each));
      [met, found] = [!extra.length, labels(extra)];
      spoken = oneText(
        [spoken, ...extra.map((each) => rule.wrong?.[each]).filter(Boolean)],
        words,
      );
    },
    range() {
      met = (rule.min ?? value) <= value && value <= (rule.max ?? value);
    },
    at_least() {
      const size = [...value.replace(/[ \u3000]/g, "")].length;
      [met, found] = [size >= rule.characters, String(size)];
    },
    number_unit() {
      const units = rule.units.map((unit) => unit.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
      met = new RegExp(`[0-9] *(${units})`).test(text);
    },
    mentions() {
      met = caught(text, rule).length > 0;
    },
    avoids() {
      const these = caught(text, rule);
      [met, found] = [!these.length, these.join(words.ui_list)];
    },
    new() {
      const free = field.input === "text";
      if (free && content.problem && likeness(value, content.problem) >= ALIKE) {
        [met, where] = [false, words.form_problem];
        return;
      }
      const repeated = content.sections.slice(0, number).find(({ id }) => {
        const earlier = values[`${id}.${field.id}`];
        return !blank(earlier) && (free ? likeness(value, earlier) >= ALIKE : value === earlier);
      });
      if (repeated) [met, where] = [false, repeated.label];
    },
    supported() {
      const chosen = values[`${section.id}.${rule.field}`];
      const card = content.cards.find((each) => each.id === chosen);
      if (card?.note) spoken = words.form_refused_card;
      met = Boolean(card && !card.note && caught(text, card).length);
      found = card ? card.label : words.form_no_card;
      where = card ? card.shown.join(words.ui_list) : "—";
    },
    follows() {
      const last = content.sections[number - 1];
      const cause = number ? cardOf(content, last, values)?.id : "problem";
      met = cause !== undefined && (option.causes ?? []).includes(cause);
      where = number ? last.label : words.form_problem;
      found = option.label;
      spoken = option.note ?? spoken;
    },
    compare() {
      const other = values[`${section.id}.${rule.field}`];
      met = other !== undefined && (rule.is === "below" ? value < other : value > other);
    },
  };
  checks[rule.rule]();
  return met ? null : spoken.replaceAll("{found}", () => found).replaceAll("{where}", () => where);
}

// Precision and recall of the ticks, over all and per option, in answered sections.
function tally(content, values, words) {
  const rows = new Map();
  for (const section of content.sections) {
    const ticked = values[`${section.id}.${content.tally}`] ?? [];
    if (!ticked.length) continue;
    const field = section.fields.find((each) => each.id === content.tally);
    const rule = (name) => field.rules.find((each) => each.rule === name).values;
    for (const { id, label } of optionsOf(content, field)) {
      const row = rows.get(label) ?? [0, 0, 0];
      const [here, due] = [ticked.includes(id), rule("has_all").includes(id)];
      row[0] += here && due;
      row[1] += here && !rule("only").includes(id);
      row[2] += due && !here;
      rows.set(label, row);
    }
  }
  const [right, wrong, missed] = [0, 1, 2].map((i) =>
    [...rows.values()].reduce((sum, row) => sum + row[i], 0),
  );
  if (!(right + wrong) || !(right + missed)) return [words.form_tally_none];
  const lines = [
    fill(words.form_tally, {
      right,
      ticks: right + wrong,
      precision: percent(right, right + wrong),
      due: right + missed,
      recall: percent(right, right + missed),
    }),
  ];
  const clean = [...rows].filter(([, row]) => row[0] && !row[1] && !row[2]).map(([label]) => label);
  if (clean.length) lines.push(fill(words.form_tally_clean, { names: clean.join(words.ui_list) }));
  for (const [name, [good, bad, lost]] of rows) {
    if (!bad && !lost) continue;
    const precision = good + bad ? `${percent(good, good + bad)}%` : "—";
    const recall = good + lost ? `${percent(good, good + lost)}%` : "—";
    lines.push(fill(words.form_tally_row, { name, precision, recall, bad, lost }));
  }
  return lines;
}

// The answers to a survey are counted; nothing in it is right or wrong.
function answered(content, values, words) {
  const keys = content.sections.flatMap(({ id, fields }) => fields.map((field) => `${id}.${field.id}`));
  const given = keys.filter((key) => !blank(values[key])).length;
  const lines = [fill(words.form_survey, { given, fields: keys.length })];
  const items = Object.fromEntries(keys.map((key) => [key, { state: "spare" }]));
  return { points: given / keys.length, groups: [{ title: "", lines }], items };
}

const kind = {
  empty: { values: {} },

  valid(content, answer) {
    const fields = Object.fromEntries(
      content.sections.flatMap((section) =>
        section.fields.map((field) => [`${section.id}.${field.id}`, field]),
      ),
    );
    const fits = (field, value) => {
      const has = (id) => optionsOf(content, field).some((each) => each.id === id);
      if (field.input === "ticks") return Array.isArray(value) && value.every(has);
      if (field.input === "number") return Number.isFinite(value) && Math.abs(value) < 1e9;
      if (typeof value !== "string") return false;
      if (field.input === "text") return [...value].length <= LONGEST;
      if (field.input === "date") return /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value);
      return has(value);
    };
    return (
      hasOnly(answer, ["values"]) &&
      hasOnly(answer.values, Object.keys(fields)) &&
      Object.entries(answer.values).every(([key, value]) => fits(fields[key], value))
    );
  },

  score(content, { values }, words) {
    if (content.survey) return answered(content, values, words);
    const items = {};
    const missing = new Map();
    let [kept, weights, sound, ended] = [0, 0, true, false];
    content.sections.forEach((section, number) => {
      for (const field of section.fields) {
        const key = `${section.id}.${field.id}`;
        if (ended) {
          items[key] = { state: "spare" };
          continue;
        }
        const reasons = [];
        for (const rule of field.rules) {
          const reason = broken(rule, field, number, content, values, words);
          weights += rule.weight ?? 1;
          if (reason === null) kept += rule.weight ?? 1;
          else if (!reasons.includes(reason)) reasons.push(reason);
        }
        if (blank(values[key])) {
          items[key] = { state: "missing" };
          missing.set(field.label, [...(missing.get(field.label) ?? []), section.label]);
        } else if (!reasons.length) {
          items[key] = { state: "right", text: field.why ?? words.form_met };
        } else {
          const text = oneText(reasons, words);
          const place = fill(words.form_place, { section: section.label, field: field.label });
          items[key] = { state: "wrong", text, line: `${place} ${text}` };
        }
        sound &&= items[key].state === "right";
      }
      ended ||= Boolean(sound && cardOf(content, section, values)?.root);
    });
    const states = Object.values(items).map((item) => item.state);
    const count = (wanted) => states.filter((state) => state === wanted).length;
    const summary = {
      right: count("right"),
      fields: states.length - count("spare"),
      percent: percent(kept, weights),
    };
    const labels = content.sections.flatMap(({ fields }) => fields.map((field) => field.label));
    const once = [...missing.keys()].filter(
      (label) => labels.indexOf(label) === labels.lastIndexOf(label),
    );
    const absent = [...missing].filter(([label]) => !once.includes(label));
    const lines = [
      fill(words.form_summary, summary),
      ...(ended ? [words.form_root] : []),
      ...absent.map(([field, where]) =>
        fill(words.form_missing, { field, where: where.join(words.ui_list) }),
      ),
      ...(once.length ? [fill(words.form_missing_one, { fields: once.join(words.ui_list) })] : []),
      ...(count("wrong") ? [words.form_next] : []),
    ];
    const groups = [{ title: "", lines }];
    if (content.tally) groups.push({ title: words.form_tally_title, lines: tally(content, values, words) });
    if (content.sections.some((section) => section.fields.some((field) => field.input === "text"))) {
      groups.push({ title: words.form_limits_title, lines: [words.form_limits] });
    }
    return { points: kept / weights, groups, items };
  },

  view({ content, words, change, announce }) {
    let answer;
    let checkedNow = null;
    let current = 0;
    const paged = content.one_at_a_time;

    function set(key, value) {
      const values = { ...answer.values };
      delete values[key];
      if (!blank(value)) values[key] = value;
      change({ values });
    }

    function makeField(section, field) {
      const key = `${section.id}.${field.id}`;
      const [id, noteId] = [newId(), newId()];
      const options = optionsOf(content, field);
      const note = el("div", { class: "csqm-note", id: noteId });
      const label = field.unit ? fill(words.form_unit, { field: field.label, unit: field.unit }) : field.label;
      const hint = field.hint ? [el("p", { class: "csqm-form-hint", text: field.hint })] : [];
      if (field.input === "choice" || field.input === "ticks") {
        const type = field.input === "ticks" ? "checkbox" : "radio";
        const inputs = options.map((option) =>
          el("input", {
            type,
            name: id,
            value: option.id,
            onchange() {
              const chosen = inputs.filter((each) => each.checked).map((each) => each.value);
              set(key, type === "checkbox" ? chosen : chosen[0]);
            },
          }),
        );
        const labels = options.map((option, index) =>
          el(
            "label",
            { class: "csqm-option" },
            inputs[index],
            el(
              "span",
              {},
              el("span", { text: option.label }),
              ...(option.about ? [el("span", { class: "csqm-form-about", text: option.about })] : []),
            ),
          ),
        );
        const node = el(
          "fieldset",
          { class: `csqm-form-field csqm-form-${field.input}` },
          el("legend", { text: label }),
          ...hint,
          el("div", { class: "csqm-form-options" }, ...labels),
          note,
        );
        const show = (value) => inputs.forEach((each) => (each.checked = (value ?? []).includes(each.value)));
        // A radio's value is one id; `includes` on it would match parts of ids.
        const showOne = (value) => inputs.forEach((each) => (each.checked = value === each.value));
        return { key, node, note, show: type === "checkbox" ? show : showOne };
      }
      const attributes = { id, "aria-describedby": noteId };
      const input =
        field.input === "select"
          ? el(
              "select",
              { ...attributes, onchange: () => set(key, input.value) },
              el("option", { value: "", text: words.form_choose }),
              ...options.map((option) => el("option", { value: option.id, text: option.label })),
            )
          : field.input === "text"
            ? el("textarea", { ...attributes, rows: 2, maxlength: LONGEST, oninput: () => set(key, input.value) })
            : el("input", {
                ...attributes,
                type: field.input,
                step: field.input === "number" ? "any" : undefined,
                oninput() {
                  const number = input.valueAsNumber;
                  if (field.input === "date") set(key, /^\d{4}-/.test(input.value) ? input.value : "");
                  else set(key, Math.abs(number) < 1e9 ? number : undefined);
                },
              });
      const node = el(
        "div",
        { class: `csqm-form-field csqm-form-${field.input}` },
        el("label", { for: id, text: label }),
        ...hint,
        input,
        note,
      );
      const show = (value) => {
        const shown = value === undefined ? "" : String(value);
        if (field.input === "number" && Number(input.value) === value && input.value) return;
        if (document.activeElement === input && blank(input.value) && !shown) return;
        if (input.value !== shown) input.value = shown;
      };
      return { key, node, note, show };
    }

    const sections = content.sections.map((section, index) => {
      const fields = section.fields.map((field) => makeField(section, field));
      const heading = newId();
      const node = el(
        "div",
        { class: "csqm-form-section", role: "group", "aria-labelledby": heading },
        el("p", { class: "csqm-subheading", id: heading, text: section.label }),
        ...(section.text ? [el("p", { class: "csqm-form-story", text: section.text })] : []),
        el("div", { class: "csqm-form-fields" }, ...fields.map((field) => field.node)),
      );
      const tab = el("button", { type: "button", class: "csqm-form-tab", onclick: () => go(index) });
      return { section, fields, node, tab };
    });

    function go(index) {
      current = index;
      refresh(answer, checkedNow);
      announce(sections[index].section.label);
    }

    const step = (by, label) =>
      el("button", { type: "button", text: label, onclick: () => go(current + by) });
    const [back, next] = [step(-1, words.form_back), step(1, words.form_forward)];

    function refresh(now, checked) {
      answer = now;
      checkedNow = checked;
      sections.forEach(({ section, fields, node, tab }, index) => {
        const states = [];
        for (const { key, note, show } of fields) {
          show(answer.values[key]);
          const item = checked?.result.items[key];
          const same = checked && JSON.stringify(checked.answer.values[key]) === JSON.stringify(answer.values[key]);
          const shown = same && (item.state === "right" || item.state === "wrong");
          note.replaceChildren(...(shown ? [verdict(words, item.state, item.text)] : []));
          states.push(shown ? item.state : "");
        }
        if (!paged) return;
        node.hidden = index !== current;
        const filled = fields.every(({ key }) => !blank(answer.values[key]));
        const state = states.includes("wrong") ? "wrong" : states.every((each) => each === "right") ? "right" : "";
        const told = { right: words.ui_right, wrong: words.ui_wrong }[state] ?? words[filled ? "form_filled" : "form_open"];
        tab.textContent = `${index + 1}${{ right: " ✓", wrong: " ✗" }[state] ?? (filled ? " ●" : "")}`;
        tab.dataset.state = state;
        tab.setAttribute("aria-label", fill(words.form_place_state, { section: section.label, state: told }));
        tab.setAttribute("aria-current", index === current ? "step" : "false");
      });
      back.disabled = current === 0;
      next.disabled = current === sections.length - 1;
    }

    const cards = (content.cards ?? []).map((card) =>
      el("li", {}, el("strong", { text: card.label }), el("span", { text: card.text })),
    );
    const body = el(
      "div",
      { class: `csqm-form${content.beside ? " csqm-form-beside" : ""}` },
      ...(content.intro ?? []).map((text) => el("p", { class: "csqm-form-intro", text })),
      ...(cards.length
        ? [
            el(
              "div",
              { class: "csqm-form-legend" },
              el("p", { class: "csqm-subheading", text: words.form_cards }),
              el("ul", {}, ...cards),
            ),
          ]
        : []),
      ...(paged
        ? [el("div", { class: "csqm-form-tabs", role: "group", "aria-label": words.form_items }, ...sections.map(({ tab }) => tab))]
        : []),
      ...sections.map(({ node }) => node),
      ...(paged ? [el("div", { class: "csqm-form-steps" }, back, next)] : []),
    );
    return { body, refresh };
  },
};

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
