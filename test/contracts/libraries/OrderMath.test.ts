import { expect } from "chai";
import { network } from "hardhat";

const { ethers, networkHelpers } = await network.create();

const MARKET = 0n;
const LIMIT = 1n;
const STOP = 2n;

/** An order gets the price of second 1000, waits for it up to second 1060, and may then be executed for 30 s. */
const TIME = 1_000n;
const LATEST = 1_060n;
const WINDOW = 30n;

const ORDER = {
  subject: 7n,
  acceptablePrice: 0n,
  sizeDelta: 10n ** 18n,
  margin: 0n,
  submittedAt: 990n,
  expiry: 0n,
  reserve: 0n,
  triggerPrice: 2_000n * 10n ** 18n,
  keeperFeeE6: 1_500_000n,
  termsId: 1n,
  traits: 0n,
};

interface Times {
  validFrom: bigint;
  observedAt: bigint;
  validUntil: bigint;
  upSince?: bigint;
}

function priceOf(times: Times) {
  return { value: 1n, upSince: 0n, closingOnly: false, kind: 0n, ...times };
}

async function harnessFixture() {
  return ethers.deployContract("OrderMathHarness");
}

describe("OrderMath", () => {
  describe("pack", () => {
    it("keeps the kind in bits 0 and 1 and each trait in a bit of its own", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      expect(await harness.pack(MARKET, false, false, false)).to.equal(0n);
      expect(await harness.pack(LIMIT, false, false, false)).to.equal(1n);
      expect(await harness.pack(STOP, false, false, false)).to.equal(2n);
      expect(await harness.pack(MARKET, true, false, false)).to.equal(4n);
      expect(await harness.pack(MARKET, false, true, false)).to.equal(8n);
      expect(await harness.pack(MARKET, false, false, true)).to.equal(16n);
      // 2 + 8 + 16.
      expect(await harness.pack(STOP, false, true, true)).to.equal(26n);
    });
  });

  describe("the meaning of an order", () => {
    it("counts a market order on a position that exists", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      const meaning = await harness.meaningOf(ORDER);
      expect(meaning.isMarket).to.equal(true);
      expect(meaning.opens).to.equal(false);
      expect(meaning.countedPosition).to.equal(7n);
    });

    it("does not count an order that opens a position", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      const meaning = await harness.meaningOf({ ...ORDER, traits: 4n });
      expect(meaning.opens).to.equal(true);
      expect(meaning.countedPosition).to.equal(0n);
    });

    it("does not count a trigger order", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      for (const traits of [LIMIT, STOP]) {
        const meaning = await harness.meaningOf({ ...ORDER, traits });
        expect(meaning.isMarket).to.equal(false);
        expect(meaning.countedPosition).to.equal(0n);
      }
    });

    it("escrows the keeper's fee, 1.5 in steps of 1e-6", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      const meaning = await harness.meaningOf(ORDER);
      expect(meaning.keeperFee).to.equal(1_500_000_000_000_000_000n);
      expect(meaning.escrowedFee).to.equal(1_500_000_000_000_000_000n);
    });

    it("escrows no fee that comes from margin", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      const meaning = await harness.meaningOf({ ...ORDER, traits: 26n });
      expect(meaning.isReduceOnly).to.equal(true);
      expect(meaning.takesFeeFromMargin).to.equal(true);
      expect(meaning.keeperFee).to.equal(1_500_000_000_000_000_000n);
      expect(meaning.escrowedFee).to.equal(0n);
    });
  });

  describe("coverage", () => {
    const ON_TIME: [string, Times, bigint][] = [
      [
        "observed in the order's second",
        { validFrom: 900n, observedAt: 1_000n, validUntil: 1_000n },
        1_030n,
      ],
      [
        "beginning in the order's second",
        { validFrom: 1_000n, observedAt: 1_020n, validUntil: 1_030n },
        1_050n,
      ],
      [
        "observed in the last second",
        { validFrom: 400n, observedAt: 1_060n, validUntil: 2_000n },
        1_090n,
      ],
      [
        "known before the sequencer went down",
        { validFrom: 900n, observedAt: 1_010n, validUntil: 1_500n, upSince: 1_400n },
        1_430n,
      ],
      [
        "observed after the sequencer came back",
        { validFrom: 900n, observedAt: 1_050n, validUntil: 1_500n, upSince: 1_020n },
        1_080n,
      ],
    ];
    for (const [title, times, deadline] of ON_TIME) {
      it(`is on time with a price ${title}`, async () => {
        const harness = await networkHelpers.loadFixture(harnessFixture);
        const result = await harness.coverage(priceOf(times), TIME, LATEST, WINDOW);
        expect([...result]).to.deep.equal([true, false, deadline]);
      });
    }

    const LATE: [string, Times, bigint][] = [
      [
        "in force up to the last second",
        { validFrom: 400n, observedAt: 999n, validUntil: 1_060n },
        1_090n,
      ],
      ["in force beyond it", { validFrom: 1n, observedAt: 2n, validUntil: 5_000n }, 1_090n],
      [
        "that came into force in the last second, with a round of its quote side",
        { validFrom: 1_060n, observedAt: 999n, validUntil: 5_000n },
        1_090n,
      ],
      [
        "in force while the sequencer was down",
        { validFrom: 1n, observedAt: 2n, validUntil: 5_000n, upSince: 4_000n },
        4_030n,
      ],
    ];
    for (const [title, times, deadline] of LATE) {
      it(`is late with a price ${title}`, async () => {
        const harness = await networkHelpers.loadFixture(harnessFixture);
        const result = await harness.coverage(priceOf(times), TIME, LATEST, WINDOW);
        expect([...result]).to.deep.equal([true, true, deadline]);
      });
    }

    const NEITHER: [string, Times][] = [
      [
        "that begins after the order's second",
        { validFrom: 1_001n, observedAt: 1_020n, validUntil: 1_030n },
      ],
      [
        "observed after the last second",
        { validFrom: 900n, observedAt: 1_061n, validUntil: 2_000n },
      ],
      ["replaced in the last second", { validFrom: 400n, observedAt: 999n, validUntil: 1_059n }],
      [
        "that came into force after the last second",
        { validFrom: 1_061n, observedAt: 999n, validUntil: 5_000n },
      ],
      ["replaced in the order's second", { validFrom: 400n, observedAt: 999n, validUntil: 999n }],
    ];
    for (const [title, times] of NEITHER) {
      it(`is not given by a price ${title}`, async () => {
        const harness = await networkHelpers.loadFixture(harnessFixture);
        const [covers, late] = await harness.coverage(priceOf(times), TIME, LATEST, WINDOW);
        expect([covers, late]).to.deep.equal([false, false]);
      });
    }

    it("is given by exactly one of any run of rounds, so the executor has no choice", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      // Rounds of a push feed: each begins after its predecessor and stays in force until its successor.
      const runs = [
        [900n, 999n, 1_000n, 1_001n, 1_100n],
        [900n, 1_030n, 1_059n, 1_060n, 1_061n],
        [900n, 999n, 1_060n, 1_200n, 1_300n],
        [900n, 999n, 1_061n, 1_062n, 1_300n],
        [900n, 950n, 960n, 2_000n, 2_100n],
      ];
      for (const run of runs) {
        let serving = 0;
        for (let i = 1; i < run.length - 1; i++) {
          const [before, at, after] = run.slice(i - 1, i + 2) as [bigint, bigint, bigint];
          const times = { validFrom: before + 1n, observedAt: at, validUntil: after - 1n };
          const [covers] = await harness.coverage(priceOf(times), TIME, LATEST, WINDOW);
          if (covers) serving++;
        }
        expect(serving, `rounds at ${run.join(", ")}`).to.equal(1);
      }
    });
  });

  describe("deadlineOf", () => {
    it("runs from the start while the sequencer is up", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      expect(await harness.deadlineOf(1_000n, 0n, 30n)).to.equal(1_030n);
      expect(await harness.deadlineOf(1_000n, 999n, 30n)).to.equal(1_030n);
    });

    it("runs from the restart when the sequencer came back later", async () => {
      const harness = await networkHelpers.loadFixture(harnessFixture);
      expect(await harness.deadlineOf(1_000n, 1_001n, 30n)).to.equal(1_031n);
    });
  });

  describe("isTriggered", () => {
    const TRIGGER = 2_000n * 10n ** 18n;
    // Kind, direction, and whether it is released one wei below, at and one wei above the trigger.
    const TABLE: [string, bigint, bigint, boolean, boolean, boolean][] = [
      ["a limit that buys", LIMIT, 1n, true, true, false],
      ["a limit that sells (take-profit of a long)", LIMIT, -1n, false, true, true],
      ["a stop that buys (stop-loss of a short)", STOP, 1n, false, true, true],
      ["a stop that sells (stop-loss of a long)", STOP, -1n, true, true, false],
    ];
    for (const [title, traits, sizeDelta, below, at, above] of TABLE) {
      it(`releases ${title} on its side of the trigger`, async () => {
        const harness = await networkHelpers.loadFixture(harnessFixture);
        const order = { ...ORDER, traits, sizeDelta };
        expect(await harness.isTriggered(order, TRIGGER - 1n)).to.equal(below);
        expect(await harness.isTriggered(order, TRIGGER)).to.equal(at);
        expect(await harness.isTriggered(order, TRIGGER + 1n)).to.equal(above);
      });

      it(`releases ${title} across a gap`, async () => {
        const harness = await networkHelpers.loadFixture(harnessFixture);
        const order = { ...ORDER, traits: traits | 24n, sizeDelta };
        expect(await harness.isTriggered(order, 1n)).to.equal(below);
        expect(await harness.isTriggered(order, TRIGGER * 1_000n)).to.equal(above);
      });
    }
  });
});
