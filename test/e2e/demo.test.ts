import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

import { accountsNeeded } from "../../scripts/localnet/archetypes.ts";
import { pricesEvery } from "../../scripts/localnet/pricePath.ts";
import type { ReplayRound } from "../../scripts/localnet/replay.ts";
import type { DemoResult } from "../../scripts/localnet/result.ts";
import { runDemo } from "../../scripts/localnet/run.ts";
import { onDeployableCode } from "../fixtures/deployable.ts";

/** A fall by a tenth in 20 rounds, a minute apart, with one step of 4% in the middle [8 decimals]. */
const ROUNDS: readonly ReplayRound[] = [
  2000, 1995, 1985, 1975, 1965, 1950, 1940, 1930, 1920, 1910, 1833, 1825, 1815, 1805, 1800, 1810,
  1820, 1830, 1840, 1850,
].map((dollars, index) => ({
  time: 1_700_000_000 + index * 60,
  answer: BigInt(dollars) * 100_000_000n,
}));

const WAD = 10n ** 18n;

/** The step of 4%: the busiest round. */
const BUSIEST = 10;
const PATIENCE_MS = 240_000;

function run(killKeeperAt?: number | readonly number[], keeperStore?: string): Promise<DemoResult> {
  return runDemo({
    rounds: ROUNDS,
    seed: 5,
    onStage: () => {},
    onRound: () => {},
    ...(killKeeperAt === undefined ? {} : { killKeeperAt }),
    ...(keeperStore === undefined ? {} : { keeperStore }),
  });
}

/** What happened to each position, at which price. */
function fatesOf({ positions }: DemoResult): readonly string[] {
  return positions.map(({ history }) => {
    const incidents = history.incidents.map(({ kind, price }) => `${kind}@${price}`);
    return `${history.positionId} ${history.outcome} ${incidents.join(" ")}`;
  });
}

describe("the demo", () => {
  onDeployableCode("the demo on another node", define);
});

function define() {
  let undisturbed: DemoResult;

  before(async () => {
    undisturbed = await run();
  }).timeout(PATIENCE_MS);

  it("opens the whole book and keeps every law", () => {
    expect(undisturbed.refused).to.equal(0);
    expect(undisturbed.positions).to.have.length(accountsNeeded());
    expect(undisturbed.laws.filter((law) => !law.holds)).to.deep.equal([]);
    expect(undisturbed.overdue).to.deep.equal([]);
    expect(undisturbed.ok).to.equal(true);
  });

  it("liquidates at the first round that allows it", () => {
    expect(undisturbed.liquidations).to.be.greaterThan(10);
    expect(undisturbed.lag).to.deep.equal({ p50: 0, max: 0 });
  });

  it("rescues by mandate in one market and never in its twin", () => {
    const { mandates } = undisturbed;
    expect(mandates.with.positions).to.be.at.least(20);
    expect(mandates.without.positions).to.equal(mandates.with.positions);
    expect(mandates.with.rescues).to.be.greaterThan(0);
    expect(mandates.with.capUsed > 0n && mandates.with.capUsed <= mandates.capGiven).to.equal(true);
    expect(mandates.with.kept).to.be.greaterThan(mandates.without.kept);
    expect(mandates.without.rescues).to.equal(0);
    expect(mandates.without.capUsed).to.equal(0n);
  });

  it("leaves positions without a mandate to the same fate in both markets", () => {
    const { others } = undisturbed.mandates;
    expect(others.with.positions).to.equal(others.without.positions);
    expect(others.with.kept).to.equal(others.without.kept);
    expect(others.with.untouched).to.equal(others.without.untouched);
  });

  it("lets stops, caps and owners act", () => {
    const outcomes = new Set(undisturbed.positions.map(({ history }) => history.outcome));
    expect(outcomes).to.include.all.keys("open", "stopped", "closed", "liquidatedFully");
  });

  describe("given a keeper that is killed in the busiest round", () => {
    it("ends in the same state with another that finds out for itself", async () => {
      const disturbed = await run(BUSIEST);
      expect(disturbed.ok).to.equal(true);
      expect(fatesOf(disturbed)).to.deep.equal(fatesOf(undisturbed));
    }).timeout(PATIENCE_MS);
  });

  describe("given signed reports instead of rounds, each of which costs ether to verify", () => {
    /** Every 20 s on the same way. */
    const reports = pricesEvery(
      ROUNDS.map(({ time, answer }) => ({ time: BigInt(time), price: answer })),
      20n,
    ).map(({ time, price }) => ({ time: Number(time), answer: price }));
    const network = {
      signers: 7,
      faulty: 2,
      cadence: 1,
      spread: WAD / 5_000n,
      nativeFee: WAD / 10_000n,
    };

    it("keeps every law, with a keeper that is killed on the way", async () => {
      const result = await runDemo({
        rounds: reports,
        seed: 5,
        network,
        killKeeperAt: 3 * BUSIEST,
        onStage: () => {},
        onRound: () => {},
      });
      expect(result.refused).to.equal(0);
      expect(result.laws.filter((law) => !law.holds)).to.deep.equal([]);
      expect(result.overdue).to.deep.equal([]);
      expect(result.liquidations).to.be.greaterThan(10);
      expect(result.lag).to.deep.equal({ p50: 0, max: 0 });
      expect(result.ok).to.equal(true);
      const outcomes = new Set(result.positions.map(({ history }) => history.outcome));
      expect(outcomes).to.include.all.keys("open", "stopped", "closed", "liquidatedFully");
    }).timeout(PATIENCE_MS);
  });

  describe("given a keeper that is killed at ten random moments", () => {
    it("ends in the same state with those that take up its store", async () => {
      const folder = await mkdtemp(join(tmpdir(), "bulkhead-kill-"));
      // Drawn anew each time: any ten rounds will do.
      const rounds = ROUNDS.map((_, index) => index).sort(() => Math.random() - 0.5);
      const killed = rounds.slice(0, 10);
      try {
        const disturbed = await run(killed, join(folder, "keeper.sqlite"));
        expect(disturbed.ok, `killed at rounds ${killed}`).to.equal(true);
        expect(fatesOf(disturbed), `killed at rounds ${killed}`).to.deep.equal(
          fatesOf(undisturbed),
        );
      } finally {
        await rm(folder, { recursive: true });
      }
    }).timeout(PATIENCE_MS);
  });
}
