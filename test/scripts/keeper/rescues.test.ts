import { expect } from "chai";
import fc from "fast-check";
import pino from "pino";

import { dueRescues, payability, type Wallet } from "../../../scripts/core/dueRescues.ts";
import { type GivenMandate, lastingMandate } from "../../../scripts/core/rescue.ts";
import type { SearchScene } from "../../../scripts/core/searchBounds.ts";
import type { DueRescue, OpenPosition, Snapshot } from "../../../scripts/core/snapshot.ts";
import { MarketIndex } from "../../../scripts/keeper/marketIndex.ts";
import { findRescues, type RescueSearch } from "../../../scripts/keeper/rescues.ts";
import { encodeValue } from "../../../scripts/keeper/store/codec.ts";
import {
  CONSTANTS,
  NOW,
  positionOf,
  snapshotOf,
  stateOf,
  TERMS,
  WAD,
} from "../../fixtures/snapshots.ts";

const OWNER = "0x00000000000000000000000000000000000000A1";
const OTHER = "0x00000000000000000000000000000000000000b2";

/** Acts below 1.3 times maintenance and restores twice of it, unless told otherwise. */
function mandateOf(changes: Partial<GivenMandate> = {}): GivenMandate {
  const terms = { capLeft: 1000n * WAD, targetRatio: 2n * WAD, triggerRatio: (13n * WAD) / 10n };
  return { ...lastingMandate(terms), owner: OWNER, round: 0n, ...changes };
}

type Given = readonly (readonly [bigint, OpenPosition, GivenMandate])[];

/** Positions with mandates at a price of 930, where equity of the usual one is 30 and its maintenance 23.25. */
function snapshotWith(given: Given, changes: Partial<Snapshot> = {}): Snapshot {
  return snapshotOf({
    state: stateOf({
      positions: given.map(([id, position]) => [id, position]),
      mandates: given.map(([id, , mandate]) => [id, mandate]),
    }),
    spot: { price: 930n * WAD, observedAt: 9_995n },
    ...changes,
  });
}

const one = (mandate: Partial<GivenMandate> = {}, position: Partial<OpenPosition> = {}): Given => [
  [1n, positionOf(position), mandateOf(mandate)],
];

const ids = (rescues: readonly DueRescue[]) => rescues.map(({ positionId }) => positionId);

function indexOf(given: Given): MarketIndex {
  const index = new MarketIndex();
  index.write([
    { table: "terms", key: 1n, after: encodeValue("terms", TERMS) },
    ...given.flatMap(([key, position, mandate]) => [
      { table: "positions" as const, key, after: encodeValue("positions", position) },
      { table: "mandates" as const, key, after: encodeValue("mandates", mandate) },
    ]),
  ]);
  return index;
}

function sceneOf({ spot, market }: Snapshot): SearchScene {
  const { skew, fundingIndex, borrowIndex } = market;
  const { skewScale } = CONSTANTS;
  return { price: spot?.price ?? 0n, skew, fundingIndex, borrowIndex, skewScale };
}

describe("dueRescues", () => {
  it("names what is below its trigger, with what restores the target and pays the keeper", () => {
    // 1.3 × 23.25 = 30.225 > 30. 2 × 23.25 − 30, and the floor of 1.
    expect(dueRescues(snapshotWith(one()))).to.deep.equal([
      {
        positionId: 1n,
        owner: OWNER,
        pulled: (175n * WAD) / 10n,
        equity: 30n * WAD,
        maintenanceMargin: (2325n * WAD) / 100n,
      },
    ]);
  });

  it("leaves alone what is at or above it", () => {
    // 30 / 23.25 is 1.2903…
    const triggerRatio = (129n * WAD) / 100n;
    expect(dueRescues(snapshotWith(one({ triggerRatio })))).to.deep.equal([]);
    const exact = (30n * WAD * WAD) / ((2325n * WAD) / 100n);
    expect(dueRescues(snapshotWith(one({ triggerRatio: exact })))).to.deep.equal([]);
    expect(ids(dueRescues(snapshotWith(one({ triggerRatio: exact + 1n }))))).to.deep.equal([1n]);
  });

  for (const [what, mandate] of [
    ["has expired", { expiry: NOW - 1n }],
    ["was used too short a time ago", { rescuedAt: NOW - 59n }],
    ["pays keepers less than their fee", { maxKeeperFee: WAD - 1n }],
    ["has too little left", { capLeft: (175n * WAD) / 10n - 1n }],
  ] as const) {
    it(`leaves alone a position whose mandate ${what}`, () => {
      expect(dueRescues(snapshotWith(one(mandate)))).to.deep.equal([]);
    });
  }

  it("counts the last second of a mandate, its whole pause and all of its cap", () => {
    for (const mandate of [
      { expiry: NOW },
      { rescuedAt: NOW - 60n },
      { maxKeeperFee: WAD },
      { capLeft: (175n * WAD) / 10n },
    ]) {
      expect(ids(dueRescues(snapshotWith(one(mandate))))).to.deep.equal([1n]);
    }
  });

  describe("given a position below maintenance", () => {
    const spot = { price: 920n * WAD, observedAt: 9_995n };

    it("leaves it to who liquidates it, who tries the mandate first", () => {
      expect(dueRescues(snapshotWith(one(), { spot }))).to.deep.equal([]);
    });

    it("names it while it cools off", () => {
      const cooling = { cooldown: 600n, priceTime: 9_900n };
      expect(ids(dueRescues(snapshotWith(one({}, cooling), { spot })))).to.deep.equal([1n]);
    });

    it("names it while the sequencer has not been up for long enough to liquidate", () => {
      const at = (upSince: bigint) => ids(dueRescues(snapshotWith(one(), { spot, upSince })));
      expect(at(NOW - 599n)).to.deep.equal([1n]);
      expect(at(NOW - 600n)).to.deep.equal([]);
    });

    it("leaves alone what has nothing left", () => {
      const gone = { price: 900n * WAD, observedAt: 9_995n };
      expect(dueRescues(snapshotWith(one(), { spot: gone, upSince: NOW }))).to.deep.equal([]);
    });
  });

  it("acts on no price that is older than one the market has used, nor without any", () => {
    const market = { skew: 0n, fundingIndex: 0n, borrowIndex: 0n, clock: 9_996n };
    expect(dueRescues(snapshotWith(one(), { market }))).to.deep.equal([]);
    expect(dueRescues(snapshotWith(one(), { spot: undefined }))).to.deep.equal([]);
  });

  it("puts first what has least left of its maintenance margin", () => {
    const given: Given = [
      [1n, positionOf(), mandateOf()],
      [2n, positionOf({ margin: 97n * WAD }), mandateOf()],
      // Twice the size of the first, and a little more of its margin.
      [
        3n,
        positionOf({ size: 2n * WAD, openNotional: 2000n * WAD, margin: 199n * WAD }),
        mandateOf(),
      ],
    ];
    expect(ids(dueRescues(snapshotWith(given)))).to.deep.equal([2n, 3n, 1n]);
  });
});

describe("payability", () => {
  const rescue = (positionId: bigint, owner: string): DueRescue => ({
    positionId,
    owner,
    pulled: 10n * WAD,
    equity: WAD,
    maintenanceMargin: WAD,
  });
  const wallet = (balance: bigint, allowance: bigint): Wallet => ({
    balanceToken: balance * 1_000_000n,
    allowanceToken: allowance * 1_000_000n,
  });

  it("spends a wallet once, and no more than it holds and allows", () => {
    const wallets = new Map([
      [OWNER, wallet(25n, 100n)],
      [OTHER, wallet(100n, 9n)],
    ]);
    const asked = [rescue(1n, OWNER), rescue(2n, OTHER), rescue(3n, OWNER), rescue(4n, OWNER)];
    const { payable, lacking } = payability(asked, wallets, 10n ** 12n);
    expect(ids(payable)).to.deep.equal([1n, 3n]);
    expect(ids(lacking)).to.deep.equal([2n, 4n]);
  });

  it("takes a wallet that nobody has read for empty", () => {
    const { payable, lacking } = payability([rescue(1n, OWNER)], new Map(), 10n ** 12n);
    expect([payable, ids(lacking)]).to.deep.equal([[], [1n]]);
  });
});

describe("MarketIndex", () => {
  const everything = { most: 1_000, isAllowed: () => true };

  /** A position whose margin puts equity within wei of its mandate's trigger, either side. */
  const atTheTrigger = fc
    .record({
      long: fc.boolean(),
      size: fc.bigInt({ min: 1n, max: 10n ** 22n }),
      price: fc.bigInt({ min: 10n ** 9n, max: 10n ** 23n }),
      entry: fc.bigInt({ min: 10n ** 9n, max: 10n ** 23n }),
      offset: fc.bigInt({ min: -40n, max: 3n }),
      trigger: fc.bigInt({ min: 1_000_000n, max: 10_000_000n }),
      funding: fc.bigInt({ min: -(10n ** 21n), max: 10n ** 21n }),
      drift: fc.integer({ min: -180, max: 180 }),
    })
    .map(({ long, size: quantity, price, entry, offset, trigger, funding, drift }) => {
      const size = long ? quantity : -quantity;
      const openNotional = (size * entry) / WAD;
      const gain = (size * price) / WAD - openNotional - (size * funding) / WAD;
      const worth = (quantity * price) / WAD;
      const needed = (worth * 25n) / 1000n > 5n * WAD ? (worth * 25n) / 1000n : 5n * WAD;
      const margin = (needed * trigger) / 1_000_000n - gain + offset;
      const position = positionOf({
        size,
        openNotional,
        margin: margin < 0n ? 0n : margin,
        reserve: 10n ** 27n,
      });
      const mandate = mandateOf({
        triggerRatio: trigger * 10n ** 12n,
        targetRatio: 20n * WAD,
        capLeft: 2n ** 96n - 1n,
        maxKeeperFee: 100n * WAD,
      });
      return { position, mandate, price, funding, drift };
    });

  it("never misses a position below its trigger, within wei of it", () => {
    let named = 0;
    fc.assert(
      fc.property(atTheTrigger, ({ position, mandate, price, funding, drift }) => {
        const snapshot = snapshotWith([[1n, position, mandate]], {
          market: { skew: 0n, fundingIndex: funding, borrowIndex: 0n, clock: 0n },
          spot: { price, observedAt: 9_995n },
          upSince: NOW,
        });
        const index = indexOf([[1n, position, mandate]]);
        const scene = sceneOf(snapshot);
        // Bounds worked out at another moment must hold here, too.
        const moved = (price * BigInt(drift)) / 1_000_000n;
        index.prepare({ ...scene, fundingIndex: funding + moved });
        const due = dueRescues(snapshot);
        const found = index.endangered(scene, everything);
        if (due.length === 0) return;
        named += 1;
        expect(found).to.deep.equal([1n]);
      }),
      { numRuns: 3_000 },
    );
    // The edge is drawn so that many are.
    expect(named).to.be.greaterThan(1_000);
  });

  it("leaves out what is plainly above its trigger, and what has no mandate", () => {
    const index = indexOf(one({ triggerRatio: (11n * WAD) / 10n }));
    const scene = sceneOf(snapshotWith(one()));
    expect(index.endangered(scene, everything)).to.deep.equal([]);
    expect(index.positions.candidates(scene)).to.deep.equal([]);
    index.write([{ table: "mandates", key: 1n, after: encodeValue("mandates", mandateOf()) }]);
    expect(index.endangered(scene, everything)).to.deep.equal([1n]);
    index.write([{ table: "mandates", key: 1n, after: undefined }]);
    expect(index.endangered(scene, everything)).to.deep.equal([]);
  });

  it("follows what positions become", () => {
    const index = indexOf(one());
    const scene = sceneOf(snapshotWith(one()));
    const saved = positionOf({ margin: 200n * WAD });
    index.write([{ table: "positions", key: 1n, after: encodeValue("positions", saved) }]);
    expect(index.endangered(scene, everything)).to.deep.equal([]);
    index.write([{ table: "positions", key: 1n, after: encodeValue("positions", positionOf()) }]);
    expect(index.endangered(scene, everything)).to.deep.equal([1n]);
    index.write([{ table: "positions", key: 1n, after: undefined }]);
    expect(index.endangered(scene, everything)).to.deep.equal([]);
  });

  it("names those in most danger first, and no more than asked for", () => {
    const given: Given = [3n, 1n, 2n].map((id) => [
      id,
      positionOf({ margin: 100n * WAD - id * WAD }),
      mandateOf(),
    ]);
    const scene = sceneOf(snapshotWith(given));
    const index = indexOf(given);
    expect(index.endangered(scene, { ...everything, most: 2 })).to.deep.equal([3n, 2n]);
    const isAllowed = (id: bigint) => id !== 3n;
    expect(index.endangered(scene, { most: 2, isAllowed })).to.deep.equal([2n, 1n]);
  });
});

describe("findRescues", () => {
  const HEAD = { number: 100, hash: "0x", parentHash: "0x", timestamp: Number(NOW) };

  async function search(given: Given, wallets: readonly [string, Wallet][], room?: number) {
    const snapshot = snapshotWith(given);
    const asked: (readonly string[])[] = [];
    const hopeless: bigint[] = [];
    const needs: RescueSearch = {
      view: {
        wallets: async (owners) => {
          asked.push(owners);
          return new Map(wallets);
        },
      },
      room,
      isAllowed: () => true,
      onHopeless: (id) => hopeless.push(id),
      log: pino({ level: "silent" }),
    };
    const sight = { snapshot, scene: sceneOf(snapshot), index: indexOf(given), head: HEAD };
    return { found: await findRescues(sight, needs), asked, hopeless };
  }

  const RICH: Wallet = { balanceToken: 10n ** 12n, allowanceToken: 10n ** 12n };
  const POOR: Wallet = { balanceToken: 10n ** 12n, allowanceToken: 17_499_999n };

  it("returns what its owner's wallet can pay for, and says what is hopeless", async () => {
    const given: Given = [...one(), [2n, positionOf(), mandateOf({ owner: OTHER })]];
    const { found, asked, hopeless } = await search(given, [
      [OWNER, RICH],
      [OTHER, POOR],
    ]);
    expect(ids(found)).to.deep.equal([1n]);
    expect(asked).to.deep.equal([[OWNER, OTHER]]);
    expect(hopeless).to.deep.equal([2n]);
  });

  it("does not let what cannot be had hide what can", async () => {
    const given: Given = [...one({ expiry: NOW - 1n }), [2n, positionOf(), mandateOf()]];
    const { found, hopeless } = await search(given, [[OWNER, RICH]]);
    expect(ids(found)).to.deep.equal([2n]);
    expect(hopeless).to.deep.equal([1n]);
  });

  it("takes half of the room that is left, and the last place when there is but one", async () => {
    const given: Given = [1n, 2n, 3n, 4n].map((id) => [id, positionOf(), mandateOf()]);
    expect((await search(given, [[OWNER, RICH]], 4)).found).to.have.length(2);
    expect((await search(given, [[OWNER, RICH]], 1)).found).to.have.length(1);
    expect((await search(given, [[OWNER, RICH]], 0)).found).to.have.length(0);
  });
});
