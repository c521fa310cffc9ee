// Who answers a survey, what weighting by known margins repairs, and what it cannot.
{
  const MARGINS = ["time", "area", "way"];
  const ROUNDS = 200;
  const sum = (list, of = (each) => each) => list.reduce((all, each, k) => all + of(each, k), 0);

  // A weight for each cell, so that the answers have the population's margins.
  function raked(cells, answers, margins) {
    const weights = cells.map(() => 1);
    const [people, n] = [sum(cells, (cell) => cell.people), sum(answers)];
    for (let round = 0; margins.length && round < ROUNDS; round += 1) {
      let moved = 0;
      for (const margin of margins) {
        for (const category of new Set(cells.map((cell) => cell[margin]))) {
          const here = cells.flatMap((cell, k) => (cell[margin] === category ? [k] : []));
          const target = (n * sum(here, (k) => cells[k].people)) / people;
          const factor = target / sum(here, (k) => weights[k] * answers[k]);
          for (const k of here) weights[k] *= factor;
          moved = Math.max(moved, Math.abs(factor - 1));
        }
      }
      if (moved < 1e-12) break;
    }
    return weights;
  }

  const marginOf = (share, effective) =>
    196 * Math.sqrt(((share / 100) * (1 - share / 100)) / effective);

  models.who_answers = {
    compute(inputs, { cells }) {
      const everybody = sum(cells, (cell) => cell.people);
      const invited = cells.map((cell) => (inputs.invitations * cell.people) / everybody);
      const chances = [inputs.dissatisfied, inputs.neutral, inputs.satisfied].map((c) => c / 100);
      const answers = cells.map((cell, k) =>
        invited[k] * sum(cell.of, (share, j) => (share / 100) * chances[j]));
      const good = cells.map((cell, k) => ((invited[k] * cell.of[2]) / 100) * chances[2]);
      const n = sum(answers);
      const truth = sum(cells, (cell) => cell.people * cell.of[2]) / everybody;
      const before = (100 * sum(good)) / n;
      const weighted = (margins) => {
        const weights = raked(cells, answers, margins);
        const total = sum(weights, (w, k) => w * answers[k]);
        return { weights, total, share: (100 * sum(weights, (w, k) => w * good[k])) / total };
      };
      const { weights, total, share: after } = weighted(MARGINS.filter((m) => inputs[`by_${m}`]));
      const choices = [0, 1, 2, 3, 4, 5, 6, 7].map((c) => MARGINS.filter((_, k) => c & (1 << k)));
      const best = Math.min(...choices.map((each) => Math.abs(weighted(each).share - truth)));
      const effect = (n * sum(weights, (w, k) => w * w * answers[k])) / total ** 2;
      const margin = marginOf(after, n / effect);
      const values = {
        truth,
        answers: n,
        before,
        after,
        bias_before: before - truth,
        bias_after: after - truth,
        bias_size: Math.abs(after - truth),
        best_bias: best,
        left_over: Math.abs(after - truth) - best,
        design_effect: effect,
        effective: n / effect,
        margin,
      };
      return { values, case: Math.abs(after - truth) <= margin ? "covered" : "missed" };
    },

    draw({ values }, { invitations }, _, labels) {
      const { truth, before, after, effective } = values;
      const times = [0.25, 0.5, 1, 2, 4];
      const intervals = times.map((by) => {
        const half = marginOf(after, effective * by);
        return [after - half, after, after + half];
      });
      const low = Math.min(truth, before, intervals[0][0]);
      const high = Math.max(truth, before, intervals[0][2]);
      const x = {
        min: Math.max(0, 5 * Math.floor((low - 2) / 5)),
        max: Math.min(100, 5 * Math.ceil((high + 2) / 5)),
        label: labels.x,
      };
      const ticks = times.map((by, index) => ({ value: 4.5 - index, text: written(invitations * by, 0) }));
      const at = (text, value) => fill(text, { value: written(value, 1) });
      return [
        chart({
          title: labels.title,
          x,
          y: { min: 0, max: 5, ticks, label: labels.y },
          marks: [
            { intervals, truth },
            { down: truth, text: at(labels.truth, truth), as: "other" },
            { down: before, text: at(labels.before, before), as: "bad", row: 11 },
          ],
          height: 260,
        }),
        el("p", { class: "csqm-chart-unit", text: labels.note }),
      ];
    },
  };
}
