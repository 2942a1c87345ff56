import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { CALM_CURVES } from "../fixtures/vault.ts";
import type { Stage } from "./chain.ts";
import { stageWith } from "./ledger.ts";
import {
  type Life,
  live,
  OTHERS_DOINGS,
  type Others,
  OWN_DOINGS,
  type Own,
  type Run,
} from "./twoRuns.ts";

const RUNS = 4;
const SEED = 7;

/** Rates that do not depend on what others do, below the kink: no funding, one wei a second for borrowing. */
const calm = stageWith({ decimals: 6n, market: { curves: CALM_CURVES } });
/** Rates that do. */
const lively = stageWith({ decimals: 18n, market: {} });

const factor = fc.oneof(
  fc.integer({ min: 850, max: 1_180 }),
  fc.constantFrom(915, 918, 1_080, 1_085),
);
const x = fc.integer({ min: 1, max: 1_000 });
const own: fc.Arbitrary<Own> = fc.record({ name: fc.constantFrom(...OWN_DOINGS), factor, x });
const other: fc.Arbitrary<Others> = fc.record({
  name: fc.oneof(fc.constantFrom(...OTHERS_DOINGS), fc.constant("open" as const)),
  factor: fc.integer({ min: 600, max: 1_500 }),
  x,
});
const anyLife: fc.Arbitrary<Life> = fc.record({
  side: fc.constantFrom(1n as const, -1n as const),
  own: fc.array(own, { minLength: 4, maxLength: 7 }),
  others: fc.array(fc.array(other, { minLength: 1, maxLength: 4 }), { minLength: 8, maxLength: 8 }),
});

const doing = (name: Others["name"], factor = 1_000, x = 80): Others => ({ name, factor, x });
const step = (name: Own["name"], factor = 1_000, x = 300): Own => ({ name, factor, x });

/** Stories in which others do the worst that they can to a position next to theirs. */
const LIVES: readonly (readonly [string, Life])[] = [
  [
    "a long is liquidated in part and closed, while others are liquidated at the same prices",
    {
      side: 1n,
      own: [step("liquidate", 915), step("decrease", 1_050, 400), step("decrease", 1_100, 1_000)],
      others: [
        [doing("open"), doing("open", 1_000, 81)],
        [doing("liquidate", 700, 0), doing("liquidate", 1_400, 1)],
        [doing("liquidate", 1_500, 3), doing("close", 1_000, 2)],
        [doing("upkeep"), doing("settleAtCap", 600, 1)],
      ],
    },
  ],
  [
    "a short is rescued by its mandate and settled at its cap, while others use theirs",
    {
      side: -1n,
      own: [step("mandate", 1_000, 400), step("rescue", 1_070), step("settleAtCap", 450)],
      others: [
        [doing("open")],
        [doing("mandate", 1_000, 0), doing("transfer", 1_000, 0)],
        [doing("liquidate", 800, 0), doing("mandate", 1_000, 1)],
        [doing("removeMargin", 1_000, 1), doing("open", 1_200, 89)],
      ],
    },
  ],
  [
    "a long grows and shrinks, while the pool is filled and emptied and vaults are given tokens",
    {
      side: 1n,
      own: [
        step("increase", 1_020),
        step("removeMargin", 1_030, 100),
        step("decrease", 1_000, 1_000),
      ],
      others: [
        [doing("donate"), doing("deposit", 1_000, 900)],
        [doing("fulfill", 1_000, 2), doing("redeem", 1_000, 900)],
        [doing("fulfill", 1_000, 1), doing("upkeep", 1_000, 0)],
        [doing("redeem", 1_000, 500), doing("donate", 1_000, 999)],
      ],
    },
  ],
];

/** A life with others and without. */
type Pair = (stage: Stage, life: Life) => Promise<readonly [Run, Run]>;

describe("LAW-5: a position next to others is what it would be alone", () => {
  const tried = new Map<string, number>();

  function itIsTheSame(title: string, deploy: ReturnType<typeof stageWith>, play: Pair): void {
    describe(title, () => {
      let stage: Stage;

      before(async function () {
        this.timeout(300_000);
        const connection = await network.create();
        stage = await connection.networkHelpers.loadFixture(deploy);
      });

      for (const [name, life] of LIVES) {
        it(name, async function () {
          this.timeout(300_000);
          expectSame(await play(stage, life));
        });
      }

      it("whatever it and they do", async function () {
        this.timeout(300_000);
        const property = fc.asyncProperty(anyLife, async (life) => {
          expectSame(await play(stage, life));
        });
        await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
      });
    });
  }

  itIsTheSame("given rates that others cannot move", calm, async (stage, life) => [
    await live(stage, life, false),
    await live(stage, life, true),
  ]);

  itIsTheSame("given indices forced to be equal", lively, async (stage, life) => {
    const alone = await live(stage, life, false);
    return [alone, await live(stage, life, true, alone.indices)];
  });

  function expectSame([alone, amongOthers]: readonly [Run, Run]): void {
    for (const [index, sight] of alone.sights.entries()) {
      expect(told(amongOthers.sights[index]), `step ${index}`).to.equal(told(sight));
      const [name = ""] = sight.outcome.names;
      tried.set(name, (tried.get(name) ?? 0) + 1);
    }
  }

  describe("after all lives", () => {
    it("was tried on partial liquidations, rescues, caps and changes of size", () => {
      for (const outcome of ["part", "rescued", "settled", "increased", "decreased", "closed"]) {
        expect(tried.get(outcome) ?? 0, outcome).to.be.at.least(1);
      }
    });
  });
});

/** A text: the report of a failed test cannot show integers of this kind. */
function told(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? `${part}` : part));
}
