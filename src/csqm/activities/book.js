// A page without a kernel: the answer lives in the browser's local storage, under one key for
// both languages, in the form in which Jupyter saves it.

function pageModel(given, slug, kindName, lang) {
  const { content, words } = given;
  const kind = kinds[kindName];
  const key = `csqm:answer:${slug}`;
  const state = { content, words, lang, answer: kind.empty, notice: "", kept: words.ui_kept_in_browser };
  let mayWrite = true;

  try {
    const text = localStorage.getItem(key);
    if (text !== null) {
      const answer = usable(text);
      if (answer) {
        state.answer = answer;
      } else {
        let number = 1;
        while (localStorage.getItem(`${key}:broken-${number}`) !== null) number += 1;
        localStorage.setItem(`${key}:broken-${number}`, text);
        localStorage.removeItem(key);
        state.notice = words.ui_broken;
      }
    }
  } catch {
    lost();
  }

  function usable(text) {
    try {
      const saved = JSON.parse(text);
      const mine = saved.schema === 1 && saved.activity === slug && saved.kind === kindName;
      return mine && kind.valid(content, saved.answer) ? saved.answer : null;
    } catch {
      return null;
    }
  }

  function lost() {
    mayWrite = false;
    state.notice = words.ui_not_kept;
    state.kept = "";
  }

  const listeners = {};
  const fire = (event) => (listeners[event] ?? []).forEach((listener) => listener());
  return {
    get: (name) => state[name],
    set: (name, value) => (state[name] = value),
    save_changes() {
      if (!mayWrite) return;
      const saved = { schema: 1, activity: slug, kind: kindName, answer: state.answer };
      try {
        localStorage.setItem(key, JSON.stringify(saved));
      } catch {
        lost();
        fire("change:notice");
      }
    },
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    off: (event, listener) =>
      (listeners[event] = (listeners[event] ?? []).filter((each) => each !== listener)),
  };
}

function mountAll() {
  for (const host of document.querySelectorAll(".csqm-activity:not(.csqm-alive)")) {
    const { activity, kind, lang } = host.dataset;
    const given = JSON.parse(host.querySelector("script").textContent);
    const place = el("div", { class: "csqm-place" });
    host.append(place);
    kinds[kind].render({ model: pageModel(given, activity, kind, lang), el: place });
    host.classList.add("csqm-alive");
  }
}

window.csqmActivities = kinds;
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mountAll);
else mountAll();
