// The progress page: what the answers kept in this browser amount to, the file in which they
// travel, and the record to print. Whatever a file says is set as text, never as HTML.
(() => {
  "use strict";
  const kinds = window.csqmActivities;
  const { answers, el, fill, newId } = window.csqmTools;
  const { parts, words, kindWords } = window.csqmCourse;

  const FORMAT = "csqm-answers";
  const VERSION = 1;
  const LARGEST = 5e6; // bytes; a real file has some 50 KB
  const UNNAMED = "unnamed"; // where entries without a usable name are put aside
  const GOOD = 0.7; // the share of the points from which an exercise counts
  const activities = parts.flatMap((part) => part.activities);
  const bySlug = new Map(activities.map((activity) => [activity.content.slug, activity]));
  const titleOf = (slug) =>
    bySlug.get(slug)?.content.title ?? (slug === UNNAMED ? words.unnamed : slug);
  const nameOf = (slug) =>
    slug === UNNAMED ? words.unnamed : fill(words.named, { title: titleOf(slug) });
  const views = Object.fromEntries(
    [...document.querySelectorAll(".csqm-progress")].map((node) => [node.dataset.view, node]),
  );

  // What has been done

  const sorted = (value) =>
    Array.isArray(value) || typeof value !== "object" || value === null
      ? value
      : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  const canonical = (value) => JSON.stringify(value, (_, inner) => sorted(inner));
  const same = (one, other) => canonical(one) === canonical(other);

  function marked({ content }, answer) {
    const { empty, score } = kinds[content.kind];
    if (answer === null || same(answer, empty)) return { answer: null, points: 0, items: {} };
    return { answer, ...score(content, answer, kindWords[content.kind]) };
  }

  function kept(content) {
    try {
      return answers.read(content).answer;
    } catch {
      return null; // it cannot be used, and there is no room to put it aside
    }
  }

  const readAll = () =>
    new Map(
      activities.map((activity) => [activity.content.slug, marked(activity, kept(activity.content))]),
    );

  const isGood = ({ points }) => points >= GOOD - 1e-9;
  // never rounded up to a limit that was missed
  const percent = (points) => fill(words.percent, { percent: Math.floor(100 * points + 1e-9) });

  // What speaks for an objective: exercises, and questions of the quiz.
  function evidenceFor(code, done) {
    return activities.flatMap(({ content, link }) => {
      const { answer, points, items } = done.get(content.slug);
      if (content.kind !== "quiz") {
        if (!content.objectives.includes(code)) return [];
        const said = answer ? percent(points) : words.open;
        return [{ name: content.title, link, begun: Boolean(answer), points, said }];
      }
      return content.questions.flatMap((question, index) => {
        if (!question.objectives.includes(code)) return [];
        const state = items[question.id]?.state ?? "missing";
        const said = { right: words.question_right, wrong: words.question_wrong }[state];
        return {
          name: fill(words.question, { number: index + 1 }),
          link,
          begun: state !== "missing",
          points: Number(state === "right"),
          said: said ?? words.question_open,
        };
      });
    });
  }

  function stand() {
    const done = readAll();
    return parts.map((part) => {
      const objectives = Object.entries(part.objectives).map(([code, text]) => {
        const evidence = evidenceFor(code, done);
        const reached = evidence.length > 0 && evidence.every(isGood);
        const begun = evidence.some((each) => each.begun);
        return { text: text[0].toUpperCase() + text.slice(1), evidence, state: reached ? "reached" : begun ? "begun" : "open" };
      });
      const slugs = part.activities.map(({ content }) => content.slug);
      return {
        title: fill(words.part, part),
        objectives,
        counts: {
          reached: objectives.filter(({ state }) => state === "reached").length,
          objectives: objectives.length,
          begun: slugs.filter((slug) => done.get(slug).answer).length,
          exercises: slugs.length,
        },
      };
    });
  }

  const totals = (all) =>
    Object.fromEntries(
      ["reached", "objectives", "begun", "exercises"].map((name) => [
        name,
        all.reduce((sum, { counts }) => sum + counts[name], 0),
      ]),
    );

  // Part by part

  function drawParts(all) {
    // a part opens when it is begun; after that it is as the reader leaves it
    const opened = [...views.parts.querySelectorAll("details")].map(
      (node) => node.open || (node.dataset.begun ? false : undefined),
    );
    const total = totals(all);
    views.parts.replaceChildren(
      el("p", { class: "csqm-total", text: fill(words.summary, total) }),
      ...(total.begun ? [] : [el("p", { text: words.nothing })]),
      ...all.map((part, index) => partNode(part, opened[index] ?? part.counts.begun > 0)),
    );
  }

  function partNode({ title, objectives, counts }, open) {
    const bar = el("span", { class: "csqm-bar", "aria-hidden": "true" }, el("span"));
    bar.firstChild.style.inlineSize = `${(100 * counts.reached) / counts.objectives}%`;
    return el(
      "details",
      { open, "data-begun": counts.begun > 0 },
      el(
        "summary",
        {},
        el("span", { class: "csqm-part-title", text: title }),
        el("span", { class: "csqm-part-count", text: fill(words.part_reached, counts) }),
        bar,
      ),
      el("p", { class: "csqm-part-begun", text: fill(words.part_begun, counts) }),
      el("ul", { class: "csqm-goals" }, ...objectives.map(objectiveNode)),
    );
  }

  function objectiveNode({ text, evidence, state }) {
    return el(
      "li",
      { "data-state": state },
      el("span", { class: "csqm-state", text: words[`state_${state}`] }),
      el("span", { class: "csqm-goal", text }),
      el(
        "ul",
        { class: "csqm-evidence-list" },
        ...evidence.map(({ name, link, said }) =>
          el("li", {}, el("a", { href: link, text: name }), el("span", { text: said })),
        ),
      ),
    );
  }

  // The file of answers

  const said = el("div", { class: "csqm-said", role: "status", tabindex: "-1" });
  const question = el("div", { class: "csqm-question" });
  const aside = el("div");

  function tell(...lines) {
    question.replaceChildren();
    said.replaceChildren(...lines.map((text) => el("p", { text })));
    said.focus();
  }

  const listed = (all) => ({
    number: all.length,
    names: all.map(({ content }) => nameOf(content.slug)).join(words.list),
  });

  function saveFile() {
    const done = readAll();
    const found = activities.filter(({ content }) => done.get(content.slug).answer);
    if (!found.length) return tell(words.nothing_to_save);
    const holds = {
      file: FORMAT,
      schema: VERSION,
      answers: found.map(({ content }) => ({
        schema: 1,
        activity: content.slug,
        kind: content.kind,
        answer: done.get(content.slug).answer,
      })),
    };
    const file = `${FORMAT}-${new Date().toLocaleDateString("sv")}.json`; // as 2026-11-26
    const blob = new Blob([JSON.stringify(holds, null, 1)], { type: "application/json" });
    const link = el("a", { href: URL.createObjectURL(blob), download: file });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    tell(fill(words.saved, { number: found.length, file }));
  }

  async function loadFile(file) {
    let holds = null;
    try {
      if (file.size <= LARGEST) holds = JSON.parse(await file.text());
    } catch {
      // not JSON, or not to be read
    }
    let reason = null;
    if (holds?.file !== FORMAT || !Array.isArray(holds.answers)) reason = words.reason_not_answers;
    else if (holds.schema !== VERSION) reason = words.reason_version;
    if (reason) return tell(fill(words.refused, { file: file.name, reason }));
    const plan = compare(holds.answers);
    if (plan.differing.length) ask(plan, file);
    else take(plan, [], file);
  }

  // Sort what a file holds by what has to be done with it. Nothing is changed yet.
  function compare(entries) {
    const plan = { fresh: [], same: [], differing: [], broken: [] };
    const done = readAll();
    const seen = new Set();
    for (const entry of entries) {
      const slug = entry?.activity;
      const activity = bySlug.get(slug);
      let reason = null;
      if (!activity) reason = "unknown";
      else if (seen.has(slug)) reason = "twice";
      else if (entry.schema !== 1) reason = "version";
      else if (answers.usable(activity.content, entry) === null) reason = "other";
      if (reason) {
        plan.broken.push({ entry, slug, reason });
        continue;
      }
      seen.add(slug);
      const theirs = marked(activity, entry.answer);
      const mine = done.get(slug);
      const change = { ...activity, mine, theirs };
      if (!theirs.answer) continue;
      else if (!mine.answer) plan.fresh.push(change);
      else if (same(mine.answer, theirs.answer)) plan.same.push(change);
      else plan.differing.push(change);
    }
    return plan;
  }

  function ask(plan, file) {
    const rows = plan.differing.map((change) => {
      const name = newId();
      const radio = (value, checked) => el("input", { type: "radio", name, value, checked });
      const [mine, theirs] = [radio("mine", true), radio("theirs")];
      const option = (input, text, points) =>
        el("label", {}, input, el("span", { text: fill(text, { points: percent(points) }) }));
      const node = el(
        "fieldset",
        {},
        el("legend", { text: change.content.title }),
        option(mine, words.mine, change.mine.points),
        option(theirs, words.theirs, change.theirs.points),
      );
      return { change, mine, theirs, node };
    });
    const heading = el("p", { class: "csqm-ask", id: newId(), tabindex: "-1", text: words.ask });
    const button = (text, onclick, props) => el("button", { type: "button", text, onclick, ...props });
    const all = (which) => () => rows.forEach((row) => (row[which].checked = true));
    said.replaceChildren();
    question.replaceChildren(
      el(
        "div",
        { role: "group", "aria-labelledby": heading.id },
        heading,
        el("p", { text: words.ask_more }),
        el("p", {}, button(words.all_mine, all("mine")), button(words.all_theirs, all("theirs"))),
        ...rows.map(({ node }) => node),
        el(
          "p",
          {},
          button(
            words.go,
            () => take(plan, rows.filter(({ theirs }) => theirs.checked).map((row) => row.change), file),
            { class: "csqm-main" },
          ),
          button(words.cancel, () => tell(words.cancelled)),
        ),
      ),
    );
    heading.focus();
  }

  function take(plan, chosen, file) {
    const [loaded, failed] = [[], []];
    for (const change of [...plan.fresh, ...chosen]) {
      try {
        answers.write(change.content, change.theirs.answer);
        loaded.push(change);
      } catch {
        failed.push(change);
      }
    }
    const broken = plan.broken.map(({ entry, slug, reason }) => {
      const named = typeof slug === "string" && /^[a-z0-9-]{1,60}$/.test(slug);
      const place = named ? slug : UNNAMED;
      const name = nameOf(place);
      try {
        answers.putAside(place, JSON.stringify(entry, null, 1));
      } catch {
        return fill(words.failed, { number: 1, names: name });
      }
      return fill(words.broken, { name, reason: words[`reason_${reason}`] });
    });
    const mine = plan.differing.filter((change) => !chosen.includes(change));
    const counted = { loaded, same: plan.same, kept: mine, failed };
    const lines = Object.entries(counted)
      .filter(([, all]) => all.length)
      .map(([name, all]) => fill(words[name], listed(all)));
    lines.push(...broken);
    draw();
    tell(...(lines.length ? lines : [fill(words.nothing_new, { file: file.name })]));
  }

  // What cannot be used: put aside by an exercise or from a file, or left by another version.
  function drawAside() {
    const prefix = answers.key("");
    const found = Object.keys(localStorage)
      .filter((key) => key.startsWith(prefix) && !bySlug.has(key.slice(prefix.length)))
      .sort();
    if (!found.length) return aside.replaceChildren();
    const nodes = found.map((key) => {
      const title = titleOf(key.slice(prefix.length).split(":")[0]);
      return [
        el("p", { text: title }),
        el("pre", { tabindex: "0", "aria-label": title, text: localStorage.getItem(key) }),
      ];
    });
    const summary = el("summary", { text: fill(words.aside, { number: found.length }) });
    const open = aside.querySelector("details")?.open;
    aside.replaceChildren(el("details", { open }, summary, ...nodes.flat()));
  }

  function deleteAll() {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(answers.key(""))) localStorage.removeItem(key);
    }
    draw();
    tell(words.deleted);
  }

  function askToDelete() {
    const number = [...readAll().values()].filter(({ answer }) => answer).length;
    const text = el("p", { id: newId(), text: fill(words.delete_ask, { number }) });
    const dialog = el("dialog", { "aria-labelledby": text.id }, text);
    const button = (label, onclick, props) =>
      el("button", { type: "button", text: label, onclick, ...props });
    dialog.append(
      el(
        "p",
        {},
        button(words.cancel, () => dialog.close(), { class: "csqm-main", autofocus: true }),
        button(words.delete_go, () => {
          dialog.close();
          deleteAll();
        }),
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    views.answers.append(dialog);
    dialog.showModal();
  }

  function mountAnswers() {
    const input = el("input", {
      type: "file",
      accept: "application/json,.json",
      hidden: true,
      async onchange() {
        if (input.files.length) await loadFile(input.files[0]);
        input.value = ""; // so that the same file can be chosen again
      },
    });
    const button = (text, onclick) => el("button", { type: "button", text, onclick });
    views.answers.replaceChildren(
      el(
        "p",
        { class: "csqm-buttons" },
        button(words.save, saveFile),
        button(words.load, () => input.click()),
        button(words.delete, askToDelete),
        input,
      ),
      said,
      question,
      aside,
    );
  }

  // The record

  const nameOnRecord = el("dd", { class: "csqm-name" });
  const record = el("article", { class: "csqm-record" });

  function mountRecord() {
    const input = el("input", {
      type: "text",
      autocomplete: "name",
      maxlength: "80",
      oninput: () => (nameOnRecord.textContent = input.value.trim()),
    });
    views.record.replaceChildren(
      el("p", { class: "csqm-record-name" }, el("label", {}, el("span", { text: words.name }), input)),
      el(
        "p",
        { class: "csqm-buttons" },
        el("button", { type: "button", text: words.print, onclick: () => window.print() }),
      ),
      record,
    );
  }

  function drawRecord(all) {
    const date = new Date().toLocaleDateString(words.locale, { dateStyle: "long" });
    const spaced = date.replace(/(?<=\d)(?=[年月日])|(?<=[年月])(?=\d)/g, " ");
    record.replaceChildren(
      el("h3", { text: words.record_title }),
      el("p", { class: "csqm-course", text: words.course }),
      el("p", { class: "csqm-statement", text: words.record_statement }),
      el("p", {
        class: "csqm-statement",
        text: fill(words.record_rule, { percent: 100 * GOOD }),
      }),
      el(
        "dl",
        {},
        el("div", {}, el("dt", { text: words.record_name }), nameOnRecord),
        el("div", {}, el("dt", { text: words.record_date }), el("dd", { text: spaced })),
      ),
      el("p", { class: "csqm-total", text: fill(words.summary, totals(all)) }),
      el("div", { class: "csqm-record-parts" }, ...all.map(recordPart)),
    );
  }

  function recordPart({ title, objectives, counts }) {
    const reached = objectives.filter(({ state }) => state === "reached");
    const count = [fill(words.part_reached, counts), fill(words.part_begun, counts)];
    return el(
      "section",
      {},
      el("h4", { text: title }),
      el("p", { text: count.join(words.list) }),
      ...(reached.length ? [el("ul", {}, ...reached.map(({ text }) => el("li", { text })))] : []),
    );
  }

  function draw() {
    const all = stand();
    drawParts(all);
    drawAside();
    drawRecord(all);
  }

  try {
    localStorage.getItem("");
  } catch {
    views.parts.replaceChildren(el("p", { text: words.no_storage }));
    return;
  }
  mountAnswers();
  mountRecord();
  draw();
  addEventListener("storage", draw);
  addEventListener("pageshow", (event) => event.persisted && draw()); // with the Back button
})();
