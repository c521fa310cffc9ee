// How many people to invite, and how often 500 surveys of that size would miss the truth.
{
  const Z = { 90: 1.6448536269514715, 95: 1.9599639845400536, 99: 2.5758293035489 };
  const SURVEYS = 500;

  function sampleSize(population, z, share, margin) {
    const unlimited = (z ** 2 * share * (1 - share)) / margin ** 2;
    const n = population ? unlimited / (1 + (unlimited - 1) / population) : unlimited;
    return Math.max(1, Math.ceil(n - 1e-9));
  }

  const marginOf = (n, population, z, share) =>
    100 * z * Math.sqrt((share * (1 - share)) / n) *
    Math.sqrt((population - n) / Math.max(population - 1, 1));

  // Answers to expect: nobody is invited twice.
  const answersTo = (invitations, response, population) =>
    Math.max(1, Math.floor((Math.min(invitations, population) * response) / 100 + 1e-9));

  const invitationsFor = (answers, response, population) =>
    Math.min(population, Math.ceil((answers * 100) / response - 1e-9));

  function surveys(population, truth, answers) {
    const draw = seeded(4);
    const satisfied = Math.floor((population * truth) / 100 + 0.5);
    return Array.from({ length: SURVEYS }, () => {
      let [left, good] = [population, satisfied];
      for (let k = 0; k < answers; k += 1) {
        if (draw() * left < good) good -= 1; // without asking anybody twice
        left -= 1;
      }
      return (100 * (satisfied - good)) / answers;
    });
  }

  models.sample_planner = {
    compute({ population, confidence, margin, share, response, invitations }, settings) {
      const z = Z[confidence];
      const needed = sampleSize(population, z, share / 100, margin / 100);
      const answers = answersTo(invitations, response, population);
      const reached = marginOf(answers, population, z, share / 100);
      const found = surveys(population, settings.truth, answers);
      const missed = found.filter((each) => Math.abs(each - settings.truth) > reached + 1e-9).length;
      const own = settings.case;
      const least = invitationsFor(
        sampleSize(own.population, Z[95], 0.5, own.margin / 100), own.response, own.population,
      );
      const values = {
        unlimited: sampleSize(0, z, share / 100, margin / 100),
        needed,
        to_invite: invitationsFor(needed, response, population),
        answers,
        reached,
        cost: invitations * settings.cost,
        missed,
        missed_share: (100 * missed) / SURVEYS,
        foreseen_share: 100 - Number(confidence),
        case_margin: marginOf(answersTo(invitations, own.response, own.population), own.population, Z[95], 0.5),
        case_least: least,
        case_spare: invitations - least,
      };
      const tooOften = values.missed_share > values.foreseen_share + settings.leeway;
      return { values, case: tooOften ? "misses" : "holds", series: found };
    },

    draw({ values, series }, _, { truth }, labels) {
      const [min, max] = [truth - 16, truth + 16];
      const hits = histogram(series, min, max, 32);
      const ends = [truth - values.reached, truth + values.reached];
      const isIn = ([from, to]) => (from + to) / 2 >= ends[0] && (from + to) / 2 <= ends[1];
      const top = Math.max(...hits.map((bar) => bar[2])) * 1.25;
      return [
        chart({
          title: labels.title,
          x: { min, max, label: labels.x },
          y: { min: 0, max: top, label: labels.y },
          marks: [
            { band: ends, text: "" },
            { bars: hits.filter(isIn) },
            { bars: hits.filter((bar) => !isIn(bar)), as: "bad" },
            { down: truth, text: fill(labels.truth, { truth }), as: "other" },
          ],
        }),
        el("p", { class: "csqm-chart-unit", text: labels.margin }),
      ];
    },
  };
}
