// A page without a kernel: the answer lives in the browser's local storage, under one key for
// both languages, in the form in which Jupyter saves it.

const answers = {
  key: (slug) => `csqm:answer:${slug}`,

  // The answer of what was saved, or null if it is none to this activity.
  usable(content, saved) {
    try {
      const mine = saved.schema === 1 && saved.activity === content.slug && saved.kind === content.kind;
      return mine && kinds[content.kind].valid(content, saved.answer) ? saved.answer : null;
    } catch {
      return null;
    }
  },

  // What is kept: the answer, or null; and whether one that cannot be used was put aside.
  read(content) {
    const key = answers.key(content.slug);
    const text = localStorage.getItem(key);
    if (text === null) return { answer: null, broken: false };
    let saved = null;
    try {
      saved = JSON.parse(text);
    } catch {
      // not even JSON
    }
    const answer = answers.usable(content, saved);
    if (answer === null) {
      answers.putAside(content.slug, text);
      localStorage.removeItem(key);
    }
    return { answer, broken: answer === null };
  },

  write(content, answer) {
    const saved = { schema: 1, activity: content.slug, kind: content.kind, answer };
    localStorage.setItem(answers.key(content.slug), JSON.stringify(saved));
  },

  putAside(slug, text) {
    let number = 1;
    const key = () => `${answers.key(slug)}:broken-${number}`;
    while (![null, text].includes(localStorage.getItem(key()))) number += 1;
    localStorage.setItem(key(), text);
  },
};

const mounted = [];

function pageModel({ content, words }, lang) {
  const { empty } = kinds[content.kind];
  const state = { content, words, lang, answer: empty, notice: "", kept: words.ui_kept_in_browser };
  const listeners = {};
  const fire = (event) => (listeners[event] ?? []).forEach((listener) => listener());
  let mayWrite = true;

  function restore() {
    try {
      const { answer, broken } = answers.read(content);
      state.answer = answer ?? empty;
      if (broken) state.notice = words.ui_broken;
    } catch {
      lost();
    }
  }

  function lost() {
    mayWrite = false;
    state.notice = words.ui_not_kept;
    state.kept = "";
  }

  restore();
  const model = {
    get: (name) => state[name],
    set: (name, value) => (state[name] = value),
    save_changes() {
      if (!mayWrite) return;
      try {
        answers.write(content, state.answer);
      } catch {
        lost();
        fire("change:notice");
      }
      const isTwin = (other) => other !== model && other.get("content").slug === content.slug;
      mounted.filter(isTwin).forEach((twin) => twin.reread()); // a preview shows both languages
    },
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    off: (event, listener) =>
      (listeners[event] = (listeners[event] ?? []).filter((each) => each !== listener)),
    // changed on another page, for example by loading a file of answers
    reread() {
      if (!mayWrite) return;
      restore();
      for (const event of ["change:answer", "change:notice", "change:kept"]) fire(event);
    },
  };
  mounted.push(model);
  return model;
}

function mountAll() {
  for (const host of document.querySelectorAll(".csqm-activity:not(.csqm-alive)")) {
    const given = JSON.parse(host.querySelector("script").textContent);
    const place = el("div", { class: "csqm-place" });
    host.append(place);
    kinds[given.content.kind].render({ model: pageModel(given, host.dataset.lang), el: place });
    host.classList.add("csqm-alive");
  }
  // the page has become longer: go again to the activity that was asked for
  const asked = document.getElementById(location.hash.slice(1));
  if (asked?.matches(".csqm-activity")) asked.scrollIntoView();
}

const rereadAll = () => mounted.forEach((model) => model.reread());
addEventListener("storage", rereadAll);
addEventListener("pageshow", (event) => event.persisted && rereadAll()); // with the Back button

window.csqmActivities = kinds;
window.csqmTools = { answers, el, fill, newId };
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mountAll);
else mountAll();
