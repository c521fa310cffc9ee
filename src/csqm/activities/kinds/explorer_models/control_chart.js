// A p chart of complaints: how often it rings for nothing, and how late when something changed.
{
  const RULES = [
    "beyond_limits", "two_of_three", "four_of_five", "eight_on_one_side", "six_trending",
    "fourteen_alternating",
  ];
  const [SERIES, YEAR, HALF] = [200, 364, 182]; // days without a change, and after it
  const total = (list) => list.reduce((sum, each) => sum + each, 0);
  const range = (from, to) => Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);

  function counted(draw, size, rate) {
    let [left, share, count] = [draw(), (1 - rate) ** size, 0];
    while (left >= share && count < size) {
      left -= share;
      count += 1;
      share *= ((rate / (1 - rate)) * (size - count + 1)) / count;
    }
    return count;
  }

  // Counts the complaints of the points of one series in turn; each week has a luck of its own.
  function counter(seed, { days, size, start, luck: spread, shift }, { rate }) {
    const draw = seeded(seed);
    let [week, luck] = [-1, 1];
    return (point) => {
      if (Math.floor((point * days) / 7) !== week) {
        week = Math.floor((point * days) / 7);
        const weeks = Math.max(1, Math.floor(days / 7));
        luck = 0;
        for (let k = 0; k < weeks; k += 1) luck += 1 + (spread / 100) * (2 * (draw() + draw() + draw()) - 3);
        luck /= weeks;
      }
      const after = Math.min(1, Math.max(0, ((point + 1) * days - start) / days));
      return counted(draw, size, rate * luck * (1 + (shift / 100) * after));
    };
  }

  // Centre and sigma of the chart, and Laney's factor; never 0 by a chance of drawing.
  function limitsOf(before, { size, limits }) {
    const centre = Math.max(1, total(before)) / (before.length * size);
    const sigma = Math.sqrt((centre * (1 - centre)) / size);
    const moves = total(before.slice(1).map((now, k) => Math.abs(now - before[k])));
    const sigmaZ = Math.max(0.01, moves / size / sigma / (before.length - 1) / 1.128);
    return { centre, sigma: limits === "p" ? sigma : sigmaZ * sigma, sigmaZ };
  }

  // Says of each point in turn whether a rule holds. The bits of a number remember the last three or
  // five points; the last one is among those beyond the line.
  function bellOf(rules, size, { centre, sigma }) {
    const twoOf = (bits) => bits & 1 && bits > 1;
    const fourOf = (bits) => bits & 1 && !((31 ^ bits) & ((31 ^ bits) - 1));
    let [above, below, rises, falls, turns, last, before] = [0, 0, 0, 0, 0, 0, NaN];
    let [up2, down2, up1, down1] = [0, 0, 0, 0];
    return (count) => {
      let z = (count / size - centre) / sigma;
      if (Math.abs(z - Math.round(z)) < 1e-9) z = Math.round(z); // on a line is not beyond it
      const step = Math.sign(count - before) || 0;
      above = z > 0 ? above + 1 : 0;
      below = z < 0 ? below + 1 : 0;
      rises = step > 0 ? rises + 1 : 0;
      falls = step < 0 ? falls + 1 : 0;
      turns = step * last < 0 ? turns + 1 : 0;
      up2 = ((up2 << 1) | (z > 2)) & 7;
      down2 = ((down2 << 1) | (z < -2)) & 7;
      up1 = ((up1 << 1) | (z > 1)) & 31;
      down1 = ((down1 << 1) | (z < -1)) & 31;
      last = step;
      before = count;
      return Boolean(
        (rules.beyond_limits && Math.abs(z) > 3) ||
          (rules.two_of_three && (twoOf(up2) || twoOf(down2))) ||
          (rules.four_of_five && (fourOf(up1) || fourOf(down1))) ||
          (rules.eight_on_one_side && (above > 7 || below > 7)) ||
          (rules.six_trending && (rises > 4 || falls > 4)) ||
          (rules.fourteen_alternating && turns > 11),
      );
    };
  }

  models.control_chart = {
    compute(inputs, settings) {
      const { baseline, shift } = inputs;
      const days = Number(inputs.days);
      const start = 7 * inputs.week;
      const chosen = { ...inputs, days, start, size: Math.floor((settings.rides * days) / 7) };
      const first = Math.max(baseline, Math.floor(start / days)); // watched, and may hold the shift
      const polluted = Math.max(0, baseline - Math.floor(start / days));
      const end = Math.ceil((start + HALF) / days);
      const ofYear = Math.floor(YEAR / days);
      const ofBaseline = range(0, baseline);
      const [quiet, watched] = [range(baseline, baseline + ofYear), range(first, end)];
      const watch = (seed, how) => {
        const before = ofBaseline.map(counter(2 * seed, how, settings));
        const bell = bellOf(inputs, how.size, limitsOf(before, how));
        before.forEach(bell);
        const next = counter(2 * seed + 1, how, settings);
        return (point) => bell(next(point));
      };
      let [alarms, found, never] = [0, 0, 0];
      for (let k = 0; k < SERIES; k += 1) {
        const rung = quiet.map(watch(k, { ...chosen, shift: 0 }));
        alarms += rung.filter((each, j) => each && !rung[j - 1]).length; // neighbours are one
        const signal = watched.findIndex(watch(k, chosen));
        never += signal < 0;
        found += signal < 0 ? HALF : (first + signal + 1) * days - start;
      }
      found /= SERIES;

      const counts = range(0, Math.max(end, baseline + 1)).map(counter(settings.seed, chosen, settings));
      const limits = limitsOf(counts.slice(0, baseline), chosen);
      const { centre, sigma, sigmaZ } = limits;
      const hunting = (alarms / SERIES) * settings.hunt;
      const waiting = ((found * (settings.rides / 7) * settings.rate * shift) / 100) * settings.complaint;
      const values = {
        rides: chosen.size,
        centre: 1000 * centre,
        lower: 1000 * Math.max(0, centre - 3 * sigma),
        upper: 1000 * (centre + 3 * sigma),
        sigma_z: sigmaZ,
        narrow: inputs.limits === "p" ? sigmaZ : 1,
        rules: RULES.filter((rule) => inputs[rule]).length,
        false_alarms: alarms / SERIES,
        false_share: (100 * alarms) / SERIES / ofYear,
        found,
        never: (100 * never) / SERIES,
        polluted,
        clean: polluted ? 0 : baseline,
        hunting,
        waiting,
        cost: hunting + waiting,
        changed: Object.keys(settings.case).filter((name) => inputs[name] !== settings.case[name]).length,
      };
      let state = values.false_alarms > settings.goal + 1e-9 ? "noisy" : "sound";
      if (polluted) state = "polluted";
      if (!shift) state = "still";
      if (!values.rules) state = "deaf";
      const series = {
        shares: counts.map((count) => (1000 * count) / chosen.size),
        rung: counts.map(bellOf(inputs, chosen.size, limits)),
      };
      return { values, case: state, series };
    },

    draw({ values, series: { shares, rung } }, { days, baseline, shift, week }, _, labels) {
      const points = shares.map((share, k) => [((k + 1) * days) / 7, share]);
      const { centre, lower, upper } = values;
      const many = points.length > 100;
      return [
        chart({
          title: labels.title,
          x: { min: 0, max: points.at(-1)[0], label: labels.x },
          y: { min: 0, max: 1.12 * Math.max(upper, ...shares), label: labels.y },
          marks: [
            { band: [0, (baseline * days) / 7], text: labels.baseline },
            { across: centre, as: "other" },
            ...(shift ? [{ down: week, text: labels.change, as: "other" }] : []),
            { line: points, as: "fine" },
            { dots: many ? [] : points, r: 2 },
            { dots: points.filter((_, k) => rung[k]), r: many ? 3 : 4.5, as: "bad" },
            ...(lower ? [{ across: lower, as: "bad" }] : []),
            { across: upper, text: fill(labels.limit, { value: written(upper, 2) }), as: "bad" },
          ],
          height: 240,
        }),
        el("p", { class: "csqm-chart-unit", text: labels.legend }),
      ];
    },
  };
}
