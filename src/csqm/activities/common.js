// What all kinds of activity share. A kind gives: empty, valid, score and view.
// Whatever a trainee or a file says is set as text, never as HTML.

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

const isRecord = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasOnly = (value, names) =>
  isRecord(value) && Object.keys(value).every((name) => names.includes(name));

// Random numbers from 0 to below 1 (mulberry32), the same as those of seeded.py.
function seeded(seed) {
  const kept = Int32Array.of(seed); // an array of its kind keeps 32 bits; a variable would be boxed
  return () => {
    const state = (kept[0] += 0x6d2b79f5);
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

let ids = 0;
const newId = () => `csqm-${(ids += 1)}-${Math.random().toString(36).slice(2, 8)}`;

function verdict(words, state, text) {
  const label = state === "right" ? words.ui_right : words.ui_wrong;
  return el(
    "p",
    { class: `csqm-verdict csqm-${state}` },
    el("span", { class: "csqm-mark", "aria-hidden": "true", text: state === "right" ? "✓" : "✗" }),
    el("strong", { text: label }),
    el("span", { text }),
  );
}

function stage(model, host, kind) {
  const content = model.get("content");
  const words = model.get("words");
  let answer = model.get("answer");
  let checked = null; // the answer that the feedback is about, and its result
  let before = null; // what "undo reset" brings back

  const [titleId, feedbackId] = [newId(), newId()];
  const live = el("p", { class: "csqm-live", role: "status", "aria-live": "polite" });
  const notice = el("p", { class: "csqm-notice", role: "alert" });
  const kept = el("p", { class: "csqm-kept" });
  const feedback = el("div", {
    class: "csqm-feedback",
    role: "group",
    tabindex: "-1",
    "aria-labelledby": feedbackId,
    hidden: true,
  });
  const stale = el("p", { class: "csqm-stale", text: words.ui_stale, hidden: true });
  const undo = el("button", { type: "button", text: words.ui_undo, hidden: true, onclick: undoReset });

  const announce = (text) => {
    live.textContent = "";
    setTimeout(() => (live.textContent = text), 50);
  };
  const change = (next, said) => {
    before = null;
    put(next);
    if (said) announce(said);
  };
  const view = kind.view({ content, words, change, announce });

  function put(next) {
    answer = next;
    model.set("answer", next);
    model.save_changes();
    draw();
  }

  function draw() {
    undo.hidden = before === null;
    stale.hidden = !checked || JSON.stringify(checked.answer) === JSON.stringify(answer);
    view.refresh(answer, checked);
  }

  function check() {
    checked = { answer, result: kind.score(content, answer, words) };
    const { groups } = checked.result;
    feedback.replaceChildren(
      el("p", { class: "csqm-heading", id: feedbackId, text: words.ui_feedback }),
      stale,
      ...groups.flatMap(({ title, lines }) => [
        ...(title ? [el("p", { class: "csqm-subheading", text: title })] : []),
        el("ul", {}, ...lines.map((text) => el("li", { text }))),
      ]),
      ...(view.more ? view.more(answer, checked.result) : []),
      ...(content.closing ? [el("p", { class: "csqm-closing", text: content.closing })] : []),
    );
    feedback.hidden = false;
    draw();
    feedback.focus({ preventScroll: true });
    feedback.scrollIntoView({ block: "nearest" });
    announce(groups[0].lines.join(" "));
  }

  function reset() {
    const old = answer;
    forget();
    put(kind.empty);
    before = old;
    draw();
    announce(words.ui_was_reset);
  }

  function undoReset() {
    const old = before;
    before = null;
    put(old);
    resetButton.focus();
    announce(words.ui_was_undone);
  }

  function forget() {
    checked = null;
    feedback.hidden = true;
  }

  function tell() {
    notice.textContent = model.get("notice");
    notice.hidden = !notice.textContent;
    kept.textContent = model.get("kept");
  }

  function changedElsewhere() {
    if (JSON.stringify(model.get("answer")) === JSON.stringify(answer)) return;
    answer = model.get("answer");
    draw();
  }

  const resetButton = el("button", { type: "button", text: words.ui_reset, onclick: reset });
  const frame = el(
    "section",
    {
      class: `csqm-frame csqm-kind-${content.kind}`,
      lang: model.get("lang"),
      "aria-labelledby": titleId,
    },
    el("p", { class: "csqm-title", id: titleId, text: content.title }),
    el("p", { class: "csqm-task", text: content.task }),
    notice,
    view.body,
    el(
      "div",
      { class: "csqm-actions" },
      el("button", { type: "button", class: "csqm-primary", text: words.ui_check, onclick: check }),
      resetButton,
      undo,
      kept,
    ),
    feedback,
    live,
  );
  // JupyterLab takes arrows and letters for its own commands, unless the very control forbids it
  frame.addEventListener("focusin", ({ target }) => {
    target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
  host.append(frame);
  tell();
  draw();

  const listeners = { "change:answer": changedElsewhere, "change:notice": tell, "change:kept": tell };
  for (const [event, listener] of Object.entries(listeners)) model.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) model.off(event, listener);
    frame.remove();
  };
}
