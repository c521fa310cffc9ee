// The sorter: cards into bins, by dragging or by the list on each card.

const kind = {
  empty: { places: {} },

  valid(content, answer) {
    const has = (list, id) => list.some((each) => each.id === id);
    if (!hasOnly(answer, ["places"]) || !isRecord(answer.places)) return false;
    return Object.entries(answer.places).every(
      ([card, bin]) => has(content.cards, card) && has(content.bins, bin),
    );
  },

  score(content, answer, words) {
    const items = {};
    for (const card of content.cards) {
      const bin = content.bins.find((each) => each.id === answer.places[card.id]);
      if (!bin) {
        items[card.id] = { state: "missing" };
      } else if (card.in.includes(bin.id)) {
        items[card.id] = { state: "right", text: card.why + stakes(content, card, words) };
      } else {
        const about = fill(words.sorter_not_here, { bin: bin.label, about: bin.about });
        const reason = card.wrong?.[bin.id] ?? about;
        const noted = fill(words.sorter_wrong, { reason, hint: card.hint });
        const text = noted + stakes(content, card, words);
        items[card.id] = { state: "wrong", text, line: `${card.text} → ${bin.label}: ${text}` };
      }
    }
    const states = Object.values(items).map((item) => item.state);
    const count = (wanted) => states.filter((state) => state === wanted).length;
    const total = states.length;
    const lines = [fill(words.sorter_summary, { right: count("right"), total })];
    if (count("missing")) lines.push(fill(words.sorter_missing, { missing: count("missing") }));
    if (count("wrong")) lines.push(words.sorter_next);
    const groups = [{ title: "", lines }];
    const placed = content.scales ? content.cards.filter(({ id }) => id in answer.places) : [];
    if (placed.length) {
      const pairs = placed.map((card) => [
        card.stakes,
        content.bins.find((bin) => bin.id === answer.places[card.id]).serves,
      ]);
      const scales = content.scales.map((scale) => scaleLine(scale, pairs, words));
      groups.push({ title: words.sorter_scales, lines: scales });
    }
    return { points: count("right") / total, groups, items };
  },

  view({ content, words, change }) {
    let answer;
    let dragged = null; // a card on its way: { card, bin, stop }

    const deck = pile(words.sorter_deck, undefined, words.sorter_deck_empty);
    deck.node.classList.add("csqm-deck");
    const bins = content.bins.map((bin) => ({
      id: bin.id,
      ...pile(bin.label, bin.about, words.sorter_bin_empty),
    }));
    const cards = content.cards.map(makeCard);
    const left = (places) => content.cards.length - Object.keys(places).length;

    function pile(label, about, whenEmpty) {
      const heading = newId();
      const list = el("ul", { class: "csqm-cards", "aria-labelledby": heading });
      const count = el("span", { class: "csqm-count", "aria-hidden": "true" });
      const empty = el("p", { class: "csqm-empty", text: whenEmpty });
      const node = el(
        "div",
        { class: "csqm-pile" },
        el("p", { class: "csqm-subheading" }, el("span", { id: heading, text: label }), count),
        ...(about ? [el("p", { class: "csqm-about", text: about })] : []),
        list,
        empty,
      );
      return { node, list, empty, count };
    }

    function makeCard(card) {
      let byKey = false;
      const select = el(
        "select",
        {
          "aria-label": fill(words.sorter_move, { card: card.text }),
          onkeydown: () => (byKey = true),
          onpointerdown: () => (byKey = false),
          onchange() {
            // Arrow keys change a closed list at every press: then the card goes when the focus
            // does. Picked in another way, it goes at once and takes the focus along.
            const bin = select.value;
            if (!byKey) select.blur();
            place(card, bin);
            if (!byKey) select.focus({ preventScroll: true });
          },
          onblur: () => setTimeout(() => refresh(answer, lastChecked)),
        },
        el("option", { value: "", text: words.sorter_choose }),
        ...content.bins.map((bin) => el("option", { value: bin.id, text: bin.label })),
      );
      const note = el("div", { class: "csqm-note" });
      const node = el(
        "li",
        { class: "csqm-card", onpointerdown: (event) => lift(event, card, node) },
        el("span", { class: "csqm-handle", "aria-hidden": "true" }),
        el("span", { class: "csqm-card-text", text: card.text }),
        select,
        note,
      );
      return { id: card.id, node, select, note };
    }

    function place(card, bin) {
      const places = { ...answer.places };
      delete places[card.id];
      if (bin) places[card.id] = bin;
      const label = content.bins.find((each) => each.id === bin)?.label;
      const said = bin ? words.sorter_placed : words.sorter_taken_back;
      change({ places }, fill(said, { bin: label, left: left(places) }));
    }

    // Dragging: anywhere on the card with a mouse, by the handle with a finger (so that the page
    // still scrolls under the finger elsewhere).
    function lift(event, card, node) {
      const onHandle = event.target.classList.contains("csqm-handle");
      const usesMouse = event.pointerType === "mouse" && event.target.tagName !== "SELECT";
      if (event.button !== 0 || dragged || !(onHandle || usesMouse)) return;
      event.preventDefault();
      document.activeElement?.blur?.();
      const start = { x: event.clientX, y: event.clientY };
      const scroller = scrollParent(node);
      const origin = scroller.scrollTop;
      let pointer = start;
      let turn = 0;

      const follow = () => {
        const moved = pointer.y - start.y + scroller.scrollTop - origin;
        node.style.transform = `translate(${pointer.x - start.x}px, ${moved}px)`;
        dragged.pile = [deck, ...bins].find(({ node: target }) => holds(target, pointer));
        for (const each of [deck, ...bins]) {
          each.node.classList.toggle("csqm-target", each === dragged.pile);
        }
      };
      const creep = () => {
        const edges = scroller === document.scrollingElement
          ? { top: 0, bottom: innerHeight }
          : scroller.getBoundingClientRect();
        const reach = 56;
        if (pointer.y < edges.top + reach) scroller.scrollTop -= 10;
        if (pointer.y > edges.bottom - reach) scroller.scrollTop += 10;
        follow();
        turn = requestAnimationFrame(creep);
      };
      const move = (next) => {
        pointer = { x: next.clientX, y: next.clientY };
        if (!turn && Math.hypot(pointer.x - start.x, pointer.y - start.y) > 4) {
          node.classList.add("csqm-lifted");
          turn = requestAnimationFrame(creep);
        }
        if (turn) follow();
      };
      const stop = (next) => {
        cancelAnimationFrame(turn);
        const target = turn && next.type === "pointerup" ? dragged.pile : null;
        dragged = null;
        node.classList.remove("csqm-lifted");
        node.style.transform = "";
        for (const each of [deck, ...bins]) each.node.classList.remove("csqm-target");
        node.removeEventListener("pointermove", move);
        node.removeEventListener("pointerup", stop);
        node.removeEventListener("pointercancel", stop);
        if (target && (target.id ?? "") !== (answer.places[card.id] ?? "")) {
          place(card, target.id ?? "");
        }
      };
      dragged = { pile: null };
      node.setPointerCapture(event.pointerId);
      node.addEventListener("pointermove", move);
      node.addEventListener("pointerup", stop);
      node.addEventListener("pointercancel", stop);
    }

    let lastChecked = null;
    function refresh(next, checked) {
      answer = next;
      lastChecked = checked;
      const piles = [deck, ...bins];
      for (const { id, node, select, note } of cards) {
        const target = bins.find((bin) => bin.id === answer.places[id]) ?? deck;
        const place = answer.places[id] ?? "";
        if (select.value !== place) select.value = place;
        if (node.parentNode !== target.list && document.activeElement !== select) {
          const order = cards.findIndex((card) => card.id === id);
          const after = cards.slice(order + 1).find((card) => card.node.parentNode === target.list);
          target.list.insertBefore(node, after?.node ?? null);
        }
        const item = checked?.result.items[id];
        const current = checked && checked.answer.places[id] === answer.places[id];
        const shown = current && item.state !== "missing";
        note.replaceChildren(...(shown ? [verdict(words, item.state, item.text)] : []));
        node.dataset.state = shown ? item.state : "";
      }
      for (const { list, empty, count } of piles) {
        empty.hidden = list.childElementCount > 0;
        list.hidden = !empty.hidden;
        count.textContent = list.childElementCount || "";
      }
    }

    const body = el(
      "div",
      { class: "csqm-sorter" },
      deck.node,
      el("div", { class: "csqm-bins" }, ...bins.map((bin) => bin.node)),
    );
    return { body, refresh };
  },
};

function stakes(content, card, words) {
  if (!content.scales) return "";
  const named = content.scales.map(({ id, label }) => `${label} ${card.stakes[id]}`);
  return fill(words.sorter_stakes, { stakes: named.join(words.ui_list) });
}

// How much of what was at stake the chosen bins look after, and what they spend beyond.
function scaleLine({ id, label }, pairs, words) {
  const sum = (term) => pairs.reduce((all, [at, by]) => all + term(at[id], by[id]), 0);
  return fill(words.sorter_scale, {
    scale: label,
    kept: sum(Math.min),
    stakes: sum((stake) => stake),
    beyond: sum((stake, served) => Math.max(0, served - stake)),
  });
}

function holds(node, { x, y }) {
  const box = node.getBoundingClientRect();
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

function scrollParent(node) {
  for (let parent = node.parentElement; parent; parent = parent.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(parent).overflowY);
    if (scrolls && parent.scrollHeight > parent.clientHeight) return parent;
  }
  return document.scrollingElement;
}

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
