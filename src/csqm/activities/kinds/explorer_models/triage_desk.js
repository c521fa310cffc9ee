// A complaint desk for 30 days: what waits, who rings again, what it costs, and what feels fair.
{
  const KINDS = ["safety", "no_show", "late", "fare", "conduct", "lost"];
  const JUSTICE = ["distributive", "procedural", "interactional"];
  const [DAYS, LIMIT, MONTHS] = [30, 15, 20];
  const sum = (list, of) => list.reduce((all, each) => all + of(each), 0);

  // Who complains on which day, of what, asking how much; the same for all settings.
  function arrivals(seed, settings) {
    const draw = seeded(seed);
    const [first, last] = settings.rain;
    const cases = [];
    for (let day = 1; day <= DAYS; day += 1) {
      const chance = first <= day && day <= last ? settings.chance_rain : settings.chance;
      let count = 0;
      for (let k = 0; k < settings.passengers; k += 1) count += draw() < chance;
      for (; count > 0; count -= 1) {
        let [left, k] = [draw(), 0];
        while (k < KINDS.length - 1 && left >= settings.share[KINDS[k]]) {
          left -= settings.share[KINDS[k]];
          k += 1;
        }
        const kind = KINDS[k];
        const [low, high] = settings.claim[kind];
        const claim = 10 * Math.floor((low + draw() * (high - low)) / 10);
        const founded = draw() >= settings.unfounded;
        const patience = 2 + 2 * draw(); // days until a passenger without news rings again
        const hours = settings.hours[kind] + (claim > 0);
        cases.push({
          day, kind, claim, founded, patience, hours,
          spot: false, rings: 0, closed: 0, ready: 0, begun: 0, rushed: false,
        });
      }
    }
    return cases;
  }

  function month(seed, inputs, settings) {
    const cases = arrivals(seed, settings);
    const { staff, order, authority, acknowledge } = inputs;
    for (const each of cases) each.urgent = inputs[`urgent_${each.kind}`];
    const others = new Set(); // days on which somebody worked on a case that is not about safety
    const [backlog, overdue] = [[], []];
    let [open, hours] = [[], 0];
    for (let day = 1; day <= DAYS; day += 1) {
      hours = Math.min(0, hours) + staff * settings.day; // calls beyond a day's hours cost the next
      for (const each of open) {
        if (each.ready && each.ready <= day) {
          each.closed = day;
        } else {
          // News with a date makes passengers wait twice as long.
          const due = Math.floor((day - each.day) / (each.patience * (1 + acknowledge)));
          hours -= settings.intake * (due - each.rings);
          each.rings = due;
        }
      }
      for (const each of cases.filter((one) => one.day === day)) {
        hours -= settings.intake + settings.letter * acknowledge;
        each.spot = each.claim > 0 && each.claim <= authority;
        if (each.spot) {
          hours -= settings.intake;
          each.closed = day;
          each.rings = each.kind === "conduct" ? 2 : 0; // nobody has listened
        } else {
          open.push(each);
        }
      }
      const queue = open.filter((each) => !each.closed && !each.ready);
      if (order === "urgent") queue.sort((a, b) => b.urgent - a.urgent);
      if (order === "quick") queue.sort((a, b) => a.hours - b.hours);
      const rushed = queue.length > settings.rushed * staff;
      for (const each of queue) {
        if (hours <= 1e-9) break;
        if (!each.begun) Object.assign(each, { begun: day, rushed });
        if (each.kind !== "safety") others.add(day);
        const spent = Math.min(hours, each.hours);
        hours -= spent;
        each.hours -= spent;
        if (each.hours <= 1e-9 && each.claim) each.ready = day + settings.approval;
        else if (each.hours <= 1e-9) each.closed = day;
      }
      open = open.filter((each) => !each.closed);
      backlog.push(open.length);
      overdue.push(open.filter((each) => day - each.day > LIMIT).length);
    }
    const safety = cases.filter((each) => each.kind === "safety");
    const waited = safety.filter((each) => each.begun !== each.day);
    const behind = waited.filter((each) => others.has(each.day)).length;
    const urgent = sum(cases, (each) => each.urgent);
    const wages = staff * settings.day * settings.wage * DAYS;
    const values = {
      cases: cases.length,
      open: backlog.at(-1),
      most_open: Math.max(...backlog),
      safety: safety.length,
      behind,
      short: waited.length - behind,
      urgent_share: (100 * urgent) / cases.length,
      unused: order === "urgent" ? 0 : urgent,
      ...resultsOf(cases, acknowledge, wages),
    };
    return { values, backlog, overdue };
  }

  // What came of the cases; the scores of fairness are judgements (see the content).
  function resultsOf(cases, told, wages) {
    let [judged, inTime, late, bought, outcome, procedure, treatment, paid, unfounded] = Array(9).fill(0);
    for (const each of cases) {
      const wait = (each.closed || DAYS) - each.day;
      const sold = each.spot && each.kind === "conduct";
      bought += sold;
      if (each.closed || wait > LIMIT) {
        judged += 1;
        inTime += wait <= LIMIT;
        late += !each.closed;
        if (each.closed) outcome += wait > LIMIT ? 60 : sold ? 30 : 100;
      }
      procedure += Math.max(0, 100 - 5 * Math.max(0, wait - 1) - 15 * each.rings);
      treatment += Math.max(0, 100 - 70 * sold - 25 * each.rushed - 30 * (!told && !each.spot));
      if (each.claim && each.closed && (each.spot || each.founded)) {
        paid += each.claim;
        if (!each.founded) unfounded += each.claim;
      }
    }
    const scores = [outcome / judged, procedure / cases.length, treatment / cases.length];
    return {
      in_time: (100 * inTime) / judged,
      overdue: late,
      repeats: (100 * sum(cases, (each) => each.rings)) / cases.length,
      on_the_spot: sum(cases, (each) => each.spot),
      bought_off: bought,
      wages,
      paid,
      unfounded,
      cost: wages + paid,
      ...Object.fromEntries(JUSTICE.map((name, k) => [name, scores[k]])),
      weakest: Math.min(...scores),
    };
  }

  models.triage_desk = {
    compute(inputs, settings) {
      const months = Array.from({ length: MONTHS }, (_, k) => month(k + 1, inputs, settings));
      const [{ values, backlog, overdue }] = months;
      const shares = months.map((each) => each.values.in_time);
      Object.assign(values, { low: Math.min(...shares), high: Math.max(...shares) });
      for (const name of ["safety", "behind", "short"]) {
        const counts = months.map((each) => each.values[name]);
        values[name] = sum(counts, (each) => each);
      }
      const late = values.in_time < settings.goal - 1e-9;
      return { values, case: values.behind ? "danger" : late ? "late" : "steady", series: { backlog, overdue } };
    },

    draw({ values, series: { backlog, overdue } }, _, { rain }, labels) {
      const bars = (heights) => heights.map((height, k) => [k + 0.55, k + 1.45, height]);
      const ticks = JUSTICE.map((name, k) => ({ value: k + 1, text: labels[name] }));
      return [
        chart({
          title: labels.backlog,
          x: { min: 0.4, max: DAYS + 0.6, step: 5, label: labels.day },
          y: { min: 0, max: Math.max(20, 1.1 * values.most_open), label: labels.open },
          marks: [
            { band: [rain[0] - 0.5, rain[1] + 0.5], text: "" },
            { bars: bars(backlog) },
            { bars: bars(overdue).filter((bar) => bar[2]), as: "bad" },
          ],
          height: 200,
        }),
        el("p", { class: "csqm-chart-unit", text: labels.legend }),
        chart({
          title: labels.fairness,
          x: { min: 0.5, max: 3.5, label: labels.kind, ticks },
          y: { min: 0, max: 110, step: 20, label: labels.score },
          marks: [
            { across: 90, as: "other" },
            ...JUSTICE.map((name, k) => ({
              bars: [[k + 0.75, k + 1.25, values[name]]],
              text: (score) => written(score, 0),
              as: values[name] < 90 ? "bad" : "main",
            })),
          ],
          height: 170,
        }),
      ];
    },
  };
}
