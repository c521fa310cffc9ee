// The chain: steps into order by dragging or by buttons, a customer and a yield for each.

const [lowest, highest] = [50, 100]; // yields that may be tried, in per cent

const kind = {
  empty: { order: [], customers: {}, yields: {} },

  valid(content, answer) {
    const has = (list, id) => list.some((each) => each.id === id);
    if (!hasOnly(answer, ["order", "customers", "yields"])) return false;
    const { order, customers, yields } = answer;
    return (
      Array.isArray(order) &&
      (order.length === 0 || order.length === content.steps.length) &&
      new Set(order).size === order.length &&
      order.every((id) => has(content.steps, id)) &&
      isRecord(customers) &&
      Object.entries(customers).every(
        ([step, who]) => has(content.steps, step) && has(content.parties, who),
      ) &&
      isRecord(yields) &&
      Object.entries(yields).every(
        ([step, each]) =>
          has(content.steps, step) && typeof each === "number" && each >= lowest && each <= highest,
      )
    );
  },

  score(content, answer, words) {
    const { steps } = content;
    const place = (id) => steps.findIndex((step) => step.id === id);
    const order = inOrder(content, answer).map(place);
    const links = order.slice(1).map((after, index) => [order[index], after]);
    const items = {};
    for (const step of steps) {
      const who = answer.customers[step.id];
      if (who === undefined) {
        items[step.id] = { state: "missing" };
      } else if (who === step.customer) {
        items[step.id] = { state: "right", text: step.why };
      } else {
        const text = step.wrong[who] ?? step.hint;
        const label = content.parties.find((each) => each.id === who).label;
        items[step.id] = { state: "wrong", text, line: `${step.text} → ${label}${words.chain_colon}${text}` };
      }
    }
    const states = Object.values(items).map((item) => item.state);
    const count = (wanted) => states.filter((state) => state === wanted).length;
    const broken = links.filter(([before, after]) => after !== before + 1);
    const good = links.length - broken.length;
    const summary = [
      fill(words.chain_summary, {
        links: good,
        all_links: links.length,
        right: count("right"),
        total: steps.length,
      }),
    ];
    if (count("missing")) summary.push(fill(words.chain_missing, { missing: count("missing") }));
    if (broken.length || count("wrong")) summary.push(words.chain_next);
    const groups = [
      { title: "", lines: summary },
      {
        title: words.chain_broken,
        lines: broken.map(
          ([before, after]) =>
            `${steps[before].text} → ${steps[after].text}${words.chain_colon}${steps[after].needs}`,
        ),
      },
      { title: words.chain_yields, lines: yieldLines(content, answer, words) },
    ];
    return {
      points: (good + count("right")) / (links.length + steps.length),
      groups: groups.filter(({ lines }) => lines.length),
      items,
    };
  },

  view({ content, words, change, announce }) {
    let answer;
    let dragged = null; // the card under the pointer
    const list = el("ol", { class: "csqm-steps" });
    const live = el("p", { class: "csqm-live-yield" });
    const cards = content.steps.map(makeCard);

    function makeCard(step) {
      const select = el(
        "select",
        {
          "aria-label": fill(words.chain_customer_of, { step: step.text }),
          onchange() {
            const customers = { ...answer.customers, [step.id]: select.value };
            if (!select.value) delete customers[step.id];
            change({ ...answer, customers });
          },
        },
        el("option", { value: "", text: words.chain_choose }),
        ...content.parties.map(({ id, label }) => el("option", { value: id, text: label })),
      );
      const number = el("input", {
        type: "number",
        min: lowest,
        max: highest,
        step: "any",
        "aria-label": fill(words.chain_yield_of, { step: step.text }),
        onchange() {
          const yields = { ...answer.yields };
          delete yields[step.id];
          if (number.value !== "") {
            const rounded = Math.round(Number(number.value) * 100) / 100;
            yields[step.id] = Math.min(highest, Math.max(lowest, rounded));
          }
          change({ ...answer, yields });
          announce(live.textContent);
        },
      });
      const mover = (by, sign, label) =>
        el("button", {
          type: "button",
          text: sign,
          "aria-label": fill(label, { step: step.text }),
          onclick: () => move(step, inOrder(content, answer).indexOf(step.id) + by),
        });
      const place = el("span", { class: "csqm-place-number", "aria-hidden": "true" });
      const note = el("div", { class: "csqm-note" });
      const node = el(
        "li",
        { class: "csqm-step", onpointerdown: (event) => lift(event, step, node) },
        el("span", { class: "csqm-handle", "aria-hidden": "true" }),
        el(
          "div",
          { class: "csqm-step-head" },
          place,
          el(
            "p",
            { class: "csqm-step-text" },
            el("strong", { text: step.text }),
            el("span", { class: "csqm-by", text: `${words.chain_done_by}${words.chain_colon}${step.by}` }),
          ),
          el(
            "span",
            { class: "csqm-movers" },
            mover(-1, "↑", words.chain_up),
            mover(1, "↓", words.chain_down),
          ),
        ),
        el(
          "div",
          { class: "csqm-fields" },
          el("label", {}, el("span", { text: words.chain_customer }), select),
          el("label", {}, el("span", { text: words.chain_yield }), number),
        ),
        note,
      );
      return { id: step.id, step, node, place, select, number, note };
    }

    function move(step, to) {
      const order = inOrder(content, answer).filter((id) => id !== step.id);
      const at = Math.min(order.length, Math.max(0, to));
      order.splice(at, 0, step.id);
      const said = { step: step.text, place: at + 1, total: order.length };
      change({ ...answer, order }, fill(words.chain_moved, said));
    }

    // By the handle with a finger, anywhere but on the controls with a mouse. The card goes where
    // as many of the others lie above the pointer.
    function lift(event, step, node) {
      const onHandle = event.target.classList.contains("csqm-handle");
      const usesMouse = event.pointerType === "mouse" && !event.target.closest("button, label");
      if (event.button !== 0 || dragged || !(onHandle || usesMouse)) return;
      event.preventDefault();
      document.activeElement?.blur?.();
      dragged = node;
      node.classList.add("csqm-lifted");
      node.setPointerCapture(event.pointerId);
      const follow = ({ clientY }) => {
        const above = cards.filter(({ node: other }) => {
          const box = other.getBoundingClientRect();
          return other !== node && box.top + box.height / 2 < clientY;
        });
        const now = inOrder(content, answer).indexOf(step.id);
        if (above.length !== now) move(step, above.length);
      };
      const stop = () => {
        dragged = null;
        node.classList.remove("csqm-lifted");
        node.removeEventListener("pointermove", follow);
        node.removeEventListener("pointerup", stop);
        node.removeEventListener("pointercancel", stop);
      };
      node.addEventListener("pointermove", follow);
      node.addEventListener("pointerup", stop);
      node.addEventListener("pointercancel", stop);
    }

    function refresh(next, checked) {
      answer = next;
      const order = inOrder(content, answer);
      const sorted = order.map((id) => cards.find((card) => card.id === id));
      const nodes = sorted.map((card) => card.node);
      // The card that is held, or has the focus, stays; the others move around it.
      const still = dragged ?? nodes.find((node) => node.contains(document.activeElement));
      const at = still ? nodes.indexOf(still) : nodes.length;
      for (const node of nodes.slice(0, at)) list.insertBefore(node, still ?? null);
      for (const node of nodes.slice(at + 1)) list.append(node);
      sorted.forEach(({ id, step, node, place, select, number, note }, index) => {
        place.textContent = index + 1;
        select.value = answer.customers[id] ?? "";
        number.value = answer.yields[id] ?? step.yield;
        const item = checked?.result.items[id];
        const current = checked && checked.answer.customers[id] === answer.customers[id];
        const shown = current && item.state !== "missing";
        note.replaceChildren(...(shown ? [verdict(words, item.state, item.text)] : []));
        node.dataset.state = shown ? item.state : "";
      });
      const rty = product(shares(content, answer));
      live.textContent = fill(words.chain_live, {
        rty: decimals(100 * rty, 1),
        wrong: perTenThousand(1 - rty),
      });
    }

    return { body: el("div", { class: "csqm-chain" }, list, live), refresh };
  },
};

const inOrder = (content, answer) => (answer.order.length ? answer.order : content.start);

const percents = (content, answer) =>
  content.steps.map((step) => answer.yields[step.id] ?? step.yield);
const shares = (content, answer) => percents(content, answer).map((each) => each / 100);
const product = (numbers) => numbers.reduce((sofar, each) => sofar * each, 1);

function yieldLines(content, answer, words) {
  const each = shares(content, answer);
  const rty = product(each);
  const lines = [
    fill(words.chain_rty, {
      product: percents(content, answer).map((one) => `${decimals(one, 2)}%`).join(" × "),
      rty: decimals(100 * rty, 1),
    }),
    fill(words.chain_reach, { wrong: perTenThousand(1 - rty) }),
  ];
  const [low, high] = [Math.min(...each), Math.max(...each)];
  if (low === 1) return lines;
  const gain = (share) => (rty / share) * Math.min(1, share + 0.01) - rty;
  lines.push(
    fill(words.chain_best, {
      steps: content.steps.filter((_, at) => each[at] === low).map(({ text }) => text).join(words.ui_list),
      low: decimals(100 * low, 2),
      rty: decimals(100 * (rty + gain(low)), 1),
      saved: perTenThousand(gain(low)),
    }),
  );
  if (low < high) {
    lines.push(
      fill(words.chain_other, { high: decimals(100 * high, 2), saved: perTenThousand(gain(high)) }),
    );
  }
  return lines;
}

function decimals(value, places) {
  return (Math.floor(value * 10 ** places + 0.5) / 10 ** places).toFixed(places);
}

const perTenThousand = (share) => Math.floor(10000 * share + 0.5).toLocaleString("en");

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
