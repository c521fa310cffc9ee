// A dashboard: what its indicators cover, and how often its alarms will be false or late.
{
  const INDICATORS = [
    "csat", "nps", "mean_score", "morale", "late", "punctual", "first_time", "training", "turnover",
    "complaints", "within_15", "inspections",
  ];
  const FIELDS = ["customer", "employee", "process", "compliance"];
  const RULES = ["any", "two", "three", "runs"];
  const NEVER = 99; // months that a dashboard without indicators needs

  models.management_dashboard = {
    compute(inputs, settings) {
      const { rule, review } = inputs;
      const chosen = INDICATORS.filter((name) => inputs[name]);
      const among = (field, leads) =>
        chosen.filter((name) => settings.field[name] === field && settings.leading.includes(name) === leads).length;
      const split = FIELDS.map((field) => [among(field, true), among(field, false)]);
      const counts = split.map(([ahead, behind]) => ahead + behind);
      const leading = split.reduce((sum, [ahead]) => sum + ahead, 0);
      const reviews = settings.reviews[review];
      const alarmsBy = (by) => (chosen.length * reviews * settings.false_alarm[by]) / 100;
      const monthsBy = (by) => (chosen.length ? (settings.signal[review][by] * 12) / reviews : NEVER);
      const values = {
        chosen: chosen.length,
        fields: counts.filter((count) => count > 0).length,
        ...Object.fromEntries(FIELDS.map((field, k) => [field, counts[k]])),
        leading,
        lagging: chosen.length - leading,
        balance: Math.min(leading, chosen.length - leading),
        twins_late: Number(inputs.late && inputs.punctual),
        twins_satisfied: Number(inputs.csat && inputs.mean_score),
        without_n: Number(inputs.nps),
        reviews,
        false_alarms: alarmsBy(rule),
        months: monthsBy(rule),
        hours: reviews * (settings.meeting + settings.reading * chosen.length) + alarmsBy(rule) * settings.hunt,
      };
      values.faults = values.twins_late + values.twins_satisfied + values.without_n;
      if (!chosen.length) values.faults += 1; // an empty dashboard is not a sound one
      const series = { split, alarms: RULES.map(alarmsBy), months: RULES.map(monthsBy) };
      return { values, case: chosen.length ? rule : "none", series };
    },

    draw({ values, series }, { rule }, { most_alarms: mostAlarms, most_months: mostMonths }, labels) {
      const ticksFor = (names) => names.map((name, k) => ({ value: k + 1, text: labels[name] }));
      const axis = (names, label) => ({ min: 0.5, max: names.length + 0.5, label, ticks: ticksFor(names) });
      const count = (height) => (height ? written(height, 0) : "");
      const byField = (which, from, to) =>
        series.split.map((pair, k) => [k + 1 + from, k + 1 + to, pair[which]]);
      // Three times the limit is shown; a bar that goes on says so with its figure.
      const byRule = (title, label, heights, most) =>
        chart({
          title,
          x: axis(RULES, labels.rule),
          y: { min: 0, max: 3.5 * most, step: most, label },
          marks: [
            { across: most, as: "bad" },
            ...heights.map((height, k) => ({
              bars: [[k + 0.7, k + 1.3, Math.min(height, 3 * most)]],
              text: () => written(height, 1) + (height > 3 * most ? " ↑" : ""),
              as: RULES[k] === rule ? "main" : "other",
            })),
          ],
          height: 170,
        });
      return [
        chart({
          title: labels.coverage,
          x: axis(FIELDS, labels.field),
          y: { min: 0, max: 4, step: 1, label: labels.indicators },
          marks: [
            { bars: byField(0, -0.3, 0), text: count },
            { bars: byField(1, 0, 0.3), text: count, as: "other" },
          ],
          height: 170,
        }),
        el("p", { class: "csqm-chart-unit", text: labels.kinds }),
        ...(values.chosen
          ? [
            byRule(labels.alarms, labels.alarms_y, series.alarms, mostAlarms),
            byRule(labels.wait, labels.wait_y, series.months, mostMonths),
            el("p", { class: "csqm-chart-unit", text: labels.limit }),
          ]
          : []),
      ];
    },
  };
}
