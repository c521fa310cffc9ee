// Importance and performance: where the cross lies, and which importance is meant.
{
  const total = (values) => values.reduce((sum, value) => sum + value, 0);

  function middle(values, cross) {
    if (cross === "midpoint") return 3;
    if (cross === "mean") return total(values) / values.length;
    const sorted = [...values].sort((a, b) => a - b);
    return (sorted[Math.floor((values.length - 1) / 2)] + sorted[Math.floor(values.length / 2)]) / 2;
  }

  function spread(values) {
    const mean = total(values) / values.length;
    return Math.sqrt(total(values.map((value) => (value - mean) * (value - mean))) / values.length);
  }

  // Derived importance is on no rating scale, so it has no midpoint.
  function crossOf(settings, which, cross, importance, performance) {
    const onScale = which === "derived" && cross === "midpoint" ? "mean" : cross;
    return [
      middle(settings[which], onScale) + importance * spread(settings[which]),
      middle(settings.performance, cross) + performance * spread(settings.performance),
    ];
  }

  // On a line counts as high; the machine's rounding decides nothing.
  function quadrants(settings, which, cross, importance, performance) {
    const lines = crossOf(settings, which, cross, importance, performance);
    return settings[which].map((value, index) => {
      const high = settings.performance[index] >= lines[1] - 1e-9;
      if (value >= lines[0] - 1e-9) return high ? "keep_up" : "concentrate";
      return high ? "overkill" : "low_priority";
    });
  }

  models["ipa_cross"] = {
    compute(inputs, settings) {
      const { importance: which, cross } = inputs;
      const shifts = [inputs.shift_importance, inputs.shift_performance];
      const here = quadrants(settings, which, cross, ...shifts);
      const plain = quadrants(settings, which, cross, 0, 0);
      const stated = quadrants(settings, "stated", cross, ...shifts);
      const lines = crossOf(settings, which, cross, ...shifts);
      const differ = (one, other) => one.filter((each, index) => each !== other[index]).length;
      return {
        values: {
          is_derived: which === "derived" ? 1 : 0,
          changed: differ(here, stated),
          flipped: differ(here, plain),
          largest_shift: Math.max(...shifts.map(Math.abs)),
          line_importance: lines[0],
          line_performance: lines[1],
        },
        case: shifts.some((shift) => shift) ? "moved" : `${which}_${cross}`,
        series: { here, stated, lines },
      };
    },

    draw({ series: { here, stated, lines } }, inputs, settings, labels) {
      const which = inputs.importance;
      const ends = which === "derived" ? { min: 0, max: 0.8, step: 0.2 } : { min: 2.5, max: 5, step: 0.5 };
      const names = labels.names.split("|");
      const dots = here.map((quadrant, index) => ({
        dot: [settings.performance[index], settings[which][index]],
        text: quadrant === stated[index] ? `${index + 1}` : `${index + 1} ↕`,
        as: quadrant === stated[index] ? "main" : "bad",
      }));
      const list = ["concentrate", "keep_up", "low_priority", "overkill"].map((quadrant) => {
        const members = names
          .map((name, index) => {
            const was = here[index] === stated[index] ? "" : ` ↕ ${fill(labels.before, { quadrant: labels[stated[index]] })}`;
            return { index, text: `${index + 1} ${name}${was}` };
          })
          .filter(({ index }) => here[index] === quadrant);
        return el(
          "div",
          { style: "margin-bottom: 0.5rem" },
          el("p", { class: "csqm-subheading", text: labels[quadrant] }),
          el("ul", { style: "list-style: none" }, ...(members.length ? members : [{ text: "–" }]).map(({ text }) => el("li", { text }))),
        );
      });
      return [
        chart({
          title: labels.title,
          x: { min: 2.5, max: 5, step: 0.5, label: labels.performance },
          y: { ...ends, label: labels[which] },
          marks: [{ across: lines[0], as: "other" }, { down: lines[1], as: "other" }, ...dots],
          height: 300,
        }),
        el("div", {}, ...list),
      ];
    },
  };
}
