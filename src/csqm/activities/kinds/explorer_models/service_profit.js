// What a chain of three effects leaves at its end, and how surely a survey would see it.
{
  const STUDIES = 300;

  function correlation(x, y) {
    let [sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0];
    for (let k = 0; k < x.length; k += 1) {
      sx += x[k];
      sy += y[k];
      sxx += x[k] * x[k];
      syy += y[k] * y[k];
      sxy += x[k] * y[k];
    }
    const n = x.length;
    return (n * sxy - sx * sy) / Math.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
  }

  function study(paths, rest, branches, noise, draw) {
    // Near enough normal: four draws, mean 0, variance 1.
    const normal = () => (draw() + draw() + draw() + draw() - 2) * Math.sqrt(3);
    const columns = [0, 1, 2, 3].map(() => new Float64Array(branches));
    for (let k = 0; k < branches; k += 1) {
      let level = normal();
      columns[0][k] = level;
      for (let link = 0; link < 3; link += 1) {
        level = paths[link] * level + rest[link] * normal();
        columns[link + 1][k] = link < 2 ? level + noise * normal() : level;
      }
    }
    let result = 1;
    for (let link = 0; link < 3; link += 1) result *= correlation(columns[link], columns[link + 1]);
    return result;
  }

  models.service_profit = {
    compute({ first, second, third, branches, respondents }, { icc }) {
      const paths = [first, second, third];
      const rest = paths.map((path) => Math.sqrt(1 - path * path));
      const noise = Math.sqrt((1 - icc) / (icc * respondents)); // of a mean; branches differ by 1
      const draw = seeded(3);
      const found = Array.from({ length: STUDIES }, () => study(paths, rest, branches, noise, draw));
      found.sort((a, b) => a - b);
      const reliability = 1 / (1 + noise ** 2);
      const product = first * second * third;
      const values = {
        product,
        reliability,
        expected: product * reliability ** 2,
        middle: (found[STUDIES / 2 - 1] + found[STUDIES / 2]) / 2,
        low: found[7],
        high: found[STUDIES - 8],
        wrong_sign: (100 * found.filter((each) => each <= 0).length) / STUDIES,
        answers: 2 * branches * respondents,
      };
      return { values, case: values.wrong_sign <= 5 ? "sure" : "unsure", series: found };
    },

    draw({ values, series }, _, __, labels) {
      const reach = Math.max(0.1, Math.ceil(20 * Math.max(values.product, -series[2], series[STUDIES - 3])) / 20);
      const hits = histogram(series, -reach, reach, 40);
      const top = Math.max(...hits.map((bar) => bar[2])) * 1.2;
      return [
        chart({
          title: labels.title,
          x: { min: -reach, max: reach, label: labels.x },
          y: { min: 0, max: top, label: labels.y },
          marks: [
            { bars: hits.filter((bar) => bar[1] > 1e-9) },
            { bars: hits.filter((bar) => bar[1] <= 1e-9), as: "bad" },
            { down: 0, as: "axis", text: "" },
            { down: values.product, text: fill(labels.product, { value: written(values.product, 3) }), as: "other" },
          ],
        }),
        el("p", { class: "csqm-chart-unit", text: labels.note }),
      ];
    },
  };
}
