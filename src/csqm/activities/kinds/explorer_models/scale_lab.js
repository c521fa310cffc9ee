// A scale from which items are taken: reliability, factors, and what the items cover.
{
  const ITEMS = ["waiting", "route", "driver", "clean", "tidy", "safety", "price"];
  const LEAST = 3;
  const STEPS = 4000;
  const sum = (list, of = (each) => each) => list.reduce((all, each, k) => all + of(each, k), 0);

  function alphaOf(cov, kept) {
    const own = sum(kept, (k) => cov[k][k]);
    const total = sum(kept, (i) => sum(kept, (j) => cov[i][j]));
    return (kept.length / (kept.length - 1)) * (1 - own / total);
  }

  // One factor by maximum likelihood (expectation-maximisation), then McDonald's omega.
  function omegaOf(matrix) {
    let loading = matrix.map(() => 0.5);
    let unique = matrix.map(() => 0.75);
    for (let step = 0; step < STEPS; step += 1) {
      const scale = 1 + sum(loading, (each, i) => each ** 2 / unique[i]);
      const beta = loading.map((each, i) => each / unique[i] / scale);
      const moved = matrix.map((row) => sum(row, (each, j) => each * beta[j]));
      const size = 1 / scale + sum(beta, (each, i) => each * moved[i]);
      const before = loading;
      loading = moved.map((each) => each / size);
      unique = moved.map((each, i) => Math.max(0.005, matrix[i][i] - loading[i] * each));
      if (Math.max(...loading.map((each, i) => Math.abs(each - before[i]))) < 1e-12) break;
    }
    const common = sum(loading) ** 2;
    return common / (common + sum(unique));
  }

  function inverseOf(matrix) {
    const n = matrix.length;
    const rows = matrix.map((row, i) => [...row, ...row.map((_, k) => Number(i === k))]);
    for (let k = 0; k < n; k += 1) {
      const pivot = rows[k][k];
      rows[k] = rows[k].map((value) => value / pivot);
      for (let i = 0; i < n; i += 1) {
        if (i === k) continue;
        const times = rows[i][k];
        rows[i] = rows[i].map((value, j) => value - times * rows[k][j]);
      }
    }
    return rows.map((row) => row.slice(n));
  }

  function kmoOf(matrix) {
    const inverse = inverseOf(matrix);
    let [plain, partial] = [0, 0];
    matrix.forEach((row, i) => row.forEach((r, j) => {
      if (i === j) return;
      plain += r ** 2;
      partial += inverse[i][j] ** 2 / (inverse[i][i] * inverse[j][j]);
    }));
    return plain / (plain + partial);
  }

  // Jacobi's rotations, until nothing is left beside the diagonal.
  function eigenvaluesOf(matrix) {
    const a = matrix.map((row) => [...row]);
    const n = a.length;
    for (let round = 0; round < 30; round += 1) {
      for (let p = 0; p < n - 1; p += 1) {
        for (let q = p + 1; q < n; q += 1) {
          if (Math.abs(a[p][q]) < 1e-15) continue;
          const half = (a[q][q] - a[p][p]) / (2 * a[p][q]);
          const t = (half >= 0 ? 1 : -1) / (Math.abs(half) + Math.sqrt(half * half + 1));
          const c = 1 / Math.sqrt(t * t + 1);
          const s = t * c;
          for (let k = 0; k < n; k += 1) {
            [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
          }
          for (let k = 0; k < n; k += 1) {
            [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
          }
        }
      }
    }
    return a.map((row, k) => row[k]).sort((x, y) => y - x);
  }

  models.scale_lab = {
    compute(inputs, { correlations, feldt, random }) {
      const signs = ITEMS.map((item) => (item !== "waiting" || inputs.flip ? 1 : -1));
      const cov = correlations.map((row, i) => row.map((r, j) => signs[i] * signs[j] * r));
      const kept = ITEMS.flatMap((item, k) => (inputs[`keep_${item}`] ? [k] : []));
      const has = (item) => Boolean(inputs[`keep_${item}`]);
      const areas = ["waiting", "route", "driver", "safety"].filter(has).length;
      const values = {
        alpha: 0, low: 0, high: 0, omega: 0, kmo: 0, factors: 0,
        kept: kept.length,
        flipped: Number(inputs.flip),
        strangers: Number(has("price")),
        areas: areas + Number(has("clean") || has("tidy")),
        twins: Number(has("clean") && has("tidy")),
      };
      for (const item of ITEMS) values[`r_${item}`] = values[`without_${item}`] = 0;
      if (kept.length < LEAST) return { values, case: "few", series: { kept, own: [], chance: [] } };
      const matrix = kept.map((i) => kept.map((j) => cov[i][j]));
      const ends = feldt[kept.length - LEAST];
      const chance = random[kept.length - LEAST];
      const own = eigenvaluesOf(matrix);
      const below = own.findIndex((each, k) => each <= chance[k]);
      values.alpha = alphaOf(cov, kept);
      values.low = 1 - (1 - values.alpha) * ends[0];
      values.high = 1 - (1 - values.alpha) * ends[1];
      values.omega = omegaOf(matrix);
      values.kmo = kmoOf(matrix);
      values.factors = below < 0 ? own.length : below;
      ITEMS.forEach((item, k) => {
        const rest = kept.filter((j) => j !== k);
        const spread = Math.sqrt(cov[k][k] * sum(rest, (i) => sum(rest, (j) => cov[i][j])));
        values[`r_${item}`] = sum(rest, (j) => cov[k][j]) / spread;
        values[`without_${item}`] = alphaOf(cov, rest);
      });
      const unturned = !inputs.flip && has("waiting");
      return { values, case: unturned ? "unturned" : "scale", series: { kept, own, chance } };
    },

    draw({ values, series }, _, __, labels) {
      const { kept, own, chance } = series;
      if (!own.length) return [];
      const head = ["item", "r", "without"].map((key) => el("th", { scope: "col", text: labels[key] }));
      const rows = kept.map((k) => {
        const [r, without] = [values[`r_${ITEMS[k]}`], values[`without_${ITEMS[k]}`]];
        const mark = without > values.alpha + 0.0005 ? " ▲" : "";
        return el(
          "tr",
          {},
          el("th", { scope: "row", text: labels[`item_${ITEMS[k]}`] }),
          el("td", { text: written(r, 2) }),
          el("td", { text: written(without, 2) + mark }),
        );
      });
      const points = (list) => list.map((each, k) => [k + 1, each]);
      const ticks = own.map((_each, k) => ({ value: k + 1, text: String(k + 1) }));
      return [
        el(
          "table",
          { class: "csqm-explorer-table" },
          el("caption", { text: labels.table }),
          el("thead", {}, el("tr", {}, ...head)),
          el("tbody", {}, ...rows),
        ),
        chart({
          title: labels.title,
          x: { min: 0.7, max: own.length + 0.3, label: labels.x, ticks },
          y: { min: 0, max: Math.ceil(own[0] + 0.3), label: labels.y, step: 1 },
          marks: [
            { line: points(chance), as: "other" },
            { line: points(own) },
            ...points(own).map((dot) => ({ dot })),
            { dot: [own.length, chance.at(-1)], text: labels.random, as: "other" },
          ],
          height: 200,
        }),
      ];
    },
  };
}
