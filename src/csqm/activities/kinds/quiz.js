// The quiz: questions with one right option, and a note on every option.

const kind = {
  empty: { choices: {} },

  valid(content, answer) {
    if (!hasOnly(answer, ["choices"]) || !isRecord(answer.choices)) return false;
    return Object.entries(answer.choices).every(([id, chosen]) =>
      content.questions
        .find((question) => question.id === id)
        ?.options.some((option) => option.id === chosen),
    );
  },

  score(content, answer, words) {
    const items = {};
    const missing = [];
    content.questions.forEach((question, index) => {
      const number = index + 1;
      const chosen = answer.choices[question.id];
      if (chosen === undefined) {
        items[question.id] = { state: "missing" };
        missing.push(number);
        return;
      }
      const option = question.options.find((each) => each.id === chosen);
      items[question.id] = {
        state: option.right ? "right" : "wrong",
        text: option.why,
        line: `${fill(words.quiz_question, { number })}: ${option.why}`,
      };
    });
    const states = Object.values(items).map((item) => item.state);
    const right = states.filter((state) => state === "right").length;
    const total = states.length;
    const lines = [fill(words.quiz_summary, { right, total })];
    if (missing.length) {
      lines.push(fill(words.quiz_missing, { missing: missing.join(words.ui_list) }));
    }
    if (states.includes("wrong")) lines.push(words.quiz_next);
    return { points: right / total, groups: [{ title: "", lines }], items };
  },

  view({ content, words, change }) {
    let answer;
    const questions = content.questions.map((question, index) => {
      const number = index + 1;
      const name = newId();
      const options = question.options.map((option, place) => {
        const input = el("input", {
          type: "radio",
          name,
          onchange() {
            const choices = { ...answer.choices, [question.id]: option.id };
            change({ choices }, fill(words.quiz_chosen, { number, option: place + 1 }));
          },
        });
        const label = el("label", { class: "csqm-option" }, input, el("span", { text: option.text }));
        return { id: option.id, input, label };
      });
      const note = el("div", { class: "csqm-note" });
      const node = el(
        "fieldset",
        { class: "csqm-question" },
        el(
          "legend",
          {},
          el("span", { class: "csqm-number", text: fill(words.quiz_question, { number }) }),
          el("span", { text: question.text }),
        ),
        ...options.map((option) => option.label),
        note,
      );
      return { id: question.id, options, note, node };
    });

    function refresh(next, checked) {
      answer = next;
      for (const { id, options, note } of questions) {
        const item = checked?.result.items[id];
        const current = checked && checked.answer.choices[id] === answer.choices[id];
        const shown = current && item.state !== "missing";
        note.replaceChildren(...(shown ? [verdict(words, item.state, item.text)] : []));
        for (const option of options) {
          option.input.checked = answer.choices[id] === option.id;
          option.label.dataset.state = shown && option.input.checked ? item.state : "";
        }
      }
    }

    return { body: el("div", {}, ...questions.map((question) => question.node)), refresh };
  },
};

export default { ...kind, render: ({ model, el: host }) => stage(model, host, kind) };
