// Two sides haggle over a price: whether their limits overlap, and where their offers meet.
{
  const ROUNDS = 8; // offers that each side may make
  const EXTREME = 0.2; // a first offer this far beyond one's limit ends the talk

  // In each round the seller speaks first. A side gives up a part of what separates its last offer
  // from its limit, half as much once the offer is past its target, and accepts what meets its
  // target or is no worse than its own next offer.
  function talk(buyer, seller) {
    const spoken = { asks: [seller.first], bids: [buyer.first] };
    if (buyer.first < (1 - EXTREME) * seller.reservation - 1e-9) {
      return { end: "too_low", price: 0, rounds: 1, ...spoken };
    }
    if (seller.first > (1 + EXTREME) * buyer.reservation + 1e-9) {
      return { end: "too_high", price: 0, rounds: 1, ...spoken, bids: [] };
    }
    let bid = Math.min(buyer.first, buyer.reservation); // nobody offers what is beyond the own limit
    let ask = Math.max(seller.first, seller.reservation);
    const [asks, bids] = [[], []];
    for (let rounds = 1; rounds <= ROUNDS; rounds += 1) {
      asks.push(ask);
      if (ask <= Math.min(buyer.reservation, Math.max(bid, buyer.target)) + 1e-9) {
        return { end: "deal", price: ask, rounds, asks, bids };
      }
      bids.push(bid);
      const down = ((ask - seller.reservation) * seller.pace) / 100;
      ask -= ask > seller.target ? down : down / 2;
      if (bid >= Math.max(seller.reservation, Math.min(ask, seller.target)) - 1e-9) {
        return { end: "deal", price: bid, rounds, asks, bids };
      }
      const up = ((buyer.reservation - bid) * buyer.pace) / 100;
      bid += bid < buyer.target ? up : up / 2;
    }
    return { end: "no_time", price: 0, rounds: ROUNDS, asks, bids };
  }

  const NAMES = ["reservation", "target", "first", "pace"];
  const sideOf = (inputs, side) =>
    Object.fromEntries(NAMES.map((name) => [name, inputs[`${side}_${name}`]]));

  models.zopa_bar = {
    compute(inputs, { alternative, seller: own, tougher }) {
      const [buyer, seller] = [sideOf(inputs, "buyer"), sideOf(inputs, "seller")];
      const here = talk(buyer, seller);
      const inCase = talk(buyer, own);
      const tough = talk(buyer, { ...own, reservation: own.reservation + tougher });
      const surplus = buyer.reservation - seller.reservation;
      const [isDeal, { price }] = [here.end === "deal", here];
      const values = {
        surplus: Math.max(0, surplus),
        gap: Math.max(0, -surplus),
        price,
        rounds: here.rounds,
        share: isDeal && surplus ? (100 * (buyer.reservation - price)) / surplus : 0,
        buyer_gain: isDeal ? alternative - price : 0,
        seller_gain: isDeal ? price - seller.reservation : 0,
        above_limit: Math.max(0, buyer.first - buyer.reservation),
        given_away: Math.max(0, buyer.first - seller.reservation),
        seller_given_away: Math.max(0, buyer.reservation - seller.first),
        target_room: buyer.target - buyer.first,
        changed: Number(NAMES.some((name) => seller[name] !== own[name])),
        case_share: inCase.end === "deal"
          ? (100 * (alternative - inCase.price)) / (alternative - own.reservation)
          : 0,
        tough_deal: Number(tough.end === "deal"),
      };
      const worse = isDeal && price > alternative + 1e-9;
      return { values, case: surplus < 0 ? "gap" : worse ? "worse" : here.end, series: here };
    },

    draw({ values, series }, inputs, { low, high }, labels) {
      const { end, price, rounds, asks, bids } = series;
      const isDeal = end === "deal";
      const [limit, floor] = [inputs.buyer_reservation, inputs.seller_reservation];
      const scale = { min: low, max: high, step: 100 };
      const deal = fill(labels.deal, { price: written(price, 0) });
      const ofSide = (side, y, as) =>
        ["first", "target"].map((name) => ({
          dot: [inputs[`${side}_${name}`], y], text: labels[name], side: name === "target" ? "below" : "above", as,
        }));
      const overlap = { band: [floor, limit], text: fill(labels.overlap, { surplus: written(values.surplus, 0) }) };
      const points = (offers) => offers.map((offer, k) => [k + 1, offer]);
      return [
        chart({
          title: labels.title,
          x: { ...scale, label: labels.x },
          y: { min: 0, max: 5, ticks: [{ value: 3.5, text: labels.you }, { value: 1.8, text: labels.seller }] },
          marks: [
            ...(limit >= floor ? [overlap] : []),
            ...(isDeal ? [{ down: price, text: deal, as: "bad" }] : []),
            { spans: [[low, limit, 3.5]] },
            { spans: [[floor, high, 1.8]], as: "other" },
            ...ofSide("buyer", 3.5, "main"),
            ...ofSide("seller", 1.8, "other"),
          ],
          height: 230,
        }),
        chart({
          title: labels.talk,
          x: { min: 0.7, max: ROUNDS + 0.3, label: labels.rounds, ticks: Array.from({ length: ROUNDS }, (_, k) => ({ value: k + 1, text: String(k + 1) })) },
          y: { ...scale, label: labels.price },
          marks: [
            ...(isDeal ? [{ across: price, text: deal, right: rounds <= 4, as: "bad" }] : []),
            { line: points(asks), as: "other" },
            { line: points(bids) },
            ...points(asks).map((dot, k) => ({ dot, text: k ? "" : labels.seller, as: "other" })),
            ...points(bids).map((dot, k) => ({ dot, text: k ? "" : labels.you })),
          ],
          height: 200,
        }),
      ];
    },
  };
}
