// The matrix: a grid of choices. A named rule computes what follows, while choosing and on Check.

const CLASSES = ["A", "O", "M", "I", "R", "Q"];
// Rows: the functional answer, columns: the dysfunctional one, from like to dislike.
const TABLE = ["QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ"];
const MOST = 999; // of a counter
const SHOWN = 8; // relations to look at again

const choicesOf = (content, column) => column.choices ?? content.choices ?? [];
const group = (title, lines) => ({ title, lines });
const sum = (list) => list.reduce((total, each) => total + each, 0);

function fixed(value, digits) {
  const scaled = Math.floor(Math.abs(value) * 10 ** digits + 0.5);
  const sign = value < 0 && scaled ? "−" : "";
  const whole = Math.floor(scaled / 10 ** digits);
  return `${sign}${whole}.${String(scaled % 10 ** digits).padStart(digits, "0")}`;
}

// House of quality

function house(content, cells) {
  const { rows, columns } = content;
  const at = (row, column) => Number(cells[row.id]?.[column.id] ?? 0);
  const absolute = columns.map((column) => sum(rows.map((row) => row.weight * at(row, column))));
  return {
    absolute,
    total: sum(absolute),
    rank: absolute.map((each) => 1 + absolute.filter((other) => other > each).length),
    unmet: rows.filter((row) => !columns.some((column) => at(row, column))).map((row) => row.label),
    idle: columns.filter((_, index) => !absolute[index]).map((column) => column.label),
  };
}

function houseFirst(content, result, line, words) {
  if (!result.total) return words.matrix_house_nothing;
  const top = Math.max(...result.absolute);
  const names = content.columns.filter((_, index) => result.absolute[index] === top);
  return fill(line, {
    names: names.map((column) => column.label).join(words.ui_list),
    absolute: top,
    share: fixed((100 * top) / result.total, 1),
  });
}

const gapLines = (result, words) => [
  ...(result.unmet.length ? [fill(words.matrix_unmet, { names: result.unmet.join(words.ui_list) })] : []),
  ...(result.idle.length ? [fill(words.matrix_idle, { names: result.idle.join(words.ui_list) })] : []),
];

function scoreHouse(content, answer, words) {
  const keyCells = {};
  for (const { row, column, accept } of content.key) (keyCells[row] ??= {})[column] = accept[0];
  const found = house(content, answer.cells);
  const items = {};
  const lines = [];
  let [right, over] = [0, 0];
  for (const row of content.rows) {
    for (const column of content.columns) {
      const given = answer.cells[row.id]?.[column.id] ?? "";
      const entry = content.key.find((each) => each.row === row.id && each.column === column.id);
      const fits = (entry?.accept ?? ["", "1"]).includes(given);
      const mark = fits ? "right" : "wrong";
      items[`${row.id}/${column.id}`] = { mark: given || entry ? mark : "blank" };
      if (entry && fits) right += 1;
      if (!entry && !fits) over += 1;
      if (fits) continue;
      const accept = entry ? entry.accept.join(words.matrix_or) : words.matrix_none_or_weak;
      lines.push(
        fill(words.matrix_house_cell, {
          row: row.label,
          column: column.label,
          given: given || words.matrix_none,
          accept,
          why: entry ? entry.why : words.matrix_house_over,
        }),
      );
    }
  }
  const total = content.key.length;
  if (!found.total) lines.length = 0; // the key is for those who have tried
  const expected = houseFirst(content, house(content, keyCells), words.matrix_house_key, words);
  const summary = [
    houseFirst(content, found, words.matrix_house_first, words),
    fill(words.matrix_house_fit, { right, total, over }),
    ...(found.total ? [expected] : []),
    ...(lines.length ? [words.matrix_house_next] : []),
  ];
  const groups = [group("", summary)];
  const gaps = found.total ? gapLines(found, words) : [];
  if (gaps.length) groups.push(group(words.matrix_gaps, gaps));
  if (lines.length) {
    const shown = lines.slice(0, SHOWN);
    const n = lines.length - SHOWN;
    if (n > 0) shown.push(fill(words.matrix_house_rest, { n }));
    groups.push(group(words.matrix_house_again, shown));
  }
  return { points: Math.max(0, right - over) / total, groups, items };
}

// Kano's desk

function kano(counts) {
  const values = CLASSES.map((name) => counts[name]);
  const n = sum(values);
  if (!n) return null;
  const wanted = counts.A + counts.O + counts.M;
  const four = wanted + counts.I;
  const [first, second] = [...values].sort((a, b) => b - a);
  const both = first + second;
  const critical = 1.65 * Math.sqrt((both * (2 * n - both)) / (2 * n));
  const largest = (among) => {
    const top = Math.max(...among.map((name) => counts[name]));
    return among.filter((name) => counts[name] === top).join("/");
  };
  return {
    n,
    mode: largest(CLASSES),
    berger: largest(2 * wanted > n ? ["A", "O", "M"] : ["I", "R", "Q"]),
    better: four ? (counts.A + counts.O) / four : null,
    worse: four ? -(counts.O + counts.M) / four : null,
    category: (first - second) / n,
    total: wanted / n,
    difference: first - second,
    critical,
    significant: first - second >= critical,
  };
}

function kanoLines(counts, words) {
  const result = kano(counts);
  if (!result) return [words.matrix_kano_nobody];
  const { mode, berger, better, worse, category, total, difference, critical } = result;
  const strength = { category: fixed(100 * category, 1), total: fixed(100 * total, 1) };
  const fong = result.significant ? words.matrix_kano_significant : words.matrix_kano_not_significant;
  return [
    fill(words.matrix_kano_class, { mode, berger }),
    mode === berger ? words.matrix_kano_agree : words.matrix_kano_disagree,
    ...(better === null
      ? []
      : [fill(words.matrix_kano_better, { better: fixed(better, 2), worse: fixed(worse, 2) })]),
    fill(words.matrix_kano_strength, strength),
    fill(fong, { difference, critical: fixed(critical, 1) }),
  ];
}

const kanoClass = (row) =>
  row?.present && row.absent ? TABLE[row.present - 1][row.absent - 1] : null;

const kanoName = (letter, words) => `${letter} ${words[`matrix_kano_${letter}`]}`;

function scoreKano(content, answer, words) {
  const counts = answer.counts ?? content.counts;
  const result = kano(counts);
  const goals = [!!result && result.mode !== result.berger, !!result && !result.significant];
  const met = goals.filter(Boolean).length;
  const items = {};
  const lines = [];
  for (const row of content.rows) {
    const found = kanoClass(answer.cells[row.id]);
    items[row.id] = { mark: found ?? "blank" };
    if (!found) continue;
    const name = kanoName(found, words);
    lines.push(fill(words.matrix_kano_row, { row: row.label, name, why: row.why }));
  }
  const total = content.rows.length;
  const summary = [
    fill(words.matrix_kano_done, { n: lines.length, total }),
    fill(words.matrix_kano_goals, { n: met }),
  ];
  if (!goals[0]) summary.push(words.matrix_kano_goal_rule);
  else if (!goals[1]) summary.push(words.matrix_kano_goal_fong);
  if (Object.values(items).some(({ mark }) => mark === "Q")) summary.push(words.matrix_kano_odd);
  summary.push(words.matrix_kano_sample);
  const groups = [group("", summary)];
  if (lines.length) groups.push(group(words.matrix_kano_yours, lines));
  groups.push(group(words.matrix_kano_counters, kanoLines(counts, words)));
  return { points: (lines.length / total + met / 2) / 2, groups, items };
}

// Logrolling

function deal(content, row = {}) {
  const chosen = content.columns.map(({ id, choices }) => choices.find((each) => each.id === row[id]));
  if (chosen.includes(undefined)) return null;
  const bot = sum(chosen.map((each) => each.bot));
  return { own: sum(chosen.map((each) => each.own)), bot, row, accepted: bot >= content.limits.bot };
}

function deals(content) {
  let rows = [{}];
  for (const { id, choices } of content.columns) {
    rows = rows.flatMap((row) => choices.map((choice) => ({ ...row, [id]: choice.id })));
  }
  return rows.map((row) => deal(content, row));
}

function wish(content, row) {
  let [best, name] = [-1, ""];
  for (const { id, label, choices } of content.columns) {
    const at = choices.findIndex((each) => each.id === row[id]);
    const beside = [choices[at - 1], choices[at + 1]].filter(Boolean);
    const step = Math.max(...beside.map((each) => each.bot - choices[at].bot));
    if (step > best) [best, name] = [step, label];
  }
  return name;
}

function scoreLogrolling(content, answer, words) {
  const offers = content.rows.map((row) => deal(content, answer.cells[row.id]));
  const made = offers.filter(Boolean);
  const items = {};
  content.rows.forEach((row, index) => {
    const offer = offers[index];
    items[row.id] = { mark: !offer ? "blank" : offer.accepted ? "right" : "wrong" };
  });
  const last = made.filter((offer) => offer.accepted).at(-1);
  if (!last) {
    const line = made.length ? words.matrix_deal_none : words.matrix_deal_no_offer;
    const lines = [fill(line, { n: made.length }), words.matrix_deal_try];
    return { points: 0, groups: [group("", lines)], items };
  }
  const every = deals(content);
  const together = (each) => each.own + each.bot;
  const joint = together(last);
  const most = Math.max(...every.filter((each) => each.bot >= last.bot).map((each) => each.own));
  const best = Math.max(...every.map(together));
  const share = most ? last.own / most : 1;
  const gain = (each) => Math.min(each.own - last.own, each.bot - last.bot);
  const better = every
    .filter((each) => each.own >= last.own && each.bot >= last.bot && together(each) > joint)
    .sort((a, b) => together(b) - together(a) || gain(b) - gain(a)); // shared gains first
  const worse = last.own < content.limits.own;
  const lines = [
    fill(words.matrix_deal_last, { own: last.own, bot: last.bot, joint, best }),
    fill(words.matrix_deal_share, { share: fixed(100 * share, 1), most }),
    ...(worse ? [fill(words.matrix_deal_batna, { limit: content.limits.own })] : []),
    better.length ? words.matrix_deal_left : words.matrix_deal_frontier,
  ];
  const groups = [group("", lines)];
  if (better.length) {
    const trades = better.slice(0, 3).map((each) => trade(content, last, each, words));
    groups.push(group(fill(words.matrix_deal_trades, { n: better.length }), trades));
  }
  const weights = content.columns.map(({ label, choices }) =>
    fill(words.matrix_deal_weight, {
      issue: label,
      own: Math.max(...choices.map((each) => each.own)),
      bot: Math.max(...choices.map((each) => each.bot)),
    }),
  );
  groups.push(group(words.matrix_deal_weights, weights));
  // Efficient is not enough: a deal below one's alternative should not be made.
  return { points: worse ? 0 : better.length ? share : 1, groups, items };
}

function trade(content, old, next, words) {
  const moves = content.columns
    .filter(({ id }) => old.row[id] !== next.row[id])
    .map(({ id, label, choices }) => {
      const name = (row) => choices.find((each) => each.id === row[id]).label;
      return fill(words.matrix_deal_move, { issue: label, old: name(old.row), new: name(next.row) });
    });
  return fill(words.matrix_deal_trade, {
    moves: moves.join(words.ui_list),
    own: next.own - old.own,
    bot: next.bot - old.bot,
  });
}

const SCORES = { house_of_quality: scoreHouse, kano: scoreKano, logrolling: scoreLogrolling };

// What stands beside and below the grid, by rule: `ends` are the heads of further columns.

const LIVE = {
  house_of_quality({ content, words }) {
    const bars = content.columns.map((column) => {
      const bar = el("span", { class: "csqm-bar" });
      const text = el("span", { class: "csqm-bar-text" });
      const label = el("span", { text: column.label });
      return { bar, text, node: el("li", {}, label, el("span", { class: "csqm-track" }, bar), text) };
    });
    const gaps = el("div", { class: "csqm-about" });
    const below = el(
      "div",
      { class: "csqm-live-result" },
      el("p", { class: "csqm-subheading", text: words.matrix_priorities }),
      el("ul", { class: "csqm-bars" }, ...bars.map(({ node }) => node)),
      gaps,
    );
    const refresh = (answer) => {
      const result = house(content, answer.cells);
      const top = Math.max(1, ...result.absolute);
      bars.forEach(({ bar, text }, index) => {
        const absolute = result.absolute[index];
        bar.style.width = `${(100 * absolute) / top}%`;
        const share = fixed(result.total ? (100 * absolute) / result.total : 0, 1);
        const rank = result.total ? result.rank[index] : "–";
        text.textContent = fill(words.matrix_priority, { absolute, share, rank });
      });
      const lines = result.total ? gapLines(result, words) : [words.matrix_house_nothing];
      gaps.replaceChildren(...lines.map((text) => el("p", { text })));
    };
    return { ends: [], below: [below], end: () => [], refresh };
  },

  kano({ content, words, change, current }) {
    const heading = el("p", { class: "csqm-subheading" });
    const cells = TABLE.map((row) => [...row].map((text) => el("td", { text })));
    const numbers = [1, 2, 3, 4, 5];
    const [down, across] = content.columns;
    const table = el(
      "table",
      { class: "csqm-kano" },
      el("caption", { text: `${down.label} ↓ ${across.label} →` }),
      el("tr", {}, el("td"), ...numbers.map((text) => el("th", { scope: "col", text }))),
      ...cells.map((row, index) => el("tr", {}, el("th", { scope: "row", text: index + 1 }), ...row)),
    );
    const lit = el("p");
    const counters = CLASSES.map((name) => {
      const put = () => {
        const count = Math.min(MOST, Math.max(0, Math.round(Number(input.value)) || 0));
        change({ ...current(), counts: { ...(current().counts ?? content.counts), [name]: count } });
      };
      const input = el("input", { type: "number", min: 0, max: MOST, step: 1, onchange: put });
      const label = el("label", {}, el("span", { text: kanoName(name, words) }), input);
      return { name, input, label };
    });
    const said = el("ul");
    const desk = el("div", { class: "csqm-live-result" }, heading, table, lit);
    const counting = el(
      "div",
      { class: "csqm-live-result" },
      el("p", { class: "csqm-subheading", text: words.matrix_kano_counters }),
      el("div", { class: "csqm-counters" }, ...counters.map(({ label }) => label)),
      said,
    );
    const refresh = (answer, row) => {
      heading.textContent = fill(words.matrix_kano_table, { row: row.label });
      const chosen = answer.cells[row.id] ?? {};
      const found = kanoClass(chosen);
      cells.forEach((line, i) =>
        line.forEach((cell, j) => {
          const isIt = found && i === chosen.present - 1 && j === chosen.absent - 1;
          cell.className = isIt ? "csqm-lit" : "";
        }),
      );
      lit.textContent = found
        ? fill(words.matrix_kano_lit, { name: kanoName(found, words) })
        : words.matrix_kano_wait;
      const counts = answer.counts ?? content.counts;
      for (const { name, input } of counters) input.value = counts[name];
      said.replaceChildren(...kanoLines(counts, words).map((text) => el("li", { text })));
    };
    const end = (row, answer) => {
      const found = kanoClass(answer.cells[row.id]);
      return [found ? kanoName(found, words) : "–"];
    };
    return { ends: [words.matrix_kano_result], below: [desk, counting], end, refresh };
  },

  logrolling({ content, words }) {
    const end = (row, answer) => {
      const offer = deal(content, answer.cells[row.id]);
      if (!offer) return ["–", words.matrix_deal_open];
      const issue = wish(content, offer.row);
      const reply = offer.accepted ? `✓ ${words.matrix_deal_yes}` : `✗ ${fill(words.matrix_deal_no, { issue })}`;
      return [offer.own, reply];
    };
    const ends = [words.matrix_deal_own, words.matrix_deal_reply];
    return { ends, below: [], end, refresh: () => {} };
  },
};

const kind = {
  empty: { cells: {} },

  valid(content, answer) {
    if (!hasOnly(answer, ["cells", "counts"]) || !isRecord(answer.cells)) return false;
    const { cells, counts } = answer;
    const fits = ([id, row]) =>
      content.rows.some((each) => each.id === id) &&
      isRecord(row) &&
      Object.entries(row).every(([at, chosen]) => {
        const column = content.columns.find((each) => each.id === at);
        return column && choicesOf(content, column).some((each) => each.id === chosen);
      });
    if (!Object.entries(cells).every(fits)) return false;
    if (!("counts" in answer)) return true;
    return (
      !!content.counts &&
      hasOnly(counts, CLASSES) &&
      CLASSES.every((name) => {
        const count = counts[name];
        return Number.isInteger(count) && count >= 0 && count <= MOST;
      })
    );
  },

  score: (content, answer, words) => SCORES[content.rule](content, answer, words),

  view({ content, words, change, announce }) {
    const { rows, columns } = content;
    const isKano = content.rule === "kano";
    let answer = kind.empty;
    let shown = rows[0]; // the row that the trainee is at
    const live = LIVE[content.rule]({ content, words, change, current: () => answer });

    const shortLabel = (column, choice) => {
      if (choice.own === undefined) return choice.label;
      return fill(words.matrix_deal_points, choice);
    };
    const grid = rows.map((row, i) => {
      const selects = columns.map((column, j) =>
        el(
          "select",
          {
            "aria-label": fill(words.matrix_cell, { row: row.label, column: column.label }),
            onkeydown: (event) => steer(event, i, j),
            onfocus: () => {
              shown = row;
              live.refresh(answer, shown);
            },
            onchange: (event) => choose(row, column, event.target.value),
          },
          el("option", { value: "", text: isKano ? words.matrix_kano_choose : "–" }),
          ...choicesOf(content, column).map((choice) =>
            el("option", { value: choice.id, text: shortLabel(column, choice) }),
          ),
        ),
      );
      const ends = live.ends.map(() => el("span"));
      return { row, selects, ends };
    });

    function choose(row, column, chosen) {
      const line = { ...answer.cells[row.id] };
      delete line[column.id];
      if (chosen) line[column.id] = chosen;
      const cells = { ...answer.cells, [row.id]: line };
      if (!Object.keys(line).length) delete cells[row.id];
      const picked = choicesOf(content, column).find((each) => each.id === chosen);
      change({ ...answer, cells });
      const choice = picked?.label ?? words.matrix_none;
      const told = live.end(row, answer).join(" ");
      announce(`${fill(words.matrix_set, { row: row.label, column: column.label, choice })} ${told}`);
    }

    function steer(event, i, j) {
      const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const move = moves[event.key];
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (move) {
        event.preventDefault();
        grid[i + move[0]]?.selects[j + move[1]]?.focus();
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        choose(rows[i], columns[j], "");
      }
    }

    const header = (text, props) => el("th", { scope: "col", text, ...props });
    const labelled = (text, node) =>
      el("td", {}, el("span", { class: "csqm-cell-label", "aria-hidden": "true", text }), node);
    const table = el(
      "table",
      { class: "csqm-grid" },
      el("thead", {}, el("tr", {}, el("td"), ...[...columns.map((each) => each.label), ...live.ends].map((text) => header(text)))),
      el(
        "tbody",
        {},
        ...grid.map(({ row, selects, ends }) => {
          const weight = row.weight === undefined ? [] : [el("span", { class: "csqm-about", text: fill(words.matrix_weight, row) })];
          return el(
            "tr",
            {},
            el("th", { scope: "row" }, el("span", { text: row.label }), ...weight),
            ...selects.map((select, j) => labelled(columns[j].label, select)),
            ...ends.map((node, j) => labelled(live.ends[j], node)),
          );
        }),
      ),
    );
    const body = el(
      "div",
      { class: `csqm-matrix csqm-rule-${content.rule.replaceAll("_", "-")}` },
      el("p", { class: "csqm-about csqm-help", text: words.matrix_help }),
      table,
      ...live.below,
    );

    function refresh(next, checked) {
      answer = next;
      for (const { row, selects, ends } of grid) {
        live.end(row, answer).forEach((text, j) => (ends[j].textContent = text));
        selects.forEach((select, j) => {
          const at = columns[j].id;
          const chosen = answer.cells[row.id]?.[at] ?? "";
          if (select.value !== chosen) select.value = chosen;
          const item = checked?.result.items[`${row.id}/${at}`];
          const same = checked && (checked.answer.cells[row.id]?.[at] ?? "") === chosen;
          select.dataset.mark = item && same ? item.mark : "";
        });
      }
      live.refresh(answer, shown);
    }
    return { body, refresh };
  },
};

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
