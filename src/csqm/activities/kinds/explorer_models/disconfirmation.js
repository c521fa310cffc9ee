// Satisfaction with a kept or broken promise, and which promise pays over many trips.
{
  const PASSENGERS = 200;
  const PROMISES = Array.from({ length: 101 }, (_, step) => step / 10);

  const feeling = ({ tolerance, loss_ratio: ratio }, { base, gain }) => (gap) => {
    const better = Math.max(gap - tolerance / 2, 0);
    const worse = Math.min(gap + tolerance / 2, 0);
    return Math.min(100, Math.max(0, base + gain * (better + ratio * worse)));
  };

  models.disconfirmation = {
    compute(inputs, settings) {
      const { expectation, performance, spread } = inputs;
      const { lost, kept, trips, orders, pull } = settings;
      const half = inputs.tolerance / 2;
      const satisfaction = feeling(inputs, settings);
      const stays = (felt) => Math.min(1, Math.max(0, (felt - lost) / (kept - lost)));
      const draw = seeded(2);
      const passengers = Array.from({ length: PASSENGERS }, () => {
        const went = Array.from({ length: trips }, () =>
          Math.min(10, Math.max(0, performance + spread * (draw() + draw() - 1))));
        let later = 0;
        for (let k = trips - 1; k > 0; k -= 1) {
          const felt = satisfaction(went[k] - went[k - 1]); // by now the last trip is expected
          later = felt + stays(felt) * later;
        }
        return { first: went[0], later };
      });
      const points = (promise) => {
        let total = 0;
        for (const { first, later } of passengers) {
          const felt = satisfaction(first - promise);
          total += felt + stays(felt) * later;
        }
        return (((orders + pull * promise) / 100) * total) / PASSENGERS / trips;
      };
      const earned = PROMISES.map(points);
      let best = 0;
      earned.forEach((each, k) => {
        if (each > earned[best] + 1e-9) best = k;
      });
      const gap = performance - expectation;
      const values = {
        gap,
        satisfaction: satisfaction(gap),
        points: points(expectation),
        best_promise: PROMISES[best],
        promise_gap: expectation - PROMISES[best],
      };
      values.loss = earned[best] - values.points;
      const zone = gap > half + 1e-9 ? "above" : gap < -half - 1e-9 ? "below" : "within";
      return { values, case: zone, series: earned };
    },

    draw({ values, series }, inputs, settings, labels) {
      const { expectation, performance, tolerance } = inputs;
      const satisfaction = feeling(inputs, settings);
      const scale = { min: 0, max: 10, step: 2 };
      const top = 10 * Math.ceil(Math.max(...series) / 10 + 0.5);
      // Only what lies near: the best promise is for the trainee to find.
      const nearby = PROMISES.map((each, k) => [each, series[k]]).filter(
        ([each]) => Math.abs(each - expectation) < 1.05,
      );
      return [
        chart({
          title: labels.title,
          x: { ...scale, label: labels.x },
          y: { min: 0, max: 100, step: 25, label: labels.y },
          marks: [
            { band: [expectation - tolerance / 2, expectation + tolerance / 2], text: labels.zone },
            { line: PROMISES.map((each) => [each, satisfaction(each - expectation)]) },
            { dot: [performance, values.satisfaction], text: labels.here, side: "below" },
          ],
          height: 200,
        }),
        chart({
          title: labels.long_title,
          x: { ...scale, label: labels.long_x },
          y: { min: 0, max: top, label: labels.long_y },
          marks: [
            { line: nearby },
            { dot: [expectation, values.points], text: labels.yours, side: "below", as: "bad" },
          ],
          height: 200,
        }),
      ];
    },
  };
}
