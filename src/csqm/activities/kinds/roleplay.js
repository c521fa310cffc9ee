// The role-play: a branching dialogue; the answer is the trace of decisions.

const TOP = 10; // a scale is shown from 0 to this

const shown = (value) => Math.min(TOP, Math.max(0, value));
const percent = (share) => Math.floor(100 * share + 0.5);
const nodeOf = (content, id) => content.nodes.find((node) => node.id === id);

function holds(condition, scales, chosen) {
  const within = Object.entries(condition.scales ?? {}).every(
    ([scale, { min = -Infinity, max = Infinity }]) => min <= scales[scale] && scales[scale] <= max,
  );
  const has = (id) => chosen.includes(id);
  return within && (condition.after ?? []).every(has) && !(condition.unless ?? []).some(has);
}

const offered = (node, { scales, chosen }) =>
  (node.choices ?? []).filter((choice) => holds(choice.if ?? {}, scales, chosen));

// Where a choice leads: the scales, the choices made and the next node.
function take(content, choice, state) {
  const scales = {};
  for (const [id, value] of Object.entries(state.scales)) {
    scales[id] = value + (choice.effects[id] ?? 0);
  }
  const chosen = [...state.chosen, choice.id];
  const other = (choice.instead ?? []).find((each) => holds(each.if, scales, chosen));
  return { scales, chosen, node: nodeOf(content, (other ?? choice).next) };
}

function replay(content, trace) {
  if (!Array.isArray(trace)) return null;
  const start = content.scales.map(({ id, start: value }) => [id, value]);
  let state = { scales: Object.fromEntries(start), chosen: [], node: content.nodes[0] };
  const steps = [];
  for (const wanted of trace) {
    const choice = offered(state.node, state).find((each) => each.id === wanted);
    if (!choice) return null;
    steps.push({ choice, state });
    state = take(content, choice, state);
  }
  return { steps, state };
}

function pointsOf(content, scales) {
  const total = Object.values(scales).reduce((sum, value) => sum + shown(value), 0);
  return total / (TOP * content.scales.length);
}

// Finds the most points that can still be had, by walking every continuation. There are thousands:
// so the dialogue is turned into numbers first, and what is known is kept.
function searcher(content) {
  const ids = content.scales.map(({ id }) => id);
  const places = new Map(content.nodes.map(({ id }, place) => [id, place]));
  const choices = content.nodes.flatMap((node) => node.choices ?? []);
  const conditions = choices.flatMap((each) => [each.if, ...(each.instead ?? []).map((o) => o.if)]);
  const back = conditions.flatMap((each) => [...(each?.after ?? []), ...(each?.unless ?? [])]);
  const named = [...new Set(back)]; // the choices that conditions look back at, a bit for each
  const bits = (list = []) =>
    named.reduce((sum, id, place) => (list.includes(id) ? sum | (1 << place) : sum), 0);
  const rule = (condition = {}) => ({
    after: bits(condition.after),
    unless: bits(condition.unless),
    bounds: Object.entries(condition.scales ?? {}).map(([id, { min = -Infinity, max = Infinity }]) => ({
      place: ids.indexOf(id),
      min,
      max,
    })),
  });
  const nodes = content.nodes.map((node) =>
    (node.choices ?? []).map((choice) => ({
      rule: rule(choice.if),
      effects: ids.map((id) => choice.effects[id] ?? 0),
      bit: bits([choice.id]),
      next: [...(choice.instead ?? []), { next: choice.next }].map((way) => ({
        rule: rule(way.if),
        place: places.get(way.next),
      })),
    })),
  );
  const keeps = ({ after, unless, bounds }, scales, made) =>
    (made & after) === after &&
    !(made & unless) &&
    bounds.every(({ place, min, max }) => min <= scales[place] && scales[place] <= max);
  const known = nodes.map(() => new Map());

  function best(place, scales, made) {
    if (!nodes[place].length) return scales.reduce((sum, value) => sum + shown(value), 0);
    const key = scales.reduce((sum, value) => sum * 256 + value + 128, made);
    let most = known[place].get(key);
    if (most !== undefined) return most;
    most = 0;
    for (const choice of nodes[place]) {
      if (!keeps(choice.rule, scales, made)) continue;
      const after = scales.map((value, index) => value + choice.effects[index]);
      const now = made | choice.bit;
      const way = choice.next.find((each) => keeps(each.rule, after, now));
      most = Math.max(most, best(way.place, after, now));
    }
    known[place].set(key, most);
    return most;
  }

  return ({ node, scales, chosen }) => {
    const total = best(places.get(node.id), ids.map((id) => scales[id]), bits(chosen));
    return total / (TOP * ids.length);
  };
}

const searchers = new WeakMap();
function searcherOf(content) {
  if (!searchers.has(content)) searchers.set(content, searcher(content));
  return searchers.get(content);
}

function weakest(content, steps, words) {
  const bestFrom = searcherOf(content);
  let worst = { loss: 0 };
  steps.forEach(({ choice, state }, index) => {
    const reach = offered(state.node, state).map((each) => ({
      each,
      points: bestFrom(take(content, each, state)),
    }));
    const most = Math.max(...reach.map(({ points }) => points));
    const mine = reach.find(({ each }) => each === choice).points;
    if (most - mine <= worst.loss) return;
    const { text, why } = reach.find(({ points }) => points === most).each;
    worst = {
      loss: most - mine,
      number: index + 1,
      choice: choice.text,
      better: text,
      why,
      most: percent(most),
      mine: percent(mine),
    };
  });
  if (!worst.loss) return [words.roleplay_none_better];
  return ["lost", "better", "better_next"].map((line) => fill(words[`roleplay_${line}`], worst));
}

function effectOf(content, choice, words) {
  const moved = content.scales
    .map(({ id, label }) => ({ label, by: choice.effects[id] ?? 0 }))
    .filter(({ by }) => by)
    .map(({ label, by }) => `${label} ${by > 0 ? "+" : "−"}${Math.abs(by)}`);
  return moved.join(words.ui_list) || words.roleplay_no_effect;
}

const kind = {
  empty: { trace: [], finished: [] },

  valid(content, answer) {
    if (!hasOnly(answer, ["trace", "finished"])) return false;
    const [trace, finished] = [replay(content, answer.trace), replay(content, answer.finished)];
    if (!trace || !finished) return false;
    return answer.finished.length === 0 || Boolean(finished.state.node.ending);
  },

  score(content, answer, words) {
    const lines = [];
    let run = replay(content, answer.trace);
    if (!run.state.node.ending) {
      lines.push(fill(words.roleplay_open, { made: run.steps.length }));
      if (!answer.finished.length) {
        return { points: 0, groups: [{ title: "", lines }], items: {} };
      }
      lines.push(words.roleplay_earlier);
      run = replay(content, answer.finished);
    }
    const { scales, node } = run.state;
    const scores = content.scales.map(({ id, label }) =>
      fill(words.roleplay_score, { scale: label, value: shown(scales[id]), top: TOP }),
    );
    lines.push(
      fill(words.roleplay_ending, node.ending),
      fill(words.roleplay_scores, { scores: scores.join(words.ui_list) }),
    );
    const decisions = run.steps.map(({ choice }, index) =>
      fill(words.roleplay_decision, {
        number: index + 1,
        choice: choice.text,
        effect: effectOf(content, choice, words),
        why: choice.why,
      }),
    );
    return {
      points: pointsOf(content, scales),
      groups: [
        { title: "", lines },
        { title: words.roleplay_weakest, lines: weakest(content, run.steps, words) },
        { title: words.roleplay_decisions, lines: decisions },
      ],
      items: {},
    };
  },

  view({ content, words, change, announce }) {
    let answer;
    let drawn = null; // the trace that the log shows
    const names = new Map(content.cast.map(({ id, name }) => [id, name]));

    const log = el("ol", { class: "csqm-log", "aria-label": words.roleplay_log });
    const turnId = newId();
    const turn = el("p", { class: "csqm-subheading", id: turnId });
    const choices = el("ul", { class: "csqm-choices", "aria-labelledby": turnId });
    const kept = el("p", { class: "csqm-about", text: words.roleplay_kept });
    const again = el("button", {
      type: "button",
      text: words.roleplay_again,
      onclick() {
        change({ ...answer, trace: [] });
        meet();
      },
    });

    function entry(type, name, ...text) {
      return el(
        "li",
        { class: `csqm-said csqm-${type}`, tabindex: "-1" },
        ...(name ? [el("strong", { text: name })] : []),
        ...text.map((each) => (typeof each === "string" ? el("p", { text: each }) : each)),
      );
    }

    function entryOf(node) {
      const type = node.ending ? "ending" : node.speaker ? "other" : "told";
      const name = node.speaker ? names.get(node.speaker) : words.roleplay_told;
      const { ending } = node;
      return entry(
        type,
        name,
        node.text,
        ...(ending ? [el("p", { class: "csqm-outcome", text: ending.title }), ending.verdict] : []),
      );
    }

    // What has just been said gets the focus: it is read out, and the next Tab is a choice.
    function meet() {
      const newest = log.lastElementChild;
      newest.focus({ preventScroll: true });
      newest.scrollIntoView({ block: "nearest" });
    }

    function pick(choice) {
      const trace = [...answer.trace, choice.id];
      const ended = replay(content, trace).state.node.ending;
      change({ trace, finished: ended ? trace : answer.finished });
      meet();
    }

    function goBack(index) {
      change({ ...answer, trace: answer.trace.slice(0, index) });
      meet();
      announce(fill(words.roleplay_back_at, { number: index + 1 }));
    }

    function refresh(next) {
      answer = next;
      const trace = JSON.stringify(answer.trace);
      if (trace === drawn) return;
      drawn = trace;
      const { steps, state } = replay(content, answer.trace);
      const ended = Boolean(state.node.ending);
      // The search begins once the ending is painted, so that the feedback comes at once.
      if (ended) requestAnimationFrame(() => setTimeout(() => weakest(content, steps, words)));
      const entries = steps.flatMap(({ choice, state: { node } }, index) => {
        const back = el("button", {
          type: "button",
          class: "csqm-back",
          text: words.roleplay_back,
          "aria-label": fill(words.roleplay_back_to, { number: index + 1 }),
          onclick: () => goBack(index),
        });
        const mine = entry("you", words.roleplay_you, choice.text, ...(ended ? [back] : []));
        return [entryOf(node), mine];
      });
      log.replaceChildren(...entries, entryOf(state.node));
      turn.textContent = ended ? words.roleplay_over : words.roleplay_turn;
      choices.hidden = ended;
      choices.replaceChildren(
        ...offered(state.node, state).map((choice) =>
          el(
            "li",
            {},
            el("button", { type: "button", text: choice.text, onclick: () => pick(choice) }),
          ),
        ),
      );
      again.hidden = !answer.trace.length;
      kept.hidden = ended || !answer.finished.length;
    }

    const body = el(
      "div",
      { class: "csqm-roleplay" },
      el("p", { class: "csqm-subheading", text: words.roleplay_facts }),
      el("ul", { class: "csqm-facts" }, ...content.facts.map((text) => el("li", { text }))),
      log,
      turn,
      choices,
      kept,
      el("div", {}, again),
    );
    return { body, refresh };
  },
};

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
